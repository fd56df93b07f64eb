package postgres

import (
	"context"
	"math"
	"time"

	"duradesk/ticket"
)

// waiters are those who wait for a ticket's next notice. Under the lock of the notices.
type waiters struct {
	of map[ticket.Number]map[chan struct{}]struct{}
	// hearing: notices come, so a waiter need not look for himself meanwhile.
	hearing bool
	// reached is up to which command tickets were applied by what was heard of late, in two generations: who comes after his
	// notice finds it here.
	reached, earlier map[ticket.Number]reach
}

// reach is what a ticket's last notice said: up to which command it was applied, and how those that it was about ended,
// unread until somebody asks.
type reach struct {
	seq   int64
	words string
}

// lately is of how many tickets, at least, it is known how far they came.
const lately = 2000

// How often a receipt is looked at where no notice comes. Where none can come, the first look waits a little too: a command
// that was rung for just now is never done at once.
const (
	poll      = 250 * time.Millisecond
	firstLook = 8 * time.Millisecond
	anyway    = 500 * time.Millisecond // where notices come: one that is lost must not be felt
)

func newWaiters() waiters {
	return waiters{of: map[ticket.Number]map[chan struct{}]struct{}{}, reached: map[ticket.Number]reach{}}
}

// subscribe returns a channel that gets a value whenever the ticket changed since it was last read.
func (n *Notices) subscribe(number ticket.Number) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	w := n.waiters.of
	if w[number] == nil {
		w[number] = map[chan struct{}]struct{}{}
	}
	w[number][c] = struct{}{}
	return c, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(w[number], c)
		if len(w[number]) == 0 {
			delete(w, number)
		}
	}
}

// tell wakes those who wait for a ticket, by what a notice says of it.
func (n *Notices) tell(payload string) {
	number, reached, ok := readNotice(payload)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiters.tell(number, reached)
}

func (w *waiters) tell(number ticket.Number, reached reach) {
	if len(w.reached) >= lately {
		w.earlier, w.reached = w.reached, map[ticket.Number]reach{}
	}
	if last := w.reached[number]; reached.seq < last.seq && last.seq != math.MaxInt64 {
		return // told twice, here and through Postgres: the later one was before
	}
	w.reached[number] = reached
	for c := range w.of[number] {
		select {
		case c <- struct{}{}:
		default: // it has not looked yet; one notice is enough
		}
	}
}

// hearing notes whether notices come from now on. Those that came before, or that will not come, may be missing: everybody
// looks for himself.
func (n *Notices) hearing(now bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := &n.waiters
	w.hearing, w.reached, w.earlier = now, map[ticket.Number]reach{}, nil
	for number := range w.of {
		w.tell(number, reach{seq: math.MaxInt64})
	}
}

// passed tells whether a ticket came as far as that command, by what was heard.
func (n *Notices) passed(number ticket.Number, seq int64) bool {
	return n.lastOf(number).seq >= seq
}

// lastOf is what a ticket's last notice said.
func (n *Notices) lastOf(number ticket.Number) reach {
	n.mu.Lock()
	defer n.mu.Unlock()
	reached, known := n.waiters.reached[number]
	if !known {
		reached = n.waiters.earlier[number]
	}
	return reached
}

// ended returns the receipt as the last notice of its ticket tells it; false where that does not speak of it, and who
// waits looks for himself.
func (n *Notices) ended(r ticket.Receipt) (ticket.Receipt, bool) {
	return endOf(n.lastOf(r.Number).words, r)
}

// patience is for how long nobody need look who has no notice.
func (n *Notices) patience(first bool) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.waiters.hearing:
		return anyway
	case first:
		return firstLook
	}
	return poll
}

// wait returns true when it is time to look at a receipt: its command was applied by what is heard, or nothing was for long;
// false when ctx has ended.
func (n *Notices) wait(ctx context.Context, heard <-chan struct{}, r ticket.Receipt, first bool) bool {
	if first && n.passed(r.Number, r.Seq) {
		return ctx.Err() == nil
	}
	enough := time.NewTimer(n.patience(first))
	defer enough.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-enough.C:
			return true
		case <-heard:
			if n.passed(r.Number, r.Seq) {
				return true
			}
		}
	}
}
