//go:build unix

package tether

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain plays the parts of the programs under test: this binary started again with a role.
func TestMain(m *testing.M) {
	switch os.Getenv("TETHER_ROLE") {
	case "parent":
		parent(false)
	case "watching-parent":
		parent(true)
	case "child":
		signal.Ignore(syscall.SIGTERM)
		select {}
	default:
		os.Exit(m.Run())
	}
}

// parent starts a child, prints its process id and waits to be killed.
func parent(watched bool) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "TETHER_ROLE=child")
	if !watched {
		p, err := Start(child, syscall.SIGKILL)
		if err != nil {
			panic(err)
		}
		fmt.Println(p.PID())
		select {}
	}
	if err := child.Start(); err != nil {
		panic(err)
	}
	if _, err := startWatcher(child.Process.Pid, syscall.SIGKILL); err != nil {
		panic(err)
	}
	fmt.Println(child.Process.Pid)
	select {}
}

func TestChildEndsWithKilledParent(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"parent", "watching-parent"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			// The child inherits this pipe; its end tells that parent and child are both gone.
			r, w, err := os.Pipe()
			require.NoError(t, err)
			defer func() { _ = r.Close() }()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "TETHER_ROLE="+role)
			cmd.ExtraFiles = []*os.File{w}
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			require.NoError(t, w.Close())

			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			require.NoError(t, err)
			require.NoError(t, syscall.Kill(pid, 0), "the child should live while its parent does")

			require.NoError(t, cmd.Process.Kill())
			_ = cmd.Wait()
			require.NoError(t, r.SetReadDeadline(time.Now().Add(10*time.Second)))
			_, _ = io.ReadAll(r)
			require.Eventually(t, func() bool { return gone(pid) }, 10*time.Second, 10*time.Millisecond)
		})
	}
}

// gone is true for a process that has ended, reaped or not.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestChildOutlivesTheGoroutineThatStartedIt(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TETHER_ROLE=child")
	var p *Process
	started := make(chan error)
	// A goroutine that ends while locked takes its thread with it.
	go func() {
		runtime.LockOSThread()
		var err error
		p, err = Start(cmd, syscall.SIGKILL)
		started <- err
	}()
	require.NoError(t, <-started)
	select {
	case <-p.Done():
		t.Fatalf("the child ended with a goroutine: %v", p.Err())
	case <-time.After(300 * time.Millisecond):
	}
	p.Signal(os.Kill)
	<-p.Done()
	var exit *exec.ExitError
	require.ErrorAs(t, p.Err(), &exit)
}

func TestStartSaysWhatCouldNotBeStarted(t *testing.T) {
	t.Parallel()
	_, err := Start(exec.Command("/does/not/exist"), syscall.SIGKILL)
	require.ErrorContains(t, err, "/does/not/exist")
}

func TestWatcherIsCalledOff(t *testing.T) {
	t.Parallel()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "TETHER_ROLE=child")
	require.NoError(t, child.Start())
	release, err := startWatcher(child.Process.Pid, syscall.SIGKILL)
	require.NoError(t, err)
	release() // waits for the watcher
	require.NoError(t, syscall.Kill(child.Process.Pid, 0), "a watcher that was called off must not kill")
	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
}
