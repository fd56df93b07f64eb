package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"duradesk/postgres/cluster/tether"
)

// buildProgress runs the go command and says how far it has come.
type buildProgress struct {
	out   *printer
	about int // packages to compile
	begun time.Time

	mu       sync.Mutex
	fetched  int      // modules
	compiled int      // packages
	listed   int      // lines of output that are not empty
	last     byte     // of the output
	others   []string // what it said besides: its complaint, if it fails
}

// run runs the go command in dir to its end, with a line of progress every ten seconds.
func (b *buildProgress) run(ctx context.Context, dir string, arguments []string) error {
	cmd := exec.Command("go", arguments...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	said, feed, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("read the compiler's messages: %w", err)
	}
	defer func() { _ = said.Close() }()
	cmd.Stdout = writerFunc(b.list)
	cmd.Stderr = feed
	p, err := tether.Start(cmd, syscall.SIGKILL)
	_ = feed.Close()
	if err != nil {
		return err
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		b.follow(said)
	}()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.out.line("  %s", b.state())
		case <-ctx.Done():
			_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // with the compilers it started
			<-p.Done()
			return ctx.Err()
		case <-p.Done():
			<-read
			if p.Err() != nil {
				return fmt.Errorf("go %s in %s: %w: %s", arguments[0], dir, p.Err(), b.complaint())
			}
			return nil
		}
	}
}

// follow reads what the go command says while it works: names of modules and packages, and errors.
func (b *buildProgress) follow(said io.Reader) {
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		line := lines.Text()
		b.mu.Lock()
		switch {
		case strings.HasPrefix(line, "go: downloading "):
			b.fetched++
		case line == "" || strings.ContainsAny(line, " \t#"):
			b.others = append(b.others, line)
		default:
			b.compiled++
		}
		b.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, said) // a line too long for the scanner must not block the compiler
}

func (b *buildProgress) list(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, char := range text {
		if char == '\n' && b.last != '\n' && b.last != 0 {
			b.listed++ // a line that is not empty
		}
		b.last = char
	}
	return len(text), nil
}

func (b *buildProgress) state() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	elapsed := time.Since(b.begun).Round(time.Second)
	switch {
	case b.compiled == 0:
		return fmt.Sprintf("reading the sources (%d modules fetched), %v", b.fetched, elapsed)
	case b.about > 0 && b.compiled >= b.about:
		return fmt.Sprintf("compiled %d packages, linking, %v", b.compiled, elapsed)
	default:
		return fmt.Sprintf("compiled %d of about %d packages, %v", b.compiled, b.about, elapsed)
	}
}

// complaint is the end of what the go command said that was no progress.
func (b *buildProgress) complaint() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.others[max(0, len(b.others)-5):], "; ")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
