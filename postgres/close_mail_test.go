package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// A resolved ticket that closes is told to the client, or how he found it is asked, where the desk wants that; nobody is
// asked who has said so already, and an address that takes no automatic mail gets none.
func TestTheMailAtTheEndLeavesWhereTheDeskWantsIt(t *testing.T) {
	t.Parallel()
	q := engine(t)
	for _, c := range []struct {
		name          string
		wants         ticket.CloseMail
		internal      bool // resolved without a word to the client
		rated, silent bool
		mails         []string
		last          string
	}{
		{name: "nothing by default", last: "closed"},
		{name: "that it is closed", wants: ticket.CloseMailClosed, mails: []string{"closed"}, last: "end_mailed"},
		{name: "that it is closed, rated or not", wants: ticket.CloseMailClosed, rated: true, mails: []string{"closed"}, last: "end_mailed"},
		{name: "how he found it", wants: ticket.CloseMailFeedback, mails: []string{"feedback"}, last: "end_mailed"},
		{name: "who has rated is not asked", wants: ticket.CloseMailFeedback, rated: true, last: "closed"},
		{name: "nobody who heard nothing", wants: ticket.CloseMailClosed, internal: true, last: "closed"},
		{name: "an address that takes none", wants: ticket.CloseMailClosed, silent: true, last: "end_not_mailed"},
	} {
		settings := ticket.DefaultSettings()
		settings.Acknowledge, settings.CloseMail = false, c.wants
		_, err := q.s.AddPolicy(t.Context(), "support", settings)
		require.NoError(t, err)
		r := q.mustStore(t, mailIn("open "+c.name, 0, "hello"))
		n := r.Number
		q.mustApply(t, ticket.ApplyInput{Number: n})
		resolve := command("resolve "+c.name, n, ticket.Resolve, sato, "")
		if c.internal {
			resolve.Params.Resolve = &ticket.ResolveParams{Category: ticket.CategoryOther}
		}
		q.carried(t, resolve)
		if c.rated {
			rating := command("rate "+c.name, n, ticket.Feedback, ticket.System, "")
			rating.By, rating.Params.Feedback = ticket.Actor{Kind: ticket.ActorClient, ID: "c_1"}, &ticket.FeedbackParams{Rating: 4}
			q.carried(t, rating)
		}
		if c.silent {
			exec(t, q.s, `insert into undeliverable (address, why) select email, 'bounce' from clients c join tickets t on t.client = c.id where t.number = $1 on conflict do nothing`, n)
		}
		r = q.carried(t, command("close "+c.name, n, ticket.Close, lead, ""))
		require.Equal(t, ticket.Applied, r.Outcome, c.name)
		events := q.events(t, n)
		require.Equal(t, c.last, events[len(events)-1], "%s: %v", c.name, events)
		require.ElementsMatch(t, c.mails, occasionsOf(t, q, n), c.name)
	}
}

// occasionsOf lists the automatic mails of a ticket.
func occasionsOf(t testing.TB, q *Queue, n ticket.Number) []string {
	t.Helper()
	rows, err := q.s.pool.Query(t.Context(), `select occasion from deliveries where ticket = $1 and message is null order by created_at`, n)
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return list
}
