// Package flock locks files between processes. The kernel takes a lock back when its holder ends, however it ends.
//
// What a lock protects does not belong here.
package flock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// ErrTaken says that another process, or another opening of the file in this one, holds the lock.
var ErrTaken = errors.New("the lock is taken")

// Lock is a held lock. Children do not inherit it.
type Lock struct{ File *os.File }

// Try takes the lock on a file, which is made when it is not there, or fails with ErrTaken.
func Try(name string) (*Lock, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock a file: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return &Lock{File: f}, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrTaken
	}
	return nil, fmt.Errorf("lock %s: %w", name, err)
}

// Wait takes the lock when it gets free. It calls waiting once if it has to wait.
func Wait(ctx context.Context, name string, waiting func()) (*Lock, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for told := false; ; told = true {
		lock, err := Try(name)
		if !errors.Is(err, ErrTaken) {
			return lock, err
		}
		if !told {
			waiting()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %s: %w", name, ctx.Err())
		}
	}
}

// Unlock lets go of the lock.
func (l *Lock) Unlock() { _ = l.File.Close() }
