package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// crowd is the number of unapplied commands above which a ticket is rung once, not per command.
const crowd = 50

// What waits a little longer for its first bell where many commands wait: then the desk is busy, and their bells were most
// likely heard. To ring once more for each would be the greater part of the load.
const (
	busyWaits = 20 // commands that wait, counted up to here
	busyPause = "0.4 seconds"
)

// Unrung lists commands to ring for: stored 2 s ago (up to 10 s on a busy desk) and never rung by the relay, or rung and
// unapplied for 10 minutes, doubling each time. A crowded ticket is listed once. What is listed is lent to the caller for 5 s: another relay does
// not ring for it meanwhile, and where the caller dies before Rung, the next one does.
func (q *Queue) Unrung(ctx context.Context, limit int) ([]ticket.Unrung, error) {
	var out []ticket.Unrung
	err := q.s.plannedOnce(ctx, func(rows pgx.Rows) (err error) {
		out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Unrung])
		return err
	}, `
with due as (
  select ticket, seq from commands
  where outcome = 'pending' and ((signalled_at is null and at < clock_timestamp() - interval '2 seconds'
       - interval '`+busyPause+`' * (select greatest(count(*) - 1, 0) from (select from commands where outcome = 'pending' limit $3) waiting))
     or signalled_at < clock_timestamp() - case when rings = 0 then interval '5 seconds' else interval '10 minutes' * power(2, least(rings - 1, 6)) end)
  order by at limit $1 for update skip locked
), rung as (
  update commands c set signalled_at = clock_timestamp()
  from due where c.ticket = due.ticket and c.seq = due.seq
  returning c.ticket, c.seq, c.id, c.name
)
select ticket, seq, id, name from (
  select *, count(*) over (partition by ticket) as crowd, row_number() over (partition by ticket order by seq) as place from rung
) x where crowd <= $2 or place = 1 order by ticket, seq`, limit, crowd, busyWaits+1)
	if err != nil {
		return nil, fmt.Errorf("list unrung commands: %w", err)
	}
	return out, nil
}

// Rung notes that bells of these tickets were rung: what Unrung listed for them need not be rung again soon.
func (q *Queue) Rung(ctx context.Context, tickets []ticket.Number) error {
	_, err := q.s.pool.Exec(ctx, `update commands set rings = rings + 1
		where ticket = any($1) and outcome = 'pending' and signalled_at > clock_timestamp() - interval '30 seconds'`, plainNumbers(tickets))
	if err != nil {
		return fmt.Errorf("note rung bells: %w", err)
	}
	return nil
}

// Unring takes a mark back: the bell could not be rung, the next round tries again.
func (q *Queue) Unring(ctx context.Context, n ticket.Number) error {
	_, err := q.s.pool.Exec(ctx, `update commands set signalled_at = null where ticket = $1 and outcome = 'pending'`, n)
	return err
}

// In a flood few of the desk's own mails are begun, and a few more once the oldest has waited too long: each costs about what
// a ticket does that people wait to see. It is a flood when so many commands wait, so many tickets came within two seconds,
// or so many mails were fetched a short while ago and are no tickets yet.
const (
	floodWaiting = 20
	floodNew     = 5
	floodFetched = 5
	floodMails   = 1 // at each look, one a second
	floodLate    = 5 // likewise
	floodPatient = "45 seconds"
)

// Unstarted lists deliveries whose workflow may not run: never started for 5 s, or unfinished 10 minutes past their
// next attempt. People's mails go before the desk's own; in a flood of tickets only a few of those are listed, for the
// tickets go first.
func (q *Queue) Unstarted(ctx context.Context, limit int) ([]string, error) {
	var out []string
	err := q.s.plannedOnce(ctx, func(rows pgx.Rows) (err error) {
		out, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, `
with waiting as (
  select id, message is null as own, next_at, created_at from deliveries where finished_at is null
  and ((not started and created_at < clock_timestamp() - interval '5 seconds') or next_at < clock_timestamp() - interval '10 minutes')
), bound as (
  select case
    when (select count(*) from (select from commands where outcome = 'pending' limit $2) x) < $2
     and (select count(*) from (select from tickets where created_at > clock_timestamp() - interval '2 seconds' limit $3) x) < $3
     and (select count(*) from (select from ledger where fate = 'received' and at > clock_timestamp() - interval '1 minute' limit $6) x) < $6 then $1::int
    when (select min(created_at) from waiting where own) < clock_timestamp() - interval '`+floodPatient+`' then $5::int
    else $4::int end as of_own
)
select id::text from (select *, row_number() over (partition by own order by next_at) as place from waiting) x, bound
where not own or place <= of_own order by own, next_at limit $1`, limit, floodWaiting, floodNew, floodMails, floodLate, floodFetched)
	if err != nil {
		return nil, fmt.Errorf("list unstarted deliveries: %w", err)
	}
	return out, nil
}

// Roused lists deliveries whose workflow is to look at its row again.
func (q *Queue) Roused(ctx context.Context, limit int) ([]string, error) {
	rows, err := q.s.pool.Query(ctx, `select id::text from deliveries where finished_at is null and rouse order by next_at limit $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list roused deliveries: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Unfinished lists deliveries that are not done, after an id: to start them again where Temporal's store was lost.
func (q *Queue) Unfinished(ctx context.Context, after string, limit int) ([]string, error) {
	rows, err := q.s.pool.Query(ctx, `select id::text from deliveries where finished_at is null and id > coalesce(nullif($1, '')::uuid, '00000000-0000-0000-0000-000000000000')
		order by id limit $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list unfinished deliveries: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Overdue lists tickets whose next timer should have rung a minute ago and did not, the longest overdue first: the
// sweeper's net. It begins behind the one that is given: those for which ringing does not help must not hide the others.
func (q *Queue) Overdue(ctx context.Context, after ticket.Overdue, limit int) ([]ticket.Overdue, error) {
	rows, err := q.s.pool.Query(ctx, `select number, next_due_at from tickets where next_due_at < clock_timestamp() - interval '60 seconds'
		and (next_due_at, number) > ($2::timestamptz, $3::bigint) and state not in ('closed', 'deleted', 'merged') order by next_due_at, number limit $1`,
		limit, after.Due, after.Number)
	if err != nil {
		return nil, fmt.Errorf("list lost timers: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Overdue])
}

// OpenTickets lists tickets that need a workflow, after a number: to start them again where Temporal's store was lost.
func (q *Queue) OpenTickets(ctx context.Context, after ticket.Number, limit int) ([]ticket.Number, error) {
	rows, err := q.s.pool.Query(ctx, `select number from tickets t where number > $1 and (state not in ('closed', 'deleted', 'merged')
		or exists (select from commands c where c.ticket = t.number and c.outcome = 'pending')) order by number limit $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list open tickets: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[ticket.Number])
}

// Lag tells how many commands wait and for how long the oldest has.
func (q *Queue) Lag(ctx context.Context) (int, time.Duration, error) {
	var n int
	var oldest *time.Time
	var now time.Time
	err := q.s.pool.QueryRow(ctx, `select count(*), min(at), clock_timestamp() from (select at from commands where outcome = 'pending' limit 10000) x`).Scan(&n, &oldest, &now)
	if err != nil || oldest == nil {
		return n, 0, err
	}
	return n, now.Sub(*oldest), nil
}
