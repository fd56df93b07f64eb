package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHashNamesTheRules(t *testing.T) {
	t.Parallel()
	require.Len(t, Inquiry.Hash(), 64)
	require.Equal(t, Inquiry.Hash(), altered(func(*Table) {}).Hash(), "the same rules have the same hash")
	for name, m := range mutations {
		require.NotEqual(t, Inquiry.Hash(), altered(m.change).Hash(), name)
	}
}
