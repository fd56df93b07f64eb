package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMemoryIsGivenBackAtRest holds that a process that has come to rest gives memory back once, and none that works.
func TestMemoryIsGivenBackAtRest(t *testing.T) {
	t.Parallel()
	const mb, live = 1 << 20, 80 << 20
	var h hoard
	for _, look := range []struct {
		allocated uint64
		gives     bool
		when      string
	}{
		{90 * mb, false, "it starts"},
		{91 * mb, true, "it has started"},
		{92 * mb, false, "it rests"},
		{900 * mb, false, "it works"},
		{1700 * mb, false, "it works on"},
		{1705 * mb, true, "it rests again"},
		{1710 * mb, false, "there is nothing new to give"},
		{1715 * mb, false, "nor now"},
		{1722 * mb, false, "nor now"},
		{1731 * mb, false, "nor now"},
		{1740 * mb, false, "nor now"},
		{1746 * mb, true, "little by little it became much"},
	} {
		require.Equal(t, look.gives, h.idle(look.allocated, live), look.when)
	}
	allocated, _ := heap()
	require.Positive(t, allocated)
}
