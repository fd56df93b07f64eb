package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// crashPoint ends this process with SIGKILL at a named point, if the environment asks for it: DURADESK_CRASH_AT is a
// list of point or point:n (the n-th time it is passed). It shows, on demand and as often as needed, that whatever
// dies there loses nothing and doubles nothing. Without the variable it does nothing.
var crashPoint = newCrashPoint(os.Getenv("DURADESK_CRASH_AT"), os.Getenv("DURADESK_CRASH_ONCE"))

// newCrashPoint reads the list. once names a file: a point whose line stands in it has killed before and is passed,
// so that a restarted process gets further.
func newCrashPoint(list, once string) func(string) {
	if list == "" {
		return func(string) {}
	}
	at := map[string]int{}
	for _, p := range strings.Split(list, ",") {
		name, nth, found := strings.Cut(p, ":")
		at[name] = 1
		if n, err := strconv.Atoi(nth); found && err == nil {
			at[name] = n
		}
	}
	var mu sync.Mutex
	passed := map[string]int{}
	return func(point string) {
		mu.Lock()
		defer mu.Unlock()
		passed[point]++
		if n, ok := at[point]; ok && passed[point] == n && first(once, point) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
}

// first notes in the file that the point has killed; false if it had before. The line is on disk before the process
// dies: the kernel keeps what was written.
func first(file, point string) bool {
	if file == "" {
		return true
	}
	before, _ := os.ReadFile(file)
	for line := range strings.Lines(string(before)) {
		if strings.TrimSpace(line) == point {
			return false
		}
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	_, err = f.WriteString(point + "\n")
	return errors.Join(err, f.Close()) == nil
}
