package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// overdue is what an agent is told of a mail that is tried for late already and has not left.
const (
	overdue = "overdue"
	late    = 4 * time.Hour
)

// tellLate stores, once, the command that tells a ticket that a mail of it has not left for hours. It goes on being
// tried.
func (q *Queue) tellLate(ctx context.Context, tx pgx.Tx, d *delivery, r *ticketRow, out *ticket.DeliveryState) error {
	if d.finished || d.told || d.agent != "" || d.now.Sub(d.created) < late {
		return nil
	}
	b := &pgx.Batch{}
	told := *d
	told.state = overdue
	q.tellFailed(b, &told, r)
	b.Queue(`update deliveries set late_at = $2 where id = $1`, d.id, d.now)
	if err := send(ctx, tx, b); err != nil {
		return fmt.Errorf("tell that a mail is late: %w", err)
	}
	d.told, out.Number = true, d.number
	return nil
}

// errNoMailbox is the case of a mail that has no way out: its desk has no mailbox.
var errNoMailbox = errors.New("the desk has no mailbox that its mail could leave through; add one, then send again")

// resting reports whether the mailbox of a mail rests, and puts the mail off until it does not: a little apart from the
// others, so that not all come back in the same second.
func (q *Queue) resting(ctx context.Context, tx pgx.Tx, d *delivery) (bool, error) {
	if d.finished || d.channel != "" {
		return false, nil
	}
	var until *time.Time
	err := tx.QueryRow(ctx, `with box as (`+d.box()+`) select resting_until from box`, d.number).Scan(&until)
	if noRows(err) {
		return false, errNoMailbox
	}
	if err != nil {
		return false, fmt.Errorf("ask whether the mailbox rests: %w", err)
	}
	if until == nil || !until.After(d.now) {
		return false, nil
	}
	if d.nextAt.Before(*until) {
		d.nextAt = until.Add(time.Duration(d.id[len(d.id)-1]) * 100 * time.Millisecond)
		if _, err := tx.Exec(ctx, `update deliveries set next_at = $2 where id = $1`, d.id, d.nextAt); err != nil {
			return false, fmt.Errorf("put a mail off: %w", err)
		}
	}
	return true, nil
}

// rouse ends the rest of a mailbox whose settings were corrected: what rested is due again, though never before its undo
// time is over, and the relay rings its workflows. The caller holds the mailbox's row;
// a mail that is being tried has its own locked before that, and is passed over.
func rouse(ctx context.Context, tx pgx.Tx, mailbox string) error {
	_, err := tx.Exec(ctx, `with resting as (
			select d.id, case when d.attempt = 0 and d.message is not null then d.created_at + make_interval(secs => coalesce((k.manner->>'undo_send')::int, $2)) end as undone_until
			from mailboxes box join tickets t on t.mailbox = box.id or t.mailbox is null and t.desk = box.desk join desks k on k.key = t.desk join deliveries d on d.ticket = t.number
			where box.id = $1 and box.resting_until > clock_timestamp() and d.finished_at is null and d.phase = '' and (d.attempt > 0 or d.next_at >= box.resting_until)
			for no key update of d skip locked)
		update deliveries d set rouse = true, next_at = least(d.next_at, greatest(clock_timestamp(), resting.undone_until))
		from resting where d.id = resting.id`, mailbox, ticket.DefaultManner().UndoSend)
	if err != nil {
		return fmt.Errorf("rouse what rested: %w", err)
	}
	return nil
}

// rest lets all mail of a mailbox wait where the account is in trouble (a refused login, a rate limit), and ends the rest
// where the server takes mail again. Operators see why. An attempt that was under way while the settings were changed
// tells nothing about the new ones.
func (q *Queue) rest(ctx context.Context, tx pgx.Tx, d *delivery, ends []ticket.End, retry time.Time) error {
	if d.channel != "" {
		return nil
	}
	sql, why, settings := "", "", 0
	for _, e := range ends {
		switch {
		case e.Account:
			settings = e.Settings
			sql, why = `update mailboxes set resting_until = $2, alert = $3, alert_at = clock_timestamp() where id = (select id from box) and version = $4`, e.Reason
		case e.State == accepted && sql == "":
			sql = `update mailboxes set resting_until = null, alert = null, alert_at = null where id = (select id from box) and resting_until is not null and $2::timestamptz is not null and $3::text is not null and $4::int is not null`
		}
	}
	if sql == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, `with box as (`+d.box()+`) `+sql, d.number, retry, "sending rests: "+clean(why), settings); err != nil {
		return fmt.Errorf("let a mailbox rest: %w", err)
	}
	return nil
}
