package replay

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"duradesk/activities"
	"duradesk/ticket"
)

// outside is the world behind both doors of mail: a server that takes what it is sent, or answers as a test says, and
// a mailbox.
type outside struct {
	mu      sync.Mutex
	sent    []string // deliveries that reached DATA, in order
	answers []answer // of the next attempts; accepted where none is left
	mails   map[uint32]string
	marked  []uint32
	changed chan struct{} // closed and made anew whenever something changed
}

// answer is how the server ends one attempt.
type answer struct {
	refuse bool // the connection is refused: certainly not sent
	state  string
	reason string
}

func newOutside() *outside {
	return &outside{mails: map[uint32]string{}, changed: make(chan struct{})}
}

// Send takes a mail.
func (o *outside) Send(ctx context.Context, _ ticket.Account, e activities.Envelope, _ []byte, before func(context.Context) error) ([]ticket.End, bool, error) {
	a := o.next()
	if a.refuse {
		return nil, false, errors.New("connection refused by mx.client.example")
	}
	if err := before(ctx); err != nil {
		return nil, false, err
	}
	o.change(func() { o.sent = append(o.sent, e.ID) })
	ends := make([]ticket.End, len(e.To))
	for i, to := range e.To {
		ends[i] = ticket.End{Address: to, State: a.state, Reason: a.reason}
	}
	return ends, false, nil
}

func (o *outside) next() answer {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.answers) == 0 {
		return answer{state: "accepted"}
	}
	a := o.answers[0]
	o.answers = o.answers[1:]
	return a
}

func (o *outside) change(do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	do()
	close(o.changed)
	o.changed = make(chan struct{})
}

// until waits until something holds.
func (o *outside) until(ctx context.Context, holds func() bool) error {
	for {
		o.mu.Lock()
		done, changed := holds(), o.changed
		o.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// deliver puts a mail into the mailbox.
func (o *outside) deliver(raw string) {
	o.change(func() { o.mails[uint32(len(o.mails)+1)] = raw })
}

// Open opens the mailbox.
func (o *outside) Open(context.Context, ticket.Account, string) (activities.Box, error) {
	return letterbox{o: o}, nil
}

type letterbox struct {
	activities.Box
	o *outside
}

func (letterbox) Folder() (uint32, uint32) { return 7, 1 }

func (l letterbox) UIDs(_ context.Context, from uint32) ([]uint32, error) {
	l.o.mu.Lock()
	defer l.o.mu.Unlock()
	var out []uint32
	for u := range l.o.mails {
		if u >= from {
			out = append(out, u)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (l letterbox) Fetch(_ context.Context, uids []uint32, fn func(uint32, []byte) error) error {
	for _, u := range uids {
		l.o.mu.Lock()
		raw := l.o.mails[u]
		l.o.mu.Unlock()
		if err := fn(u, []byte(raw)); err != nil {
			return err
		}
	}
	return nil
}

func (l letterbox) Mark(_ context.Context, uids []uint32) error {
	l.o.change(func() { l.o.marked = append(l.o.marked, uids...) })
	return nil
}

func (l letterbox) Wait(ctx context.Context, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	l.o.mu.Lock()
	changed := l.o.changed
	l.o.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-changed:
	}
	return nil
}

func (letterbox) Close() error { return nil }
