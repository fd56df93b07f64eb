package doctor

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"duradesk/dispatch"
	"duradesk/dispatch/temporaltest"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/postgres/cluster/tether"
	"duradesk/ticket"
	deskworker "duradesk/worker"
)

func TestMain(m *testing.M) {
	code := m.Run()
	temporaltest.Stop()
	pgtest.Stop()
	os.Exit(code)
}

const key = "a secret key that is only for tests"

// clinic is a desk that nothing is wrong with: a database with a desk, a namespace as a worker leaves it, and workers of
// this build on both queues.
type clinic struct {
	*Desk
	pool      func(sql string, args ...any)
	namespace string
}

func healthy(t *testing.T) *clinic {
	t.Helper()
	store := open(t, pgtest.DatabaseFrom(t, "migrated", postgres.Migrate), key)
	ctx := t.Context()
	require.NoError(t, store.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"))
	require.NoError(t, store.EnsureFirstDesk(ctx, postgres.FirstDesk{
		Key: "support", Name: "Support", Address: "support@desk.example", Group: "support", IMAPAddr: "127.0.0.1:1", SMTPAddr: "127.0.0.1:1", Username: "support@desk.example", Password: "demo",
	}))
	require.NoError(t, store.ProveKey(ctx, true))
	c := &clinic{namespace: temporaltest.Namespace(t)}
	c.pool = func(sql string, args ...any) {
		t.Helper()
		_, err := store.Pool().Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	c.pool(`update mailboxes set state = 'polling', last_seen_at = now()`)
	c.Desk = &Desk{
		Store: store, Temporal: temporaltest.Client(t, c.namespace), Namespace: c.namespace, Now: time.Now, Build: "v1.2.3", Retention: 30 * 24 * time.Hour,
		Disks: []string{t.TempDir()}, DiskFree: 1, Language: "en",
	}
	return c
}

func open(t *testing.T, url, secret string) *postgres.Store {
	t.Helper()
	sealer, err := postgres.NewSealer(secret)
	require.NoError(t, err)
	store, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 4, AppName: "test", Sealer: sealer})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

// work starts workers of a build on both queues.
func (c *clinic) work(t *testing.T, build string, versions ...worker.DeploymentOptions) {
	t.Helper()
	options := worker.Options{}
	for _, v := range versions {
		options.DeploymentOptions = v
	}
	as := temporaltest.Client(t, c.namespace, func(o *client.Options) { o.Identity = Identity(build, "1@here") })
	for _, queue := range ticket.Queues() {
		w := worker.New(as, queue, options)
		w.RegisterWorkflowWithOptions(func(workflow.Context) error { return nil }, workflow.RegisterOptions{Name: "Nothing"})
		w.RegisterActivity(func(context.Context) error { return nil })
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
}

// codes of what is wrong.
func (c *clinic) codes(t *testing.T) []string {
	t.Helper()
	out := []string{}
	for _, f := range c.Examine(t.Context()) {
		require.NotEqual(t, f.Code, f.Text, "a finding without words")
		require.NotContains(t, f.Text+f.Todo, "{", "a placeholder was left")
		if f.Level != OK {
			require.NotEmpty(t, f.Todo, "what is to be done: %s", f.Code)
			out = append(out, f.Code)
		}
	}
	return out
}

// sees waits until the findings are these: Temporal tells who polls with a delay.
func (c *clinic) sees(t *testing.T, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	var got []string
	require.Eventually(t, func() bool { got = c.codes(t); return len(got) == len(want) }, 20*time.Second, 100*time.Millisecond, "waited for %v", want)
	require.ElementsMatch(t, want, got)
}

// TestFaultsOfTheRecord induces, one after another on one healthy desk, what the database tells about, and takes each
// back.
func TestFaultsOfTheRecord(t *testing.T) {
	t.Parallel()
	c := healthy(t)
	require.NoError(t, dispatch.Ensure(t.Context(), c.Temporal, c.namespace, c.Retention))
	c.work(t, c.Build)
	c.sees(t)

	c.pool(`insert into clients (id) values ('c_1')`)
	c.pool(`insert into tickets (number, id, desk, title, client, channel, last_at, process, state, created_at, updated_at, reply_token)
		values (1001, gen_random_uuid(), 'support', 'x', 'c_1', 'mail', now(), '{}', 'open', now(), now(), 'r')`)
	command := func(age string) {
		c.pool(`insert into commands (ticket, seq, id, actor, by_kind, by_id, name, at) values (1001, 1, 'a', 'agent:admin', 'agent', 'admin', 'note', now() - $1::interval)`, age)
	}
	command("1 minute")
	c.sees(t) // it is being done
	c.pool(`delete from commands`)
	command("10 minutes")
	c.sees(t, "commands_unapplied")
	c.pool(`update commands set outcome = 'applied'`)

	c.pool(`update tickets set next_due_at = now() - interval '5 minutes'`)
	c.sees(t, "timers_lost")
	c.pool(`update tickets set next_due_at = null`)

	c.pool(`update commands set actor = 'system:system', id = 'timer:1001:x', at = now() - interval '2 minutes', applied_at = now()`)
	c.sees(t, "timers_late")
	c.pool(`delete from commands`)

	c.pool(`insert into deliveries (id, ticket, occasion, mail_id, next_at, created_at, state, finished_at) values
		(gen_random_uuid(), 1001, 'answer', 'a', now(), now(), 'uncertain', now()), (gen_random_uuid(), 1001, 'answer', 'b', now(), now(), 'failed', now()),
		(gen_random_uuid(), 1001, 'answer', 'c', now(), now() - interval '5 hours', 'queued', null)`)
	c.sees(t, "mail_uncertain_found", "mail_failed_found", "mail_overdue_found")
	c.pool(`delete from deliveries`)

	c.pool(`insert into ledger (mailbox, uidvalidity, uid, fate, digest) select id, 1, 1, 'quarantined', '\x00' from mailboxes`)
	c.sees(t, "quarantined")
	c.pool(`delete from ledger`)

	c.pool(`update mailboxes set last_seen_at = now() - interval '1 hour'`)
	c.sees(t, "mailbox_lag")
	c.pool(`update mailboxes set last_seen_at = now()`)

	// A clock that is wrong.
	c.Now = func() time.Time { return time.Now().Add(90 * time.Second) }
	c.sees(t, "clock_skew")
	c.Now = func() time.Time { return time.Now().Add(-90 * time.Second) }
	c.sees(t, "clock_skew")
	c.Now = time.Now

	// A disk with less room than is wanted.
	free, err := freeBytes(c.Disks[0])
	require.NoError(t, err)
	require.Positive(t, free)
	c.DiskFree = 1 << 62
	require.Contains(t, c.codes(t), "disk_full")
	c.Disks, c.DiskFree = []string{"/no such folder"}, 1
	c.sees(t, "disk_unknown")
	c.Disks = nil

	// Another secret key than the one that sealed.
	right := c.Store
	c.Store = open(t, right.Pool().Config().ConnString(), "another key that is only for tests, too")
	c.sees(t, "key_changed")
	// A change of the key that stopped half-way.
	sealer, err := postgres.NewSealer("another key that is only for tests, too", key)
	require.NoError(t, err)
	c.Store, err = postgres.Open(t.Context(), postgres.Config{URL: right.Pool().Config().ConnString(), MaxConns: 4, AppName: "test", Sealer: sealer})
	require.NoError(t, err)
	defer c.Store.Close()
	c.sees(t, "key_former")
	c.Store = right

	// A schema that is behind, and one that is ahead: nothing further is looked at.
	c.pool(`update schema_version set version = version - 1`)
	c.sees(t, "schema_behind")
	c.pool(`update schema_version set version = version + 2`)
	c.sees(t, "schema_ahead")
	right.Close()
	c.sees(t, "database_away")
}

// TestFaultsOfTemporal induces what the server tells about.
func TestFaultsOfTemporal(t *testing.T) {
	t.Parallel()
	c := healthy(t)
	ctx := t.Context()
	// A namespace as a server makes it: histories are kept for a day, attributes are not there, nobody polls.
	c.sees(t, "retention_short", "attributes_missing", "no_pollers", "no_pollers")
	_, err := c.Temporal.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: c.namespace, SearchAttributes: map[string]enumspb.IndexedValueType{"TicketState": enumspb.INDEXED_VALUE_TYPE_TEXT},
	})
	require.NoError(t, err)
	c.sees(t, "retention_short", "attributes_wrong", "no_pollers", "no_pollers")
	c.work(t, "v1.0.0")
	c.sees(t, "retention_short", "attributes_wrong", "only_other_builds", "only_other_builds")
	c.work(t, c.Build)
	c.sees(t, "retention_short", "attributes_wrong", "two_builds", "two_builds")

	// A server that is too old: it says so itself.
	old, err := client.NewLazyClient(client.Options{
		HostPort: temporaltest.Address(t), Namespace: c.namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(saysItIs("1.20.4"))}},
	})
	require.NoError(t, err)
	defer old.Close()
	right := c.Temporal
	c.Temporal = old
	require.Contains(t, c.codes(t), "temporal_old")
	c.Temporal = right
	require.True(t, older("1.27.9", OldestTemporal))
	require.False(t, older("1.32.1-alpha", OldestTemporal))

	c.Namespace = "nowhere"
	require.Contains(t, c.codes(t), "namespace_missing")
	c.Namespace = c.namespace

	away, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	defer away.Close()
	c.Temporal = away
	ended, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	x := &examination{Desk: c.Desk}
	require.False(t, x.temporal(ended))
	require.Equal(t, "temporal_away", x.findings[0].Code)
}

// TestFaultsOfVersions: workers that have a version while none is current, another one is, or none is meant to be.
func TestFaultsOfVersions(t *testing.T) {
	t.Parallel()
	c := healthy(t)
	require.NoError(t, dispatch.Ensure(t.Context(), c.Temporal, c.namespace, c.Retention))
	c.Deployment = "duradesk"
	c.work(t, c.Build, worker.DeploymentOptions{
		UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: c.Deployment, BuildID: c.Build}, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	c.sees(t, "version_none", "version_none")
	require.NoError(t, deskworker.Promote(t.Context(), c.Temporal, c.namespace, deskworker.Deployment{Name: c.Deployment, Build: c.Build}, time.Minute))
	c.sees(t)
	right := c.Build
	c.Build = "v1.2.4"
	c.sees(t, "version_other", "version_other", "only_other_builds", "only_other_builds")
	c.Build, c.Deployment = right, ""
	c.sees(t, "version_foreign", "version_foreign")
}

// saysItIs makes a server tell another version.
func saysItIs(version string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, in, out any, conn *grpc.ClientConn, next grpc.UnaryInvoker, options ...grpc.CallOption) error {
		err := next(ctx, method, in, out, conn, options...)
		if info, ok := out.(*workflowservice.GetSystemInfoResponse); ok {
			info.ServerVersion = version
		}
		return err
	}
}

// TestQueuesInSeveralPartitions are found on a server with the settings that it is shipped with.
func TestQueuesInSeveralPartitions(t *testing.T) {
	t.Parallel()
	c := healthy(t)
	port := freePort(t)
	path := os.Getenv("DURADESK_TEST_TEMPORAL")
	if path == "" {
		out, err := exec.CommandContext(t.Context(), "go", "run", "duradesk/cmd/duradesk", "devserver").Output()
		require.NoError(t, err)
		path = string(bytes.TrimSpace(out))
	}
	cmd := exec.Command(path, "server", "start-dev", "--ip", "127.0.0.1", "--port", strconv.Itoa(port), "--headless", "--log-level", "error",
		"--dynamic-config-value", "matching.numTaskqueueReadPartitions=4", "--dynamic-config-value", "matching.numTaskqueueWritePartitions=4")
	process, err := tether.Start(cmd, syscall.SIGKILL)
	require.NoError(t, err)
	t.Cleanup(func() { process.Signal(syscall.SIGKILL); <-process.Done() })
	c.Temporal, err = client.NewLazyClient(client.Options{HostPort: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Temporal.Close)
	c.Namespace = "default"
	require.Eventually(t, func() bool {
		_, err := c.Temporal.CheckHealth(t.Context(), &client.CheckHealthRequest{})
		return err == nil
	}, time.Minute, 100*time.Millisecond)
	require.Eventually(t, func() bool {
		n := 0
		for _, code := range c.codes(t) {
			if code == "partitions_many" {
				n++
			}
		}
		return n == 2
	}, 20*time.Second, 200*time.Millisecond)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not wait
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().(*net.TCPAddr).Port
}
