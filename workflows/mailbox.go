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
// is idempotent, so that an overlap does no harm.
func (d *Desk) Mailbox(ctx workflow.Context, in MailboxInput) error {
	for range watchesPerRun {
		opts := workflow.ActivityOptions{
			StartToCloseTimeout: 45 * time.Minute,
			HeartbeatTimeout:    12 * time.Second,
			Summary:             "watch mailbox " + in.ID,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		}
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), activities.NameWatch, in.ID).Get(ctx, nil)
		if gone(err) || temporal.IsCanceledError(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return workflow.NewContinueAsNewError(ctx, ticket.WorkflowMailbox, in)
}
