package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// LastWord is the instant of the last command in the record; the zero time where there is none.
func (s *Store) LastWord(ctx context.Context) (time.Time, error) {
	var at *time.Time
	if err := s.pool.QueryRow(ctx, `select max(at) from commands`).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("read the record's last word: %w", err)
	}
	if at == nil {
		return time.Time{}, nil
	}
	return *at, nil
}

// Recover makes a record that was restored from a backup fit to go on, given what Temporal remembers of the time since:
// no number is given out twice, no mail that may have left leaves again, and what was accepted and is not there is
// listed. Workers must not run meanwhile. Doing it twice does nothing more.
func (q *Queue) Recover(ctx context.Context, since time.Time, m ticket.Remembered) (out ticket.Recovered, err error) {
	out.Since = since
	if out.Uncertain, err = q.doubt(ctx); err != nil {
		return out, err
	}
	err = q.write(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `select setval('ticket_numbers', greatest((select last_value from ticket_numbers), $1, (select coalesce(max(number), 1000) from tickets)))`,
			int64(m.Highest)).Scan(&out.Next); err != nil {
			return fmt.Errorf("lift the numbers of tickets: %w", err)
		}
		out.Next++
		if out.Lost, err = missing(ctx, tx, m.Heard); err != nil {
			return err
		}
		if out.Gone, err = gone(ctx, tx, m.Ahead); err != nil {
			return err
		}
		// What was rung for before the backup may have been heard by a workflow that is ended now.
		_, err := tx.Exec(ctx, `update commands set signalled_at = null, rings = 0 where outcome = 'pending'`)
		if err != nil {
			return fmt.Errorf("let the bells be rung again: %w", err)
		}
		_, err = tx.Exec(ctx, `insert into facts values ('recovered_at', clock_timestamp()::text) on conflict (name) do update set value = excluded.value`)
		return err
	})
	if err != nil {
		return out, fmt.Errorf("recover the record: %w", err)
	}
	return out, q.tellLost(ctx, out)
}

// doubt makes every mail that is not finished uncertain: it may have left between the backup and the restore.
func (q *Queue) doubt(ctx context.Context) (n int, err error) {
	for after := ""; ; {
		ids, err := q.Unfinished(ctx, after, 500)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		for _, id := range ids {
			err := q.write(ctx, func(tx pgx.Tx) error {
				d, r, err := q.lockDelivery(ctx, tx, id)
				if err != nil || d.finished {
					return err
				}
				_, err = tx.Exec(ctx, `update recipients set state = 'uncertain', reason = 'the database was restored from a backup: this mail may have left since'
					where delivery = $1 and state in ('queued', 'attempted')`, id)
				if err != nil {
					return fmt.Errorf("mark uncertain: %w", err)
				}
				states, err := recipientStates(ctx, tx, id)
				if err != nil {
					return err
				}
				n++
				_, err = q.settle(ctx, tx, &d, &r, states, d.now)
				return err
			})
			if err != nil {
				return n, fmt.Errorf("doubt a mail: %w", err)
			}
		}
		after = ids[len(ids)-1]
	}
}

// missing keeps, and returns, those that no row has.
func missing(ctx context.Context, tx pgx.Tx, heard []ticket.HeardSignal) ([]ticket.HeardSignal, error) {
	var numbers, seqs []int64
	var names, ids []string
	var at []time.Time
	for _, h := range heard {
		numbers, seqs, names, ids, at = append(numbers, int64(h.Number)), append(seqs, h.Seq), append(names, h.Name), append(ids, h.ID), append(at, h.At)
	}
	rows, err := tx.Query(ctx, `with lost as (
			select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) as h (ticket, seq, name, id, at)
			where not exists (select from commands c where c.id = h.id and c.ticket = h.ticket)
		), kept as (
			insert into lost_commands (ticket, seq, name, id, heard_at) select * from lost on conflict do nothing
		)
		select ticket, name, id, seq, at from lost order by ticket, at`, numbers, seqs, names, ids, at)
	if err != nil {
		return nil, fmt.Errorf("find what is lost: %w", err)
	}
	lost, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.HeardSignal])
	if err != nil {
		return nil, fmt.Errorf("find what is lost: %w", err)
	}
	return lost, nil
}

// gone lists numbers that no ticket has.
func gone(ctx context.Context, tx pgx.Tx, numbers []ticket.Number) ([]ticket.Number, error) {
	rows, err := tx.Query(ctx, `select n from unnest($1::bigint[]) n where not exists (select from tickets where number = n) order by n`, plainNumbers(numbers))
	if err != nil {
		return nil, fmt.Errorf("find tickets that are gone: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[ticket.Number])
}

// tellLost writes, on each ticket that is still there, a note of what it lost, for the agent who looks at it.
func (q *Queue) tellLost(ctx context.Context, r ticket.Recovered) error {
	byTicket := map[ticket.Number][]string{}
	for _, h := range r.Lost {
		if !slices.Contains(r.Gone, h.Number) {
			byTicket[h.Number] = append(byTicket[h.Number], fmt.Sprintf("- %s, %s %s", h.At.UTC().Format(time.RFC3339), h.Name, h.ID))
		}
	}
	for n, lines := range byTicket {
		_, _, err := q.Store(ctx, ticket.Order{
			ID: fmt.Sprintf("recover:%d:%d", n, r.Since.UnixMicro()), Number: n, Kind: ticket.Note, By: ticket.Operator, Name: "Duradesk",
			Message: &ticket.NewMessage{
				Note: true, Format: "text", Author: ticket.By{Kind: ticket.ActorOperator, ID: ticket.Operator.ID, Name: "Duradesk"},
				Body: "データベースはバックアップから復元されました。次の操作は失われました。\nThe database was restored from a backup. These commands are lost:\n" + strings.Join(lines, "\n"),
			},
		})
		var known *ticket.Error
		if err != nil && !errors.As(err, &known) { // a tombstone keeps no notes; what is lost stands in the list
			return fmt.Errorf("note on ticket %d what it lost: %w", n, err)
		}
	}
	return nil
}
