package flock

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOneHolderAtATime(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "lock")
	first, err := Try(name)
	require.NoError(t, err)
	_, err = Try(name)
	require.ErrorIs(t, err, ErrTaken)

	second, err := Wait(t.Context(), name, first.Unlock)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Wait(ctx, name, cancel)
	require.ErrorIs(t, err, context.Canceled)
	second.Unlock()
	third, err := Try(name)
	require.NoError(t, err)
	third.Unlock()
}

func TestFileThatCannotBeMade(t *testing.T) {
	t.Parallel()
	_, err := Wait(t.Context(), filepath.Join(t.TempDir(), "no", "lock"), func() {})
	require.ErrorContains(t, err, "no such file")
}
