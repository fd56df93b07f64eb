package workflows

import (
	"errors"
	"fmt"
	"time"

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

// apply has everything unapplied taken through the rules.
func (r *run) apply(ctx workflow.Context, in ticket.ApplyInput) (ticket.ApplyResult, error) {
	in.Number, in.Revision, in.FirstRun = r.in.Number, r.p.Revision, r.firstRun
	var out ticket.ApplyResult
	local := quick
	local.Summary = "apply what is stored for " + fmt.Sprint(in.Number)
	err := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, local), hands.Apply, in).Get(ctx, &out)
	if err == nil || gone(err) {
		return out, err
	}
	slow := patient
	slow.Summary = local.Summary + ", patiently: " + kindOf(err)
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, slow), activities.NameApply, in).Get(ctx, &out)
	return out, err
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
		workflow.GetLogger(ctx).Warn("effects wait for the relay", "ticket", r.in.Number, "reason", kindOf(err))
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
