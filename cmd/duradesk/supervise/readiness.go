package supervise

import (
	"context"
	"errors"
	"sync"
	"time"
)

// readiness is whether a child does its work now, for those who wait for it, and an alarm for when it does not for long.
type readiness struct {
	patience time.Duration
	alarm    func(why error)

	mu      sync.Mutex
	ready   bool
	closed  bool
	changed chan struct{} // closed and replaced at each change
	late    *time.Timer   // runs while not ready, until it has rung once
	why     error         // the last reason for not being ready
}

func newReadiness(patience time.Duration, alarm func(error)) *readiness {
	return &readiness{patience: patience, alarm: alarm, changed: make(chan struct{})}
}

// lost says that the child is being started: it cannot be ready. A wait that has begun goes on.
func (r *readiness) lost() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.change(func() { r.ready = false })
	if r.late == nil {
		r.late = time.AfterFunc(r.patience, func() { r.alarm(r.reason()) })
	}
}

func (r *readiness) gained() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.change(func() { r.ready = true })
	if r.late != nil {
		r.late.Stop()
		r.late = nil
	}
}

func (r *readiness) failed(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.change(func() { r.ready, r.why = false, why })
}

// close ends all waiting: the child is not started any more.
func (r *readiness) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.change(func() { r.ready, r.closed = false, true })
	if r.late != nil {
		r.late.Stop()
	}
}

func (r *readiness) reason() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.why
}

func (r *readiness) change(what func()) {
	what()
	close(r.changed)
	r.changed = make(chan struct{})
}

var errStopped = errors.New("it was stopped")

// wait returns when the child is ready.
func (r *readiness) wait(ctx context.Context) error {
	for {
		r.mu.Lock()
		ready, closed, changed := r.ready, r.closed, r.changed
		r.mu.Unlock()
		if ready {
			return nil
		}
		if closed {
			return errStopped
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
