package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// The same mail to two addresses of one mailbox, by two ways: one ticket. In another mailbox it is a mail of its own.
func TestAMailOnTwoWaysIsTakenInOnce(t *testing.T) {
	t.Parallel()
	q := engine(t)
	fate := func(id string, content byte) ticket.Fate {
		o := mailIn(id, 0, "It does not print.")
		return ticket.Fate{Fate: "message", Order: &o, Content: [32]byte{content}}
	}
	first := q.takeIn(t, 1, fate("one", 1))
	require.Equal(t, "message", first.Fate)
	require.Equal(t, ticket.Settled{Fate: "duplicate", Number: first.Number}, q.takeIn(t, 2, fate("two", 1)))
	require.Equal(t, "message", q.takeIn(t, 3, fate("three", 2)).Fate)
	require.Equal(t, "message", q.takeIn(t, 4, fate("four", 0)).Fate)
	require.Equal(t, "message", q.takeIn(t, 5, fate("five", 0)).Fate, "what is not known is not the same")
	requireCount(t, q.s, 4, `select count(*) from tickets`)
}
