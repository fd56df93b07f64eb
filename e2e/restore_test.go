package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// The drills of docs/operators.md: each store older than the other, one lost, both older. Every accepted command is
// applied or listed as lost, no number is given out twice, no mail is sent twice.
func TestRestoreDrills(t *testing.T) {
	t.Parallel()
	d := startDesk(t)
	r := &drill{desk: d, admin: d.admin()}
	r.furnish()
	t.Run("TemporalIsOlder", func(t *testing.T) { r.in(t).temporalIsOlder() })
	t.Run("PostgresIsOlder", func(t *testing.T) { r.in(t).postgresIsOlder() })
	t.Run("TemporalIsLost", func(t *testing.T) { r.in(t).temporalIsLost() })
	t.Run("BothAreOlder", func(t *testing.T) { r.in(t).bothAreOlder() })
}

type drill struct {
	*desk
	admin      *caller
	open, held int64 // in the backup
	mailed     int64 // opened after it
}

func (r *drill) in(t *testing.T) *drill {
	r.t, r.desk.t, r.admin.d = t, t, r.desk
	return r
}

// furnish makes a desk, its backup, and what happened after it.
func (r *drill) furnish() {
	answer := r.admin.call(http.MethodPatch, "/desks/support", object{"undo_send_seconds": 0})
	require.Equal(r.t, http.StatusOK, answer.status, answer)
	r.open = r.admin.newTicket("Open", "open@client.example")
	r.held = r.admin.newTicket("Held", "held@client.example")
	r.admin.command(r.held, "hold", object{"hold": object{"reason": "client"}})
	r.settle(r.record(), patience)
	r.copyDatabase("duradesk", "backup")
	r.stop()
	require.NoError(r.t, os.CopyFS(filepath.Join(r.dir, "older"), os.DirFS(filepath.Join(r.dir, "temporal"))))
	r.start()

	r.admin.command(r.open, "note", object{"id": "the lost note", "message": says("Said after the backup.")})
	r.admin.command(r.held, "resolve", object{"id": "the lost resolution", "message": says("Done after the backup.")})
	r.awaitMail("held@client.example", 1)
	r.send(letter{name: "Later", from: "later@client.example", subject: "After the backup", body: "?"})
	r.mailed = r.admin.awaitTitle("After the backup").Number
	r.awaitMail("later@client.example", 1)
	r.settle(r.record(), patience)
	r.stop()
	require.NoError(r.t, os.CopyFS(filepath.Join(r.dir, "newer"), os.DirFS(filepath.Join(r.dir, "temporal"))))
}

func (r *drill) temporalIsOlder() {
	r.replaceTemporal("older")
	r.start()
	r.goesOn("open", "resolved")
	r.stop()
}

func (r *drill) postgresIsOlder() {
	r.replaceTemporal("newer")
	said := r.recovered("backup")
	require.Contains(r.t, said, fmt.Sprintf("lost: note of ticket %d at ", r.open))
	require.Contains(r.t, said, "the lost note\n")
	require.Contains(r.t, said, fmt.Sprintf("lost: resolve of ticket %d at ", r.held))
	require.Contains(r.t, said, fmt.Sprintf("lost: ticket %d ", r.mailed))
	r.start()
	r.goesOn("open", "on_hold")
	again := r.admin.awaitTitle("After the backup")
	require.Greater(r.t, again.Number, r.mailed, "the mail is read again and gets a number that no client has seen")
	require.Contains(r.t, r.words(r.open), "the lost note")
	require.Contains(r.t, r.words(r.held), "the lost resolution")
	require.Len(r.t, r.inbox("held@client.example"), 1, "what left before is not sent again")
	r.reconcile(r.record())
	r.stop()
}

func (r *drill) temporalIsLost() {
	require.NoError(r.t, os.RemoveAll(filepath.Join(r.dir, "temporal")))
	r.start()
	r.run("rebuild")
	r.goesOn("open", "on_hold")
	r.reconcile(r.record())
	r.stop()
}

func (r *drill) bothAreOlder() {
	r.replaceTemporal("older")
	said := r.recovered("backup", "--next", "5000")
	require.Contains(r.t, said, "the next ticket is 5000\n")
	require.Contains(r.t, said, "0 commands and 0 tickets are lost", "nobody remembers them")
	r.start()
	r.goesOn("open", "on_hold")
	require.EqualValues(r.t, 5000, r.admin.awaitTitle("After the backup").Number, "read again from its mailbox")
	r.reconcile(r.record())
}

// goesOn holds both tickets to their states, and has them take a command.
func (r *drill) goesOn(open, held string) {
	for n, state := range map[int64]string{r.open: open, r.held: held} {
		require.Equal(r.t, strings.Replace(state, "open", "new", 1), r.admin.ticket(n).State)
		r.admin.command(n, "note", object{"message": says("It goes on.")})
	}
	r.settle(r.record(), patience)
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

// recovered puts the backup in the database's place while no worker runs, and has the desk recover.
func (r *drill) recovered(backup string, flags ...string) string {
	all := r.flags
	r.flags = append(r.flags[:len(all):len(all)], "--without", "worker", "--without", "api")
	r.start()
	r.flags = all
	r.copyDatabase(backup, "duradesk")
	start := time.Now()
	said := r.run("recover", flags...)
	r.t.Logf("recovered within %v:\n%s", time.Since(start).Round(time.Millisecond), said)
	require.Regexp(r.t, `the next ticket is \d+`, said)
	r.stop()
	return said
}

// copyDatabase puts a copy of one database in the place of another; who is connected is cut off and comes back.
func (r *drill) copyDatabase(from, to string) {
	config, err := pgx.ParseConfig(r.settings["DURADESK_DATABASE_URL"])
	require.NoError(r.t, err)
	config.Database = "postgres"
	conn, err := pgx.ConnectConfig(r.t.Context(), config)
	require.NoError(r.t, err)
	defer func() { _ = conn.Close(r.t.Context()) }()
	for _, sql := range []string{
		"drop database if exists " + to + " with (force)",
		"alter database " + from + " with allow_connections false",
		"select pg_terminate_backend(pid) from pg_stat_activity where datname = " + "'" + from + "'",
		"create database " + to + " template " + from,
		"alter database " + from + " with allow_connections true",
	} {
		_, err := conn.Exec(r.t.Context(), sql)
		require.NoError(r.t, err, sql)
	}
}
