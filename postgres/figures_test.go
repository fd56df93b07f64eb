package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestFiguresTellWhatAnOperatorWatches(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	empty, err := s.Figures(t.Context())
	require.NoError(t, err)
	require.Zero(t, empty.Unapplied+empty.Overdue+empty.Attention+empty.Quarantined)
	require.Zero(t, empty.Oldest+empty.Latest+empty.Late)

	now := time.Now().UTC()
	past := now.Add(-2 * time.Minute)
	lay(
		t, s,
		laid{number: 1001, state: ticket.Open, owner: "sato", breached: true, nextDue: &past},
		laid{number: 1002, state: ticket.Open, owner: "sato", failed: true},
		laid{number: 1003, state: ticket.Resolved, breached: true},
		laid{number: 1004, state: ticket.Closed},
		laid{number: 1005, state: ticket.Deleted, failed: true},
	)
	exec(t, s, `insert into commands (ticket, seq, id, actor, by_kind, by_id, name, at, outcome) values
		(1001, 1, 'a', 'agent:sato', 'agent', 'sato', 'note', now() - interval '5 minutes', 'pending'),
		(1001, 2, 'b', 'agent:sato', 'agent', 'sato', 'note', now(), 'pending'), (1002, 1, 'c', 'agent:sato', 'agent', 'sato', 'note', now(), 'applied')`)
	exec(t, s, `insert into deliveries (id, ticket, occasion, mail_id, state, next_at, created_at, finished_at) values
		(gen_random_uuid(), 1001, 'answer', 'm1', 'queued', now() - interval '1 hour', now(), null),
		(gen_random_uuid(), 1001, 'answer', 'm2', 'accepted', now(), now(), now())`)
	f, err := s.Figures(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"open": 2, "resolved": 1}, f.Tickets)
	require.EqualValues(t, 1, f.Breached, "a resolved ticket's breach is history")
	require.EqualValues(t, 2, f.Unapplied)
	require.InDelta(t, 300, f.Oldest.Seconds(), 20)
	require.EqualValues(t, 1, f.Overdue)
	require.InDelta(t, 120, f.Latest.Seconds(), 20)
	require.Equal(t, map[string]int64{"queued": 1}, f.Deliveries)
	require.InDelta(t, 3600, f.Late.Seconds(), 20)
	require.EqualValues(t, 1, f.Attention, "nobody can do anything for a deleted ticket")
}
