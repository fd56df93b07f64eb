package postgres

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestWaitersLookWhenTheirCommandWasApplied holds that a notice of an earlier command makes nobody look, and that who comes
// after his notice looks at once.
func TestWaitersLookWhenTheirCommandWasApplied(t *testing.T) {
	t.Parallel()
	n, mine := NewNotices(), ticket.Receipt{Number: 5, Seq: 3}
	n.hearing(true)
	heard, stop := n.subscribe(5)
	defer stop()
	over, end := context.WithCancel(t.Context())
	n.hear(channel, "5 7 2")
	end()
	require.False(t, n.wait(over, heard, mine, true), "the second command is not his")
	require.False(t, n.passed(5, 3))

	n.hear(channel, "5 8 4")
	require.True(t, n.wait(t.Context(), heard, mine, true))
	late, gone := n.subscribe(5)
	defer gone()
	require.Empty(t, late)
	require.True(t, n.wait(t.Context(), late, mine, true), "his notice was there before him")
	require.False(t, n.passed(6, 1), "another ticket")

	n.hear(channel, "5 7 2")
	require.True(t, n.passed(5, 4), "an earlier notice that comes later says nothing new")
}

// TestWaitersHearOlderPrograms holds that a notice that does not say how far its ticket came makes everybody look.
func TestWaitersHearOlderPrograms(t *testing.T) {
	t.Parallel()
	n := NewNotices()
	n.hearing(true)
	heard, stop := n.subscribe(5)
	defer stop()
	n.hear(channel, "5 7")
	require.True(t, n.wait(t.Context(), heard, ticket.Receipt{Number: 5, Seq: 3}, false))
}

// TestWaitersLookThemselvesWhereNoNoticeComes holds that who waits is told that notices are away, and then looks often.
func TestWaitersLookThemselvesWhereNoNoticeComes(t *testing.T) {
	t.Parallel()
	n := NewNotices()
	n.hearing(true)
	require.Equal(t, anyway, n.patience(true))
	heard, stop := n.subscribe(5)
	defer stop()
	n.hearing(false)
	require.True(t, n.wait(t.Context(), heard, ticket.Receipt{Number: 5, Seq: 3}, false))
	require.Equal(t, poll, n.patience(false))
	require.Equal(t, firstLook, n.patience(true))
}

// TestWaitersForgetWhatWasLongAgo holds that what is kept of tickets stays small, and that the latest are among it.
func TestWaitersForgetWhatWasLongAgo(t *testing.T) {
	t.Parallel()
	n := NewNotices()
	for i := range 3 * lately {
		n.waiters.tell(ticket.Number(i+1), reach{seq: 1})
	}
	require.LessOrEqual(t, len(n.waiters.reached)+len(n.waiters.earlier), 2*lately)
	require.True(t, n.passed(2*lately+1, 1))
	require.False(t, n.passed(1, 1))
}
