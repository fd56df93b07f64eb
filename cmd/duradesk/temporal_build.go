package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"duradesk/postgres/cluster/flock"
)

// builtTemporal is our own server, built from devserver/ once for each state of its sources and kept in the user's
// cache directory.
func builtTemporal(ctx context.Context, out *printer) (temporalBinary, error) {
	sources, err := devserverSources()
	if err != nil {
		return temporalBinary{}, err
	}
	version, sum, err := describeSources(sources)
	if err != nil {
		return temporalBinary{}, fmt.Errorf("read the sources of the Temporal server: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return temporalBinary{}, fmt.Errorf("find a place for the Temporal server: %w", err)
	}
	cache = filepath.Join(cache, "duradesk")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return temporalBinary{}, fmt.Errorf("make a place for the Temporal server: %w", err)
	}
	built := filepath.Join(cache, "devserver-"+version+"-"+sum)
	if binary, err := inspectTemporal(ctx, built); err == nil {
		return binary, nil
	}
	lock, err := flock.Wait(ctx, built+".lock", func() {
		out.line("Another `duradesk up` is building the Temporal server; waiting for it")
	})
	if err != nil {
		return temporalBinary{}, fmt.Errorf("wait for the Temporal server: %w", err)
	}
	defer lock.Unlock()
	if binary, err := inspectTemporal(ctx, built); err == nil {
		return binary, nil
	}
	if err := buildTemporal(ctx, sources, built, out); err != nil {
		return temporalBinary{}, fmt.Errorf("build the Temporal server: %w; or put the Temporal CLI (server %d.%d.%d or newer) "+
			"on PATH, or set TEMPORAL_ADDRESS", err, oldestTemporal[0], oldestTemporal[1], oldestTemporal[2])
	}
	return inspectTemporal(ctx, built)
}

// devserverSources finds devserver/ in the module that the working directory lies in, else in the one that this binary
// was built from.
func devserverSources() (string, error) {
	var starts []string
	if here, err := os.Getwd(); err == nil {
		starts = append(starts, here)
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		starts = append(starts, filepath.Dir(file))
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			if isModule(filepath.Join(dir, "go.mod"), "duradesk") {
				sources := filepath.Join(dir, "devserver")
				if isModule(filepath.Join(sources, "go.mod"), "duradesk/devserver") {
					return sources, nil
				}
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", errors.New("no Temporal server here: put the Temporal CLI (`temporal`, server 1.32.1 or newer) on PATH, set " +
		"DURADESK_TEMPORAL_BIN to it, set TEMPORAL_ADDRESS to a server that runs, or start `up` in Duradesk's source tree, " +
		"where the server is built from devserver/")
}

func isModule(file, path string) bool {
	content, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(content), "\n")
	return strings.TrimSpace(first) == "module "+path
}

var requiredServer = regexp.MustCompile(`(?m)^\s*go\.temporal\.io/server v(\S+)`)

// describeSources gives the server's version and a hash of all that goes into the binary.
func describeSources(dir string) (version, sum string, err error) {
	hash := sha256.New()
	err = filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		base := entry.Name()
		if strings.HasSuffix(base, "_test.go") || (filepath.Ext(base) != ".go" && base != "go.mod" && base != "go.sum") {
			return nil
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if base == "go.mod" {
			if match := requiredServer.FindSubmatch(content); match != nil {
				version = string(match[1])
			}
		}
		fmt.Fprintf(hash, "%s %d\n", base, len(content))
		hash.Write(content)
		return nil
	})
	if err == nil && version == "" {
		err = fmt.Errorf("%s requires no go.temporal.io/server", filepath.Join(dir, "go.mod"))
	}
	fmt.Fprintf(hash, "%s\n", runtime.Version())
	return version, hex.EncodeToString(hash.Sum(nil)[:6]), err
}

// buildFlags make a smaller binary, the same from every directory.
var buildFlags = []string{"-trimpath", "-ldflags=-s -w"}

// buildTemporal builds the server beside its place and moves it there when it is whole.
func buildTemporal(ctx context.Context, sources, built string, out *printer) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("there is no `go` on PATH")
	}
	half := built + ".half"
	defer func() { _ = os.Remove(half) }()
	out.line("Building the Temporal server with its Web UI from %s.", sources)
	out.line("This happens once and takes about five minutes on a small machine.")
	progress := &buildProgress{out: out, begun: time.Now()}
	stale := append([]string{"list", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}"}, buildFlags...)
	if err := progress.run(ctx, sources, append(stale, ".")); err != nil {
		return err
	}
	progress.about = progress.listed
	build := append([]string{"build", "-v", "-o", half}, buildFlags...)
	if err := progress.run(ctx, sources, append(build, ".")); err != nil {
		return err
	}
	if err := os.Rename(half, built); err != nil {
		return err
	}
	out.line("Built the Temporal server in %v.", time.Since(progress.begun).Round(time.Second))
	return nil
}
