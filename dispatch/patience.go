package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
)

// Patience bears with a Temporal that has just started: its parts answer one after another, and for some seconds one that
// answers does not know the namespace that is there.
type Patience struct {
	// For is how long it is borne with, counted from the first failure behind the last success; then the failure is the
	// answer.
	For time.Duration
	// Pause is between two tries.
	Pause time.Duration
	// Tell is given what it waits for, before each pause; nil: nobody listens.
	Tell func(err error)
}

// Do tries until it is done, or fails for a reason that waiting does not mend. What is tried must bear being repeated.
func (p Patience) Do(ctx context.Context, try func(context.Context) error) error {
	var since time.Time
	for {
		err := try(ctx)
		if err == nil || !starting(err) || ctx.Err() != nil {
			return err
		}
		if since.IsZero() {
			since = time.Now()
		}
		if time.Since(since)+p.Pause > p.For {
			return fmt.Errorf("waited %v for Temporal: %w", p.For, err)
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
