package workflows

import (
	"go.temporal.io/sdk/workflow"

	"duradesk/ticket"
)

// armed is a timer that runs in Temporal for one running clock.
type armed struct {
	ticket.Wanted
	cancel workflow.CancelFunc
	future workflow.Future
}

// arm compares the wanted timers with the armed ones. Only what changed costs an event: a timer whose instant and
// generation stay is left alone.
func (r *run) arm(ctx workflow.Context, wanted []ticket.Wanted) {
	kept := make([]armed, 0, len(wanted))
	for _, a := range r.armed {
		if contains(wanted, a.Wanted) && !a.future.IsReady() {
			kept = append(kept, a)
			continue
		}
		a.cancel()
	}
	for _, w := range wanted {
		if !holds(kept, w) {
			kept = append(kept, start(ctx, w))
		}
	}
	r.armed = kept
}

func start(ctx workflow.Context, w ticket.Wanted) armed {
	ctx, cancel := workflow.WithCancel(ctx)
	d := max(w.Due.Sub(workflow.Now(ctx)), 0)
	future := workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: summary(w)})
	return armed{Wanted: w, cancel: cancel, future: future}
}

// summary says what a timer is for and when it rings.
func summary(w ticket.Wanted) string {
	if w.Warning {
		return title(w.Kind) + ", warning " + instant(w.Due)
	}
	return title(w.Kind) + " " + instant(w.Due)
}

// title names a timer as operators read it.
func title(k ticket.ClockKind) string {
	switch k {
	case ticket.FirstResponse:
		return "SLA first response due"
	case ticket.Wake:
		return "wake from hold"
	case ticket.AutoClose:
		return "auto-close"
	case ticket.Retention:
		return "spam retention ends"
	case ticket.NextResponse:
		return "SLA next response due"
	case ticket.Resolution:
		return "SLA resolution due"
	case ticket.HandOver:
		return "hand-over due back"
	case ticket.Promised:
		return "promise due"
	case ticket.NoClock:
		return "timer"
	}
	return "timer"
}

// rang reports whether any timer rang.
func (r *run) rang() bool {
	for _, a := range r.armed {
		if a.future.IsReady() {
			return true
		}
	}
	return false
}

// fired lists the timers that rang. They stay armed until Apply has answered: a ring is told until it is heard.
func (r *run) fired() []ticket.Fired {
	var out []ticket.Fired
	for _, a := range r.armed {
		if a.future.IsReady() {
			out = append(out, ticket.Fired{Clock: a.Clock, Due: a.Due, Generation: a.Generation})
		}
	}
	return out
}

func same(a, b ticket.Wanted) bool {
	return a.Clock == b.Clock && a.Due.Equal(b.Due) && a.Generation == b.Generation
}

func contains(list []ticket.Wanted, w ticket.Wanted) bool {
	for _, x := range list {
		if same(x, w) {
			return true
		}
	}
	return false
}

func holds(list []armed, w ticket.Wanted) bool {
	for _, x := range list {
		if same(x.Wanted, w) {
			return true
		}
	}
	return false
}
