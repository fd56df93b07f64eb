package main

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWorkerAsksAgainADatabaseThatWentAway(t *testing.T) {
	t.Parallel()
	answers := []error{io.ErrUnexpectedEOF, io.EOF, nil}
	asked := 0
	ask := func(context.Context) error { asked++; return answers[asked-1] }
	require.NoError(t, withPostgres(t.Context(), ask))
	require.Equal(t, 3, asked)

	old := errors.New("the schema is too old")
	asked, answers = 0, []error{io.EOF, old}
	require.ErrorIs(t, withPostgres(t.Context(), ask), old, "waiting does not mend that")

	ended, end := context.WithCancel(t.Context())
	end()
	asked, answers = 0, []error{io.EOF}
	require.ErrorIs(t, withPostgres(ended, ask), io.EOF, "nobody waits any more")
}
