package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func runDir(dir string) string { return filepath.Join(dir, "run") }

func pidFile(dir, name string) string { return filepath.Join(runDir(dir), name+".pid") }

// markFile holds the mark of the process whose number is in the pid file. It stands beside it because scripts read
// pid files as one number.
func markFile(dir, name string) string { return filepath.Join(runDir(dir), name+".mark") }

// remember writes a part's pid file, with the mark first: a pid without the right mark is nobody's.
func (o Options) remember(name string, pid int) error {
	mark := markOf(pid) // empty when it has ended already
	if err := replace(markFile(o.Dir, name), mark); err != nil {
		return fmt.Errorf("write the pid file: %w", err)
	}
	if err := replace(pidFile(o.Dir, name), strconv.Itoa(pid)); err != nil {
		return fmt.Errorf("write the pid file: %w", err)
	}
	return nil
}

func (o Options) forget(name string) {
	_ = os.Remove(pidFile(o.Dir, name))
	_ = os.Remove(markFile(o.Dir, name))
}

func replace(name, line string) error {
	half := name + ".half"
	if err := os.WriteFile(half, []byte(line+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(half, name)
}

// Leftover is a child of an earlier supervisor that still runs.
type Leftover struct {
	Name string
	PID  int
	mark string
}

// runs tells whether the very process that was recorded is still there: its number may be a stranger's by now.
func (l Leftover) runs() bool { return l.mark != "" && markOf(l.PID) == l.mark }

// Leftovers are the recorded children of a supervisor that is gone, as far as they still run. The caller holds the
// directory's lock.
func Leftovers(dir string) []Leftover {
	var found []Leftover
	files, _ := filepath.Glob(filepath.Join(runDir(dir), "*.pid"))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".pid")
		pid, pidErr := readLine(file)
		mark, markErr := readLine(markFile(dir, name))
		number, err := strconv.Atoi(pid)
		if errors.Join(pidErr, markErr, err) != nil {
			continue
		}
		if l := (Leftover{Name: name, PID: number, mark: mark}); l.runs() {
			found = append(found, l)
		}
	}
	return found
}

func readLine(file string) (string, error) {
	content, err := os.ReadFile(file)
	line, _, _ := strings.Cut(string(content), "\n")
	return strings.TrimSpace(line), err
}

// EndLeftovers waits for leftovers to end by themselves, kills those that do not, and clears their pid files.
func EndLeftovers(ctx context.Context, dir string, patience time.Duration) error {
	if err := waitForAll(ctx, dir, patience); err != nil {
		for _, l := range Leftovers(dir) {
			_ = syscall.Kill(l.PID, syscall.SIGKILL)
		}
		if err := waitForAll(ctx, dir, patience); err != nil {
			return fmt.Errorf("end what an earlier `duradesk up` left running: %w", err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(runDir(dir), "*"))
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("clear old pid files: %w", err)
		}
	}
	return nil
}

func waitForAll(ctx context.Context, dir string, patience time.Duration) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := Leftovers(dir)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("%s (process %d) does not end", left[0].Name, left[0].PID)
		case <-tick.C:
		}
	}
}
