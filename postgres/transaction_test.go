package postgres

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// TestTransactionBeginsAndEndsWithItsBatches holds that what is sent in batches stands or falls together, wherever the
// transaction begins and ends, and that its connection is given back idle.
func TestTransactionBeginsAndEndsWithItsBatches(t *testing.T) {
	t.Parallel()
	q := engine(t)
	add := func(b *pgx.Batch, word string) {
		b.Queue(`insert into forbidden_words (id, desk, word) values (gen_random_uuid(), null, $1)`, word)
	}
	one := func(words ...string) *pgx.Batch {
		b := &pgx.Batch{}
		for _, word := range words {
			add(b, word)
		}
		return b
	}
	failed := errors.New("failed")
	for what, fn := range map[string]func(tx pgx.Tx) error{
		"both": func(tx pgx.Tx) error {
			if err := send(t.Context(), tx, one("kept-1")); err != nil {
				return err
			}
			return sendLast(t.Context(), tx, one("kept-2"))
		},
		"at once":         func(tx pgx.Tx) error { return sendLast(t.Context(), tx, one("kept-3")) },
		"usual end":       func(tx pgx.Tx) error { return send(t.Context(), tx, one("kept-4")) },
		"nothing":         func(pgx.Tx) error { return nil },
		"nothing to send": func(tx pgx.Tx) error { return sendLast(t.Context(), tx, &pgx.Batch{}) },
		"a statement first": func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), `select 1`); err != nil {
				return err
			}
			return sendLast(t.Context(), tx, one("kept-5"))
		},
		"a caller's error": func(tx pgx.Tx) error { return errors.Join(send(t.Context(), tx, one("lost-1")), failed) },
		"a statement's error in the last": func(tx pgx.Tx) error {
			err := sendLast(t.Context(), tx, one("lost-2", "lost-2"))
			require.Equal(t, "23505", sqlState(err))
			return errors.Join(err, failed)
		},
		"a savepoint": func(tx pgx.Tx) error {
			inner, err := tx.Begin(t.Context())
			if err != nil {
				return err
			}
			if err := errors.Join(send(t.Context(), inner, one("lost-3")), inner.Rollback(t.Context())); err != nil {
				return err
			}
			return sendLast(t.Context(), tx, one("kept-6"))
		},
	} {
		if err := q.write(t.Context(), fn); err != nil {
			require.ErrorIs(t, err, failed, what)
		}
		require.Zero(t, q.s.pool.Stat().AcquiredConns(), what)
	}
	rows, err := q.s.pool.Query(t.Context(), `select word from forbidden_words order by word`)
	require.NoError(t, err)
	words, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"kept-1", "kept-2", "kept-3", "kept-4", "kept-5", "kept-6"}, words)
}
