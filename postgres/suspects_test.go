package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestAMailThatWasNeverHandedOut(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	id := q.mailbox(t)
	require.NoError(t, q.Suspect(ctx, id, 1, []uint32{7, 8}))
	require.NoError(t, q.Suspect(ctx, id, 1, []uint32{7, 8}))
	times, err := q.Unfetched(ctx, id, 1, 7)
	require.NoError(t, err)
	require.Equal(t, 1, times)
	suspects, err := q.Suspects(ctx, id, 1)
	require.NoError(t, err)
	require.Equal(t, []uint32{8, 7}, suspects, "the one with fewest failures first")

	// One comes after all and is an ordinary mail.
	raw := []byte("From: a@client.example\r\n\r\nx\r\n")
	m := ticket.Received{Mailbox: id, UIDValidity: 1, UID: 8, Digest: sha256.Sum256(raw), Raw: raw}
	begun, err := q.Receive(ctx, []ticket.Received{m})
	require.NoError(t, err)
	require.Equal(t, []ticket.Begun{{Attempts: 1}}, begun)
	times, err = q.Unfetched(ctx, id, 1, 8)
	require.NoError(t, err)
	require.Zero(t, times)
	again, err := q.Again(ctx, id)
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, m, again[0])

	require.NoError(t, q.SetApart(ctx, id, 1, 7, "quarantined", "the server cannot hand it out"))
	known, err := q.Known(ctx, id, 1, []uint32{7})
	require.NoError(t, err)
	require.True(t, known[7])
	fates, _, err := q.s.Ledger(ctx, "", true, "", 10)
	require.NoError(t, err)
	require.Equal(t, "the server cannot hand it out", fates[0].Evidence["because"])
	_, err = q.s.FateSource(ctx, id, 1, 7)
	require.Equal(t, ticket.NotFound, code(err))

	require.NoError(t, q.s.Retry(ctx, id, 1, 7))
	suspects, err = q.Suspects(ctx, id, 1)
	require.NoError(t, err)
	require.Equal(t, []uint32{7}, suspects, "it is asked for again")
}

// TestWhatEndsAMailsBeginning: a lock that did not come says nothing of the mail, and what may be its own fault stays counted.
func TestWhatEndsAMailsBeginning(t *testing.T) {
	t.Parallel()
	q := engine(t)
	raw := []byte("From: a@client.example\r\n\r\nx\r\n")
	m := ticket.Received{Mailbox: q.mailbox(t), UIDValidity: 1, UID: 8, Digest: sha256.Sum256(raw), Raw: raw}
	begin := func() int {
		begun, err := q.Receive(t.Context(), []ticket.Received{m})
		require.NoError(t, err)
		return begun[0].Attempts
	}
	for _, because := range []error{context.DeadlineExceeded, context.Canceled, &pgconn.PgError{Code: "55P03"}} {
		require.Equal(t, 1, begin())
		require.NoError(t, q.Unbegun(t.Context(), m, fmt.Errorf("settle: %w", because)))
	}
	require.Equal(t, 1, begin())
	require.NoError(t, q.Unbegun(t.Context(), m, errors.New("what nobody knows")))
	require.Equal(t, 2, begin(), "it may be the mail")
}
