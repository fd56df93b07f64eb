package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
)

// MailboxInput starts the polling of one mailbox.
type MailboxInput struct {
	ID string `json:"id"`
}

// watchesPerRun bounds a history: each watch is at most half an hour.
const watchesPerRun = 100

// Mailbox polls one mailbox for ever: one leader by its workflow id. Each watch is a heartbeating activity that holds
// the connection; where a worker dies another takes over within the heartbeat timeout. Every step of taking in a mail
// is idempotent, so that an overlap does no harm. The signal that the settings have changed ends a watch, and the pause
// before the next try: a person who has corrected a password wants to see it work.
func (d *Desk) Mailbox(ctx workflow.Context, in MailboxInput) error {
	changed := workflow.GetSignalChannel(ctx, ticket.SignalSettingsChanged)
	for range watchesPerRun {
		again, err := watch(ctx, in, changed)
		switch {
		case again:
		case gone(err) || temporal.IsCanceledError(err):
			return nil
		case err != nil:
			return err
		}
	}
	return workflow.NewContinueAsNewError(ctx, ticket.WorkflowMailbox, in)
}

// watch is one watch; again: other settings have ended it.
func watch(ctx workflow.Context, in MailboxInput, changed workflow.ReceiveChannel) (again bool, err error) {
	drain(changed) // what came before it is read by this watch
	ctx, stop := workflow.WithCancel(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 45 * time.Minute,
		HeartbeatTimeout:    12 * time.Second,
		Summary:             "watch mailbox " + in.ID,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	}))
	done := workflow.ExecuteActivity(ctx, activities.NameWatch, in.ID)
	workflow.NewSelector(ctx).
		AddFuture(done, func(f workflow.Future) { err = f.Get(ctx, nil) }).
		AddReceive(changed, func(c workflow.ReceiveChannel, _ bool) {
			drain(c)
			again = true
			stop()
		}).
		Select(ctx)
	return again, err
}

func drain(c workflow.ReceiveChannel) {
	var nothing any
	for c.ReceiveAsync(&nothing) { // what it carries does not matter
	}
}
