package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// bounced is the state of a mail that its server took and later gave back.
const bounced = "bounced"

// What a report says of a recipient, beside failed and delayed (RFC 3464 §2.3.3, RFC 8098, RFC 5965).
const (
	actionFailed    = "failed"
	actionDelayed   = "delayed"
	actionDisplayed = "displayed"
	actionComplaint = "complaint"
)

// report writes down what a proven report says about mails of ours: each recipient's state, addresses that take no
// mail, and, where a mail bounced, the command that tells the owner. It returns the first ticket concerned.
func (q *Queue) report(ctx context.Context, tx pgx.Tx, f ticket.Fate) (ticket.Number, error) {
	var number ticket.Number
	for i, b := range f.Bounces {
		if i > 0 && b.Delivery == f.Bounces[i-1].Delivery {
			continue
		}
		n, err := q.reportDelivery(ctx, tx, f, b.Delivery)
		if err != nil {
			return 0, fmt.Errorf("record a report: %w", err)
		}
		number = orElse(number, n)
	}
	return number, nil
}

func (q *Queue) reportDelivery(ctx context.Context, tx pgx.Tx, f ticket.Fate, id string) (ticket.Number, error) {
	d, r, err := q.lockDelivery(ctx, tx, id)
	if ticket.CodeOf(err) == ticket.NotFound {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, `select address from recipients where delivery = $1 order by address`, id)
	if err != nil {
		return 0, err
	}
	recipients, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, err
	}
	news := bounceNews{}
	b := &pgx.Batch{}
	for _, one := range f.Bounces {
		if one.Delivery == id {
			news.read(b, one, recipients)
		}
	}
	if err := send(ctx, tx, b); err != nil {
		return 0, err
	}
	if !news.failed || d.agent != "" { // a mail to staff says nothing about the ticket
		return d.number, nil
	}
	return d.number, q.tellBounced(ctx, tx, f, &d, &r, news)
}

// bounceNews is what a report brought for one mail.
type bounceNews struct{ failed, hard bool }

// read queues what one line of a report changes. A recipient that the server refused, or that was never tried, is
// left as it is: a report about it is about something else.
func (n *bounceNews) read(b *pgx.Batch, one ticket.Bounce, recipients []string) {
	address, own := concerned(one.Address, recipients)
	status, reason := clean(one.Status), clean(one.Reason)
	switch one.Action {
	case actionFailed:
		n.failed = true
		kind := "soft"
		if one.Hard && own {
			kind, n.hard = "hard", true
			mute(b, address, "bounce", status, reason, one.Delivery)
		}
		b.Queue(`update recipients set state = 'bounced', status = nullif($3, ''), bounce = case when bounce = 'hard' then 'hard' else $4 end, reason = $5
			where delivery = $1 and address = $2 and state in ('accepted', 'uncertain', 'attempted', 'bounced')`,
			one.Delivery, address, status, kind, "came back: "+words(status, reason))
	case actionDelayed:
		b.Queue(`update recipients set delayed_at = coalesce(delayed_at, clock_timestamp()), status = nullif($3, ''), reason = $4
			where delivery = $1 and address = $2 and state in ('accepted', 'uncertain', 'attempted')`,
			one.Delivery, address, status, "still on its way: "+words(status, reason))
	case actionDisplayed:
		b.Queue(`update recipients set displayed_at = coalesce(displayed_at, clock_timestamp()) where delivery = $1 and address = $2`, one.Delivery, address)
	case actionComplaint:
		b.Queue(`update recipients set complained_at = coalesce(complained_at, clock_timestamp()) where delivery = $1 and address = $2`, one.Delivery, address)
		if own {
			mute(b, address, "complaint", status, reason, one.Delivery)
		}
	default: // delivered, relayed, expanded
		b.Queue(`update recipients set delivered_at = coalesce(delivered_at, clock_timestamp()) where delivery = $1 and address = $2`, one.Delivery, address)
	}
}

// concerned finds the recipient that a report speaks of. Behind a forwarding the report may name an address that we do
// not know: with one recipient it is his mail all the same, but not his address that is at fault.
func concerned(reported string, recipients []string) (address string, own bool) {
	for _, r := range recipients {
		if FoldAddress(r) == FoldAddress(reported) {
			return r, true
		}
	}
	if len(recipients) == 1 {
		return recipients[0], reported == ""
	}
	return "", false
}

func words(status, reason string) string { return strings.TrimSpace(status + " " + reason) }

// mute ends automatic mail to an address. A complaint outlives a bounce: it is a person's word.
func mute(b *pgx.Batch, address, why, status, reason, delivery string) {
	b.Queue(`insert into undeliverable as u (address, why, status, reason, delivery) values ($1, $2, $3, $4, $5)
		on conflict (address) do update set why = case when u.why = 'complaint' then u.why else excluded.why end,
			status = excluded.status, reason = excluded.reason, delivery = excluded.delivery`, FoldAddress(address), why, status, reason, delivery)
}

// tellBounced draws the mail's state anew and stores the command that tells the ticket: bounced, whether the address is
// at fault for good, and whether it was the final answer.
func (q *Queue) tellBounced(ctx context.Context, tx pgx.Tx, f ticket.Fate, d *delivery, r *ticketRow, news bounceNews) error {
	states, err := recipientStates(ctx, tx, d.id)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	if d.finished {
		state, reason := worst(states)
		b.Queue(`update deliveries set state = $2, reason = nullif($3, '') where id = $1`, d.id, state, reason)
	}
	// What the rules may ask of a bounce: reports that are not proven never come here.
	queueNext(b, r, ticket.Order{
		ID: fmt.Sprintf("bounce:%s:%d:%d:%s", f.Mailbox, f.UIDValidity, f.UID, d.id), Kind: ticket.DeliveryFailed, By: ticket.System,
		Params: ticket.Params{Failed: &ticket.FailedParams{Delivery: d.id, State: bounced, Verified: true, Hard: news.hard, Final: d.occasion == "final"}},
	})
	return send(ctx, tx, b)
}

// recipientStates gives each state that a recipient of a mail is in, with a reason.
func recipientStates(ctx context.Context, q querier, delivery string) (map[string]string, error) {
	rows, err := q.Query(ctx, `select state, max(coalesce(reason, '')) from recipients where delivery = $1 group by state`, delivery)
	if err != nil {
		return nil, fmt.Errorf("read recipients: %w", err)
	}
	states := map[string]string{}
	var state, reason string
	_, err = pgx.ForEachRow(rows, []any{&state, &reason}, func() error { states[state] = reason; return nil })
	if err != nil {
		return nil, fmt.Errorf("read recipients: %w", err)
	}
	return states, nil
}

// worst is the state of a mail, drawn from those of its recipients: what is left to do first of all, then what is
// least known, then what failed.
func worst(states map[string]string) (state, reason string) {
	for _, s := range []string{accepted, bounced, failed, uncertain, attempted, queued} {
		if why, ok := states[s]; ok {
			state, reason = s, why
		}
	}
	return state, reason
}
