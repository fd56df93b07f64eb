package postgres

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func (s *Store) mustFeed(t testing.TB) {
	t.Helper()
	_, err := s.Feed(t.Context())
	require.NoError(t, err)
}

func TestAWebhookHearsWhatItAskedFor(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	lay(t, q.s, laid{number: 2001, desk: "repair"})
	all, err := q.s.AddWebhook(ctx, Webhook{URL: "https://a.example/", Enabled: true, CreatedBy: "admin"}, "whsec_one")
	require.NoError(t, err)
	some, err := q.s.AddWebhook(ctx, Webhook{URL: "https://b.example/", Events: []string{"ticket.wrote"}, Desk: "support", Enabled: true}, "whsec_two")
	require.NoError(t, err)
	off, err := q.s.AddWebhook(ctx, Webhook{URL: "https://c.example/"}, "whsec_three")
	require.NoError(t, err)
	_, err = q.s.AddWebhook(ctx, Webhook{URL: "https://c.example/", Desk: "ghost"}, "whsec_three")
	require.Equal(t, ticket.Invalid, code(err))

	n := opened(t, q)
	inTx(t, q.s, func(_ context.Context, tx pgx.Tx) error { happen(t, tx, 2001, 1); return nil }) //nolint:contextcheck // a test has one context
	q.s.mustFeed(t)
	for id, want := range map[string]int{all.ID: 4, some.ID: 1, off.ID: 0} {
		w, err := q.s.Webhook(ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, w.Pending)
	}

	list, next, err := q.DueHooks(ctx, some.ID, 10)
	require.NoError(t, err)
	require.Zero(t, next)
	require.Len(t, list, 1)
	var e ticket.Envelope
	require.NoError(t, json.Unmarshal(list[0].Body, &e))
	require.Equal(t, "ticket.wrote", e.Type)
	require.Equal(t, n, e.Ticket.Number)
	require.Equal(t, "new", e.Ticket.State)
	require.Equal(t, "動きません", e.Data.Body)
	require.Equal(t, "evt_2", list[0].MessageID)

	// The log says the same, and shows each only his desks.
	log, after, err := q.s.Log(ctx, EventQuery{Limit: 10, Desks: []string{"support"}})
	require.NoError(t, err)
	require.EqualValues(t, 4, after)
	require.Len(t, log, 3)
	log[1].Data.Details = nil // none, and none written
	require.Equal(t, e, log[1])
	log, after, err = q.s.Log(ctx, EventQuery{After: 1, Limit: 1, Types: []string{"ticket.acknowledged", "ticket.assigned"}})
	require.NoError(t, err)
	require.EqualValues(t, 3, after)
	require.Equal(t, "ticket.acknowledged", log[0].Type)
	chores, err := q.Chores(ctx, 10, false)
	require.NoError(t, err)
	require.ElementsMatch(t, []ticket.Chore{{Workflow: "Webhook", ID: all.ID}, {Workflow: "Webhook", ID: some.ID}}, chores)
}

func TestAWebhookIsLentToOneSender(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	w, err := q.s.AddWebhook(ctx, Webhook{URL: "https://a.example/", Enabled: true}, "whsec_one")
	require.NoError(t, err)
	opened(t, q)
	q.s.mustFeed(t)
	target, lent, err := q.LendHooks(ctx, w.ID, "first")
	require.NoError(t, err)
	require.True(t, lent)
	require.Equal(t, "https://a.example/", target.URL)
	require.Equal(t, []ticket.Secret{"whsec_one"}, target.Secrets)
	_, lent, err = q.LendHooks(ctx, w.ID, "second")
	require.NoError(t, err)
	require.False(t, lent)
	none, err := q.Chores(ctx, 10, false)
	require.NoError(t, err)
	require.Empty(t, none, "somebody is at it")
	lost, err := q.Chores(ctx, 10, true)
	require.NoError(t, err)
	require.Len(t, lost, 1, "where Temporal lost everything, nobody is")

	list, _, err := q.DueHooks(ctx, w.ID, 10)
	require.NoError(t, err)
	require.Len(t, list, 3)
	still, err := q.HookPosted(ctx, w.ID, "second", ticket.HookEnd{Hook: list[0], At: time.Now(), Status: 200})
	require.NoError(t, err)
	require.False(t, still, "whoever does not have it changes nothing")

	// What failed holds back what comes after it on the same ticket, until it is due.
	later := time.Now().Add(time.Hour)
	still, err = q.HookPosted(ctx, w.ID, "first", ticket.HookEnd{Hook: list[0], At: time.Now(), Status: 500, Error: "answered 500", Retry: later})
	require.NoError(t, err)
	require.True(t, still)
	list, next, err := q.DueHooks(ctx, w.ID, 10)
	require.NoError(t, err)
	require.Empty(t, list)
	require.WithinDuration(t, later, next, time.Second)
	exec(t, q.s, `update hooks set next_at = now() - interval '1 second'`)
	list, _, err = q.DueHooks(ctx, w.ID, 10)
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, 2, list[0].Attempt)
	for _, h := range list {
		_, err = q.HookPosted(ctx, w.ID, "first", ticket.HookEnd{Hook: h, At: time.Now(), Took: 3 * time.Millisecond, Status: 200})
		require.NoError(t, err)
	}
	told, err := q.s.HookDeliveries(ctx, w.ID, "delivered", 0, 10)
	require.NoError(t, err)
	require.Len(t, told, 3)
	require.Len(t, told[2].Attempts, 2)
	require.Equal(t, 500, told[2].Attempts[0].Status)
	require.Equal(t, "ticket.created", told[2].Type)
	failures, since, err := q.Standing(ctx, w.ID)
	require.NoError(t, err)
	require.Zero(t, failures)
	require.Zero(t, since)
	require.NoError(t, q.ReturnHooks(ctx, w.ID, "first"))
	_, lent, err = q.LendHooks(ctx, w.ID, "second")
	require.NoError(t, err)
	require.True(t, lent)

	again, err := q.s.Redeliver(ctx, w.ID, told[2].ID)
	require.NoError(t, err)
	require.Equal(t, "pending", again.State)
	require.Equal(t, told[2].MessageID, again.MessageID)
	rotated, err := q.s.RotateWebhook(ctx, w.ID, "whsec_two", time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.NotNil(t, rotated.OldUntil)
	target, _, err = q.LendHooks(ctx, w.ID, "second")
	require.NoError(t, err)
	require.Equal(t, []ticket.Secret{"whsec_two", "whsec_one"}, target.Secrets, "two live ones")
	ping, err := q.s.PingWebhook(ctx, w.ID)
	require.NoError(t, err)
	require.Equal(t, ticket.TypePing, ping.Type)
	require.NoError(t, q.s.DropWebhook(ctx, w.ID))
	_, err = q.s.PingWebhook(ctx, w.ID)
	require.Equal(t, ticket.NotFound, code(err))
	_, _, err = q.LendHooks(ctx, w.ID, "second")
	require.Equal(t, ticket.NotFound, code(err))
}
