package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
)

// NoticesInput starts the mailing of one agent's notices. The rows have everything else.
type NoticesInput struct {
	Agent string `json:"agent"`
}

// noticesWithin is for how long one look may last: a transaction and a few bells. A worker that was killed is missed no
// longer than where others beat.
const noticesWithin = 10 * time.Second

// Notices mails an agent's notices: it looks, waits until the next is due (the hour of a digest, the end of quiet hours)
// or until it is told that something changed, and ends when nothing waits. No ticket ever waits for it.
func (d *Desk) Notices(ctx workflow.Context, in NoticesInput) error {
	bell := workflow.GetSignalChannel(ctx, ticket.SignalBell)
	for range attemptsPerRun {
		for bell.ReceiveAsync(nil) {
			continue // however often it was rung, one look is enough
		}
		var s ticket.NoticeState
		opts := workflow.ActivityOptions{
			StartToCloseTimeout: noticesWithin, Summary: "mail what is due",
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
		}
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, opts), activities.NameMailNotices, in.Agent).Get(ctx, &s)
		if gone(err) || temporal.IsCanceledError(err) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case !s.NextAt.IsZero():
			if !awaitBell(ctx, bell, s.NextAt, "mailed at "+instant(s.NextAt)) {
				return nil // cancelled: the rows wait for whoever rings again
			}
		case bell.Len() == 0:
			return nil
		}
	}
	return workflow.NewContinueAsNewError(ctx, ticket.WorkflowNotices, in)
}
