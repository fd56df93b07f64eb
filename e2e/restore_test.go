package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"duradesk/postgres/cluster/tether"
	"duradesk/postgres/crowd"
)

// The drills of docs/operators.md: each store older than the other, one lost, both older. Every accepted command is
// applied or listed as lost, no number is given out twice, no mail is sent twice. One desk, one backup: its Postgres and
// its mail server run all the while, Temporal and the desk's own processes as long as a drill wants them. With
// DURADESK_SOAK=1 the desk has 10,000 tickets of three messages besides: docs/operators.md has how long that takes.
func TestRestoreDrills(t *testing.T) {
	t.Parallel()
	r := startDrill(t)
	r.furnish()
	t.Run("TemporalIsOlder", func(t *testing.T) { r.in(t).temporalIsOlder() })
	t.Run("PostgresIsOlder", func(t *testing.T) { r.in(t).postgresIsOlder() })
	t.Run("TemporalIsLost", func(t *testing.T) { r.in(t).temporalIsLost() })
	t.Run("BothAreOlder", func(t *testing.T) { r.in(t).bothAreOlder() })
}

type drill struct {
	*desk
	admin      *caller
	server     string // Temporal's program
	running    []*tether.Process
	crowd      int   // tickets besides
	open, held int64 // in the backup
	mailed     int64 // opened after it
}

func startDrill(t *testing.T) *drill {
	t.Helper()
	d := startDeskWith(t, []string{"TEMPORAL_ADDRESS=" + freePorts(t, 1)[0]}, "--without", partTemporal, "--without", partWorker, "--without", partAPI)
	r := &drill{desk: d, admin: d.admin()}
	if os.Getenv("DURADESK_SOAK") != "" {
		r.crowd = 10_000
		require.NoError(t, crowd.Fill(t.Context(), d.settings["DURADESK_DATABASE_URL"], crowd.Options{Tickets: r.crowd, Messages: 3}))
	}
	var err error
	r.server, err = d.temporalProgram()
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, p := range r.running {
			p.Signal(syscall.SIGKILL)
			<-p.Done()
		}
	})
	return r
}

func (r *drill) in(t *testing.T) *drill {
	r.t, r.desk.t, r.admin.d = t, t, r.desk
	return r
}

// startTemporal starts the server on what lies in its folder.
func (r *drill) startTemporal() {
	r.t.Helper()
	require.NoError(r.t, os.MkdirAll(filepath.Join(r.dir, "temporal"), 0o755))
	host, port, _ := strings.Cut(r.settings["TEMPORAL_ADDRESS"], ":")
	cmd := r.command()
	cmd.Path, cmd.Args = r.server, []string{
		r.server, "server", "start-dev", "--ip", host, "--port", port, "--headless", "--log-level", "error", "--db-filename", filepath.Join(r.dir, "temporal", "store.db"),
		"--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL", "--dynamic-config-value", "system.forceSearchAttributesCacheRefreshOnRead=true",
	}
	p, err := tether.Start(cmd, syscall.SIGKILL)
	require.NoError(r.t, err)
	r.running = append(r.running, p)
}

// startAll starts Temporal, and at once what needs it: that waits by itself.
func (r *drill) startAll() {
	r.t.Helper()
	r.startTemporal()
	r.startOwn()
}

func (r *drill) startOwn() {
	r.t.Helper()
	for _, part := range []string{partWorker, partAPI} {
		p, err := r.launch(part)
		require.NoError(r.t, err)
		r.running = append(r.running, p)
	}
	for _, address := range []string{r.settings["DURADESK_HTTP_ADDR"], r.settings["DURADESK_WORKER_HEALTH_ADDR"]} {
		eventually(r.t, patience, address+" is ready", func() (string, bool) {
			answer, err := http.Get("http://" + address + "/readyz") //nolint:noctx // it ends with the process that it asks
			if err != nil {
				return err.Error(), false
			}
			_ = answer.Body.Close()
			return answer.Status, answer.StatusCode == http.StatusOK
		})
	}
}

// stopAll ends in order what was started, the last first.
func (r *drill) stopAll() {
	r.t.Helper()
	for len(r.running) > 0 {
		last := r.running[len(r.running)-1]
		last.Signal(syscall.SIGTERM)
		r.ended(last)
		r.running = r.running[:len(r.running)-1]
	}
}

// furnish makes a desk, its backup, and what happened after it.
func (r *drill) furnish() {
	r.startAll()
	if r.crowd > 0 {
		r.timed("rebuild", func() { r.run("rebuild") })
		r.rebuilt()
	}
	answer := r.admin.call(http.MethodPatch, "/desks/support", object{"undo_send_seconds": 0})
	require.Equal(r.t, http.StatusOK, answer.status, answer)
	r.open = r.admin.newTicket("Open", "open@client.example")
	r.held = r.admin.newTicket("Held", "held@client.example")
	r.admin.command(r.held, "hold", object{"hold": object{"reason": "client"}})
	r.settle(r.record(), patience)
	r.timed("backup", func() { r.run("backup", r.backup()) })
	r.stopAll()
	require.NoError(r.t, os.CopyFS(filepath.Join(r.dir, "older"), os.DirFS(filepath.Join(r.dir, "temporal"))))
	r.startAll()

	r.admin.command(r.open, "note", object{"id": "the lost note", "message": says("Said after the backup.")})
	r.admin.command(r.held, "resolve", object{"id": "the lost resolution", "message": says("Done after the backup.")})
	r.awaitMail("held@client.example", 1)
	r.send(letter{name: "Later", from: "later@client.example", subject: "After the backup", body: "?"})
	r.mailed = r.admin.awaitTitle("After the backup").Number
	r.awaitMail("later@client.example", 1)
	r.settle(r.record(), patience)
	r.stopAll()
	require.NoError(r.t, os.CopyFS(filepath.Join(r.dir, "newer"), os.DirFS(filepath.Join(r.dir, "temporal"))))
}

func (r *drill) backup() string { return filepath.Join(r.dir, "backup.dump") }

func (r *drill) temporalIsOlder() {
	r.replaceTemporal("older")
	r.startAll()
	r.goesOn("open", "resolved")
	r.stopAll()
}

func (r *drill) postgresIsOlder() {
	r.replaceTemporal("newer")
	said := r.recovered()
	require.Contains(r.t, said, fmt.Sprintf("lost: note of ticket %d at ", r.open))
	require.Contains(r.t, said, "the lost note\n")
	require.Contains(r.t, said, fmt.Sprintf("lost: resolve of ticket %d at ", r.held))
	require.Contains(r.t, said, fmt.Sprintf("lost: ticket %d ", r.mailed))
	r.startOwn()
	r.goesOn("open", "on_hold")
	again := r.admin.awaitTitle("After the backup")
	require.Greater(r.t, again.Number, r.mailed, "the mail is read again and gets a number that no client has seen")
	require.Contains(r.t, r.words(r.open), "the lost note")
	require.Contains(r.t, r.words(r.held), "the lost resolution")
	require.Len(r.t, r.inbox("held@client.example"), 1, "what left before is not sent again")
	r.reconciled()
	r.stopAll()
}

func (r *drill) temporalIsLost() {
	require.NoError(r.t, os.RemoveAll(filepath.Join(r.dir, "temporal")))
	r.startAll()
	r.timed("rebuild", func() { r.run("rebuild") })
	if r.crowd > 0 {
		r.rebuilt()
	}
	r.goesOn("open", "on_hold")
	r.reconciled()
	r.stopAll()
}

func (r *drill) bothAreOlder() {
	r.replaceTemporal("older")
	next := int64(5000 + 2*r.crowd) // above every number that was given
	said := r.recovered("--next", fmt.Sprint(next))
	require.Contains(r.t, said, fmt.Sprintf("the next ticket is %d\n", next))
	require.Contains(r.t, said, "0 commands and 0 tickets are lost", "nobody remembers them")
	r.startOwn()
	r.goesOn("open", "on_hold")
	require.Equal(r.t, next, r.admin.awaitTitle("After the backup").Number, "read again from its mailbox")
	r.reconciled()
	r.stopAll()
}

// goesOn holds both tickets to their states, and has them take a command.
func (r *drill) goesOn(open, held string) {
	for n, state := range map[int64]string{r.open: open, r.held: held} {
		require.Equal(r.t, strings.Replace(state, "open", "new", 1), r.admin.ticket(n).State)
		r.admin.command(n, "note", object{"message": says("It goes on.")})
	}
	r.settle(r.record(), patience)
}

// reconciled holds all against all, where that does not mean to ask 10,000 workflows.
func (r *drill) reconciled() {
	r.t.Helper()
	if r.crowd == 0 {
		r.reconcile(r.record())
	}
}

// rebuilt waits until every open ticket of the crowd has its timer.
func (r *drill) rebuilt() {
	r.t.Helper()
	c := r.temporal()
	start, open := time.Now(), count(r.desk, r.record(), `select count(*) from tickets where next_due_at is not null`)
	eventually(r.t, 10*time.Minute, "every open ticket is at rest", func() (int64, bool) {
		n, err := c.CountWorkflow(r.t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: `WorkflowType="Ticket" AND ExecutionStatus="Running" AND NextDueAt > "2000-01-01T00:00:00Z"`})
		return n.GetCount(), err == nil && n.GetCount() >= int64(open)
	})
	r.t.Logf("%d open tickets were at rest %v later", open, time.Since(start).Round(time.Second))
}

// words are everything that was said on a ticket.
func (r *drill) words(n int64) string {
	var all strings.Builder
	for _, item := range r.admin.timeline(n) {
		all.WriteString(item.Body + "\n")
	}
	return all.String()
}

func (r *drill) replaceTemporal(by string) {
	require.NoError(r.t, os.RemoveAll(filepath.Join(r.dir, "temporal")))
	require.NoError(r.t, os.CopyFS(filepath.Join(r.dir, "temporal"), os.DirFS(filepath.Join(r.dir, by))))
}

// recovered fills an empty database from the backup while no worker runs, and has the desk recover beside a Temporal that
// has only just been started.
func (r *drill) recovered(flags ...string) string {
	r.t.Helper()
	r.emptyDatabase()
	r.timed("restore", func() { r.run("restore", r.backup()) })
	r.startTemporal()
	said := ""
	r.timed("recover", func() { said = r.run("recover", flags...) })
	require.Regexp(r.t, `the next ticket is \d+`, said)
	return said
}

func (r *drill) timed(what string, do func()) {
	r.t.Helper()
	start := time.Now()
	do()
	r.t.Logf("%s took %v", what, time.Since(start).Round(time.Millisecond))
}

// emptyDatabase puts an empty one in the place of the desk's.
func (r *drill) emptyDatabase() {
	r.t.Helper()
	config, err := pgx.ParseConfig(r.settings["DURADESK_DATABASE_URL"])
	require.NoError(r.t, err)
	name := config.Database
	config.Database = "postgres"
	conn, err := pgx.ConnectConfig(r.t.Context(), config)
	require.NoError(r.t, err)
	defer func() { _ = conn.Close(r.t.Context()) }()
	for _, sql := range []string{"drop database " + name + " with (force)", "create database " + name} {
		_, err := conn.Exec(r.t.Context(), sql)
		require.NoError(r.t, err, sql)
	}
}
