package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Presence is one agent at one ticket.
type Presence struct {
	Number ticket.Number
	Agent  string
	Name   string
	Doing  string // viewing, writing
	Since  time.Time
	Until  time.Time
}

// Attend notes that an agent looks at a ticket or writes there, for the given time; with doing "" that he left.
// Others are told where something changed.
func (s *Store) Attend(ctx context.Context, n ticket.Number, agent, tab, doing string, lasts time.Duration) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// Nothing here is worth waiting for the disk.
		if _, err := tx.Exec(ctx, `set local synchronous_commit = off`); err != nil {
			return err
		}
		var changed bool
		var err error
		if doing == "" {
			err = tx.QueryRow(ctx, `with gone as (delete from presence where ticket = $1 and agent = $2 and tab = $3 returning 1)
				select exists (select from gone)`, n, agent, tab).Scan(&changed)
		} else {
			err = tx.QueryRow(ctx, `with before as (select doing from presence where ticket = $1 and agent = $2 and tab = $3 and until > clock_timestamp()),
				now as (insert into presence as p (ticket, agent, tab, doing, until) values ($1, $2, $3, $4, clock_timestamp() + $5)
					on conflict (ticket, agent, tab) do update set doing = excluded.doing, until = excluded.until,
						since = case when p.doing = excluded.doing and p.until > clock_timestamp() then p.since else clock_timestamp() end)
				select coalesce((select doing from before), '') <> $4`, n, agent, tab, doing, lasts).Scan(&changed)
		}
		if err != nil || !changed {
			return err
		}
		_, err = tx.Exec(ctx, `select pg_notify($1, number || ' ' || desk) from tickets where number = $2`, presenceChannel, n)
		return err
	})
	if name, _ := violated(err); name != "" {
		return notFound("there is no ticket %d, or no agent %q", n, agent)
	}
	if err != nil {
		return fmt.Errorf("note presence: %w", err)
	}
	return nil
}

// Present lists who is at some tickets now, each agent once with the strongest of what he does.
func (s *Store) Present(ctx context.Context, numbers []ticket.Number) ([]Presence, error) {
	rows, err := s.pool.Query(ctx, `select distinct on (p.ticket, p.agent) p.ticket, p.agent, a.name, p.doing, p.since, p.until
		from presence p join agents a on a.key = p.agent where p.ticket = any($1) and p.until > clock_timestamp()
		order by p.ticket, p.agent, p.doing = 'writing' desc, p.since`, plainNumbers(numbers))
	if err != nil {
		return nil, fmt.Errorf("read presence: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Presence])
	if err != nil {
		return nil, fmt.Errorf("read presence: %w", err)
	}
	return out, nil
}

// Forget drops those whose time is up without a word, and tells the others.
func (s *Store) Forget(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `with gone as (delete from presence where until <= clock_timestamp() returning ticket)
		select pg_notify($1, t.number || ' ' || t.desk) from tickets t where t.number in (select ticket from gone)`, presenceChannel)
	if err != nil {
		return fmt.Errorf("forget the absent: %w", err)
	}
	return nil
}
