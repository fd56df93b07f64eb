package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// writes opens a ticket for a client and returns the last line of its record.
func (q *Queue) writes(t testing.TB, id, address string) string {
	t.Helper()
	o := mailIn(id, 0, "hello")
	o.Opening.Client.Email, o.Writer.Email = address, address
	r := q.mustStore(t, o)
	q.mustApply(t, ticket.ApplyInput{Number: r.Number})
	var name, why string
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select name, why from events where ticket = $1 order by n desc limit 1`, r.Number).Scan(&name, &why))
	if why != "" {
		return name + ": " + why
	}
	return name
}

func TestAnAddressIsAcknowledgedFiveTimesAnHourAndTwentyADay(t *testing.T) {
	t.Parallel()
	q := engine(t)
	for i := range 5 {
		require.Equal(t, "acknowledged", q.writes(t, fmt.Sprint("a", i), "machine@other.example"))
	}
	require.Equal(t, "not_acknowledged: too_many_acknowledgements", q.writes(t, "a5", "Machine@Other.example"), "whatever the case of its letters")
	require.Equal(t, "acknowledged", q.writes(t, "b", "person@other.example"), "others are answered")

	exec(t, q.s, `update acknowledgements set at = at - interval '61 minutes'`)
	require.Equal(t, "acknowledged", q.writes(t, "a6", "machine@other.example"), "an hour later")
	exec(t, q.s, `insert into acknowledgements (ticket, address, at) select number, 'x', now() from tickets limit 0`)
	for i := range 14 {
		exec(t, q.s, `update acknowledgements set at = at - interval '61 minutes'`)
		require.Equal(t, "acknowledged", q.writes(t, fmt.Sprint("c", i), "machine@other.example"))
	}
	exec(t, q.s, `update acknowledgements set at = at - interval '61 minutes'`)
	require.Equal(t, "not_acknowledged: too_many_acknowledgements", q.writes(t, "d", "machine@other.example"), "twenty in a day")
	exec(t, q.s, `update acknowledgements set at = at - interval '1 day'`)
	require.Equal(t, "acknowledged", q.writes(t, "e", "machine@other.example"))
}

func TestCapsAreSettingsOfTheMailbox(t *testing.T) {
	t.Parallel()
	q := engine(t)
	exec(t, q.s, `update mailboxes set acks_address_hour = 1`)
	require.Equal(t, "acknowledged", q.writes(t, "a", "machine@other.example"))
	require.Equal(t, "not_acknowledged: too_many_acknowledgements", q.writes(t, "b", "machine@other.example"))
	exec(t, q.s, `update mailboxes set acks_address_hour = 100, automatics_ticket = 0`)
	require.Equal(t, "not_acknowledged: too_many_automatic_mails", q.writes(t, "c", "machine@other.example"))
}

func TestManyMailsAtOnceDoNotAllPassTheCap(t *testing.T) {
	t.Parallel()
	q := engine(t)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			o := mailIn(fmt.Sprint("a", i), 0, "hello")
			o.Opening.Client.Email, o.Writer.Email = "machine@other.example", "machine@other.example"
			r, _, err := q.Store(t.Context(), o)
			requireNoError(t, err)
			_, err = q.Apply(t.Context(), ticket.ApplyInput{Number: r.Number})
			requireNoError(t, err)
		})
	}
	all.Wait()
	requireCount(t, q.s, 5, `select count(*) from acknowledgements`)
	requireCount(t, q.s, 12, `select count(*) from tickets where state = 'new'`)
}

func TestTheBreakerOfAMailboxFallsAndTellsOperators(t *testing.T) {
	t.Parallel()
	q := engine(t)
	exec(t, q.s, `update mailboxes set acks_hour = 2`)
	require.Equal(t, "acknowledged", q.writes(t, "a", "a@other.example"))
	require.Equal(t, "acknowledged", q.writes(t, "b", "b@other.example"))
	require.Equal(t, "not_acknowledged: mailbox_breaker", q.writes(t, "c", "c@other.example"))
	boxes, err := q.s.Mailboxes(t.Context())
	require.NoError(t, err)
	require.Equal(t, breakerAlert, boxes[0].LastError)

	exec(t, q.s, `update acknowledgements set at = at - interval '61 minutes'`)
	require.Equal(t, "acknowledged", q.writes(t, "d", "d@other.example"))
	boxes, err = q.s.Mailboxes(t.Context())
	require.NoError(t, err)
	require.Empty(t, boxes[0].LastError, "it is over")
}

// A machine that answers each of our mails at once, in the same ticket.
func TestPingPongEndsAutomaticMailOfTheTicket(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	row := func(at time.Time) string {
		tx, err := q.s.pool.Begin(t.Context())
		require.NoError(t, err)
		defer func() { _ = tx.Rollback(t.Context()) }()
		a := applying{q: q, tx: tx}
		a.row.number = n
		_, why, err := a.mayAnswer(t.Context(), yamada.Email, at)
		require.NoError(t, err)
		return why
	}
	now := time.Now()
	exec(t, q.s, `insert into blobs (hash, data) values ('\x01', '')`)
	for i := range 3 {
		require.Empty(t, row(now), "after %d", i)
		at := now.Add(time.Duration(i-5) * time.Minute)
		exec(t, q.s, `insert into deliveries (id, ticket, occasion, mail_id, state, next_at, created_at, finished_at) values (gen_random_uuid(), $1, 'answer', gen_random_uuid()::text, 'accepted', $2, $2, $2)`, n, at)
		exec(t, q.s, `insert into messages (id, ticket, by_kind, by_id, by_name, body, raw, at) values (gen_random_uuid(), $1, 'client', 'c', 'x', 'x', '\x01', $2)`, n, at.Add(20*time.Second))
	}
	require.Equal(t, "ping_pong", row(now))
	require.Empty(t, row(now.Add(11*time.Minute)), "a person who is quick is answered again")
}
