package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// TakeIn stores what a channel brings: the first message of a conversation opens a ticket, each further one goes where
// the conversation is now. The same id again gives the first answer, with another fingerprint it is a ticket.Conflict.
// From the commit on it cannot be lost; the caller rings.
func (q *Queue) TakeIn(ctx context.Context, in ticket.Inbound) (ticket.TakenIn, error) {
	var out ticket.TakenIn
	err := q.write(ctx, func(tx pgx.Tx) (err error) {
		out, err = q.takeInbound(ctx, tx, in)
		return err
	})
	if err == nil && !out.Repeated {
		q.crash("after_store")
	}
	return out, err
}

func (q *Queue) takeInbound(ctx context.Context, tx pgx.Tx, in ticket.Inbound) (ticket.TakenIn, error) {
	// One conversation speaks at a time: two first messages must not open two tickets.
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('conversation ' || $1 || ' ' || $2, 0))`, in.Channel, clean(in.Conversation)); err != nil {
		return ticket.TakenIn{}, fmt.Errorf("lock a conversation: %w", err)
	}
	if first, known, err := q.takenBefore(ctx, tx, in); known || err != nil {
		return first, err
	}
	o := in.Order
	if o.Opening != nil {
		if err := q.suspect(ctx, tx, in, o.Opening); err != nil {
			return ticket.TakenIn{}, err
		}
	}
	number, err := q.goesTo(ctx, tx, in)
	if err != nil {
		return ticket.TakenIn{}, err
	}
	if number != 0 {
		o.Number, o.Opening = number, nil
	}
	r, _, err := q.store(ctx, tx, o, send)
	if err != nil {
		return ticket.TakenIn{}, err
	}
	b := &pgx.Batch{}
	if number == 0 {
		b.Queue(`with made as (insert into conversations (channel, key, person, ticket) values ($1, $2, $3, $4) returning id)
			update tickets set conversation = made.id from made where number = $4`, in.Channel, clean(in.Conversation), clean(in.Person), r.Number)
	}
	b.Queue(`insert into channel_messages (channel, id, fingerprint, ticket, seq) values ($1, $2, $3, $4, $5)`, in.Channel, clean(in.ID), in.Fingerprint, r.Number, r.Seq)
	if err := send(ctx, tx, b); err != nil {
		return ticket.TakenIn{}, fmt.Errorf("note what a channel brought: %w", err)
	}
	return ticket.TakenIn{Number: r.Number, Ring: ticket.Ring{ID: r.ID, Seq: r.Seq}, Kind: r.Kind, At: r.At, Waiting: r.Waiting}, nil
}

// takenBefore finds the message under the id that the channel gave it.
func (q *Queue) takenBefore(ctx context.Context, tx pgx.Tx, in ticket.Inbound) (out ticket.TakenIn, known bool, err error) {
	// It may come at this very moment by another request, perhaps for another conversation.
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('message ' || $1 || ' ' || $2, 0))`, in.Channel, clean(in.ID)); err != nil {
		return out, false, fmt.Errorf("lock a message: %w", err)
	}
	var fingerprint string
	err = tx.QueryRow(ctx, `select fingerprint, ticket, at from channel_messages where channel = $1 and id = $2`, in.Channel, clean(in.ID)).Scan(&fingerprint, &out.Number, &out.At)
	if noRows(err) {
		return out, false, nil
	}
	if err != nil {
		return out, false, fmt.Errorf("look for a message that came before: %w", err)
	}
	if fingerprint != in.Fingerprint {
		return out, false, conflict("/id", "the message id came before with another content")
	}
	out.Repeated = true
	return out, true, nil
}

// goesTo finds the ticket of the conversation, under its lock; 0 where there is none. What was said while we waited for
// the lock may have gone on in a follow-up, whose number is higher: locks are taken in that order everywhere.
func (q *Queue) goesTo(ctx context.Context, tx pgx.Tx, in ticket.Inbound) (number ticket.Number, err error) {
	for range lockRounds {
		var now ticket.Number
		err = tx.QueryRow(ctx, `select ticket from conversations where channel = $1 and key = $2`, in.Channel, clean(in.Conversation)).Scan(&now)
		if noRows(err) {
			return 0, nil
		}
		if err != nil {
			return 0, fmt.Errorf("find a conversation: %w", err)
		}
		if now == number {
			break
		}
		number = now
		if _, err := tx.Exec(ctx, `select from tickets where number = $1 for no key update`, number); err != nil {
			return 0, fmt.Errorf("lock the ticket of a conversation: %w", err)
		}
	}
	return number, nil
}

// suspect notes on a new ticket what its client claims without proof, and whose it is: staff see it and may join the two
// files. By itself nobody gets at a file by naming its address.
func (q *Queue) suspect(ctx context.Context, tx pgx.Tx, in ticket.Inbound, o *ticket.Opening) error {
	claimed := identities(ticket.Client{Email: clean(in.Claims.Email), Phone: clean(in.Claims.Phone)})
	if len(claimed) == 0 {
		return nil
	}
	o.Fields = orMap(o.Fields)
	if in.Claims.Email != "" {
		o.Fields["claimed_email"] = clean(in.Claims.Email)
	}
	if in.Claims.Phone != "" {
		o.Fields["claimed_phone"] = clean(in.Claims.Phone)
	}
	owners, err := identityOwners(ctx, tx, "", append(claimed, identity{"external", o.Client.External}))
	if err != nil {
		return fmt.Errorf("look whose an address is: %w", err)
	}
	self := owners[identity{"external", o.Client.External}].ID
	for _, i := range claimed {
		if owner, owned := owners[i]; owned && owner.ID != self {
			o.Fields["may_be_client"] = owner.ID
			return nil
		}
	}
	return nil
}
