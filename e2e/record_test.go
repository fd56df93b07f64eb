package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// record opens the desk's database, to count what no answer of the API counts.
func (d *desk) record() *pgxpool.Pool {
	d.t.Helper()
	pool, err := pgxpool.New(d.t.Context(), d.settings["DURADESK_DATABASE_URL"])
	require.NoError(d.t, err)
	d.t.Cleanup(func() { closes(d.t, pool) })
	return pool
}

// closes ends a pool, and tells if somebody still holds a connection of it: to wait for him would be to hang.
func closes(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	closed := make(chan struct{})
	go func() { pool.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("a connection to the desk's database was not given back: rows were left open")
	}
}

// count runs a query that gives one number.
func count(d *desk, pool *pgxpool.Pool, sql string, args ...any) int {
	d.t.Helper()
	var n int
	require.NoError(d.t, pool.QueryRow(d.t.Context(), sql, args...).Scan(&n))
	return n
}

// lines runs a query that gives text.
func lines(d *desk, pool *pgxpool.Pool, sql string, args ...any) []string {
	d.t.Helper()
	rows, err := pool.Query(d.t.Context(), sql, args...)
	require.NoError(d.t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(d.t, err)
	return found
}

// settle waits until nothing is left to do: each mail in the desk's mailbox has its fate, each command its receipt,
// each mail to be sent its end.
func (d *desk) settle(pool *pgxpool.Pool, within time.Duration) {
	d.t.Helper()
	lying := len(d.inbox(deskAddress))
	eventually(d.t, within, "all is done", func() ([]string, bool) {
		if n := count(d, pool, `select count(*) from ledger`); n < lying {
			return []string{fmt.Sprintf("%d of %d mails have a line in the ledger", n, lying)}, false
		}
		left := lines(d, pool, `
			select format('command %s %s on %s since %s, rung %s times', name, id, ticket, at, rings) from commands where outcome = 'pending'
			union all select format('mail %s %s of %s, attempt %s, next at %s, started %s', id, state, ticket, attempt, next_at, started) from deliveries where finished_at is null
			union all select format('received %s, begun %s times', uid, attempts) from ledger where fate = 'received'`)
		return left, len(left) == 0
	})
}

// oddities are queries that find nothing on a desk on which nothing was lost or done twice.
var oddities = map[string]string{
	"gaps in a queue":                   `select format('%s: %s commands, last %s', ticket, count(*), max(seq)) from commands group by ticket having count(*) <> max(seq)`,
	"queues that do not end at the row": `select format('%s: %s <> %s', t.number, t.seq, max(c.seq)) from tickets t join commands c on c.ticket = t.number group by t.number, t.seq having t.seq <> max(c.seq)`,
	"instants that go back":             `select format('%s %s', c.ticket, c.seq) from commands c join commands p on p.ticket = c.ticket and p.seq = c.seq - 1 where c.at < p.at and c.by_kind <> 'system'`,
	"commands that failed":              `select format('%s %s %s: %s', ticket, seq, name, failure) from commands where outcome not in ('applied', 'already', 'refused')`,
	"applied messages in no timeline":   `select id::text from messages m where applied and not exists (select from events e where e.message = m.id)`,
	"messages twice in timelines":       `select message::text from events where message is not null group by message having count(*) > 1`,
	"mails twice in the ledger":         `select format('%s', uid) from ledger l where fate <> 'duplicate' and exists (select from ledger o where o.digest = l.digest and o.uid <> l.uid and o.fate <> 'duplicate')`,
	"messages with two mails":           `select message::text from deliveries where message is not null group by message having count(*) > 1`,
	"tickets acknowledged twice":        `select ticket::text from deliveries where message is null and occasion <> 'notice' group by ticket having count(*) > 1`,
}

// reconcile holds everything on the desk against everything else: rows, timelines, receipts, workflows.
func (d *desk) reconcile(pool *pgxpool.Pool) {
	d.t.Helper()
	for name, sql := range oddities {
		require.Empty(d.t, lines(d, pool, sql), name)
	}
	require.Equal(d.t, len(d.inbox(deskAddress)), count(d, pool, `select count(*) from ledger`), "each mail in the mailbox has one fate")
	admin, c := d.admin(), d.temporal()
	for _, v := range admin.list("") {
		items := admin.timeline(v.Number)
		requireWholeTimeline(d.t, items)
		require.Equal(d.t, v.State, fold(d, items), "ticket %d is as its events say", v.Number)
		require.Equal(d.t, v.Revision, items[len(items)-1].Revision)
		eventually(d.t, patience, fmt.Sprintf("the workflow of ticket %d knows its row", v.Number), func() (standView, bool) {
			var stand standView
			answer, err := c.QueryWorkflow(d.t.Context(), v.WorkflowID, "", "state")
			return stand, err == nil && answer.Get(&stand) == nil && stand.Process.State == v.State && stand.Process.Revision == v.Revision
		})
	}
}

// standView is what a ticket's workflow says of itself.
type standView struct {
	Process struct {
		State    string `json:"state"`
		Revision int64  `json:"revision"`
	} `json:"process"`
}

// fold gives the state in which the events leave a ticket.
func fold(d *desk, items []itemView) string {
	d.t.Helper()
	state := ""
	for _, item := range items {
		if item.Event == nil {
			continue
		}
		if item.Event.From != "" {
			require.Equal(d.t, state, item.Event.From, "%+v", item)
		}
		state = or(item.Event.To, state)
	}
	return state
}
