package cluster

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/ulikunitz/xz"

	"duradesk/postgres/cluster/flock"
)

// repository publishes Postgres for many systems in the layout io.zonky.test made known: a jar that holds an
// archive of bin, lib and share. DURADESK_POSTGRES_REPOSITORY names another that keeps the layout.
const repository = "https://repo1.maven.org/maven2"

// prebuilt are the published versions by their major number; newest is taken when no data ask for another.
var prebuilt = map[int]string{14: "14.18.0", 15: "15.13.0", 16: "16.9.0", 17: "17.5.0", 18: "18.3.0"}

const newest = 17

// fetchedDir is where fetched binaries lie, a directory for each version. Root's must be readable by the user that
// Postgres then runs as.
func fetchedDir() string {
	if os.Geteuid() == 0 {
		return "/var/cache/duradesk/postgres"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "duradesk", "postgres")
}

// fetchPrebuilt downloads, checks and unpacks binaries into fetchedDir.
func fetchPrebuilt(ctx context.Context, major int, notices io.Writer) error {
	from := cmp.Or(os.Getenv("DURADESK_POSTGRES_REPOSITORY"), repository)
	return fetchInto(ctx, fetchedDir(), from, major, notices)
}

// fetchInto puts the binaries of one version into a directory of their own below dir. What is there is there whole.
func fetchInto(ctx context.Context, dir, from string, major int, notices io.Writer) error {
	if major == 0 {
		major = newest
	}
	version, ok := prebuilt[major]
	if !ok {
		return fmt.Errorf("no prebuilt Postgres %d is known", major)
	}
	target := filepath.Join(dir, version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory for fetched binaries: %w", err)
	}
	lock, err := flock.Wait(ctx, target+".lock", func() {
		fmt.Fprintln(notices, "Another process is fetching Postgres; waiting for it")
	})
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if _, err := inspect(ctx, filepath.Join(target, "bin")); err == nil {
		return nil // fetched by another process meanwhile
	}

	base := strings.TrimRight(from, "/")
	name := "embedded-postgres-binaries-" + platform()
	address := fmt.Sprintf("%s/io/zonky/test/postgres/%s/%s/%s-%s.jar", base, name, version, name, version)
	fmt.Fprintf(notices, "No Postgres found: fetching prebuilt binaries of version %s from %s, once\n", version, base)
	jar, err := download(ctx, address)
	if err != nil {
		return err
	}
	if err := verify(ctx, address, jar); err != nil {
		return err
	}
	return unpack(jar, target)
}

// platform names this system as the repository does.
func platform() string {
	arch := runtime.GOARCH
	if arch == "arm64" {
		arch = "arm64v8"
	}
	if _, err := os.Stat("/etc/alpine-release"); err == nil {
		arch += "-alpine"
	}
	return runtime.GOOS + "-" + arch
}

var errNotThere = errors.New("not found")

func download(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch Postgres: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("fetch %s: %w", address, errNotThere)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: %s", address, response.Status)
	}
	const most = 256 << 20
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	if len(body) > most {
		return nil, fmt.Errorf("fetch %s: larger than %d bytes", address, most)
	}
	return body, nil
}

// verify compares the jar with the checksum published beside it: SHA-256, or SHA-1 where the repository has that alone.
func verify(ctx context.Context, address string, jar []byte) error {
	sum256 := sha256.Sum256(jar)
	sum1 := sha1.Sum(jar)
	for _, kind := range []struct {
		suffix string
		sum    []byte
	}{{".sha256", sum256[:]}, {".sha1", sum1[:]}} {
		published, err := download(ctx, address+kind.suffix)
		if errors.Is(err, errNotThere) {
			continue
		}
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(strings.TrimSpace(string(published)), " ")
		if !strings.EqualFold(first, hex.EncodeToString(kind.sum)) {
			return fmt.Errorf("fetch %s: its checksum is not the published one", address)
		}
		return nil
	}
	return fmt.Errorf("fetch %s: no checksum is published beside it", address)
}

// unpack takes the archive out of the jar and puts its files in place by one rename.
func unpack(jar []byte, target string) error {
	archive, err := zip.NewReader(bytes.NewReader(jar), int64(len(jar)))
	if err != nil {
		return fmt.Errorf("unpack Postgres: %w", err)
	}
	for _, file := range archive.File {
		if !strings.HasSuffix(file.Name, ".txz") {
			continue
		}
		half := target + ".half"
		if err := os.RemoveAll(half); err != nil {
			return fmt.Errorf("unpack Postgres: %w", err)
		}
		if err := unpackArchive(file, half); err != nil {
			_ = os.RemoveAll(half)
			return fmt.Errorf("unpack Postgres: %w", err)
		}
		if err := errors.Join(os.RemoveAll(target), os.Rename(half, target)); err != nil {
			return fmt.Errorf("unpack Postgres: %w", err)
		}
		return nil
	}
	return errors.New("unpack Postgres: the jar holds no .txz archive")
}

// unpackArchive writes the files of one archive below dir, and nowhere else: os.Root refuses names and links that lead out.
func unpackArchive(file *zip.File, dir string) error {
	packed, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = packed.Close() }()
	plain, err := xz.NewReader(packed)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for entries := tar.NewReader(plain); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = unpackEntry(root, entry, entries)
		}
		if err != nil {
			return err
		}
	}
}

func unpackEntry(root *os.Root, entry *tar.Header, content io.Reader) error {
	name := filepath.Clean(entry.Name)
	if name == "." {
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	switch entry.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		return root.Symlink(entry.Linkname, name)
	case tar.TypeLink:
		return root.Link(filepath.Clean(entry.Linkname), name)
	case tar.TypeReg:
		f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, os.FileMode(entry.Mode)&0o755|0o644)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		return errors.Join(err, f.Close())
	default:
		return nil
	}
}
