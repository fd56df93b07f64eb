package activities

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"duradesk/ticket"
)

const (
	// ringsAtOnce bounds the bells on their way: starting a ticket's workflow takes about as long as settling its mail, and
	// the next mail need not wait for it. The order of bells says nothing: the rows have it.
	ringsAtOnce = 8
	// lanesAtOnce bounds the mails of one mailbox that are settled at the same time. Most of a mail's time is waiting for
	// Postgres; one after the other, a busy desk would starve its own intake. Agents keep the greater part of the pool.
	lanesAtOnce = 4
	// pieceBytes bounds what is held in memory of mails that were fetched and not settled.
	pieceBytes = 4 << 20
)

// piece collects mails as they are fetched, and settles them together.
type piece struct {
	m       *Mailboxes
	box     ticket.Mailbox
	rings   *errgroup.Group
	waiting []ticket.Received
	bytes   int
	settled []uint32
}

func (p *piece) add(ctx context.Context, uid uint32, raw []byte) error {
	p.waiting = append(p.waiting, ticket.Received{Mailbox: p.box.ID, UIDValidity: p.box.UIDValidity, UID: uid, Digest: sha256.Sum256(raw), Raw: raw})
	if p.bytes += len(raw); p.bytes < pieceBytes {
		return nil
	}
	return p.settle(ctx)
}

// settle keeps all sources in one transaction, and then gives each mail its fate in one of its own. Mails that may know
// each other go one after the other, as they came; the others do not wait for them. Where a mail cannot be settled now,
// nothing is begun any more. A worker that dies here leaves mails that were begun once: the next one takes them one by
// one, so that only the one at which workers die is begun again and again.
func (p *piece) settle(ctx context.Context) error {
	waiting := p.waiting
	p.waiting, p.bytes = nil, 0
	if len(waiting) == 0 {
		return nil
	}
	begun, err := p.m.Intake.Receive(ctx, waiting)
	if err != nil {
		return err
	}
	var letters []opened
	for i, got := range waiting {
		if begun[i].Done {
			p.settled = append(p.settled, got.UID)
			continue
		}
		letters = append(letters, p.m.parse(ctx, p.box, got, begun[i].Attempts))
	}
	return p.settleAll(ctx, letters)
}

func (p *piece) settleAll(ctx context.Context, letters []opened) error {
	going, stop := context.WithCancel(context.WithoutCancel(ctx)) // says whether to begin; what has begun is not broken off by it
	defer stop()
	var mu sync.Mutex // of settled
	var work errgroup.Group
	work.SetLimit(lanesAtOnce)
	for _, lane := range lanes(letters) {
		work.Go(func() error {
			for _, l := range lane {
				if going.Err() != nil {
					return nil
				}
				s, err := p.m.settle(ctx, p.box, l)
				if err != nil {
					stop()
					return err
				}
				p.rings.Go(func() error { p.m.ring(ctx, s); return nil })
				mu.Lock()
				p.settled = append(p.settled, l.got.UID)
				mu.Unlock()
			}
			return nil
		})
	}
	err := work.Wait()
	slices.Sort(p.settled)
	return err
}

// lanes parts mails into those that share a key with another and have to be settled one after the other, in the order
// given, and those that do not.
func lanes(letters []opened) [][]opened {
	holder := map[string]int{}          // of a key: the last letter that has it
	joined := make([]int, len(letters)) // of a letter: an earlier one that it goes with, or itself
	first := func(i int) int {
		for joined[i] != i {
			i = joined[i]
		}
		return i
	}
	for i, l := range letters {
		joined[i] = i
		for _, key := range l.keys {
			if other, held := holder[key]; held {
				a, b := first(other), first(i)
				joined[max(a, b)] = min(a, b)
			}
			holder[key] = i
		}
	}
	out := make([][]opened, len(letters))
	for i, l := range letters {
		out[first(i)] = append(out[first(i)], l)
	}
	return slices.DeleteFunc(out, func(lane []opened) bool { return len(lane) == 0 })
}

// settle gives one mail its fate.
func (m *Mailboxes) settle(ctx context.Context, box ticket.Mailbox, l opened) (s ticket.Settled, err error) {
	defer func() {
		if err == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if back := m.Intake.Unbegun(ctx, l.got, err); back != nil {
			m.Log.DebugContext(ctx, "a mail counts as begun", "mailbox", l.got.Mailbox, "uid", l.got.UID, "error", back)
		}
	}()
	fate := ticket.Fate{Received: l.got, Fate: "quarantined", Evidence: map[string]any{"because": "begun three times without an end"}}
	if l.attempts <= poisoned {
		if fate, err = m.read(ctx, box, l); err != nil {
			return ticket.Settled{}, err
		}
	}
	s, err = m.Intake.Settle(ctx, fate)
	if code := ticket.CodeOf(err); code != "" && code != ticket.Newer { // the record refuses it for good: kept, shown, the next mail goes on
		fate = ticket.Fate{Received: l.got, Fate: "quarantined", MailID: fate.MailID, Evidence: map[string]any{"because": err.Error()}}
		s, err = m.Intake.Settle(ctx, fate)
	}
	return s, err
}

// ring wakes the ticket of a mail that was settled. What is not heard, the relay rings again.
func (m *Mailboxes) ring(ctx context.Context, s ticket.Settled) {
	if s.Number == 0 || s.Ring.ID == "" {
		return
	}
	if err := m.Bell.Ring(ctx, s.Number, s.Kind.String(), s.Ring); err != nil {
		m.Log.DebugContext(ctx, "bell not heard; the relay rings", "ticket", s.Number, "error", err)
	}
}
