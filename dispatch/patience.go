package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
)

// Patience bears with what is away for a moment: above all with a Temporal that has just started, whose parts answer one after
// another, and which for some seconds does not know the namespace that is there.
type Patience struct {
	// For is how long it is borne with, counted from the first failure behind the last success; then the failure is the
	// answer.
	For time.Duration
	// Pause is between two tries.
	Pause time.Duration
	// Mends tells of a failure whether waiting mends it; nil: what a Temporal says that starts.
	Mends func(error) bool
	// What is waited for, in words; "": Temporal.
	What string
	// Tell is given what it waits for, before each pause; nil: nobody listens.
	Tell func(err error)
}

// Do tries until it is done, or fails for a reason that waiting does not mend. What is tried must bear being repeated.
func (p Patience) Do(ctx context.Context, try func(context.Context) error) error {
	var since time.Time
	mends := p.Mends
	if mends == nil {
		mends = starting
	}
	for {
		err := try(ctx)
		if err == nil || !mends(err) || ctx.Err() != nil {
			return err
		}
		if since.IsZero() {
			since = time.Now()
		}
		if time.Since(since)+p.Pause > p.For {
			return fmt.Errorf("waited %v for %s: %w", p.For, cmp.Or(p.What, "Temporal"), err)
		}
		if p.Tell != nil {
			p.Tell(err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(p.Pause):
		}
	}
}

// starting tells whether an error is one that a server gives while it starts. A namespace that was never made answers the
// same: that is why patience ends.
func starting(err error) bool {
	var (
		namespace *serviceerror.NamespaceNotFound
		away      *serviceerror.Unavailable
		slow      *serviceerror.DeadlineExceeded
		broken    *serviceerror.Canceled // by the server: Do asks its context first
		full      *serviceerror.ResourceExhausted
	)
	return errors.As(err, &namespace) || errors.As(err, &away) || errors.As(err, &slow) || errors.As(err, &full) || errors.As(err, &broken)
}
