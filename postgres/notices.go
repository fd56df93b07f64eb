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

// Notices fans out what Apply tells over NOTIFY: one dedicated connection, many waiters. A notice may be lost with
// the connection; waiters look at the row from time to time anyway. What a store with the same Notices applies is told
// without that way round.
type Notices struct {
	mu        sync.Mutex
	waiters   waiters
	followers map[chan Stir]struct{}
	grown     chan struct{} // an event was committed: the feed wants writing
}

// NewNotices is for stores that share it.
func NewNotices() *Notices {
	return &Notices{waiters: newWaiters(), followers: map[chan Stir]struct{}{}, grown: make(chan struct{}, 1)}
}

// follow returns a channel that gets what stirs. Whoever does not keep up misses some; he looks once a second anyway.
func (n *Notices) follow() (<-chan Stir, func()) {
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

func (n *Notices) stir(s Stir) {
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
func (n *Notices) hear(channelName, payload string) {
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
	s.notices.hearing(true)
	defer s.notices.hearing(false)
	for {
		notice, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		s.notices.hear(notice.Channel, notice.Payload)
	}
}

// How long the feed's keeper waits between two looks. Writing the feed costs about as much as an Apply, and every process
// has a keeper: so where somebody here follows, many events share one write, and where nobody does, the keepers of other
// processes are let go first. Then only webhooks wait for it, and the relay looks for them once a second.
const (
	feedFollowed = 20 * time.Millisecond
	feedAlone    = 250 * time.Millisecond
)

// keepFeed writes the feed when a notice says that something happened, and once a second for notices that were lost;
// every few seconds it forgets who left without a word.
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
			err = s.feedSoon(ctx)
		case <-tick.C:
			err = s.feedIfBehind(ctx)
		case <-sweep.C:
			err = s.Forget(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.log.DebugContext(ctx, "the feed waits", "error", err)
		}
	}
}

// feedSoon writes the feed at once and then rests, or rests and then writes what nobody else has written.
func (s *Store) feedSoon(ctx context.Context) error {
	if !s.notices.followed() {
		if err := rest(ctx, feedAlone); err != nil {
			return err
		}
		return s.feedIfBehind(ctx)
	}
	if _, err := s.Feed(ctx); err != nil {
		return err
	}
	return rest(ctx, feedFollowed)
}

func (s *Store) feedIfBehind(ctx context.Context) error {
	behind, err := s.feedBehind(ctx)
	if err != nil || !behind {
		return err
	}
	_, err = s.Feed(ctx)
	return err
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// followed tells whether anybody follows here.
func (n *Notices) followed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.followers) > 0
}
