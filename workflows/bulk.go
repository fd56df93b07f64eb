package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
)

// BulkInput starts the work on a bulk job. The rows have everything else.
type BulkInput struct {
	ID string `json:"id"`
}

// BulkJob carries one command to many tickets: batch after batch, until the row says that it is done or cancelled. A
// paused one waits for a bell. Which tickets are done stands in the rows, so that a crash repeats nothing.
func (d *Desk) BulkJob(ctx workflow.Context, in BulkInput) error {
	bell := workflow.GetSignalChannel(ctx, ticket.SignalBell)
	for range roundsPerRun {
		drain(bell) // the look that follows sees what they rang for
		var s ticket.BulkState
		opts := workflow.ActivityOptions{
			StartToCloseTimeout: 10 * time.Minute,
			HeartbeatTimeout:    12 * time.Second,
			Summary:             "bulk job " + in.ID,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		}
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), activities.NameBulk, in.ID).Get(ctx, &s)
		if gone(err) || temporal.IsCanceledError(err) {
			return nil
		}
		if err != nil {
			return err
		}
		switch s.State {
		case "running":
			if !awaitBell(ctx, bell, s.NextAt, "next attempt "+instant(s.NextAt)) {
				return nil // cancelled by an operator: the rows wait for whoever starts it again
			}
		case "paused":
			bell.Receive(ctx, nil)
			if ctx.Err() != nil {
				return nil //nolint:nilerr // cancelled by an operator, as above
			}
		default:
			return nil
		}
	}
	return workflow.NewContinueAsNewError(ctx, ticket.WorkflowBulkJob, in)
}
