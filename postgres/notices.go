package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"duradesk/ticket"
)

// notices fans out what Apply tells over NOTIFY: one dedicated connection, many waiters. A notice may be lost with
// the connection; waiters look at the row from time to time anyway.
type notices struct {
	mu        sync.Mutex
	waiters   map[ticket.Number]map[chan struct{}]struct{}
	followers map[chan Stir]struct{}
	grown     chan struct{} // an event was committed: the feed wants writing
}

func newNotices() *notices {
	return &notices{waiters: map[ticket.Number]map[chan struct{}]struct{}{}, followers: map[chan Stir]struct{}{}, grown: make(chan struct{}, 1)}
}

// follow returns a channel that gets what stirs. Whoever does not keep up misses some; he looks once a second anyway.
func (n *notices) follow() (<-chan Stir, func()) {
	c := make(chan Stir, 256)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.followers[c] = struct{}{}
	return c, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.followers, c)
	}
}

func (n *notices) stir(s Stir) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.followers {
		select {
		case c <- s:
		default:
		}
	}
}

// hear takes one notice to those whom it concerns.
func (n *notices) hear(channelName, payload string) {
	switch channelName {
	case channel:
		n.tell(payload)
		select {
		case n.grown <- struct{}{}:
		default: // it will be written anyway
		}
	case feedChannel:
		n.stir(Stir{})
	case presenceChannel:
		first, desk, _ := strings.Cut(payload, " ")
		if number, err := strconv.ParseInt(first, 10, 64); err == nil {
			n.stir(Stir{Number: ticket.Number(number), Desk: desk})
		}
	case deliveryChannel:
		var s Stir
		if _, err := fmt.Sscan(payload, &s.Number, &s.Desk, &s.Client, &s.Revision); err == nil {
			n.stir(s)
		}
	}
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

// Listen hears notices until ctx ends, on a connection of its own that it makes again when it breaks, and writes the
// feed meanwhile: whoever listens first writes first, and any number may.
func (s *Store) Listen(ctx context.Context) {
	var keeper sync.WaitGroup
	defer keeper.Wait()
	keeper.Go(func() { s.keepFeed(ctx) })
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
	if _, err := conn.Exec(ctx, `listen `+channel+`; listen `+feedChannel+`; listen `+presenceChannel+`; listen `+deliveryChannel); err != nil {
		return err
	}
	for {
		notice, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		s.notices.hear(notice.Channel, notice.Payload)
	}
}

// keepFeed writes the feed at every notice, and once a second for those that were lost; every few seconds it forgets
// who left without a word.
func (s *Store) keepFeed(ctx context.Context) {
	tick, sweep := time.NewTicker(time.Second), time.NewTicker(5*time.Second)
	defer tick.Stop()
	defer sweep.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-s.notices.grown:
			_, err = s.Feed(ctx)
		case <-tick.C:
			var behind bool
			if behind, err = s.feedBehind(ctx); behind {
				_, err = s.Feed(ctx)
			}
		case <-sweep.C:
			err = s.Forget(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.log.DebugContext(ctx, "the feed waits", "error", err)
		}
	}
}
