package postgres

import (
	"context"
	"fmt"

	"duradesk/ticket"
)

// unsent is true of a mail d that still waits: no attempt runs, and nobody has got it. It is the one word on both sides
// of the race between taking a mail back and sending it: Begin takes the row out of this state, and so does takeBack,
// each by compare-and-set under the ticket's lock.
const unsent = `d.state = 'queued' and d.phase = '' and d.finished_at is null
	and not exists (select from recipients r where r.delivery = d.id and r.state <> 'queued')`

// withdrawal adds the facts by which the rules decide: whether the mail still waits, what its command made of the
// ticket, and how the ticket was before.
func (a *applying) withdrawal(ctx context.Context, c *stored) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	w := &ticket.WithdrawParams{Message: c.Params.Withdraw.Message}
	c.Params.Withdraw = w
	err := a.tx.QueryRow(ctx, `
		select coalesce(c.revision, 0), (select p.process from revisions p where p.ticket = $1 and p.revision < c.revision order by p.revision desc limit 1),
			coalesce((select bool_and(`+unsent+`) from deliveries d where d.message = c.message), false)
		from commands c join messages m on m.id = c.message and m.applied
		where c.ticket = $1 and c.message = uuid_of($2) and c.outcome = 'applied'`, a.row.number, w.Message).Scan(&w.Revision, &w.Before, &w.Queued)
	if noRows(err) {
		return nil // no message of this ticket, or taken back already: the rules refuse
	}
	if err != nil {
		return fmt.Errorf("look at the message to be taken back: %w", err)
	}
	return nil
}

// takeBack keeps a mail that waits from leaving, and gives its words back to their agent as a draft. What lists show is
// again what it was.
func (a *applying) takeBack(ctx context.Context, c stored) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	message := c.Params.Withdraw.Message
	done, err := a.tx.Exec(ctx, `update deliveries d set state = 'failed', reason = 'withdrawn', finished_at = $2 where d.message = uuid_of($1) and `+unsent, message, a.row.now)
	if err != nil {
		return fmt.Errorf("take a mail back: %w", err)
	}
	if done.RowsAffected() == 0 {
		return fmt.Errorf("take a mail back: it has begun to leave in this very moment")
	}
	if _, err := a.draftOf(ctx, message, ticket.DraftWithdrawn); err != nil {
		return err
	}
	a.writes.Queue(`update recipients r set state = 'failed', reason = 'withdrawn' from deliveries d where d.id = r.delivery and d.message = uuid_of($1) and d.reason = 'withdrawn'`, message)
	a.writes.Queue(`update messages set applied = false where id = uuid_of($1)`, message)
	a.writes.Queue(`update events set type = 'event', name = 'withdrawn', message = null where ticket = $1 and message = uuid_of($2)`, a.row.number, message)
	a.writes.Queue(`update tickets t set solution = (select o.params->'resolve'->>'solution' from commands o
			where o.ticket = t.number and o.name = 'resolve' and o.outcome = 'applied' and o.seq < w.seq and o.params->'resolve'->>'solution' <> '' order by o.seq desc limit 1)
		from commands w where t.number = $1 and w.ticket = $1 and w.message = uuid_of($2) and w.params->'resolve'->>'solution' <> ''`, a.row.number, message)
	return a.lastWordsAgain(ctx)
}

// lastWordsAgain reads the end of the conversation from the record.
func (a *applying) lastWordsAgain(ctx context.Context) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	r := &a.row
	r.last, r.spokeLast, r.waiting = ticket.LastMessage{}, false, nil
	var by, kind string
	err := a.tx.QueryRow(ctx, `select e.by_kind, e.by_name, e.type, e.at, left(coalesce(m.visible, m.body), 400) from events e join messages m on m.id = e.message
		where e.ticket = $1 and e.type <> 'event' order by e.n desc limit 1`, r.number).Scan(&by, &r.last.Name, &kind, &r.last.At, &r.last.Excerpt)
	if noRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the last words: %w", err)
	}
	r.last.Kind, r.last.Excerpt = "public", excerpt(r.last.Excerpt)
	if kind == "note" {
		r.last.Kind = "note"
	}
	if err := r.last.By.UnmarshalText([]byte(by)); err != nil {
		return fmt.Errorf("read the last words: %w", err)
	}
	err = a.tx.QueryRow(ctx, `select by_kind = 'client' from events where ticket = $1 and type = 'message' and name <> 'automatic_mail_filed' order by n desc limit 1`, r.number).Scan(&r.spokeLast)
	if err != nil && !noRows(err) {
		return fmt.Errorf("read who spoke last: %w", err)
	}
	if !r.spokeLast {
		return nil
	}
	err = a.tx.QueryRow(ctx, `select min(at) from events where ticket = $1 and type = 'message' and name <> 'automatic_mail_filed' and by_kind = 'client'
		and n > coalesce((select max(n) from events where ticket = $1 and type = 'message' and name <> 'automatic_mail_filed' and by_kind <> 'client'), 0)`, r.number).Scan(&r.waiting)
	if err != nil {
		return fmt.Errorf("read since when the client waits: %w", err)
	}
	return nil
}
