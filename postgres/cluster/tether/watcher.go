//go:build unix

package tether

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// watcherScript reads one line from a pipe whose other end this process alone holds. A line means that the child
// has ended by itself; the end of the pipe without one means that the parent is dead.
const watcherScript = `trap '' INT TERM HUP QUIT; read -r line || kill -"$1" "$2"`

// startWatcher starts a small process that sends death to pid when this process ends. The function it returns calls
// the watcher off: the process id may belong to somebody else by then.
func startWatcher(pid int, death syscall.Signal) (func(), error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the watcher's pipe: %w", err)
	}
	defer func() { _ = r.Close() }()

	sh := exec.Command("/bin/sh", "-c", watcherScript, "duradesk-watcher", strconv.Itoa(int(death)), strconv.Itoa(pid))
	sh.Stdin = r
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := sh.Start(); err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("start the watcher: %w", err)
	}
	return func() {
		_, _ = w.WriteString("ended\n")
		_ = w.Close()
		_ = sh.Wait()
	}, nil
}
