package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
)

// DeliveryInput starts the sending of one mail. The row has everything else.
type DeliveryInput struct {
	ID string `json:"id"`
}

// attemptsPerRun bounds a history: a delivery that is still not done continues as new.
const attemptsPerRun = 50

// Delivery sends one mail: try, wait, try again, until the row says that it is finished. A row that says so already
// ends it at once, so that starting it twice does nothing. The undo time of an answer is the first wait: the row is not
// to be tried before, and where the message is taken back meanwhile, it is finished when the timer fires. A bell ends a
// wait: what it was for has changed, such as the settings of a mailbox that rested.
func (d *Desk) Delivery(ctx workflow.Context, in DeliveryInput) error {
	bell := workflow.GetSignalChannel(ctx, ticket.SignalBell)
	for range attemptsPerRun {
		drain(bell) // the look that follows sees what they rang for
		var s ticket.DeliveryState
		opts := workflow.ActivityOptions{
			StartToCloseTimeout: 15 * time.Minute,
			HeartbeatTimeout:    12 * time.Second,
			Summary:             "send mail " + in.ID,
			RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		}
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), activities.NameSend, in.ID).Get(ctx, &s)
		if gone(err) || temporal.IsCanceledError(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if s.Finished {
			return nil
		}
		if !awaitBell(ctx, bell, s.NextAt, untilItLeaves(s)) {
			return nil // cancelled: the row waits for whoever starts it again
		}
	}
	return workflow.NewContinueAsNewError(ctx, ticket.WorkflowDelivery, in)
}

// untilItLeaves tells an operator why a mail waits.
func untilItLeaves(s ticket.DeliveryState) string {
	if s.Attempt == 0 && s.State == "queued" {
		return "can be taken back until it leaves " + instant(s.NextAt)
	}
	return "next attempt " + instant(s.NextAt)
}
