package crowd

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestATicketTellsWhenItWasOpened: without it, what is allowed on a ticket would be reckoned from the year 1, a second for a
// list.
func TestATicketTellsWhenItWasOpened(t *testing.T) {
	t.Parallel()
	c := &cast{Options: Options{Tickets: 1000, Until: time.Now()}.withDefaults()}
	c.begin()
	place := slices.Index(ticketColumns, "process")
	for n := 1; n <= c.Tickets; n++ {
		var p ticket.Process
		require.NoError(t, json.Unmarshal(c.ticket(n)[place].([]byte), &p))
		require.WithinDuration(t, c.traits(n).created, p.Opened, 0)
		require.Equal(t, p.State == ticket.Closed, !p.Closed.IsZero())
		require.Equal(t, p.State == ticket.Resolved || p.State == ticket.Closed, !p.Resolved.IsZero())
	}
}

func TestTheHashNamesWhatIsMadeAndNotWhen(t *testing.T) {
	t.Parallel()
	hash := func(o Options) string {
		h, err := o.Hash()
		require.NoError(t, err)
		require.Len(t, h, 16)
		return h
	}
	plain := hash(Options{Tickets: 100})
	require.Equal(t, plain, hash(Options{Tickets: 100, Messages: 1, Until: time.Now(), Progress: func(string, int, int) {}}))
	for _, other := range []Options{{Tickets: 101}, {Tickets: 100, Messages: 2}, {Tickets: 100, Seed: 1}, {Tickets: 100, Agents: 3}} {
		require.NotEqual(t, plain, hash(other))
	}
}

// TestTheRareWordIsRare: one that is made of few syllables would be among the common words too.
func TestTheRareWordIsRare(t *testing.T) {
	t.Parallel()
	o := Options{Tickets: 10_000, Until: time.Now()}.withDefaults()
	c := &cast{Options: o}
	c.begin()
	rare, said := o.RareWord(), 0
	for n := 1; n <= o.Tickets; n++ {
		if _, _, body := c.said(n); slices.Contains(strings.Fields(body), rare) {
			said++
		}
	}
	require.Less(t, said, 5, rare)
}
