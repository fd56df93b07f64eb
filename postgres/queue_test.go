package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

type testMint struct{}

func (testMint) MessageID(kind, delivery, domain string) string {
	return "t." + delivery + "." + kind + "@" + domain
}

// engine is a queue on a furnished database of its own.
func engine(t testing.TB) *Queue {
	t.Helper()
	q := undoing(t)
	q.undo(t, 0)
	return q
}

// undoing is an engine whose desk keeps answers back for its undo time.
func undoing(t testing.TB) *Queue {
	t.Helper()
	return NewQueue(furnished(t), QueueConfig{Rules: lifecycle.Inquiry, Mint: testMint{}})
}

func (q *Queue) undo(t testing.TB, seconds int) {
	t.Helper()
	exec(t, q.s, `update desks set manner = manner || jsonb_build_object('undo_send', $1::int)`, seconds)
}

var (
	yamada = ticket.Client{Name: "山田", Email: "yamada@client.example", Access: "none"}
	sato   = ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleAgent}
	lead   = ticket.Actor{Kind: ticket.ActorAgent, ID: "lead", Role: ticket.RoleLead}
)

// mailIn is a client's mail that opens a ticket (number 0) or comes to one.
func mailIn(id string, number ticket.Number, body string) ticket.Order {
	o := ticket.Order{
		ID: id, Number: number, Kind: ticket.ClientReply, By: ticket.Actor{Kind: ticket.ActorClient}, Name: yamada.Name, Fingerprint: id,
		Params:  ticket.Params{Reply: &ticket.ReplyParams{Channel: ticket.ChannelMail}},
		Message: &ticket.NewMessage{Body: body, Author: ticket.By{Kind: ticket.ActorClient, Name: yamada.Name}, MailID: id + "@client.example"},
	}
	client := yamada
	o.Writer = &client
	if number == 0 {
		o.Opening = &ticket.Opening{Desk: "support", Title: "プリンターが動きません", Channel: ticket.ChannelMail, Language: "ja", Client: yamada}
	}
	return o
}

func command(id string, n ticket.Number, k ticket.Kind, by ticket.Actor, body string) ticket.Order {
	o := ticket.Order{ID: id, Number: n, Kind: k, By: by, Name: by.ID, Fingerprint: id}
	if body != "" {
		o.Message = &ticket.NewMessage{Body: body, Format: "markdown", Note: k == ticket.Note, Author: ticket.By{Kind: by.Kind, ID: by.ID, Name: by.ID}}
	}
	return o
}

func (q *Queue) mustStore(t testing.TB, o ticket.Order) ticket.Receipt {
	t.Helper()
	r, _, err := q.Store(t.Context(), o)
	require.NoError(t, err)
	return r
}

func (q *Queue) mustApply(t testing.TB, in ticket.ApplyInput) ticket.ApplyResult {
	t.Helper()
	out, err := q.Apply(t.Context(), in)
	require.NoError(t, err)
	return out
}

func (q *Queue) receipt(t testing.TB, r ticket.Receipt) ticket.Receipt {
	t.Helper()
	now, err := q.refresh(t.Context(), r)
	require.NoError(t, err)
	return now
}

func (q *Queue) events(t testing.TB, n ticket.Number) []string {
	t.Helper()
	rows, err := q.s.pool.Query(t.Context(), `select name from events where ticket = $1 order by n`, n)
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return names
}

func opened(t testing.TB, q *Queue) ticket.Number {
	t.Helper()
	r := q.mustStore(t, mailIn("first", 0, "動きません"))
	q.mustApply(t, ticket.ApplyInput{Number: r.Number})
	return r.Number
}

func TestAMailOpensATicketAndIsAcknowledgedOnce(t *testing.T) {
	t.Parallel()
	q := engine(t)
	r := q.mustStore(t, mailIn("m1", 0, "動きません"))
	require.Equal(t, ticket.Number(1001), r.Number)
	require.Equal(t, ticket.Pending, q.receipt(t, r).Outcome)

	out := q.mustApply(t, ticket.ApplyInput{Number: r.Number, FirstRun: "run"})
	require.Equal(t, ticket.New, out.Process.State)
	require.Equal(t, ticket.Applied, q.receipt(t, r).Outcome)
	require.Len(t, out.Wanted, 2)
	require.Equal(t, ticket.FirstResponse, out.Wanted[0].Kind)
	require.True(t, out.Wanted[0].Warning, "the warning comes first")
	require.Equal(t, ticket.Resolution, out.Wanted[1].Kind)
	require.Len(t, out.Effects, 1, "the acknowledgement must be started")
	require.Equal(t, []string{"created", "wrote", "acknowledged"}, q.events(t, r.Number))

	again := q.mustApply(t, ticket.ApplyInput{Number: r.Number, FirstRun: "run", Revision: out.Process.Revision})
	require.Equal(t, out.Process, again.Process, "a lost workflow task finds the ticket as it is")
	require.Equal(t, out.Effects, again.Effects, "and the unstarted effects")
	require.NoError(t, q.Started(t.Context(), []string{out.Effects[0].Delivery}))
	require.Empty(t, q.mustApply(t, ticket.ApplyInput{Number: r.Number}).Effects)

	record, err := q.s.Ticket(t.Context(), r.Number)
	require.NoError(t, err)
	require.Equal(t, "プリンターが動きません", record.Title)
	require.Equal(t, "yamada@client.example", record.Client.Email)
	require.Equal(t, ticket.ActorClient, record.Last.By)
}

func TestTheSameIDTenTimesAtOnceIsOneCommand(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	var wg sync.WaitGroup
	receipts := make([]ticket.Receipt, 10)
	for i := range receipts {
		wg.Go(func() {
			r, _, err := q.Store(t.Context(), command("once", n, ticket.AgentResponse, sato, "hello"))
			if err == nil {
				receipts[i] = r
			}
		})
	}
	wg.Wait()
	for _, r := range receipts {
		require.Equal(t, receipts[0].Seq, r.Seq)
	}
	q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, []string{"created", "wrote", "acknowledged", "answered", "opened"}, q.events(t, n))

	_, _, err := q.Store(t.Context(), ticket.Order{ID: "once", Number: n, Kind: ticket.AgentResponse, By: sato, Fingerprint: "another body"})
	require.Equal(t, ticket.Conflict, ticket.CodeOf(err))
	_, repeated, err := q.Store(t.Context(), command("once", n, ticket.AgentResponse, lead, "another actor, another command"))
	require.NoError(t, err)
	require.False(t, repeated)
}

func TestOpeningTwiceWithOneIDIsOneTicket(t *testing.T) {
	t.Parallel()
	q := engine(t)
	numbers := make([]ticket.Number, 8)
	var wg sync.WaitGroup
	for i := range numbers {
		wg.Go(func() {
			o := command("open", 0, ticket.Create, sato, "")
			o.Opening = &ticket.Opening{Desk: "support", Title: "phone", Channel: ticket.ChannelPhone, Client: yamada}
			if r, _, err := q.Store(t.Context(), o); err == nil {
				numbers[i] = r.Number
			}
		})
	}
	wg.Wait()
	for _, n := range numbers {
		require.Equal(t, numbers[0], n)
		require.NotZero(t, n)
	}
}

func TestOneApplyTakesCommandsAndTimersByTheirInstants(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	// Both commands are stored before the clock falls due, the worker was away: no false breach.
	answer := q.mustStore(t, command("a", n, ticket.AgentResponse, sato, "on it"))
	moveBack(t, q, n, 7*time.Hour) // the first response was due an hour ago, and the answer came seven hours ago
	out := q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, ticket.Applied, q.receipt(t, answer).Outcome)
	k, ok := out.Process.Clock("first_response")
	require.True(t, ok)
	require.Equal(t, ticket.Met, k.State)
	require.False(t, out.Process.Breached)
}

func TestAClockThatFellDueBeforeTheNextCommandIsFiredFirst(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	moveBack(t, q, n, 7*time.Hour)
	q.mustStore(t, command("late", n, ticket.AgentResponse, sato, "sorry"))
	out := q.mustApply(t, ticket.ApplyInput{Number: n})
	k, _ := out.Process.Clock("first_response")
	require.Equal(t, ticket.Breached, k.State)
	require.False(t, k.Met.IsZero(), "it was answered after all")
	require.Equal(t, 2, out.Process.Tier)
	require.Equal(t, []string{"created", "wrote", "acknowledged", "first_response_warned", "first_response_breached", "answered", "opened"}, q.events(t, n))

	late := ticket.Fired{Clock: "first_response", Due: k.Due, Generation: k.Generation}
	again := q.mustApply(t, ticket.ApplyInput{Number: n, Fired: []ticket.Fired{late}})
	require.Equal(t, out.Process.Revision, again.Process.Revision, "the late ring finds its receipt")
}

func TestAFiredTimerIsDueWhateverTheClockSays(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	q.mustStore(t, command("r", n, ticket.Resolve, sato, "done"))
	out := q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, ticket.Resolved, out.Process.State)
	w := out.Wanted[0]
	require.Equal(t, ticket.AutoClose, w.Kind)
	stale := q.mustApply(t, ticket.ApplyInput{Number: n, Fired: []ticket.Fired{{Clock: w.Clock, Due: w.Due, Generation: w.Generation + 1}}})
	require.Equal(t, ticket.Resolved, stale.Process.State)
	closed := q.mustApply(t, ticket.ApplyInput{Number: n, Fired: []ticket.Fired{{Clock: w.Clock, Due: w.Due, Generation: w.Generation}}})
	require.Equal(t, ticket.Closed, closed.Process.State)
	require.True(t, closed.Final)
}

func TestAReplyStoredAtTheVerySecondBeatsTheAutoClose(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	q.mustStore(t, command("r", n, ticket.Resolve, sato, "done"))
	w := q.mustApply(t, ticket.ApplyInput{Number: n}).Wanted[0]
	reply := q.mustStore(t, mailIn("reply", n, "still broken"))
	exec(t, q.s, `update commands set at = $2 where ticket = $1 and seq = $3`, n, w.Due, reply.Seq)
	out := q.mustApply(t, ticket.ApplyInput{Number: n, Fired: []ticket.Fired{{Clock: w.Clock, Due: w.Due, Generation: w.Generation}}})
	require.Equal(t, ticket.Open, out.Process.State)
}

func TestWhatComesByHand(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	heard := []ticket.Heard{
		{Count: 1, Name: "hold"},
		{Count: 2, Name: "agent-response"},
		{Count: 3, Name: "resolve", Ring: ticket.Ring{ID: "nobody", Seq: 99}},
		{Count: 4, Name: "hold", Problem: "malformed"},
		{Count: 5, Name: "dance"},
		{Count: 6, Name: "client-reply", Ring: ticket.Ring{ID: "first", Seq: 1}},
	}
	out := q.mustApply(t, ticket.ApplyInput{Number: n, FirstRun: "run", Heard: heard})
	require.Equal(t, ticket.OnHold, out.Process.State)
	require.Equal(t, ticket.HoldInternal, out.Process.Hold)
	rows, err := q.s.pool.Query(t.Context(), `select coalesce(reason, outcome) from commands where ticket = $1 and by_kind = 'operator' order by seq`, n)
	require.NoError(t, err)
	reasons, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"applied", "payload_missing", "unknown_command", "malformed", "unknown_command"}, reasons)
	require.Equal(t, []string{"created", "wrote", "acknowledged", "held", "refused", "refused", "refused", "refused"}, q.events(t, n), "each leaves an event")

	again := q.mustApply(t, ticket.ApplyInput{Number: n, FirstRun: "run", Heard: heard[:1]})
	require.Equal(t, "repeated", q.events(t, n)[8], "a reset reads signals again: told once, done never")
	q.mustApply(t, ticket.ApplyInput{Number: n, FirstRun: "run", Heard: heard[:1]})
	require.Len(t, q.events(t, n), 9)
	require.Equal(t, ticket.OnHold, again.Process.State)
}

func TestCancelIsACloseByAnAdminOncePerRun(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	out := q.mustApply(t, ticket.ApplyInput{Number: n, Canceled: "run-1"})
	require.Equal(t, ticket.Closed, out.Process.State)
	require.True(t, out.Final)
	q.mustApply(t, ticket.ApplyInput{Number: n, Canceled: "run-1"})
	require.Equal(t, "repeated", q.events(t, n)[len(q.events(t, n))-1])
}

func TestAReplyToAClosedTicketOpensALinkedOne(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	q.mustStore(t, command("c", n, ticket.Close, lead, ""))
	q.mustApply(t, ticket.ApplyInput{Number: n})
	r := q.mustStore(t, mailIn("back", n, "again broken"))
	out := q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, ticket.Closed, out.Process.State)
	require.Equal(t, ticket.Applied, q.receipt(t, r).Outcome)
	var ring ticket.Number
	for _, e := range out.Effects {
		ring = max(ring, e.Ring)
	}
	require.Equal(t, n+1, ring)
	next := q.mustApply(t, ticket.ApplyInput{Number: ring})
	require.Equal(t, ticket.New, next.Process.State)
	record, err := q.s.Ticket(t.Context(), ring)
	require.NoError(t, err)
	require.Equal(t, []ticket.Link{{Kind: "follow_up", Number: n}}, record.Links)
	items, _, err := q.s.Timeline(t.Context(), ring, 0, 50, true)
	require.NoError(t, err)
	require.Equal(t, "again broken", items[1].Body, "the message moved along")
}

func TestSpamIsDestroyedAfterItsRetention(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	o := command("s", n, ticket.Resolve, sato, "")
	o.Params.Resolve = &ticket.ResolveParams{Category: ticket.CategorySpam}
	q.mustStore(t, o)
	out := q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, ticket.Spam, out.Process.State)
	w := out.Wanted[0]
	gone := q.mustApply(t, ticket.ApplyInput{Number: n, Fired: []ticket.Fired{{Clock: w.Clock, Due: w.Due, Generation: w.Generation}}})
	require.Equal(t, ticket.Deleted, gone.Process.State)
	var left int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select count(*) from messages where ticket = $1 and body <> ''`, n).Scan(&left))
	require.Zero(t, left)
}

func TestAPoisonousCommandFailsAloneAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	before := q.mustStore(t, command("a", n, ticket.Note, sato, "before"))
	poison := command("b", n, ticket.Assign, sato, "")
	owner := "nobody-of-that-name" // breaks the foreign key of the ticket's row: SQLSTATE 23503
	poison.Params.Assign = &ticket.AssignParams{Owner: &owner}
	bad := q.mustStore(t, poison)
	after := q.mustStore(t, command("c", n, ticket.AgentResponse, sato, "after"))
	out := q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, ticket.Applied, q.receipt(t, before).Outcome)
	require.Equal(t, ticket.Failed, q.receipt(t, bad).Outcome)
	require.Equal(t, ticket.Applied, q.receipt(t, after).Outcome)
	require.Equal(t, ticket.Open, out.Process.State)
	require.Contains(t, q.events(t, n), "failed")
}

func TestAPanicInTheRulesIsThatCommandsAlone(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	broken := &lifecycle.Table{Name: "broken", Clocks: lifecycle.Inquiry.Clocks, Rules: map[ticket.State]lifecycle.Row{}}
	for s, row := range lifecycle.Inquiry.Rules {
		copied := lifecycle.Row{}
		for k, c := range row {
			copied[k] = c
		}
		broken.Rules[s] = copied
	}
	guard := lifecycle.Guard{Name: "breaks"}
	broken.Rules[ticket.New][ticket.Note] = lifecycle.Cell{{Guard: &guard}}
	q.rules = func(string) (*lifecycle.Table, bool) { return broken, true }
	bad := q.mustStore(t, command("n", n, ticket.Note, sato, "kept all the same"))
	good := q.mustStore(t, command("r", n, ticket.AgentResponse, sato, "hello"))
	q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, ticket.Failed, q.receipt(t, bad).Outcome)
	require.Equal(t, ticket.Applied, q.receipt(t, good).Outcome)
	items, _, err := q.s.Timeline(t.Context(), n, 0, 50, true)
	require.NoError(t, err)
	var bodies []string
	for _, i := range items {
		bodies = append(bodies, i.Body)
	}
	require.Contains(t, bodies, "kept all the same")
}

func TestARowOlderThanItsWorkflowStopsIntake(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	_, err := q.Apply(t.Context(), ticket.ApplyInput{Number: n, Revision: 100})
	require.ErrorIs(t, err, ticket.ErrRowBehind)
}

func TestABigQueueIsTakenInPieces(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	for i := range 230 {
		q.mustStore(t, command(fmt.Sprint("n", i), n, ticket.Note, sato, "note"))
	}
	rounds := 0
	for more := true; more; rounds++ {
		more = q.mustApply(t, ticket.ApplyInput{Number: n}).More
	}
	require.Equal(t, 3, rounds)
	var pending int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select count(*) from commands where outcome = 'pending'`).Scan(&pending))
	require.Zero(t, pending)
	var disordered int
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select count(*) from (select seq, lag(seq) over (order by n) before from events where ticket = $1) x where seq < before`, n).Scan(&disordered))
	require.Zero(t, disordered, "events in the order of their commands")
}

func TestAwaitHearsTheReceipt(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go q.s.Listen(ctx)
	n := opened(t, q)
	r := q.mustStore(t, command("h", n, ticket.Hold, sato, ""))
	done := make(chan ticket.Receipt, 1)
	go func() {
		now, err := q.Await(ctx, r)
		if err == nil {
			done <- now
		}
	}()
	q.mustApply(t, ticket.ApplyInput{Number: n})
	require.Equal(t, ticket.Applied, (<-done).Outcome)

	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	p := q.mustStore(t, command("h2", n, ticket.Hold, sato, ""))
	now, err := q.Await(short, p)
	require.NoError(t, err)
	require.Equal(t, ticket.Pending, now.Outcome)
}

func TestStoreSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	q := engine(t)
	_, _, err := q.Store(t.Context(), command("x", 4711, ticket.Note, sato, "into the void"))
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
	o := mailIn("y", 0, "hello")
	o.Opening.Desk = "nowhere"
	_, _, err = q.Store(t.Context(), o)
	require.Equal(t, ticket.Invalid, ticket.CodeOf(err))
	_, err = q.Apply(t.Context(), ticket.ApplyInput{Number: 4711})
	require.Equal(t, ticket.NotFound, ticket.CodeOf(err))
	require.False(t, poisonous(errors.New("whatever")))
}

// moveBack makes a ticket and its commands older, as if the desk had been asleep.
func moveBack(t testing.TB, q *Queue, n ticket.Number, d time.Duration) {
	t.Helper()
	exec(t, q.s, `update commands set at = at - $2::interval where ticket = $1`, n, d)
	exec(t, q.s, `update tickets set last_at = last_at - $2::interval where number = $1`, n, d)
	r, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	for i := range r.Process.Clocks {
		k := &r.Process.Clocks[i]
		k.Due = k.Due.Add(-d)
		if !k.Warn.IsZero() {
			k.Warn = k.Warn.Add(-d)
		}
	}
	exec(t, q.s, `update tickets set process = $2 where number = $1`, n, r.Process)
}

// TestACommandRepeatedAfterItsFileIsGoneHasItsReceipt holds that who repeats a command is told of the first, also where what
// it names cannot be stored a second time, and that another command under the same id is refused.
func TestACommandRepeatedAfterItsFileIsGoneHasItsReceipt(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	o := command("with-file", n, ticket.Note, sato, "see there")
	r := q.mustStore(t, o)
	o.Message.Files = []ticket.NewFile{{Upload: "0190a6f0-0000-7000-8000-000000000000", Name: "gone.txt"}}
	again, repeated, err := q.Store(t.Context(), o)
	require.NoError(t, err)
	require.True(t, repeated)
	require.Equal(t, r.Seq, again.Seq)
	require.Equal(t, r.ID, again.ID)

	o.Fingerprint = "another"
	_, _, err = q.Store(t.Context(), o)
	require.Equal(t, ticket.Conflict, ticket.CodeOf(err))
	o.ID = "never-stored"
	_, _, err = q.Store(t.Context(), o)
	require.True(t, poisonous(err), "nothing is sent without what was attached")
	var seq, stored int64
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select seq, (select count(*) from commands where ticket = number) from tickets where number = $1`, n).Scan(&seq, &stored))
	require.EqualValues(t, 2, seq, "a refused one takes no place")
	require.Equal(t, seq, stored)
}

// TestStoringKeepsTheInstantsInOrder holds that a command's instant is its ticket's, also where the ticket's last one lies
// ahead of the clock.
func TestStoringKeepsTheInstantsInOrder(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	exec(t, q.s, `update tickets set last_at = clock_timestamp() + interval '1 hour' where number = $1`, n)
	r := q.mustStore(t, command("a", n, ticket.Note, sato, "a note"))
	next := q.mustStore(t, command("b", n, ticket.Hold, sato, ""))
	require.False(t, next.At.Before(r.At))
	require.Greater(t, time.Until(r.At), time.Minute)
	require.Equal(t, r.Seq+1, next.Seq)
	require.EqualValues(t, 2, next.Waiting)
	var at, said time.Time
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select c.at, m.at from commands c join messages m on m.id = c.message where c.ticket = $1 and c.seq = $2`, n, r.Seq).Scan(&at, &said))
	require.True(t, at.Equal(r.At))
	require.True(t, said.Equal(r.At))
}
