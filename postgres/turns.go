package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// turn gives a mail its turn where its mailbox bounds how many leave in a minute (providers count and then refuse), and
// reports whether it must wait for it. A mail that has its turn keeps it until its attempt begins.
func (q *Queue) turn(ctx context.Context, tx pgx.Tx, d *delivery) (wait bool, err error) {
	if d.channel != "" {
		return q.afterOthers(ctx, tx, d)
	}
	var at time.Time
	err = tx.QueryRow(ctx, `with box as (`+d.box()+`), turn as (
			update mailboxes m set next_send_at = greatest(m.next_send_at, clock_timestamp()) + interval '1 minute' / m.sends_minute from box
			where m.id = box.id and m.sends_minute > 0 and exists (select from deliveries where id = $2 and turn_at is null)
			returning m.next_send_at - interval '1 minute' / m.sends_minute as at)
		update deliveries d set turn_at = turn.at, next_at = greatest(d.next_at, turn.at) from turn where d.id = $2 returning d.next_at, d.next_at > clock_timestamp()`, d.number, d.id).Scan(&at, &wait)
	if noRows(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("wait for a mail's turn: %w", err)
	}
	d.nextAt = at
	return wait, nil
}
