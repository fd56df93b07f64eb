package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Some commands speak of two tickets: merge, hand-over, recall, a child's report, whatever passes to a survivor or a
// child. The tickets are then locked in ascending order of their numbers, so that two of them never wait for each
// other, and read again under the locks. Towards the other ticket only a command is stored; its own Apply answers it.

// errMoreLocks says that tickets must be locked that this transaction has not locked: it starts over with them.
type errMoreLocks struct{ numbers []ticket.Number }

func (e errMoreLocks) Error() string { return fmt.Sprintf("tickets %v must be locked too", e.numbers) }

// lockRounds bounds starting over: between two rounds a ticket can gain one relation, seldom two.
const lockRounds = 5

// lockOthers takes the locks of the tickets below and above n, each in its place of the ascending order.
func (a *applying) queueLocks(b *pgx.Batch, n ticket.Number, others []ticket.Number) {
	all := append(slices.Clone(others), n)
	slices.Sort(all)
	for _, number := range slices.Compact(all) {
		if number == n {
			a.q.queueLock(b, n, &a.row)
			continue
		}
		other := &ticketRow{}
		a.others[number] = other
		a.q.queueOther(b, number, other)
	}
}

// queueOther locks a ticket that is spoken of. One that is not there leaves the row empty: number 0.
func (q *Queue) queueOther(b *pgx.Batch, n ticket.Number, r *ticketRow) {
	b.Queue(lockRow, n).QueryRow(func(found pgx.Row) error {
		if err := scanTicketRow(found, r); err != nil && !noRows(err) {
			return err
		}
		return nil
	})
	b.Queue(`select clock_timestamp()`).QueryRow(func(found pgx.Row) error { return found.Scan(&r.now) })
}

// related lists the tickets that what is unapplied speaks of, or that this one is tied to while it has something to
// apply.
func related(p ticket.Process, commands []stored, active bool) []ticket.Number {
	found := map[ticket.Number]bool{}
	if active {
		found[p.Parent], found[p.Child.Number], found[p.Survivor] = true, true, true
	}
	for _, c := range commands {
		switch params := c.Params; {
		case params.Create != nil: // whose child it becomes: what is done to it in the same breath is told there
			found[params.Create.Parent] = true
		case params.Merge != nil:
			found[params.Merge.Into] = true
		case params.Move != nil:
			found[params.Move.Into] = true
		case params.Link != nil:
			found[params.Link.Number] = true
		}
	}
	delete(found, 0)
	delete(found, p.Number)
	return slices.Sorted(maps.Keys(found))
}

// checkLocks starts over where a ticket is spoken of that is not locked.
func (a *applying) checkLocks(commands []stored, active bool) error {
	var missing []ticket.Number
	for _, n := range related(a.p, commands, active) {
		if _, ok := a.others[n]; !ok {
			missing = append(missing, n)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return a.lockToo(missing...)
}

// lockToo starts over with the locks of more tickets.
func (a *applying) lockToo(missing ...ticket.Number) error {
	for n := range a.others {
		missing = append(missing, n)
	}
	return errMoreLocks{missing}
}

// other returns the locked row of another ticket; false where there is none of that number.
func (a *applying) other(n ticket.Number) (*ticketRow, bool) {
	r, ok := a.others[n]
	return r, ok && r.number != 0
}

// tell stores a command in another ticket's queue and rings there. The id names what it came from, so that it is
// stored once.
func (a *applying) tell(n ticket.Number, o ticket.Order, message string) {
	r, ok := a.other(n)
	if !ok {
		return
	}
	queueNext(a.writes, r, o)
	if message != "" {
		a.writes.Queue(`update commands set message = $3 where ticket = $1 and seq = $2`, n, r.seq, message)
	}
	a.ring(n)
}

func (a *applying) ring(n ticket.Number) {
	if !slices.Contains(a.errands, ticket.Errand{Ring: n}) {
		a.errands = append(a.errands, ticket.Errand{Ring: n})
	}
}

// facts adds to a command what only the record knows of other tickets and messages, under the locks.
func (a *applying) facts(ctx context.Context, c *stored) error {
	switch p := &c.Params; {
	case p.Merge != nil:
		m := *p.Merge
		m.TargetState, m.Ring = ticket.Deleted, m.Into == a.row.number
		if r, ok := a.other(m.Into); ok {
			m.TargetState = r.process.State
		}
		p.Merge = &m
	case p.Escalate != nil && p.Escalate.Desk != "":
		e := *p.Escalate
		n, _, err := nextNumber(ctx, a.tx)
		if err != nil {
			return err
		}
		e.Child = n
		p.Escalate = &e
	case p.Split != nil:
		only, err := a.onlyUnanswered(ctx, p.Split.Message)
		p.Split = &ticket.SplitParams{Message: p.Split.Message, Only: only}
		return err
	case p.Move != nil:
		only, err := a.onlyUnanswered(ctx, p.Move.Message)
		p.Move = &ticket.MoveParams{Message: p.Move.Message, Into: p.Move.Into, Only: only}
		return err
	case p.Withdraw != nil:
		return a.withdrawal(ctx, c)
	}
	return nil
}

// onlyUnanswered reports whether a message is the client's only one since the last answer.
func (a *applying) onlyUnanswered(ctx context.Context, message string) (bool, error) {
	if err := a.flush(ctx); err != nil {
		return false, err
	}
	var only bool
	err := a.tx.QueryRow(ctx, `
with answered as (
  select coalesce(max(n), 0) as n from events where ticket = $1 and type = 'message' and by_kind in ('agent', 'operator')
), waiting as (
  select e.message from events e, answered where e.ticket = $1 and e.type = 'message' and e.by_kind = 'client' and e.n > answered.n
)
select count(*) = 1 and bool_and(message::text = $2) from waiting`, a.row.number, message).Scan(&only)
	if err != nil && !noRows(err) {
		return false, fmt.Errorf("look for unanswered messages: %w", err)
	}
	return only, nil
}
