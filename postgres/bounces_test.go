package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// mailbox is the id of the first desk's mailbox.
func (q *Queue) mailbox(t testing.TB) string {
	t.Helper()
	ids, err := q.MailboxesToWatch(t.Context())
	require.NoError(t, err)
	return ids[0]
}

// takeIn gives a mail with that UID a fate.
func (q *Queue) takeIn(t testing.TB, uid uint32, f ticket.Fate) ticket.Settled {
	t.Helper()
	raw := fmt.Sprintf("source of mail %d", uid)
	f.Received = ticket.Received{Mailbox: q.mailbox(t), UIDValidity: 1, UID: uid, Digest: sha256.Sum256([]byte(raw)), Raw: []byte(raw)}
	_, err := q.Receive(t.Context(), []ticket.Received{f.Received})
	require.NoError(t, err)
	s, err := q.Settle(t.Context(), f)
	require.NoError(t, err)
	return s
}

// report is a bounce of a delivery that is filed beside it.
func report(n ticket.Number, uid uint32, bounces ...ticket.Bounce) ticket.Fate {
	o := ticket.Order{
		ID: fmt.Sprint("mail:", uid), Number: n, Kind: ticket.AutomaticMail, By: ticket.System, Name: "MAILER-DAEMON",
		Params:  ticket.Params{Automatic: &ticket.AutomaticParams{Class: "bounce"}},
		Message: &ticket.NewMessage{Body: "Sorry.", Author: ticket.By{Kind: ticket.ActorClient, Name: "MAILER-DAEMON"}},
	}
	return ticket.Fate{Fate: "bounce", Order: &o, Bounces: bounces}
}

// sent answers a ticket (with cc, if any) and lets the server accept the mail. It returns the delivery.
func (q *Queue) sent(t testing.TB, o ticket.Order, cc ...string) string {
	t.Helper()
	if len(cc) > 0 {
		o.Message.To, o.Message.Cc = []string{yamada.Email}, cc
	}
	q.mustStore(t, o)
	q.mustApply(t, ticket.ApplyInput{Number: o.Number})
	var id string
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select id::text from deliveries where message is not null order by created_at desc, id desc limit 1`).Scan(&id))
	q.accept(t, id)
	return id
}

func (q *Queue) accept(t testing.TB, id string) {
	t.Helper()
	a, err := q.Begin(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, q.Data(t.Context(), id, a.No))
	_, err = q.Finish(t.Context(), id, a.No, endsOf(a, accepted), time.Time{})
	require.NoError(t, err)
}

func endsOf(a ticket.Attempt, state string) []ticket.End {
	var out []ticket.End
	for _, r := range a.Recipients {
		out = append(out, ticket.End{Address: r, State: state})
	}
	return out
}

// recipient reads how a mail stands for one recipient.
func (q *Queue) recipient(t testing.TB, delivery, address string) (state, bounce, reason string) {
	t.Helper()
	err := q.s.pool.QueryRow(t.Context(), `select state, coalesce(bounce, ''), coalesce(reason, '') from recipients where delivery = $1 and address = $2`, delivery, address).Scan(&state, &bounce, &reason)
	require.NoError(t, err)
	return state, bounce, reason
}

func (q *Queue) deliveryState(t testing.TB, id string) (state string) {
	t.Helper()
	require.NoError(t, q.s.pool.QueryRow(t.Context(), `select state from deliveries where id = $1`, id).Scan(&state))
	return state
}

func TestAHardBounceMarksMailAddressAndTicket(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	id := q.sent(t, command("a", n, ticket.Resolve, sato, "done"), "boss@client.example")
	settled := q.takeIn(t, 7, report(n, 7, ticket.Bounce{Delivery: id, Address: "Yamada@Client.example", Action: "failed", Status: "5.1.1", Reason: "no such user", Hard: true}))
	require.Equal(t, n, settled.Number)

	state, bounce, reason := q.recipient(t, id, yamada.Email)
	require.Equal(t, []string{"bounced", "hard", "came back: 5.1.1 no such user"}, []string{state, bounce, reason})
	state, _, _ = q.recipient(t, id, "boss@client.example")
	require.Equal(t, "accepted", state, "the others have it")
	require.Equal(t, "bounced", q.deliveryState(t, id))

	var verified, hard, final bool
	err := q.s.pool.QueryRow(t.Context(), `select (f->>'verified')::bool, (f->>'hard')::bool, (f->>'final')::bool from (select params->'delivery_failed' f from commands
		where ticket = $1 and name = 'delivery-failed') x where f->>'state' = 'bounced' and f->>'delivery' = $2`, n, id).Scan(&verified, &hard, &final)
	require.NoError(t, err)
	require.True(t, verified && hard && final)

	q.mustApply(t, ticket.ApplyInput{Number: n})
	record, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.True(t, record.Process.Failed, "somebody must look")
	items, _, err := q.s.Timeline(t.Context(), n, 0, 50, true)
	require.NoError(t, err)
	require.Equal(t, []ticket.Recipient{
		{Address: yamada.Email, State: "bounced", Attempts: 1, Reason: "came back: 5.1.1 no such user"}, {Address: "boss@client.example", State: "accepted", Attempts: 1},
	}, items[len(items)-1].Delivery, "the event shows each recipient, with his own reason")

	found, _, err := q.s.Undeliverable(t.Context(), "", "", 50)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.WithinDuration(t, time.Now(), found[0].Since, time.Minute)
	found[0].Since = time.Time{}
	require.Equal(t, ticket.Undeliverable{Address: yamada.Email, Why: "bounce", Status: "5.1.1", Reason: "no such user", Number: n}, found[0])

	// Nothing is sent to it automatically any more, and the ticket says why.
	other := q.mustStore(t, mailIn("another", 0, "hello?"))
	q.mustApply(t, ticket.ApplyInput{Number: other.Number})
	require.Equal(t, []string{"created", "wrote", "not_acknowledged"}, q.events(t, other.Number))

	// Until he shows that our mail reaches him.
	back := mailIn("back", n, "I am here again")
	q.takeIn(t, 8, ticket.Fate{Fate: "message", Order: &back, Reached: yamada.Email})
	found, _, err = q.s.Undeliverable(t.Context(), yamada.Email, "", 50)
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestASoftBounceMarksTheMailAndNotTheAddress(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	id := q.sent(t, command("a", n, ticket.AgentResponse, sato, "hello"))
	q.takeIn(t, 7, report(n, 7, ticket.Bounce{Delivery: id, Address: yamada.Email, Action: "failed", Status: "5.2.2", Reason: "mailbox full"}))
	state, bounce, _ := q.recipient(t, id, yamada.Email)
	require.Equal(t, []string{"bounced", "soft"}, []string{state, bounce})
	requireCount(t, q.s, 0, `select count(*) from undeliverable`)
	requireCount(t, q.s, 1, `select count(*) from commands where name = 'delivery-failed' and not coalesce((params->'delivery_failed'->>'hard')::bool, false) and not coalesce((params->'delivery_failed'->>'final')::bool, false)`)
}

func TestADelayIsAWarningOnly(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	id := q.sent(t, command("a", n, ticket.AgentResponse, sato, "hello"))
	q.takeIn(t, 7, report(n, 7, ticket.Bounce{Delivery: id, Address: yamada.Email, Action: "delayed", Status: "4.4.1", Reason: "no route"}))
	state, bounce, reason := q.recipient(t, id, yamada.Email)
	require.Equal(t, []string{"accepted", "", "still on its way: 4.4.1 no route"}, []string{state, bounce, reason})
	require.Equal(t, "accepted", q.deliveryState(t, id))
	requireCount(t, q.s, 0, `select count(*) from commands where name = 'delivery-failed'`)
	requireCount(t, q.s, 0, `select count(*) from undeliverable`)
	q.mustApply(t, ticket.ApplyInput{Number: n})
	record, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.False(t, record.Process.Failed)
}

func TestReceiptsAndComplaints(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	id := q.sent(t, command("a", n, ticket.AgentResponse, sato, "hello"))
	settled := q.takeIn(t, 7, ticket.Fate{Fate: "automatic", Bounces: []ticket.Bounce{{Delivery: id, Address: yamada.Email, Action: "displayed"}}})
	require.Zero(t, settled.Ring, "nothing to apply")
	q.takeIn(t, 8, ticket.Fate{Fate: "automatic", Bounces: []ticket.Bounce{{Delivery: id, Address: yamada.Email, Action: "relayed"}}})
	requireCount(t, q.s, 1, `select count(*) from recipients where displayed_at is not null and delivered_at is not null and state = 'accepted'`)
	requireCount(t, q.s, 2, `select count(*) from ledger where ticket = $1 and fate = 'automatic'`, n)

	q.takeIn(t, 9, report(n, 9, ticket.Bounce{Delivery: id, Address: yamada.Email, Action: "complaint", Reason: "abuse"}))
	found, _, err := q.s.Undeliverable(t.Context(), yamada.Email, "", 50)
	require.NoError(t, err)
	require.Equal(t, "complaint", found[0].Why)
	back := mailIn("back", n, "hello")
	q.takeIn(t, 10, ticket.Fate{Fate: "message", Order: &back, Reached: yamada.Email})
	found, _, err = q.s.Undeliverable(t.Context(), yamada.Email, "", 50)
	require.NoError(t, err)
	require.Len(t, found, 1, "a complaint is a person's word: an answer does not take it back")
}

// Behind a forwarding, the address that failed is not the one that we know.
func TestABounceOfAnAddressThatWeDoNotKnow(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	one := q.sent(t, command("a", n, ticket.AgentResponse, sato, "hello"))
	q.takeIn(t, 7, report(n, 7, ticket.Bounce{Delivery: one, Address: "forwarded@elsewhere.example", Action: "failed", Status: "5.1.1", Hard: true}))
	state, bounce, _ := q.recipient(t, one, yamada.Email)
	require.Equal(t, []string{"bounced", "soft"}, []string{state, bounce}, "his mail came back; his address is not at fault")
	requireCount(t, q.s, 0, `select count(*) from undeliverable`)

	two := q.sent(t, command("b", n, ticket.AgentResponse, sato, "hello"), "boss@client.example")
	q.takeIn(t, 8, report(n, 8, ticket.Bounce{Delivery: two, Address: "forwarded@elsewhere.example", Action: "failed", Status: "5.1.1", Hard: true}))
	require.Equal(t, "accepted", q.deliveryState(t, two), "nobody knows which of the two")
	requireCount(t, q.s, 2, `select count(*) from commands where name = 'delivery-failed'`)
}

// The report may be quicker than the writing down of the server's word.
func TestABounceBeforeTheEndOfTheAttempt(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]func(*Queue, context.Context, string, ticket.Attempt) error{
		"the attempt ends": func(q *Queue, ctx context.Context, id string, a ticket.Attempt) error {
			_, err := q.Finish(ctx, id, a.No, endsOf(a, accepted), time.Time{})
			return err
		},
		"the sender died": func(q *Queue, ctx context.Context, id string, _ ticket.Attempt) error {
			_, err := q.Begin(ctx, id)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			q := engine(t)
			n := opened(t, q)
			q.mustStore(t, command("a", n, ticket.AgentResponse, sato, "hello"))
			q.mustApply(t, ticket.ApplyInput{Number: n})
			var id string
			require.NoError(t, q.s.pool.QueryRow(t.Context(), `select id::text from deliveries where message is not null`).Scan(&id))
			a, err := q.Begin(t.Context(), id)
			require.NoError(t, err)
			require.NoError(t, q.Data(t.Context(), id, a.No))
			q.takeIn(t, 7, report(n, 7, ticket.Bounce{Delivery: id, Address: yamada.Email, Action: "failed", Status: "5.1.1", Hard: true}))
			require.NoError(t, end(q, t.Context(), id, a))
			require.Equal(t, "bounced", q.deliveryState(t, id))
			state, _, _ := q.recipient(t, id, yamada.Email)
			require.Equal(t, "bounced", state)
			requireCount(t, q.s, 1, `select count(*) from commands where name = 'delivery-failed'`)
			requireCount(t, q.s, 1, `select count(*) from deliveries where id = $1 and finished_at is not null`, id)
		})
	}
}

func TestTheSameReportTwiceTellsOnce(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := opened(t, q)
	id := q.sent(t, command("a", n, ticket.AgentResponse, sato, "hello"))
	f := report(n, 7, ticket.Bounce{Delivery: id, Address: yamada.Email, Action: "failed", Status: "5.1.1", Hard: true})
	q.takeIn(t, 7, f)
	q.takeIn(t, 7, f) // the worker died before it could mark the mail
	requireCount(t, q.s, 1, `select count(*) from commands where name = 'delivery-failed'`)
	requireCount(t, q.s, 1, `select count(*) from commands where name = 'automatic-mail'`)
}
