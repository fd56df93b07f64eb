package postgres

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"duradesk/ticket"
)

// notices fans out what Apply tells over NOTIFY: one dedicated connection, many waiters. A notice may be lost with
// the connection; waiters look at the row from time to time anyway.
type notices struct {
	mu      sync.Mutex
	waiters map[ticket.Number]map[chan struct{}]struct{}
}

func newNotices() *notices {
	return &notices{waiters: map[ticket.Number]map[chan struct{}]struct{}{}}
}

// subscribe returns a channel that gets a value whenever the ticket changed since it was last read.
func (n *notices) subscribe(number ticket.Number) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiters[number] == nil {
		n.waiters[number] = map[chan struct{}]struct{}{}
	}
	n.waiters[number][c] = struct{}{}
	return c, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.waiters[number], c)
		if len(n.waiters[number]) == 0 {
			delete(n.waiters, number)
		}
	}
}

func (n *notices) tell(payload string) {
	first, _, _ := strings.Cut(payload, " ")
	number, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.waiters[ticket.Number(number)] {
		select {
		case c <- struct{}{}:
		default: // it has not looked yet; one notice is enough
		}
	}
}

// Listen hears notices until ctx ends, on a connection of its own that it makes again when it breaks.
func (s *Store) Listen(ctx context.Context) {
	for pause := 100 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 5*time.Second) {
		began := time.Now()
		if err := s.listen(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "notices are away; receipts are polled meanwhile", "error", err)
		}
		if time.Since(began) > 10*time.Second {
			pause = 100 * time.Millisecond
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (s *Store) listen(ctx context.Context) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := pooled.Hijack() // a LISTEN must not go back into the pool
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, `listen `+channel); err != nil {
		return err
	}
	for {
		notice, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		s.notices.tell(notice.Payload)
	}
}
