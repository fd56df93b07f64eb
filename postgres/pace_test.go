package postgres

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAFloodIsPacedAndAQuietDeskIsNot(t *testing.T) {
	t.Parallel()
	var p pace
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	passed := func(n int) (passed int) {
		for range n {
			if p.take(at) {
				passed++
			}
		}
		return passed
	}
	require.Equal(t, promptBurst, passed(500), "a flood")
	at = at.Add(time.Second)
	require.Equal(t, promptRate, passed(500), "a second later")
	at = at.Add(time.Hour)
	require.Equal(t, promptBurst, passed(500), "rested")
	at = at.Add(-time.Minute)
	require.Zero(t, passed(5), "a clock that was set back gives nothing")
}
