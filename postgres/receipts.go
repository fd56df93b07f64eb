package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

const selectReceipt = `select id, ticket, seq, name, actor, outcome, coalesce(reason, ''), coalesce(revision, 0), coalesce(applied_at, at), fingerprint from commands `

type queryRower interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func scanReceipt(found pgx.Row) (ticket.Receipt, string, error) {
	var r ticket.Receipt
	var name, outcome, fingerprint string
	if err := found.Scan(&r.ID, &r.Number, &r.Seq, &name, &r.By, &outcome, &r.Reason, &r.Revision, &r.At, &fingerprint); err != nil {
		return r, "", err
	}
	if err := r.Kind.UnmarshalText([]byte(name)); err != nil {
		return r, "", err
	}
	return r, fingerprint, r.Outcome.UnmarshalText([]byte(outcome))
}

// first looks for an earlier command of the same actor with the same id.
func (q *Queue) first(ctx context.Context, db batcher, o ticket.Order) (ticket.Receipt, bool, error) {
	var earlier earlierReceipt
	b := &pgx.Batch{}
	earlier.queue(b, o)
	if err := db.SendBatch(ctx, b).Close(); err != nil {
		return ticket.Receipt{}, false, fmt.Errorf("look for an earlier command: %w", err)
	}
	return earlier.of(o)
}

type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// earlierReceipt is of a command that the same actor has stored under the same id before; it is asked for among other
// statements.
type earlierReceipt struct {
	receipt     ticket.Receipt
	fingerprint string
	found       bool
}

func (e *earlierReceipt) queue(b *pgx.Batch, o ticket.Order) {
	b.Queue(selectReceipt+`where actor = $1 and id = $2`, o.By.Key(), o.ID).QueryRow(func(row pgx.Row) (err error) {
		e.receipt, e.fingerprint, err = scanReceipt(row)
		e.found = err == nil
		if noRows(err) {
			return nil
		}
		return err
	})
}

// of returns the receipt if it is that of this order, false where there is none, and a Conflict where the id was used
// for something else.
func (e *earlierReceipt) of(o ticket.Order) (ticket.Receipt, bool, error) {
	r := e.receipt
	switch {
	case !e.found:
		return ticket.Receipt{}, false, nil
	case e.fingerprint != o.Fingerprint || (o.Number != 0 && o.Number != r.Number) || r.Kind != o.Kind:
		return ticket.Receipt{}, false, conflict("/id", "id %q was used for another command", o.ID)
	}
	return r, true, nil
}

// Receipt finds a receipt by the command's id: the actor's own first, for a lead anybody's.
func (q *Queue) Receipt(ctx context.Context, by ticket.Actor, id string) (ticket.Receipt, error) {
	r, _, err := scanReceipt(q.s.pool.QueryRow(ctx, selectReceipt+`where id = $2 and (actor = $1 or $3) order by actor = $1 desc limit 1`, by.Key(), id, by.Role >= ticket.RoleLead))
	if noRows(err) {
		return r, notFound("there is no receipt %q", id)
	}
	if err != nil {
		return r, fmt.Errorf("find receipt: %w", err)
	}
	return r, nil
}

// refresh reads a receipt as it stands.
func (q *Queue) refresh(ctx context.Context, r ticket.Receipt) (ticket.Receipt, error) {
	now, _, err := scanReceipt(q.s.pool.QueryRow(ctx, selectReceipt+`where ticket = $1 and seq = $2`, r.Number, r.Seq))
	if err != nil {
		return r, fmt.Errorf("read receipt: %w", err)
	}
	return now, nil
}

// Unseen lists messages and notes of others after a revision, and the draft that keeps the text of a refused command.
func (q *Queue) Unseen(ctx context.Context, r ticket.Receipt, seen int64) ([]ticket.Item, string, error) {
	var draft *string
	var name string
	err := q.s.pool.QueryRow(ctx, `select draft::text, actor from commands where ticket = $1 and seq = $2`, r.Number, r.Seq).Scan(&draft, &name)
	if err != nil {
		return nil, "", fmt.Errorf("read the refused command: %w", err)
	}
	items, err := q.s.items(ctx, q.s.pool, `where e.ticket = $1 and e.revision > $2 and e.type <> 'event' and e.by_kind || ':' || e.by_id <> $3 order by e.n`, r.Number, seen, name)
	if err != nil {
		return nil, "", err
	}
	if draft == nil {
		return items, "", nil
	}
	return items, *draft, nil
}

// Await returns the receipt once it is done, or as it stands when ctx ends. Mostly the notice says how the command ended;
// where it does not, it says when to look.
func (q *Queue) Await(ctx context.Context, r ticket.Receipt) (ticket.Receipt, error) {
	heard, stop := q.s.notices.subscribe(r.Number)
	defer stop()
	for first := true; ; first = false {
		if !q.s.notices.wait(ctx, heard, r, first) {
			return r, nil
		}
		if now, told := q.s.notices.ended(r); told {
			return now, nil
		}
		now, err := q.refresh(ctx, r)
		if ctx.Err() != nil {
			return r, nil //nolint:nilerr // the wait is over; the receipt as last known is the answer
		}
		if err != nil || now.Done() {
			return now, err
		}
		r = now
	}
}
