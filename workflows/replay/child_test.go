package replay

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"duradesk/activities"
	"duradesk/dispatch"
	"duradesk/dispatch/temporaltest"
	"duradesk/lifecycle"
	"duradesk/postgres"
	"duradesk/postgres/cluster/tether"
	"duradesk/ticket"
	"duradesk/worker"
)

// A worker in a process of its own, so that it can die as processes do. The variables tell it where it works, and at
// which named point it kills itself.
const (
	childVariable     = "REPLAY_CHILD_DATABASE"
	addressVariable   = "REPLAY_CHILD_TEMPORAL"
	namespaceVariable = "REPLAY_CHILD_NAMESPACE"
	deathVariable     = "REPLAY_CHILD_DIES_AT"
)

// child starts a worker process that kills itself at a point; "" lets it live until the test ends.
func (s *site) child(diesAt string) *tether.Process {
	s.t.Helper()
	self, err := os.Executable()
	require.NoError(s.t, err)
	return s.childOf(self, diesAt)
}

// childOf is a child of another build of these tests.
func (s *site) childOf(program, diesAt string) *tether.Process {
	s.t.Helper()
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childVariable+"="+s.dsn, addressVariable+"="+temporaltest.Address(s.t), namespaceVariable+"="+s.namespace, deathVariable+"="+diesAt)
	cmd.Stderr = os.Stderr
	p, err := tether.Start(cmd, syscall.SIGKILL)
	require.NoError(s.t, err)
	s.t.Cleanup(func() {
		p.Signal(syscall.SIGKILL)
		<-p.Done()
	})
	return p
}

// died waits for the end of a child that kills itself.
func (s *site) died(p *tether.Process) {
	s.t.Helper()
	for end := s.ctx(); ; {
		select {
		case <-p.Done():
			return
		case <-end.Done():
			require.Fail(s.t, "the worker never came to the point where it dies")
		case <-time.After(time.Second):
			s.startLeft(end)
		}
	}
}

// workAsChild is the worker's process.
func workAsChild() {
	if err := workUntilKilled(context.Background()); err != nil {
		slog.Error("the worker cannot work", "error", err)
		os.Exit(1)
	}
}

func workUntilKilled(ctx context.Context) error {
	store, err := openStore(ctx, os.Getenv(childVariable))
	if err != nil {
		return err
	}
	conn, err := client.DialContext(ctx, client.Options{
		HostPort: os.Getenv(addressVariable), Namespace: os.Getenv(namespaceVariable), Identity: "test", Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	c := &crew{ContinueAfter: 1000, Crash: dieAt(os.Getenv(deathVariable)), Wrap: func(d activities.Desk) activities.Desk { return d }}
	queue := postgres.NewQueue(store, postgres.QueueConfig{Rules: lifecycle.Inquiry, Mint: mint{}, Crash: c.Crash})
	return worker.New(conn, parts(queue, &dispatch.Bell{Client: conn}, tableSender{store.Pool()}, noPost{}, c)).Run(ctx)
}

func dieAt(point string) func(string) {
	var once sync.Mutex
	return func(passed string) {
		if passed == point {
			once.Lock() // for good: nobody else gets any further either
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}

// tableSender takes every mail, and writes down that it did where the test can read it.
type tableSender struct{ pool *pgxpool.Pool }

func (s tableSender) Send(ctx context.Context, _ ticket.Account, e activities.Envelope, _ []byte, before func(context.Context) error) ([]ticket.End, bool, error) {
	if err := before(ctx); err != nil {
		return nil, false, err
	}
	if _, err := s.pool.Exec(ctx, `insert into test_sent (delivery) values ($1)`, e.ID); err != nil {
		return nil, false, err
	}
	ends := make([]ticket.End, len(e.To))
	for i, to := range e.To {
		ends[i] = ticket.End{Address: to, State: "accepted"}
	}
	return ends, false, nil
}

type noPost struct{}

func (noPost) Open(context.Context, ticket.Account, string) (activities.Box, error) {
	return nil, errors.New("this worker has no mailbox")
}
