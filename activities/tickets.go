package activities

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"duradesk/ticket"
)

// Names of the activities of a ticket. They reached histories: never changed.
const (
	NameApply        = "Apply"
	NameStartEffects = "StartEffects"
)

// Tickets are the hands of a ticket's workflow.
type Tickets struct {
	Desk Desk
	Bell Bell
	Log  *slog.Logger
	// ContinueAfter is the number of history events after which a ticket continues as new. It travels in each result,
	// so that a changed setting never contradicts a recorded history.
	ContinueAfter int
	// Aside is where effects are started; nil: in place.
	Aside *Aside
	// Crash is called at named points, so that a test can end the process there.
	Crash func(point string)
}

// Apply runs the rules over what is unapplied. Run again with the same input it finds its work done and returns the
// ticket as it is.
func (t *Tickets) Apply(ctx context.Context, in ticket.ApplyInput) (ticket.ApplyResult, error) {
	out, err := t.Desk.Apply(ctx, in)
	if err != nil {
		t.Log.WarnContext(ctx, "commands not applied yet", "ticket", in.Number, "error", err)
		return ticket.ApplyResult{}, verdict(err)
	}
	out.ContinueAfter = t.ContinueAfter
	return out, nil
}

// StartEffects has the workflows started that send mail, and rings at other tickets' doors. Nobody waits for it: Temporal takes a
// second for a start where it has much to do, and with a few of those the places were taken in which commands are applied. What
// fails here, or finds no room, is found by the relay: a row that says "not started" is the truth.
func (t *Tickets) StartEffects(ctx context.Context, effects []ticket.Errand) error {
	t.Crash("before_start_effects")
	if t.Aside == nil {
		t.startAll(ctx, effects)
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	if !t.Aside.Try(func() { t.startAll(ctx, effects) }) {
		t.Log.DebugContext(ctx, "effects wait for the relay: many are on their way")
	}
	return nil
}

func (t *Tickets) startAll(ctx context.Context, effects []ticket.Errand) {
	var started []string
	var failed error
	for _, e := range effects {
		if err := t.start(ctx, e); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if e.Delivery != "" {
			started = append(started, e.Delivery)
		}
	}
	t.Crash("after_start_effects")
	if len(started) > 0 {
		failed = errors.Join(failed, t.Desk.Started(ctx, started))
	}
	if failed != nil {
		t.Log.InfoContext(ctx, "effects wait for the relay", "error", failed)
	}
}

func (t *Tickets) start(ctx context.Context, e ticket.Errand) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second) // the relay looks after five
	defer cancel()
	if e.Delivery != "" {
		return t.Bell.StartDelivery(ctx, e.Delivery)
	}
	return t.Bell.Ring(ctx, e.Ring, ticket.SignalBell, ticket.Ring{})
}
