package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
)

// The nil pointer gives names and types; the worker has the real one.
var hands *activities.Tickets

// The local activity must end within 80 % of the 10 s workflow task; its transaction gives up far earlier.
var quick = workflow.LocalActivityOptions{
	ScheduleToCloseTimeout: 7 * time.Second,
	StartToCloseTimeout:    2 * time.Second,
	RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
}

// patient is the fallback where the quick way fails: the same function, tried without end, pending and visible to the
// operator.
var patient = workflow.ActivityOptions{
	StartToCloseTimeout: 10 * time.Second,
	RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
}

// afterRefusal is the pause before a refused look is asked for again.
const afterRefusal = time.Minute

// apply has everything unapplied taken through the rules. It ends when that is done, or when the row is gone: a
// ticket's workflow never fails.
func (r *run) apply(ctx workflow.Context, in ticket.ApplyInput) (ticket.ApplyResult, error) {
	in.Number, in.Revision, in.FirstRun = r.number, r.p.Revision, r.firstRun
	var out ticket.ApplyResult
	local := quick
	local.Summary = "apply what is stored for " + fmt.Sprint(in.Number)
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, local), hands.Apply, in).Get(ctx, &out)
	if err == nil || gone(err) {
		return out, err
	}
	readable(err)
	slow := patient
	slow.Summary = local.Summary + ", patiently: " + kindOf(err)
	for {
		err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, slow), activities.NameApply, in).Get(ctx, &out)
		if err == nil || gone(err) {
			return out, err
		}
		readable(err)
		workflow.GetLogger(ctx).Error("an Apply without end has ended; asking again", "ticket", r.number, "reason", kindOf(err))
		if err := workflow.Sleep(ctx, afterRefusal); err != nil {
			return out, err
		}
	}
}

// readable stops an old worker that meets a word it does not know (a rolling deploy with a new state): the workflow
// task fails and is tried again until a new worker takes it. Going on would record what no worker can replay.
func readable(err error) {
	if errors.Is(err, converter.ErrUnableToDecode) {
		panic("an answer was written by a newer program; leaving it to a newer worker")
	}
}

// startEffects has deliveries started. It is not waited for beyond its own short time: what fails, the relay finds.
func (r *run) startEffects(ctx workflow.Context, effects []ticket.Errand) {
	if len(effects) == 0 {
		return
	}
	local := quick
	local.StartToCloseTimeout = 5 * time.Second
	local.Summary = fmt.Sprintf("start %d effects", len(effects))
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, local), hands.StartEffects, effects).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Warn("effects wait for the relay", "ticket", r.number, "reason", kindOf(err))
	}
}

// gone reports whether no row has this ticket's number.
func gone(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.Type() == activities.TypeGone
}

// kindOf names an error without its text.
func kindOf(err error) string {
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case errors.As(err, &app):
		return app.Type()
	case errors.As(err, &timeout):
		return "timeout"
	default:
		return "error"
	}
}
