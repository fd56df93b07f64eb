package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"duradesk/postgres/cluster/flock"
)

// InUseError says who uses a state directory.
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

// TryLock locks a state directory, until this process ends at the latest, or fails with InUseError.
func TryLock(dir string) (*flock.Lock, error) {
	name := filepath.Join(dir, "lock")
	lock, err := flock.Try(name)
	if errors.Is(err, flock.ErrTaken) {
		return nil, &InUseError{Dir: dir, PID: holder(name)}
	}
	if err != nil {
		return nil, fmt.Errorf("lock the state directory: %w", err)
	}
	if err = lock.File.Truncate(0); err == nil {
		_, err = lock.File.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		lock.Unlock()
		return nil, fmt.Errorf("lock the state directory: %w", err)
	}
	return lock, nil
}

func holder(name string) int {
	content, err := os.ReadFile(name)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0
	}
	return pid
}
