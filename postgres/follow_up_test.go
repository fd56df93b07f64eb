package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// closedTicket is one that replies open a follow-up to.
func closedTicket(t *testing.T, q *Queue) ticket.Number {
	t.Helper()
	n := opened(t, q)
	q.mustStore(t, command("c", n, ticket.Close, lead, ""))
	q.settleAll(t, n)
	return n
}

// What a client writes to a closed ticket while its follow-up is worked on belongs there: in the same breath, with the same
// transaction, or days later. Once that is done with too, there is another.
func TestRepliesToAClosedTicketGoOnInOneFollowUp(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := closedTicket(t, q)
	one, two := q.mustStore(t, mailIn("m2", n, "again broken")), q.mustStore(t, mailIn("m3", n, "and it smells"))
	q.settleAll(t, n)
	require.Equal(t, []ticket.Outcome{ticket.Applied, ticket.Applied}, []ticket.Outcome{q.receipt(t, one).Outcome, q.receipt(t, two).Outcome})
	followUp := n + 1
	require.Equal(t, []string{"message: again broken", "message: and it smells"}, q.texts(t, followUp))
	require.Equal(t, []string{"follow_up_opened", "forwarded"}, q.events(t, n)[len(q.events(t, n))-2:])
	requireCount(t, q.s, 2, `select count(*) from tickets`)
	requireCount(t, q.s, 1, `select count(*) from deliveries where ticket = $1`, followUp) // the number is told once

	q.mustStore(t, command("r", followUp, ticket.Resolve, lead, "cleaned"))
	q.settleAll(t, followUp)
	q.mustStore(t, mailIn("m4", n, "still"))
	q.settleAll(t, n)
	require.Equal(t, ticket.Open, q.process(t, followUp).State, "a reply opens again what is only resolved")
	require.Equal(t, "message: still", q.texts(t, followUp)[3])
	require.Equal(t, ticket.Closed, q.process(t, n).State)

	q.mustStore(t, command("c2", followUp, ticket.Close, lead, ""))
	q.settleAll(t, followUp)
	q.mustStore(t, mailIn("m5", n, "a month later"))
	q.settleAll(t, n)
	r, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.Len(t, r.Links, 2)
	another := max(r.Links[0].Number, r.Links[1].Number)
	require.Equal(t, []string{"message: a month later"}, q.texts(t, another))
}

// A verdict has no words to take along; it is heard where the talk goes on.
func TestNotSolvedSaidAgainGoesToTheFollowUp(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := closedTicket(t, q)
	for _, id := range []string{"v1", "v2"} {
		o := command(id, n, ticket.ClientVerdict, ticket.Actor{Kind: ticket.ActorClient}, "")
		o.Params.Verdict = &ticket.VerdictParams{Verdict: ticket.VerdictNotSolved}
		r := q.mustStore(t, o)
		q.settleAll(t, n)
		require.Equal(t, ticket.Applied, q.receipt(t, r).Outcome)
	}
	requireCount(t, q.s, 2, `select count(*) from tickets`)
	require.Equal(t, []string{"created", "acknowledged", "client_not_solved"}, q.events(t, n+1), "it is said there as it was said here, not as a message without words")
	requireCount(t, q.s, 0, `select count(*) from commands c where outcome = 'applied' and not exists (select from events e where e.ticket = c.ticket and e.command_id = c.id)`)
}

// A follow-up that was given to another client is nothing that this one may write into.
func TestTheFollowUpOfAnotherClientIsLeftAlone(t *testing.T) {
	t.Parallel()
	q := engine(t)
	n := closedTicket(t, q)
	q.mustStore(t, mailIn("m2", n, "again broken"))
	q.settleAll(t, n)
	stranger := mailIn("other", 0, "hello")
	stranger.Writer = &ticket.Client{Name: "Other", Email: "other@client.example"}
	stranger.Opening.Client = *stranger.Writer
	other := q.mustStore(t, stranger).Number
	exec(t, q.s, `update tickets set client = (select client from tickets where number = $2) where number = $1`, n+1, other)
	q.mustStore(t, mailIn("m3", n, "mine"))
	q.settleAll(t, n)
	require.Equal(t, []string{"message: again broken"}, q.texts(t, n+1))
	requireCount(t, q.s, 4, `select count(*) from tickets`)
}
