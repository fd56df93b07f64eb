package postgres

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// happen writes an event of a ticket within a transaction, which has its xid before, as Apply does.
func happen(t testing.TB, tx pgx.Tx, n ticket.Number, line int64) (id int64) {
	t.Helper()
	_, err := tx.Exec(t.Context(), `select from tickets where number = $1 for no key update`, n)
	require.NoError(t, err)
	require.NoError(t, tx.QueryRow(t.Context(), `insert into events (ticket, revision, n, seq, at, type, name, by_kind) values ($1, $2, $2, $2, now(), 'event', 'assigned', 'system') returning id`, n, line).Scan(&id))
	return id
}

func feedOf(t testing.TB, s *Store) []int64 {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), `select event from feed order by position`)
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	return ids
}

func TestAnEventThatIsCommittedLateComesLate(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	lay(t, s, laid{number: 1001}, laid{number: 1002})
	slow, err := s.pool.Begin(ctx)
	require.NoError(t, err)
	first := happen(t, slow, 1001, 1)
	var second int64
	inTx(t, s, func(_ context.Context, tx pgx.Tx) error { second = happen(t, tx, 1002, 1); return nil }) //nolint:contextcheck // a test has one context
	require.Less(t, first, second)

	for range 5 { // however often: it does not pass over what is not committed yet
		end, err := s.Feed(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, end)
	}
	require.Equal(t, []int64{second}, feedOf(t, s))
	require.NoError(t, slow.Commit(ctx))
	behind, err := s.feedBehind(ctx)
	require.NoError(t, err)
	require.True(t, behind)
	end, err := s.Feed(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 2, end)
	require.Equal(t, []int64{second, first}, feedOf(t, s))

	hints, err := s.Hints(ctx, 0, 10)
	require.NoError(t, err)
	require.Equal(t, []Hint{{1, 1002, 1, "support", "c_nobody"}, {2, 1001, 1, "support", "c_nobody"}}, hints)
	hints, err = s.Hints(ctx, 1, 10)
	require.NoError(t, err)
	require.Len(t, hints, 1)
	latest, err := s.FeedEnd(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 2, latest)
}

// TestTheFeedMissesNothingUnderLoad: many writers whose transactions end in any order, some never, and three who write
// the feed. A reader who follows by position sees each event once, those of one ticket in their order.
func TestTheFeedMissesNothingUnderLoad(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	const writers, each = 6, 60
	for w := range writers {
		lay(t, s, laid{number: ticket.Number(2001 + w)})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg, feeders sync.WaitGroup
	for range 3 {
		feeders.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Feed(t.Context()); err != nil { //nolint:contextcheck // what has begun goes on to its end
					t.Errorf("feed: %v", err)
				}
				select { // the pool has connections for all who write
				case <-ctx.Done():
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	for w := range writers {
		wg.Go(func() {
			for line := range int64(each) {
				tx, err := s.pool.Begin(t.Context())
				require.NoError(t, err)
				happen(t, tx, ticket.Number(2001+w), line)
				if _, err = tx.Exec(t.Context(), `select pg_sleep($1)`, float64((int(line)*7+w*3)%10)/2000); err == nil {
					if line%10 == 9 {
						err = tx.Rollback(t.Context())
					} else {
						err = tx.Commit(t.Context())
					}
				}
				require.NoError(t, err)
			}
		})
	}
	const want = writers * each * 9 / 10
	last, seen := int64(0), map[ticket.Number]int64{}
	got := 0
	written := make(chan struct{})
	go func() { wg.Wait(); close(written) }()
	for done := false; !done; {
		select {
		case <-written:
			_, err := s.Feed(t.Context())
			require.NoError(t, err)
			done = true
		case <-time.After(time.Millisecond):
		}
		hints, err := s.Hints(t.Context(), last, 1000)
		require.NoError(t, err)
		for _, h := range hints {
			require.Equal(t, last+1, h.Position, "without gaps")
			require.GreaterOrEqual(t, h.Revision, seen[h.Number])
			seen[h.Number] = h.Revision + 1
			last = h.Position
			got++
		}
	}
	cancel()
	feeders.Wait()
	require.Equal(t, want, got)
	// What is looked through each time stays small.
	for range 4 {
		_, err := s.Feed(t.Context())
		require.NoError(t, err)
	}
	var window int
	require.NoError(t, s.pool.QueryRow(t.Context(), `select count(*) from events where id > (select low from feed_end)`).Scan(&window))
	t.Logf("%d events are looked through at the next look", window)
}

// TestTheFirstEventIsNotPassedOver: the feed is looked at, again and again, before the first event's transaction ends.
func TestTheFirstEventIsNotPassedOver(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	lay(t, s, laid{number: 1001})
	for range 3 {
		_, err := s.Feed(t.Context())
		require.NoError(t, err)
	}
	slow, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	first := happen(t, slow, 1001, 1)
	for range 3 {
		_, err := s.Feed(t.Context())
		require.NoError(t, err)
	}
	require.NoError(t, slow.Commit(t.Context()))
	_, err = s.Feed(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{first}, feedOf(t, s))
}

// TestAFeedThatWasRestoredElsewhereGoesOn: transactions are counted anew there.
func TestAFeedThatWasRestoredElsewhereGoesOn(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	lay(t, s, laid{number: 1001})
	inTx(t, s, func(_ context.Context, tx pgx.Tx) error { happen(t, tx, 1001, 1); return nil }) //nolint:contextcheck // a test has one context
	exec(t, s, `update feed_end set sure_low = 1000000, sure_xid = '99999999999'`)
	for line := range int64(3) {
		end, err := s.Feed(t.Context())
		require.NoError(t, err)
		require.Equal(t, line+1, end)
		inTx(t, s, func(_ context.Context, tx pgx.Tx) error { happen(t, tx, 1001, line+2); return nil }) //nolint:contextcheck // a test has one context
	}
	var low int64
	require.NoError(t, s.pool.QueryRow(t.Context(), `select low from feed_end`).Scan(&low))
	require.Less(t, low, int64(1000000))
}

// TestWhatHappensIsHeard: Apply's notice makes the feed grow, and followers hear of it and of presence.
func TestWhatHappensIsHeard(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	stirs := make(chan Stir, 1000)
	wg.Go(func() { q.s.Listen(ctx) })
	wg.Go(func() { q.s.Follow(ctx, func(s Stir) { stirs <- s }) })
	defer wg.Wait()
	defer cancel()
	n := opened(t, q)
	require.Eventually(t, func() bool {
		hints, err := q.s.Hints(t.Context(), 0, 100)
		return err == nil && len(hints) == 3 && hints[2].Number == n
	}, waitLong, waitStep)
	// Notices of presence: once when he comes, none while he stays, once when he begins to write, once when he leaves.
	heard := func() {
		t.Helper()
		for {
			select {
			case s := <-stirs:
				if s.Number != 0 {
					require.Equal(t, Stir{Number: n, Desk: "support"}, s)
					return
				}
			case <-time.After(waitLong):
				require.Fail(t, "no notice of presence")
			}
		}
	}
	require.NoError(t, q.s.Attend(ctx, n, "sato", "a", "viewing", time.Minute))
	require.Eventually(t, func() bool { // until the listener stands
		require.NoError(t, q.s.Attend(ctx, n, "lead", "", "", 0))
		require.NoError(t, q.s.Attend(ctx, n, "lead", "", "viewing", time.Minute))
		return len(stirs) > 2
	}, waitLong, 50*time.Millisecond)
	for len(stirs) > 0 {
		<-stirs
	}
	for range 3 {
		require.NoError(t, q.s.Attend(ctx, n, "sato", "a", "viewing", time.Minute))
	}
	require.NoError(t, q.s.Attend(ctx, n, "sato", "b", "writing", time.Minute))
	heard()
	there, err := q.s.Present(ctx, []ticket.Number{n, 9})
	require.NoError(t, err)
	require.Len(t, there, 2)
	require.Equal(t, "lead viewing sato writing", fmt.Sprintf("%s %s %s %s", there[0].Agent, there[0].Doing, there[1].Agent, there[1].Doing))
	require.NoError(t, q.s.Attend(ctx, n, "sato", "b", "", 0))
	heard()
	// Whoever says nothing more is forgotten, and the others hear of it.
	require.NoError(t, q.s.Attend(ctx, n, "sato", "a", "viewing", -time.Second))
	require.NoError(t, q.s.Forget(ctx))
	heard()
	there, err = q.s.Present(ctx, []ticket.Number{n})
	require.NoError(t, err)
	require.Len(t, there, 1)

	require.Equal(t, ticket.NotFound, code(q.s.Attend(ctx, 99, "sato", "", "viewing", time.Minute)))
}
