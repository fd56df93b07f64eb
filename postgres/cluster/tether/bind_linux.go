package tether

import (
	"os/exec"
	"syscall"
)

// bind asks the kernel to signal the child when the thread that starts it ends.
func bind(cmd *exec.Cmd, death syscall.Signal) {
	cmd.SysProcAttr.Pdeathsig = death
}

// watch has nothing to do: the kernel watches.
func watch(int, syscall.Signal) (func(), error) {
	return func() {}, nil
}
