package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

// RecordedTickets lists tickets of which something is recorded, in the order of their numbers, behind one of them. Deleted
// ones are left out: their commands' parameters were erased with their words.
func (s *Store) RecordedTickets(ctx context.Context, after ticket.Number, limit int) ([]ticket.Number, error) {
	rows, err := s.pool.Query(ctx, `select number from tickets where number > $1 and applied_seq > 0 and state <> 'deleted' order by number limit $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[ticket.Number])
	if err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	return list, nil
}

// Recorded reads the life of a ticket for lifecycle.Rehearse: what was asked, what was answered, by which settings and
// calendar. ticket.NotFound where there is no such ticket; ticket.Newer where a newer program wrote a part of it.
func (s *Store) Recorded(ctx context.Context, n ticket.Number) (lifecycle.Recorded, error) {
	var r lifecycle.Recorded
	var now ticket.Process
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly, IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `select d.process, p.settings, t.process from tickets t join desks d on d.key = t.desk
			join policies p on p.desk = t.desk and p.version = (t.process->>'policy')::int where t.number = $1`, n).Scan(&r.Process, &r.Settings, &now)
		if noRows(err) {
			return notFound("there is no ticket %d", n)
		}
		if err != nil {
			return err
		}
		if now.State == ticket.Deleted {
			return notFound("ticket %d is deleted, and what was asked of it was erased", n)
		}
		if r.Settings.Calendar != "" {
			r.Calendar = &calendar.Spec{}
			err := tx.QueryRow(ctx, `select spec from calendars where key = $1 and version = $2`, r.Settings.Calendar, now.Calendar).Scan(r.Calendar)
			if noRows(err) {
				return notFound("version %d of its calendar %s is not there", now.Calendar, r.Settings.Calendar)
			}
			if err != nil {
				return fmt.Errorf("its calendar: %w", err)
			}
		}
		rows, err := tx.Query(ctx, selectAnswered, n)
		if err != nil {
			return err
		}
		r.Steps, err = pgx.CollectRows(rows, scanStep)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("read what is recorded of ticket %d: %w", n, err)
	}
	r.Opening = opening(now, r.Steps)
	return r, nil
}

// selectAnswered lists commands in the order in which they were answered: what made a revision comes before what was
// refused at it.
const selectAnswered = `
select c.seq, c.id, c.by_kind, c.by_id, c.by_role, c.name, c.at, c.params, coalesce(c.message::text, ''), c.seen_revision, c.outcome, coalesce(c.reason, ''),
	case when c.outcome = 'applied' or c.by_kind = 'operator' then r.process end
from commands c left join revisions r on r.ticket = c.ticket and r.revision = c.revision
where c.ticket = $1 and c.outcome <> 'pending'
order by c.revision, (c.outcome in ('applied', 'failed') or c.by_kind = 'operator') desc, c.seq`

func scanStep(rows pgx.CollectableRow) (lifecycle.Step, error) {
	var s lifecycle.Step
	var kind, role, name, outcome string
	c := &s.Command
	if err := rows.Scan(&c.Seq, &c.ID, &kind, &c.By.ID, &role, &name, &c.At, &c.Params, &c.Message, &c.SeenRevision, &outcome, &s.Reason, &s.After); err != nil {
		return s, err
	}
	return s, errors.Join(c.By.Kind.UnmarshalText([]byte(kind)), c.By.Role.UnmarshalText([]byte(role)), c.Kind.UnmarshalText([]byte(name)), s.Answer.UnmarshalText([]byte(outcome)))
}

// opening is a ticket's process before its first command (queueTicket). The row has it no more: what no first command
// changes is read from its first revision.
func opening(now ticket.Process, steps []lifecycle.Step) ticket.Process {
	first := now
	for _, s := range steps {
		if s.After != nil {
			first = *s.After
			break
		}
	}
	return ticket.Process{
		Number: now.Number, Ticket: now.Ticket, Desk: now.Desk, State: ticket.New, Tier: 1, Priority: first.Priority, Channel: now.Channel, Policy: now.Policy, Calendar: now.Calendar,
	}
}
