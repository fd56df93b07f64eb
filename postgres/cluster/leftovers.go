package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How long the processes of a cluster that was killed may take to notice: a postmaster that shuts down, and backends
// whose postmaster is gone (one in a long computation does not look).
const (
	postmasterPatience = 10 * time.Second
	backendPatience    = 2 * time.Second
)

// clearLeftovers waits for what a killed cluster left running and removes its lock file. Postgres itself believes
// any process with the recorded number to be a postmaster, which a stranger may have got since.
func clearLeftovers(ctx context.Context, data string) error {
	lockFile := filepath.Join(data, "postmaster.pid")
	pid, err := lockHolder(lockFile)
	if err != nil {
		return err
	}
	if pid != 0 {
		if err := waitUntil(ctx, postmasterPatience, func() bool { return !isServer(pid, data) }); err != nil {
			return fmt.Errorf("a Postgres (process %d) is running in %s already: %w", pid, data, err)
		}
	}
	if err := waitUntil(ctx, backendPatience, func() bool { return len(servers(data)) == 0 }); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("wait for orphans of Postgres: %w", err)
		}
		for _, orphan := range servers(data) {
			_ = syscall.Kill(orphan, syscall.SIGKILL)
		}
		if err := waitUntil(ctx, backendPatience, func() bool { return len(servers(data)) == 0 }); err != nil {
			return fmt.Errorf("end orphans of Postgres in %s: %w", data, err)
		}
	}
	if err := os.Remove(lockFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a killed Postgres's lock file: %w", err)
	}
	return nil
}

// lockHolder is the process named in a postmaster's lock file, 0 for none.
func lockHolder(lockFile string) (int, error) {
	content, err := os.ReadFile(lockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read Postgres's lock file: %w", err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 0 {
		return 0, nil // cut short by a crash: it names nobody
	}
	return pid, nil
}

var errPatience = errors.New("it does not end")

func waitUntil(ctx context.Context, patience time.Duration, done func() bool) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return errPatience
		case <-tick.C:
		}
	}
	return nil
}
