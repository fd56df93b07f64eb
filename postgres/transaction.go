package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// transaction is one that begins with its first statement and may end with its last, so that neither costs a round trip of
// its own: of a command that a desk takes, half were those. READ COMMITTED.
type transaction struct {
	pgx.Tx // nil until it has begun

	conn  *pgxpool.Conn
	ended bool // the last batch has committed it
}

// write runs one short transaction, READ COMMITTED: commit order is then seq order.
func (q *Queue) write(ctx context.Context, fn func(tx pgx.Tx) error) error { return q.s.write(ctx, fn) }

func (s *Store) write(ctx context.Context, fn func(tx pgx.Tx) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t := &transaction{conn: conn}
	// A connection that is not idle by then is closed, not given back: Release sees to it.
	defer conn.Release()
	defer t.forget(ctx)
	if err := fn(t); err != nil {
		return err
	}
	if t.Tx == nil || t.ended {
		return nil
	}
	if err := t.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// planOnce has the statements that follow, all of them by keys, planned once for a connection and not anew for each of the
// first values, or for all of them: to plan one takes longer than to run it.
const planOnce = `select set_config('plan_cache_mode', 'force_generic_plan', true)`

// plannedOnce asks one thing, in a transaction of its own.
func (s *Store) plannedOnce(ctx context.Context, read func(pgx.Rows) error, sql string, args ...any) error {
	b := &pgx.Batch{}
	b.Queue(planOnce)
	b.Queue(sql, args...).Query(read)
	return s.pool.SendBatch(ctx, b).Close()
}

// forget takes back what was not committed, whether ctx has ended or not.
func (t *transaction) forget(ctx context.Context) {
	if t.Tx != nil && !t.ended {
		_ = t.Rollback(context.WithoutCancel(ctx)) // after a commit it does nothing
	}
}

// start begins the transaction before a statement that is not sent in a batch.
func (t *transaction) start(ctx context.Context) (err error) {
	if t.Tx == nil {
		if t.Tx, err = t.conn.Begin(ctx); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
	}
	return nil
}

// SendBatch begins with the first batch. Its results are for those who queued their callbacks: whoever reads them one by
// one would find that of the beginning before his.
func (t *transaction) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if t.Tx != nil {
		return t.Tx.SendBatch(ctx, b)
	}
	first := &pgx.Batch{}
	first.BeginTx(pgx.TxOptions{})
	first.QueuedQueries = append(first.QueuedQueries, b.QueuedQueries...)
	results := t.conn.SendBatch(ctx, first)
	t.Tx = results.Tx()
	return results
}

// sendLast runs a batch after which nothing else is asked in the transaction, and commits with it where that is possible;
// else the caller's own commit follows.
func sendLast(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	t, ok := tx.(*transaction)
	if !ok {
		return send(ctx, tx, b)
	}
	b.Queue(`commit`)
	err := t.SendBatch(ctx, b).Close()
	t.ended = err == nil
	return err
}

func (t *transaction) Begin(ctx context.Context) (pgx.Tx, error) {
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	return t.Tx.Begin(ctx)
}

func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if err := t.start(ctx); err != nil {
		return pgconn.CommandTag{}, err
	}
	return t.Tx.Exec(ctx, sql, args...)
}

func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if err := t.start(ctx); err != nil {
		return failedRow{err: err}, err
	}
	return t.Tx.Query(ctx, sql, args...)
}

func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if err := t.start(ctx); err != nil {
		return failedRow{err: err}
	}
	return t.Tx.QueryRow(ctx, sql, args...)
}

// failedRow is the answer of a transaction that could not begin.
type failedRow struct {
	pgx.Rows

	err error
}

func (r failedRow) Scan(...any) error { return r.err }
func (r failedRow) Err() error        { return r.err }
func (r failedRow) Close()            {}
func (r failedRow) Next() bool        { return false }
