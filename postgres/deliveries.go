package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// The states of a delivery and of each of its recipients (PRODUCT rule 4).
const (
	queued    = "queued"
	attempted = "attempted"
	accepted  = "accepted"
	uncertain = "uncertain"
	failed    = "failed"
)

// delivery is a row under its lock.
type delivery struct {
	id       string
	number   ticket.Number
	message  string
	occasion string
	mailID   string
	state    string
	phase    string
	attempt  int
	nextAt   time.Time
	raw      []byte
	reason   string
	created  time.Time
	finished bool
	told     bool   // that it is late
	agent    string // whom a mail to staff is for
	channel  string // which it is told to, instead of mailed
	spoken   int64  // the conversation there
	doubtful bool   // an attempt left and nobody answered
	now      time.Time
}

// lock takes the ticket's lock first, then the delivery's: the order in which Apply takes them.
func (q *Queue) lockDelivery(ctx context.Context, tx pgx.Tx, id string) (delivery, ticketRow, error) {
	d := delivery{id: id}
	// A mail that has left must be written down whatever state its ticket is in, also one that only a newer program knows.
	r := ticketRow{blind: true}
	b := &pgx.Batch{}
	b.Queue(`select ticket from deliveries where id = $1`, id).QueryRow(func(found pgx.Row) error { return found.Scan(&d.number) })
	if err := send(ctx, tx, b); err != nil {
		if noRows(err) {
			return d, r, notFound("there is no delivery %s", id)
		}
		return d, r, fmt.Errorf("find delivery: %w", err)
	}
	b = &pgx.Batch{}
	q.queueLock(b, d.number, &r)
	b.Queue(`select coalesce(message::text, ''), occasion, mail_id, state, phase, attempt, next_at, raw, coalesce(reason, ''), created_at, finished_at is not null, late_at is not null, coalesce(agent, ''),
			coalesce(channel::text, ''), coalesce(conversation, 0), doubtful
		from deliveries where id = $1 for update`, id).QueryRow(func(found pgx.Row) error {
		return found.Scan(&d.message, &d.occasion, &d.mailID, &d.state, &d.phase, &d.attempt, &d.nextAt, &d.raw, &d.reason, &d.created, &d.finished, &d.told, &d.agent, &d.channel, &d.spoken, &d.doubtful)
	})
	if err := send(ctx, tx, b); err != nil {
		return d, r, fmt.Errorf("lock delivery: %w", err)
	}
	d.now = r.now
	return d, r, nil
}

func (d delivery) stands() ticket.DeliveryState {
	return ticket.DeliveryState{State: d.state, Finished: d.finished, NextAt: d.nextAt, Attempt: d.attempt, Reason: d.reason}
}

// Begin opens the next attempt at a mail, or tells that nothing is left to do or that it is too early. An earlier
// attempt that had reached DATA and told no end makes the mail uncertain: nobody knows whether the server took it, so
// it is never sent again by itself; a person decides.
func (q *Queue) Begin(ctx context.Context, id string) (ticket.Attempt, error) {
	var out ticket.Attempt
	err := q.write(ctx, func(tx pgx.Tx) error {
		d, r, err := q.lockDelivery(ctx, tx, id)
		if err != nil {
			return err
		}
		resting, err := q.resting(ctx, tx, &d)
		noWay := errors.Is(err, errNoMailbox)
		if err != nil && !noWay {
			return err
		}
		switch {
		case d.finished || d.nextAt.After(d.now) || resting && d.phase != "data":
			out.DeliveryState = d.stands()
			return q.tellLate(ctx, tx, &d, &r, &out.DeliveryState)
		case d.phase == "data" && d.channel == "":
			return q.giveUp(ctx, tx, &d, &r, &out, uncertain, cutOff)
		case noWay:
			return q.giveUp(ctx, tx, &d, &r, &out, failed, errNoMailbox.Error())
		}
		if wait, err := q.turn(ctx, tx, &d); err != nil || wait {
			out.DeliveryState = d.stands()
			return err
		}
		// A channel knows what it has by its id: what was cut off is told again, and until it answers nobody knows.
		d.doubtful = d.doubtful || d.phase == "data"
		d.attempt++
		d.state, d.phase = attempted, "before_data"
		b := &pgx.Batch{}
		b.Queue(`update deliveries set state = $2, phase = $3, attempt = $4, turn_at = null, doubtful = $5 where id = $1`, id, d.state, d.phase, d.attempt, d.doubtful)
		b.Queue(`update recipients set state = 'attempted', attempts = attempts + 1 where delivery = $1 and state in ('queued', 'attempted')`, id)
		queueStir(b, d.number)
		if err := send(ctx, tx, b); err != nil {
			return fmt.Errorf("begin attempt: %w", err)
		}
		out, err = q.attempt(ctx, tx, d, r)
		return err
	})
	if err == nil && out.No > 0 {
		q.crash("after_begin")
		err = q.s.fillIn(ctx, out.Mail.Files) // with no lock held: it may come from outside
	}
	return out, err
}

// fillIn reads the bytes of files that lie outside the database.
func (s *Store) fillIn(ctx context.Context, files []ticket.NewFile) (err error) {
	for i, f := range files {
		if f.Object == "" {
			continue
		}
		if files[i].Data, err = s.whole(ctx, f.Hash, f.Size); err != nil {
			return err
		}
	}
	return nil
}

// cutOff is why nobody knows of a mail: its attempt died between the last mark and its end.
const cutOff = "the sender died after the mail was handed over and before the server's answer was known"

// giveUp ends a mail for all who have no answer yet: as failed or as uncertain.
func (q *Queue) giveUp(ctx context.Context, tx pgx.Tx, d *delivery, r *ticketRow, out *ticket.Attempt, state, why string) error {
	if _, err := tx.Exec(ctx, `update recipients set state = $2, reason = $3 where delivery = $1 and state in ('queued', 'attempted')`, d.id, state, why); err != nil {
		return fmt.Errorf("give a mail up: %w", err)
	}
	states, err := recipientStates(ctx, tx, d.id)
	if err != nil {
		return err
	}
	out.DeliveryState, err = q.settle(ctx, tx, d, r, states, d.now)
	return err
}

// tellFailed stores the delivery-failed command: what an effect finds out comes back through the queue.
func (q *Queue) tellFailed(b *pgx.Batch, d *delivery, r *ticketRow) {
	queueNext(b, r, ticket.Order{
		ID: "delivery:" + d.id + ":" + d.state, Kind: ticket.DeliveryFailed, By: ticket.System,
		Params: ticket.Params{Failed: &ticket.FailedParams{Delivery: d.id, State: d.state}},
	})
}

// Freeze keeps the bytes of the first attempt and returns those that were kept.
func (q *Queue) Freeze(ctx context.Context, id string, raw []byte) ([]byte, error) {
	var kept []byte
	err := q.s.pool.QueryRow(ctx, `update deliveries set raw = coalesce(raw, $2) where id = $1 returning raw`, id, raw).Scan(&kept)
	if err != nil {
		return nil, fmt.Errorf("freeze mail: %w", err)
	}
	q.crash("after_freeze")
	return kept, nil
}

// Data is the second mark, right before DATA: from here on a missing end means uncertain.
func (q *Queue) Data(ctx context.Context, id string, attempt int) error {
	done, err := q.s.pool.Exec(ctx, `update deliveries set phase = 'data' where id = $1 and attempt = $2 and phase = 'before_data' and finished_at is null`, id, attempt)
	if err != nil {
		return fmt.Errorf("mark before DATA: %w", err)
	}
	if done.RowsAffected() == 0 {
		return ticket.ErrOvertaken
	}
	q.crash("before_data")
	return nil
}

// Finish records how an attempt ended for each recipient. retry is when to try again for those still queued.
func (q *Queue) Finish(ctx context.Context, id string, attempt int, ends []ticket.End, retry time.Time) (ticket.DeliveryState, error) {
	var out ticket.DeliveryState
	err := q.write(ctx, func(tx pgx.Tx) error {
		d, r, err := q.lockDelivery(ctx, tx, id)
		if err != nil {
			return err
		}
		if d.finished || d.attempt != attempt {
			out = d.stands()
			return nil
		}
		b := &pgx.Batch{}
		for _, e := range ends {
			// A report may have come before the server's word was written down: what came back stays so.
			b.Queue(`update recipients set state = $3, reason = nullif($4, '') where delivery = $1 and address = $2 and state <> 'bounced'`, id, e.Address, e.State, clean(e.Reason))
			if e.Doubt {
				b.Queue(`update deliveries set doubtful = true where id = $1`, id)
			}
		}
		if err := send(ctx, tx, b); err != nil {
			return fmt.Errorf("record ends: %w", err)
		}
		if err := q.rest(ctx, tx, &d, ends, retry); err != nil {
			return err
		}
		states, err := recipientStates(ctx, tx, id)
		if err != nil {
			return err
		}
		out, err = q.settle(ctx, tx, &d, &r, states, retry)
		return err
	})
	if err == nil {
		q.crash("after_finish")
	}
	return out, err
}

// settle draws the delivery's state from its recipients': anything left to try keeps it open; else the worst wins.
func (q *Queue) settle(ctx context.Context, tx pgx.Tx, d *delivery, r *ticketRow, states map[string]string, retry time.Time) (ticket.DeliveryState, error) {
	b := &pgx.Batch{}
	d.state, d.reason = worst(states)
	open := d.state == queued || d.state == attempted
	d.phase, d.finished, d.nextAt = "", !open, retry
	if open {
		d.state = queued
		b.Queue(`update recipients set state = 'queued' where delivery = $1 and state = 'attempted'`, d.id)
	}
	b.Queue(`update deliveries set state = $2, phase = '', reason = nullif($3, ''), next_at = $4, finished_at = case when $5 then $6::timestamptz end where id = $1`,
		d.id, d.state, clean(d.reason), retry, d.finished, d.now)
	out := d.stands()
	queueStir(b, d.number)
	if d.agent != "" {
		if d.finished {
			b.Queue(`update deliveries set raw = null where id = $1`, d.id) // it may name other tickets, and is no part of this one
		}
	} else if d.finished && d.state != accepted && d.state != bounced { // a bounce was told when its report came
		q.tellFailed(b, d, r)
		out.Number = d.number
	}
	if err := send(ctx, tx, b); err != nil {
		return out, err
	}
	return out, q.tellLate(ctx, tx, d, r, &out)
}

// Started notes that the workflows of these deliveries run, and that they were rung.
func (q *Queue) Started(ctx context.Context, ids []string) error {
	_, err := q.s.pool.Exec(ctx, `update deliveries set started = true, rouse = false where id = any($1::uuid[])`, ids)
	if err != nil {
		return fmt.Errorf("note started deliveries: %w", err)
	}
	return nil
}
