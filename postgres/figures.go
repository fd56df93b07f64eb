package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Figures are what an operator watches of the record, at one instant.
type Figures struct {
	// Live and the like: tickets by state, the final states apart: they only grow.
	Tickets map[string]int64
	// Breached are live tickets that missed a target.
	Breached int64
	// Unapplied are commands stored and not applied; Oldest is the age of the first of them.
	Unapplied int64
	Oldest    time.Duration
	// Overdue are timers that should have rung; Latest is by how much the latest is over.
	Overdue int64
	Latest  time.Duration
	// Deliveries are unfinished mails by state; Late is by how much the one that waits longest is past its instant.
	Deliveries map[string]int64
	Late       time.Duration
	// Attention are tickets in that view: a mail failed or is uncertain, or a command could not be applied; spam and
	// tombstones wait for nobody.
	Attention int64
	// Quarantined are mails that could not be read.
	Quarantined int64
	Mailboxes   []MailboxFigures
}

// MailboxFigures tells of one mailbox. The id stands for it: an address is nobody's business in a metric.
type MailboxFigures struct {
	ID, Desk, State string
	Unseen          time.Duration // since it was last looked into
}

// Figures reads them in one round trip of index-backed counts.
func (s *Store) Figures(ctx context.Context) (Figures, error) {
	f := Figures{Tickets: map[string]int64{}, Deliveries: map[string]int64{}}
	b := &pgx.Batch{}
	b.Queue(`select state, count(*), count(*) filter (where breached) from tickets
		where state in ('new', 'open', 'on_hold', 'handed_over', 'hand_over_answered', 'resolved', 'resolved_internally', 'spam') group by state`).
		Query(func(rows pgx.Rows) error {
			var state string
			var n, breached int64
			_, err := pgx.ForEachRow(rows, []any{&state, &n, &breached}, func() error {
				f.Tickets[state] = n
				if state != "resolved" && state != "resolved_internally" && state != "spam" {
					f.Breached += breached
				}
				return nil
			})
			return err
		})
	one := func(sql string, into ...any) {
		b.Queue(sql).QueryRow(func(row pgx.Row) error { return row.Scan(into...) })
	}
	var oldest, latest, late float64
	one(`select count(*), coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 from commands where outcome = 'pending'`, &f.Unapplied, &oldest)
	one(`select count(*), coalesce(extract(epoch from clock_timestamp() - min(next_due_at)), 0)::float8 from tickets
		where next_due_at < clock_timestamp() - interval '1 second'`, &f.Overdue, &latest)
	one(`select greatest(coalesce(extract(epoch from clock_timestamp() - min(next_at)), 0), 0)::float8 from deliveries where finished_at is null`, &late)
	b.Queue(`select state, count(*) from deliveries where finished_at is null group by state`).Query(func(rows pgx.Rows) error {
		var state string
		var n int64
		_, err := pgx.ForEachRow(rows, []any{&state, &n}, func() error { f.Deliveries[state] = n; return nil })
		return err
	})
	one(`select count(*) from tickets where failed and state not in ('spam', 'deleted', 'merged')`, &f.Attention)
	one(`select count(*) from ledger where fate = 'quarantined'`, &f.Quarantined)
	b.Queue(`select id::text, desk, state, coalesce(extract(epoch from clock_timestamp() - last_seen_at), 0)::float8 from mailboxes where enabled order by id`).
		Query(func(rows pgx.Rows) (err error) {
			f.Mailboxes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (m MailboxFigures, err error) {
				var unseen float64
				err = row.Scan(&m.ID, &m.Desk, &m.State, &unseen)
				m.Unseen = seconds(unseen)
				return m, err
			})
			return err
		})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return f, fmt.Errorf("read the figures of the desk: %w", err)
	}
	f.Oldest, f.Latest, f.Late = seconds(oldest), seconds(latest), seconds(late)
	return f, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
