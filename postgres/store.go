package postgres

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Store puts an order into its ticket's queue, with its texts, in one transaction; from the commit on it cannot be
// lost. The same id by the same actor returns the first receipt; with another fingerprint it is a Conflict.
func (q *Queue) Store(ctx context.Context, o ticket.Order) (ticket.Receipt, bool, error) {
	var r ticket.Receipt
	repeated := false
	q.s.placeFiles(ctx, o.Message)
	err := q.write(ctx, func(tx pgx.Tx) (err error) {
		if o.Number != 0 && o.Writer == nil {
			r, err = q.storeAtOnce(ctx, tx, o)
			return err
		}
		r, repeated, err = q.store(ctx, tx, o, q.putLast)
		return err
	})
	if poisonous(err) {
		// It, or a twin, was stored before or while we were at it (and a file that it names may be gone since): that
		// receipt is ours.
		first, found, lookup := q.first(ctx, q.s.pool, o)
		if lookup == nil && found {
			return first, true, nil
		}
		return ticket.Receipt{}, false, errorsOr(lookup, err)
	}
	if err == nil && !repeated {
		q.crash("after_store")
	}
	return r, repeated, err
}

func errorsOr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// sending runs a batch: send, or sendLast.
type sending func(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error

func (q *Queue) putLast(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	q.crash("before_store_commit")
	return sendLast(ctx, tx, b)
}

// storeAtOnce stores a command for a ticket, by somebody who is known, in one round trip: the ticket's row says its place in
// the queue, and the table itself refuses an id that was used before.
func (q *Queue) storeAtOnce(ctx context.Context, tx pgx.Tx, o ticket.Order) (ticket.Receipt, error) {
	var r ticketRow
	b := &pgx.Batch{}
	q.queueBounds(b)
	b.Queue(`select number from tickets where number = $1 for no key update`, o.Number).
		QueryRow(func(found pgx.Row) error { return found.Scan(&r.number) })
	b.Queue(`update tickets set seq = seq + 1, last_at = greatest(last_at, clock_timestamp()) where number = $1 returning seq, last_at, applied_seq`, o.Number).
		QueryRow(func(found pgx.Row) error { return found.Scan(&r.seq, &r.lastAt, &r.applied) })
	queueCommand(b, o, o.Number, queuePlace{})
	if err := q.putLast(ctx, tx, b); err != nil {
		if noRows(err) {
			return ticket.Receipt{}, notFound("there is no ticket %d", o.Number)
		}
		return ticket.Receipt{}, fmt.Errorf("store command: %w", err)
	}
	return receiptOf(o, r.number, r.seq, r.lastAt, r.seq-r.applied), nil
}

// store does the work within the caller's transaction; put is how the last of it is written.
func (q *Queue) store(ctx context.Context, tx pgx.Tx, o ticket.Order, put sending) (ticket.Receipt, bool, error) {
	if o.Number != 0 {
		return q.storeFor(ctx, tx, o, put)
	}
	var earlier earlierReceipt
	var pinned pins
	own := ownClient(o.By, o.Opening.Client)
	b := &pgx.Batch{}
	earlier.queue(b, o)
	pinned.queue(b, o.Opening.Desk)
	own.queue(b)
	if err := send(ctx, tx, b); err != nil {
		return ticket.Receipt{}, false, fmt.Errorf("look for an earlier command: %w", err)
	}
	if r, found, err := earlier.of(o); found || err != nil {
		return r, found, err
	}
	if pinned.policy == 0 {
		return ticket.Receipt{}, false, invalid("/desk", "there is no desk %q", o.Opening.Desk)
	}
	if err := own.refusal("/client/email"); err != nil {
		return ticket.Receipt{}, false, err
	}
	return q.storeOpening(ctx, tx, o, pinned, put)
}

func (q *Queue) storeFor(ctx context.Context, tx pgx.Tx, o ticket.Order, put sending) (ticket.Receipt, bool, error) {
	var r ticketRow
	var earlier earlierReceipt
	b := &pgx.Batch{}
	q.queueNarrowLock(b, o.Number, &r)
	if o.Writer == nil { // else it is not known yet who asks
		earlier.queue(b, o)
	}
	if err := send(ctx, tx, b); err != nil {
		if noRows(err) {
			return ticket.Receipt{}, false, notFound("there is no ticket %d", o.Number)
		}
		return ticket.Receipt{}, false, fmt.Errorf("lock ticket: %w", err)
	}
	if err := q.nameWriter(ctx, tx, &o); err != nil {
		return ticket.Receipt{}, false, err
	}
	if o.Writer != nil {
		b = &pgx.Batch{}
		earlier.queue(b, o)
		if err := send(ctx, tx, b); err != nil {
			return ticket.Receipt{}, false, fmt.Errorf("look for an earlier command: %w", err)
		}
	}
	if first, found, err := earlier.of(o); found || err != nil {
		return first, found, err
	}
	b = &pgx.Batch{}
	queueNext(b, &r, o)
	if err := put(ctx, tx, b); err != nil {
		return ticket.Receipt{}, false, fmt.Errorf("store command: %w", err)
	}
	return receiptOf(o, r.number, r.seq, r.lastAt, r.seq-r.applied), false, nil
}

// queueNext puts a command at the end of a locked ticket's queue: the next seq, an instant not before the last one.
func queueNext(b *pgx.Batch, r *ticketRow, o ticket.Order) {
	r.seq++
	r.lastAt = r.at()
	queueCommand(b, o, r.number, queuePlace{r.seq, r.lastAt})
	b.Queue(`update tickets set seq = $2, last_at = $3 where number = $1`, r.number, r.seq, r.lastAt)
}

// nameWriter finds or makes the client who wrote, after the ticket's lock.
func (q *Queue) nameWriter(ctx context.Context, tx pgx.Tx, o *ticket.Order) error {
	if o.Writer == nil {
		return nil
	}
	client, err := q.s.EnsureClient(ctx, tx, *o.Writer)
	if err != nil {
		return err
	}
	named(o, client)
	return nil
}

// named puts the client's id where the order speaks of a client without one.
func named(o *ticket.Order, client string) {
	if o.By.Kind == ticket.ActorClient && o.By.ID == "" {
		o.By.ID = client
	}
	if o.Message != nil && o.Message.Author.Kind == ticket.ActorClient && o.Message.Author.ID == "" {
		o.Message.Author.ID = client
	}
}

// storeOpening makes the ticket; its creation is its first command.
func (q *Queue) storeOpening(ctx context.Context, tx pgx.Tx, o ticket.Order, pinned pins, put sending) (ticket.Receipt, bool, error) {
	client, err := q.s.EnsureClient(ctx, tx, o.Opening.Client)
	if err != nil {
		return ticket.Receipt{}, false, err
	}
	named(&o, client)
	number, at, err := nextNumber(ctx, tx)
	if err != nil {
		return ticket.Receipt{}, false, err
	}
	b := &pgx.Batch{}
	queueTicket(b, number, client, pinned, at, o)
	queueCommand(b, o, number, queuePlace{1, at})
	if err := put(ctx, tx, b); err != nil {
		return ticket.Receipt{}, false, fmt.Errorf("open ticket: %w", err)
	}
	return receiptOf(o, number, 1, at, 1), false, nil
}

func nextNumber(ctx context.Context, tx pgx.Tx) (n ticket.Number, at time.Time, err error) {
	if err = tx.QueryRow(ctx, `select nextval('ticket_numbers'), clock_timestamp()`).Scan(&n, &at); err != nil {
		return 0, at, fmt.Errorf("next ticket number: %w", err)
	}
	return n, at, nil
}

// pins are the versions of policy and calendar that a ticket is opened under: editing them never moves its past.
type pins struct{ policy, calendar int }

func pinsOf(ctx context.Context, tx pgx.Tx, desk string) (p pins, err error) {
	b := &pgx.Batch{}
	p.queue(b, desk)
	if err := send(ctx, tx, b); err != nil {
		return p, fmt.Errorf("read desk: %w", err)
	}
	if p.policy == 0 {
		return p, invalid("/desk", "there is no desk %q", desk)
	}
	return p, nil
}

// queue asks for the versions among other statements; policies are counted from 1, and 0 stays where there is no desk.
func (p *pins) queue(b *pgx.Batch, desk string) {
	b.Queue(`select d.policy, coalesce((select max(c.version) from calendars c where c.key = p.settings->>'calendar'), 0)
		from desks d join policies p on p.desk = d.key and p.version = d.policy where d.key = $1`, desk).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&p.policy, &p.calendar); !noRows(err) {
			return err
		}
		return nil
	})
}

// queueTicket makes the row of a ticket whose first command is stored in the same transaction.
func queueTicket(b *pgx.Batch, n ticket.Number, client string, pinned pins, at time.Time, o ticket.Order) {
	id, op := uuid.NewString(), o.Opening
	p := ticket.Process{
		Number: n, Ticket: id, Desk: op.Desk, State: ticket.New, Tier: 1, Priority: orElse(op.Priority, ticket.Normal), Channel: op.Channel, Policy: pinned.policy, Calendar: pinned.calendar,
	}
	b.Queue(`insert into tickets (number, id, desk, title, client, channel, language, type, reception_type, tags, fields, seq, last_at,
		process, state, priority, created_at, updated_at, reply_token, mailbox)
		values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), $10, $11, 1, $12, $13, 'new', $14, $12, $12, $15, nullif($16, '')::uuid)`,
		n, id, op.Desk, op.Title, client, op.Channel.String(), orElse(op.Language, "en"), orElse(op.Type, "question"), op.ReceptionType,
		orEmpty(op.Tags), orMap(op.Fields), at, p, int(p.Priority), token(), op.Mailbox)
	b.Queue(writeTitleWords, n, titleWords(op.Title, op.Channel.String(), orElse(op.Language, "en"), orElse(op.Type, "question"), op.ReceptionType))
	if op.Follows != 0 {
		b.Queue(`insert into links (ticket, kind, other) values ($1, 'follow_up', $2), ($2, 'follow_up', $1) on conflict do nothing`, n, op.Follows)
		b.Queue(`update tickets t set mailbox = f.mailbox from tickets f where t.number = $1 and f.number = $2 and f.desk = t.desk`, n, op.Follows)
	}
}

// token makes the secret part of a ticket's reply address: 80 random bits in lower case, for relays fold case.
func token() string {
	var raw [10]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}

func orElse[T comparable](v, other T) T {
	var zero T
	if v == zero {
		return other
	}
	return v
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func orMap(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func receiptOf(o ticket.Order, n ticket.Number, seq int64, at time.Time, waiting int64) ticket.Receipt {
	return ticket.Receipt{ID: o.ID, Number: n, Seq: seq, Kind: o.Kind, By: o.By.Key(), At: at, Waiting: waiting}
}
