package postgres

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// What a relay looks at is lent to it: no other rings meanwhile, and if it dies before it has rung, another does. What
// was rung and is still not applied is rung again after ten minutes, then after twenty.
func TestABellIsLentToOneRelayAtATime(t *testing.T) {
	t.Parallel()
	q := engine(t)
	r := q.mustStore(t, mailIn("m1", 0, "動きません"))
	due := func(what string, want int) {
		t.Helper()
		list, err := q.Unrung(t.Context(), 10)
		require.NoError(t, err)
		require.Len(t, list, want, what)
	}
	later := func(by string) {
		t.Helper()
		exec(t, q.s, `update commands set at = at - $1::interval, signalled_at = signalled_at - $1::interval`, by)
	}
	due("the API rings itself", 0)
	later("3 seconds")
	due("it did not", 1)
	due("lent to the first", 0)
	later("6 seconds")
	due("the first has died", 1)
	require.NoError(t, q.Rung(t.Context(), []ticket.Number{r.Number}))
	later("6 seconds")
	due("rung", 0)
	later("10 minutes")
	due("and still not applied", 1)
	require.NoError(t, q.Rung(t.Context(), []ticket.Number{r.Number}))
	later("11 minutes")
	due("doubled", 0)
	later("10 minutes")
	due("doubled", 1)
	require.NoError(t, q.Unring(t.Context(), r.Number))
	due("could not be rung", 1)
	q.mustApply(t, ticket.ApplyInput{Number: r.Number})
	later("1 day")
	due("applied", 0)
}

// Where many commands wait, their bells were most likely heard and the desk is busy: they wait longer for the relay's.
func TestABusyDeskIsNotRungTwice(t *testing.T) {
	t.Parallel()
	q := engine(t)
	for i := range busyWaits + 5 {
		q.mustStore(t, mailIn(fmt.Sprint("m", i), 0, "動きません"))
	}
	later := func(by string) int {
		exec(t, q.s, `update commands set at = at - $1::interval`, by)
		list, err := q.Unrung(t.Context(), 500)
		require.NoError(t, err)
		return len(list)
	}
	require.Zero(t, later("9 seconds"))
	require.Equal(t, busyWaits+5, later("3 seconds"), "but not for ever")
}

// In a flood, tickets go before the mails that acknowledge them, and what an agent wrote goes before both.
func TestInAFloodAcknowledgementsFollowTheTickets(t *testing.T) {
	t.Parallel()
	q := engine(t)
	q.acks.used, q.acks.last = promptBurst, time.Now().Add(time.Hour) // so many have come together
	const tickets = floodLate + 3
	var last ticket.Number
	for i := range tickets {
		o := mailIn(fmt.Sprint("m", i), 0, "動きません")
		o.Opening.Client = ticket.Client{Name: "Client", Email: fmt.Sprintf("client%d@client.example", i)}
		r := q.mustStore(t, o)
		require.Empty(t, q.mustApply(t, ticket.ApplyInput{Number: r.Number}).Effects, "left to the relay")
		last = r.Number
	}
	for i := range 2 {
		q.mustStore(t, command(fmt.Sprint("a", i), last, ticket.AgentResponse, sato, "An answer."))
		require.Len(t, q.mustApply(t, ticket.ApplyInput{Number: last}).Effects, 2+i, "whoever starts an answer starts the rest")
	}
	occasions := func(want ...string) {
		t.Helper()
		list, err := q.Unstarted(t.Context(), 500)
		require.NoError(t, err)
		got := make([]string, len(list))
		for i, id := range list {
			require.NoError(t, q.s.pool.QueryRow(t.Context(), `select occasion from deliveries where id::text = $1`, id).Scan(&got[i]))
		}
		require.Equal(t, want, got)
	}
	all := func(acknowledgements int) []string {
		return append([]string{"answer", "answer"}, slices.Repeat([]string{"acknowledge"}, acknowledgements)...)
	}
	exec(t, q.s, `update deliveries set created_at = created_at - interval '6 seconds'`)
	exec(t, q.s, `update tickets set created_at = clock_timestamp() + interval '1 hour'`)
	occasions(all(floodMails)...)
	exec(t, q.s, `update deliveries set created_at = created_at - interval '40 seconds'`)
	occasions(all(floodLate)...)
	exec(t, q.s, `update tickets set created_at = clock_timestamp() - interval '1 hour'`)
	occasions(all(tickets)...) // the flood is over
	for uid := range floodFetched {
		exec(t, q.s, `insert into ledger (mailbox, uidvalidity, uid, fate, digest) select id, 1, $1, 'received', '' from mailboxes limit 1`, uid)
	}
	occasions(all(floodLate)...) // the next mails are fetched
	exec(t, q.s, `update ledger set at = at - interval '2 minutes'`)
	occasions(all(tickets)...) // what does not become a ticket holds nothing up
}

// TestAnInstantThatNoClockHasIsSweptOnce: a row that is not as its process says is mended by the bell that it causes.
func TestAnInstantThatNoClockHasIsSweptOnce(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	var right time.Time
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select next_due_at from tickets where number = $1`, n).Scan(&right))
	exec(t, q.s, `update tickets set next_due_at = now() - interval '1 hour' where number = $1`, n)
	lost, err := q.Overdue(t.Context(), ticket.Overdue{}, 10)
	require.NoError(t, err)
	require.Len(t, lost, 1)
	require.Equal(t, n, lost[0].Number)
	behind, err := q.Overdue(t.Context(), lost[0], 10)
	require.NoError(t, err)
	require.Empty(t, behind)
	before := q.mustApply(t, ticket.ApplyInput{Number: n})
	lost, err = q.Overdue(t.Context(), ticket.Overdue{}, 10)
	require.NoError(t, err)
	require.Empty(t, lost)
	var now time.Time
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select next_due_at from tickets where number = $1`, n).Scan(&now))
	require.True(t, right.Equal(now))
	require.Equal(t, before, q.mustApply(t, ticket.ApplyInput{Number: n}), "nothing else was done")
}
