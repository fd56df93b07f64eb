package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Lock is the right to use a state directory. The kernel takes it back when this process ends, however it ends;
// children do not inherit it.
type Lock struct{ file *os.File }

// InUseError says who holds the lock.
type InUseError struct {
	Dir string
	PID int // 0 when not known
}

func (e *InUseError) Error() string {
	who := "another `duradesk up`"
	if e.PID != 0 {
		who = fmt.Sprintf("another `duradesk up` (pid %d)", e.PID)
	}
	return fmt.Sprintf("%s is using %s; stop it or choose another --dir", who, e.Dir)
}

// TryLock locks a state directory or fails with InUseError.
func TryLock(dir string) (*Lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the state directory: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer func() { _ = f.Close() }()
		return nil, &InUseError{Dir: dir, PID: holder(f)}
	}
	if err == nil {
		err = errors.Join(f.Truncate(0), writeAt(f, strconv.Itoa(os.Getpid())+"\n"))
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the state directory %s: %w", dir, err)
	}
	return &Lock{file: f}, nil
}

// Unlock lets go of the directory.
func (l *Lock) Unlock() { _ = l.file.Close() }

func writeAt(f *os.File, content string) error {
	_, err := f.WriteAt([]byte(content), 0)
	return err
}

func holder(f *os.File) int {
	content := make([]byte, 32)
	n, _ := f.ReadAt(content, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(content[:n])))
	if err != nil {
		return 0
	}
	return pid
}
