package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// TestMain lets the test binary stand in for the program: started with the
// program's arguments it is the program, in a process that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// program is the test binary, which TestMain makes the program.
func program(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

// process is a running dev server.
type process struct {
	cmd    *exec.Cmd
	port   int
	stdout *output
	stderr *output
	exited chan error
}

// startServer starts the program on a free port and waits until it has said
// where it listens.
func startServer(t *testing.T, args ...string) *process {
	t.Helper()
	port := freePort(t)
	p := &process{port: port, stdout: newOutput(), stderr: newOutput(), exited: make(chan error, 1)}
	p.cmd = exec.Command(program(t), append([]string{"server", "start-dev", "--port", strconv.Itoa(port)}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { p.kill(t) })
	go func() { p.exited <- p.cmd.Wait() }()
	select {
	case <-p.stdout.written:
	case err := <-p.exited:
		p.exited <- err
		require.NoError(t, err, "the server ended at start: %s", p.stderr)
	case <-time.After(time.Minute):
		require.Fail(t, "the server did not start", "%s", p.stderr)
	}
	return p
}

func (p *process) address() string { return address(loopback, p.port) }

// kill is kill -9, and waits until the process is gone. It may be repeated.
func (p *process) kill(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Kill()
	p.exited <- <-p.exited
}

// stop asks for an orderly end by the signal and returns how it ended.
func (p *process) stop(t *testing.T, sig os.Signal) error {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(sig))
	select {
	case err := <-p.exited:
		p.exited <- err
		return err
	case <-time.After(stopTimeout + 5*time.Second):
		require.Fail(t, "the server did not stop")
		return nil
	}
}

// dial connects a client to the namespace.
func (p *process) dial(t *testing.T, namespace string) client.Client {
	t.Helper()
	c, err := client.DialContext(testContext(t), client.Options{HostPort: p.address(), Namespace: namespace, Logger: quiet{}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// runOnce runs the program to its end.
func runOnce(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(testContext(t), program(t), args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// freePort asks the kernel for a port whose neighbour 1000 above, where the
// Web UI goes by default, is a port too.
func freePort(t *testing.T) int {
	t.Helper()
	for {
		l, err := net.Listen("tcp", loopback+":0")
		require.NoError(t, err)
		port := l.Addr().(*net.TCPAddr).Port
		require.NoError(t, l.Close())
		if port+uiPortOffset <= maxPort {
			return port
		}
	}
}

// output keeps what a process writes and tells when it began to.
type output struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	once    sync.Once
	written chan struct{}
}

func newOutput() *output { return &output{written: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.once.Do(func() { close(o.written) })
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// quiet drops the SDK's log lines.
type quiet struct{}

var _ log.Logger = quiet{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--version", "-v"} {
		code, stdout, stderr := runOnce(t, flag)
		require.Zero(t, code)
		require.Regexp(t, `^temporal version \S+ \(Server 1\.32\.1, UI 2\.54\.1\)\n$`, stdout)
		require.Empty(t, stderr)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	code, stdout, _ := runOnce(t, "server", "start-dev", "--help")
	require.Zero(t, code)
	require.Contains(t, stdout, "--db-filename")
}

func TestOrderlyStop(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "t.db")
			p := startServer(t, "--db-filename", file)
			p.dial(t, defaultNamespace)
			require.NoError(t, p.stop(t, sig), "%s", p.stderr)
			require.Empty(t, p.stderr.String(), "a quiet start and a quiet end")
			l, err := net.Listen("tcp", p.address())
			require.NoError(t, err, "the port must be free again")
			require.NoError(t, l.Close())
			wal, err := os.Stat(file + "-wal")
			require.NoError(t, err)
			require.Zero(t, wal.Size(), "all of it must be in the one file")
		})
	}
}
