package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// One mail at which the server hangs up: those around it come in, it is set apart, and it can be asked for again.
func TestAMailThatTheServerCannotHandOutStopsNothing(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.kills = map[uint32]bool{3: true}
	for u := uint32(1); u <= 6; u++ {
		b.mails[u] = letter("a", string(rune('a'+u)), string(rune('a'+u)))
	}
	watches := 0
	for ; b.of(3).Fate == "" && watches < 10; watches++ {
		require.Error(t, b.run())
	}
	require.LessOrEqual(t, watches, 5)
	require.Equal(t, "quarantined", b.of(3).Fate)
	require.Equal(t, "the server cannot hand it out", b.of(3).Evidence["because"])
	b.watch(t)
	for _, u := range []uint32{1, 2, 4, 5, 6} {
		require.Equal(t, "message", b.of(u).Fate, "mail %d", u)
		require.True(t, b.ledger["7/"+string(rune('0'+u))].marked)
	}

	b.kills = nil
	b.ledger["7/3"].Fate.Fate, b.ledger["7/3"].suspect, b.ledger["7/3"].attempts = "", true, 0 // an agent retries it
	b.watch(t)
	require.Equal(t, "message", b.of(3).Fate)
	require.Len(t, b.rung, 6)
}

// A server that lists a mail and says nothing when asked for it.
func TestAMailThatIsListedAndNeverComesIsSetApart(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.hidden = map[uint32]bool{1: true}
	b.mails[1], b.mails[2] = letter("a1", "one", "1"), letter("a2", "two", "2")
	b.waits = []func(){func() {}, func() {}, func() {}}
	b.watch(t)
	require.Equal(t, "message", b.of(2).Fate)
	require.Equal(t, "quarantined", b.of(1).Fate)
}

// What a person takes away between the listing and the fetching is not set apart.
func TestAMailThatAPersonTookAwayIsIgnored(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.settings.UIDValidity, b.settings.LastUID = 7, 1
	b.ledger["7/1"] = &fate{Fate: ticket.Fate{Received: ticket.Received{UIDValidity: 7, UID: 1}}, suspect: true}
	b.watch(t)
	require.Equal(t, "ignored", b.of(1).Fate)
	require.Equal(t, "it is gone from the server", b.of(1).Evidence["because"])
}

// A record that is away is not the mail's fault.
func TestOnlyTheServerIsBlamedForAMail(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = letter("a1", "one", "1")
	b.settle = func(ticket.Fate) error { return errEnd }
	for range 4 {
		require.Error(t, b.run())
	}
	require.False(t, b.ledger["7/1"].suspect)
	require.Empty(t, b.of(1).Fate)
}

// With other settings the watch ends by itself and the next begins.
func TestOtherSettingsEndAWatch(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = letter("a1", "one", "1")
	b.waits = []func(){func() { b.version++ }, func() { t.Error("the watch goes on") }}
	require.NoError(t, b.run())
	require.Equal(t, "message", b.of(1).Fate)
}
