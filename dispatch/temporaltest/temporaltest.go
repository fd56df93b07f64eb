// Package temporaltest gives tests a real Temporal server: one for each test process, started on first use, and a
// namespace of its own for each test.
//
// Nothing but tests may import it.
package temporaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"duradesk/postgres/cluster/tether"
)

// binaryVariable names the server's program; without it `duradesk devserver` finds or builds the one that up uses.
const binaryVariable = "DURADESK_TEST_TEMPORAL"

// namespaces are made when the server starts: one that is made later would be known everywhere only after seconds.
const namespaces = 40

// patience is how long the server may take to start on a busy machine, once it is built.
const patience = time.Minute

// shared is the server of this test process.
var shared struct {
	once    sync.Once
	address string
	err     error
	process *tether.Process
	given   atomic.Int64
}

// Main runs the tests and stops the server afterwards: func TestMain(m *testing.M) { temporaltest.Main(m) }. Without
// it the server ends with the process all the same.
func Main(m *testing.M) {
	code := m.Run()
	Stop()
	os.Exit(code)
}

// Stop ends the server, for a TestMain that does more than Main.
func Stop() {
	if shared.process == nil {
		return
	}
	shared.process.Signal(syscall.SIGKILL) // it keeps nothing
	<-shared.process.Done()
}

// Address is the server's address.
func Address(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() { shared.address, shared.err = start() })
	if shared.err != nil {
		t.Fatalf("start Temporal for tests: %v", shared.err)
	}
	return shared.address
}

// Namespace is one that no other test uses.
func Namespace(t testing.TB) string {
	t.Helper()
	Address(t)
	n := shared.given.Add(1)
	require.LessOrEqual(t, n, int64(namespaces), "make more namespaces when the server starts")
	return name(n)
}

func name(n int64) string { return fmt.Sprintf("test-%d", n) }

// Client is a client of a namespace, closed when the test ends.
func Client(t testing.TB, namespace string, further ...func(*client.Options)) client.Client {
	t.Helper()
	options := client.Options{HostPort: Address(t), Namespace: namespace, Identity: "test", Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}
	for _, f := range further {
		f(&options)
	}
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func start() (string, error) {
	ctx := context.Background()
	path, err := program(ctx)
	if err != nil {
		return "", err
	}
	port, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	args := []string{
		"server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(port), "--headless", "--log-level", "error",
		"--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true", "--dynamic-config-value", "system.forceSearchAttributesCacheRefreshOnRead=true",
	}
	for n := range int64(namespaces) {
		args = append(args, "--namespace", name(n+1))
	}
	var told bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stderr = &told
	if shared.process, err = tether.Start(cmd, syscall.SIGKILL); err != nil {
		return "", err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := answers(ctx, address); err != nil {
		return "", fmt.Errorf("%w; it said: %s", err, strings.TrimSpace(told.String()))
	}
	return address, nil
}

// program finds the server, and builds it where it is not there.
func program(ctx context.Context) (string, error) {
	if path := os.Getenv(binaryVariable); path != "" {
		return path, nil
	}
	cmd := exec.CommandContext(ctx, "go", "run", "duradesk/cmd/duradesk", "devserver")
	var told bytes.Buffer
	cmd.Stderr = &told
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find the Temporal server, or set %s: %w: %s", binaryVariable, err, strings.TrimSpace(told.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.New("find a free port: no TCP address")
	}
	return addr.Port, l.Close()
}

// answers waits until the server has its last namespace.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{HostPort: address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	defer c.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if ready(ctx, c) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.New("it did not answer in time")
		case <-shared.process.Done():
			return errors.New("it ended at once")
		case <-tick.C:
		}
	}
}

func ready(ctx context.Context, c client.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, namespace := range []string{name(1), name(namespaces)} {
		// What a worker asks for first: known to every part of the server.
		_, err := c.WorkflowService().ListOpenWorkflowExecutions(ctx, &workflowservice.ListOpenWorkflowExecutionsRequest{Namespace: namespace})
		if err != nil {
			return false
		}
	}
	return true
}
