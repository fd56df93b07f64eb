//go:build unix && !linux

package tether

import (
	"os/exec"
	"syscall"
)

// bind has nothing to do where the kernel does not tell a child of its parent's death.
func bind(*exec.Cmd, syscall.Signal) {}

func watch(pid int, death syscall.Signal) (func(), error) {
	return startWatcher(pid, death)
}
