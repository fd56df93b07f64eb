package crowd

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
