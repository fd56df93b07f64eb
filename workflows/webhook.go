package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
)

// WebhookInput starts the sender of one webhook. The rows have everything else.
type WebhookInput struct {
	ID string `json:"id"`
}

// roundsPerRun bounds a history.
const roundsPerRun = 100

// Webhook tells one receiver what happens: one sender by its workflow id. It sends while there is something, sleeps
// until what failed is due again or a bell rings, and ends when nothing is pending; the relay starts it again. No body
// ever comes here.
func (d *Desk) Webhook(ctx workflow.Context, in WebhookInput) error {
	bell := workflow.GetSignalChannel(ctx, ticket.SignalBell)
	for range roundsPerRun {
		drain(bell) // the look that follows sees what they rang for
		var s ticket.HookState
		opts := workflow.ActivityOptions{
			// A receiver that hangs must not eat the tickets' slots.
			TaskQueue:           ticket.QueueMail,
			StartToCloseTimeout: 15 * time.Minute,
			HeartbeatTimeout:    12 * time.Second,
			Summary:             "tell webhook " + in.ID,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		}
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), activities.NamePost, in.ID).Get(ctx, &s)
		if gone(err) || temporal.IsCanceledError(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if s.NextAt.IsZero() || !s.Enabled {
			if bell.Len() > 0 {
				continue
			}
			return nil
		}
		if !awaitBell(ctx, bell, s.NextAt, "next attempt "+instant(s.NextAt)) {
			return nil // cancelled: the rows wait for whoever starts it again
		}
	}
	return workflow.NewContinueAsNewError(ctx, ticket.WorkflowWebhook, in)
}

// awaitBell sleeps until an instant or a bell; false where it was cancelled. The summary tells an operator why; it is no
// part of what a history must repeat.
func awaitBell(ctx workflow.Context, bell workflow.ReceiveChannel, until time.Time, summary string) bool {
	timerCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	wait := max(until.Sub(workflow.Now(ctx)), time.Second)
	timer := workflow.NewTimerWithOptions(timerCtx, wait, workflow.TimerOptions{Summary: summary})
	awake := true
	workflow.NewSelector(ctx).
		AddReceive(bell, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, nil) }).
		AddFuture(timer, func(f workflow.Future) { awake = f.Get(ctx, nil) == nil }).
		Select(ctx)
	return awake && ctx.Err() == nil
}
