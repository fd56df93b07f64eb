package supervise

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startParent runs a program that keeps two children in dir.
func startParent(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := command("", "parent "+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, _ := bufio.NewReader(out).ReadString('\n')
	require.Equal(t, "ready\n", line)
	return cmd
}

func TestKilledParentLeavesNoChild(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := startParent(t, dir)
	one, two := recordedPID(t, dir, "one"), recordedPID(t, dir, "two")
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	requireGone(t, one)
	requireGone(t, two)
	require.NoError(t, EndLeftovers(t.Context(), dir, time.Second))
	startParent(t, dir)
}

func TestSecondIsRefusedWhileTheFirstLives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := startParent(t, dir)
	_, err := TryLock(dir)
	var inUse *InUseError
	require.ErrorAs(t, err, &inUse)
	require.EqualError(t, err, "another `duradesk up` (pid "+strconv.Itoa(cmd.Process.Pid)+") is using "+dir+
		"; stop it or choose another --dir")

	// A child that outlives its parent does not hold the lock.
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	lock, err := TryLock(dir)
	require.NoError(t, err)
	_, err = TryLock(dir)
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, os.Getpid(), inUse.PID)
	lock.Unlock()
	lock, err = TryLock(dir)
	require.NoError(t, err)
	lock.Unlock()
}

// leave starts a process and records it as an earlier supervisor's child.
func leave(t *testing.T, dir, role string) (*exec.Cmd, <-chan error) {
	t.Helper()
	_, err := New(Options{Dir: dir})
	require.NoError(t, err)
	cmd := command("old", role)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, Options{Dir: dir}.remember("old", cmd.Process.Pid))
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return cmd, ended
}

func TestLeftoverIsKilledWhenItDoesNotEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, ended := leave(t, dir, "stubborn")
	require.Equal(t, cmd.Process.Pid, Leftovers(dir)[0].PID)
	require.NoError(t, EndLeftovers(t.Context(), dir, 200*time.Millisecond))
	require.EqualError(t, <-ended, "signal: killed")
	require.NoFileExists(t, filepath.Join(dir, "run", "old.pid"))
}

func TestLeftoverMayEndByItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, ended := leave(t, dir, "obeys "+filepath.Join(dir, "order"))
	finished := make(chan error, 1)
	go func() { finished <- EndLeftovers(t.Context(), dir, time.Minute) }()
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, <-ended, "it was let go, not killed")
	require.NoError(t, <-finished)
}

func TestStrangersProcessIsNeverKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd, ended := leave(t, dir, "stubborn")
	// The number is the same, the process is another than the one that was recorded.
	for _, mark := range []string{"another boot 12345", ""} {
		require.NoError(t, Options{Dir: dir}.remember("old", cmd.Process.Pid))
		require.NoError(t, replace(markFile(dir, "old"), mark))
		require.Empty(t, Leftovers(dir))
		require.NoError(t, EndLeftovers(t.Context(), dir, 50*time.Millisecond))
		require.NotEmpty(t, markOf(cmd.Process.Pid))
		require.NoFileExists(t, filepath.Join(dir, "run", "old.pid"))
	}
	require.NoError(t, os.WriteFile(pidFile(dir, "torn"), []byte("12"), 0o644))
	require.NoError(t, os.WriteFile(pidFile(dir, "empty"), nil, 0o644))
	require.NoError(t, EndLeftovers(t.Context(), dir, 50*time.Millisecond))
	select {
	case err := <-ended:
		t.Fatalf("the stranger was ended: %v", err)
	default:
	}
}
