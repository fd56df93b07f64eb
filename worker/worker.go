package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
	"duradesk/workflows"
)

// Parts are what a worker works with.
type Parts struct {
	Desk       *workflows.Desk
	Tickets    *activities.Tickets
	Deliveries *activities.Deliveries
	Mailboxes  *activities.Mailboxes
	Notices    *activities.Notices
	Webhooks   *activities.Webhooks
	Bulk       *activities.Bulk
	// AtOnce is how many commands are applied at once: no more than the database pool has connections. 0: 12.
	AtOnce int
	// Warm is how many workflows are kept in memory. 0: 2,000.
	Warm int
	// Fatal is told when Temporal refuses a worker for good.
	Fatal func(error)
	// Deployment makes the workers a version of a deployment; the zero value: workers without a version, each of which takes
	// whatever there is to do.
	Deployment Deployment
}

// Workers are one for tickets and one for mail: a mail server that hangs must not eat the tickets' slots.
type Workers struct {
	tickets, mail worker.Worker
	aside         *activities.Aside
}

// stopWithin is how long a stopping worker lets activities finish: longer than any Apply.
const stopWithin = 10 * time.Second

// New registers everything under the names that histories hold.
func New(c client.Client, p Parts) *Workers {
	if p.AtOnce == 0 {
		p.AtOnce = 12
	}
	if p.Warm == 0 {
		p.Warm = 2000
	}
	worker.SetStickyWorkflowCacheSize(p.Warm)
	options := worker.Options{
		DisableRegistrationAliasing:             true,
		MaxConcurrentLocalActivityExecutionSize: p.AtOnce,
		MaxConcurrentActivityExecutionSize:      p.AtOnce,
		StickyScheduleToStartTimeout:            AstrayAfter,
		WorkflowTaskPollerBehavior:              Polling(),
		WorkerStopTimeout:                       stopWithin,
		Interceptors:                            []interceptor.WorkerInterceptor{&beats{heart: c, within: beatWithin}},
		OnFatalError:                            p.Fatal,
		DeploymentOptions:                       p.Deployment.options(),
	}
	w := &Workers{tickets: worker.New(c, ticket.QueueTickets, options), aside: p.Tickets.Aside}
	options.MaxConcurrentActivityExecutionSize = 200
	w.mail = worker.New(c, ticket.QueueMail, options)
	register(w.tickets, w.mail, p)
	return w
}

// AstrayAfter is after how long a task of a cached workflow goes to the ordinary queue, whose worker has to read the whole history.
// After the death of a worker the first task of each of its workflows waits as long, unless it is known to be dead (10 s without
// an ask): keep that short. A busy desk must not reach it: a fifth of all tasks went astray so at one second, and each cost it a
// transaction more.
const AstrayAfter = 3 * time.Second

// Polling is how many ask Temporal for tasks of workflows. Each of the two queues, that of the cached workflows and the ordinary
// one, has askers of its own: the SDK's usual two are for both, and ask the first alone while Temporal says that something waits
// there. A task that nobody took there goes to the ordinary queue; on a busy desk it stayed there for minutes. They are many
// where much waits: to hand out a task takes a busy Temporal a second, and so long one asker is no use to the next task.
func Polling() worker.PollerBehavior {
	return worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{
		InitialNumberOfPollers: 8, MinimumNumberOfPollers: 2, MaximumNumberOfPollers: 64,
	})
}

// registerWorkflows gives the workflows their names; a replayer takes both kinds.
func registerWorkflows(tickets, mail worker.WorkflowRegistry, desk *workflows.Desk) {
	tickets.RegisterWorkflowWithOptions(desk.Ticket, workflow.RegisterOptions{Name: ticket.WorkflowTicket})
	tickets.RegisterWorkflowWithOptions(desk.BulkJob, workflow.RegisterOptions{Name: ticket.WorkflowBulkJob})
	tickets.RegisterWorkflowWithOptions(desk.Webhook, workflow.RegisterOptions{Name: ticket.WorkflowWebhook})
	mail.RegisterWorkflowWithOptions(desk.Delivery, workflow.RegisterOptions{Name: ticket.WorkflowDelivery})
	mail.RegisterWorkflowWithOptions(desk.Mailbox, workflow.RegisterOptions{Name: ticket.WorkflowMailbox})
	mail.RegisterWorkflowWithOptions(desk.Notices, workflow.RegisterOptions{Name: ticket.WorkflowNotices})
}

func register(tickets, mail worker.Registry, p Parts) {
	registerWorkflows(tickets, mail, p.Desk)
	tickets.RegisterActivityWithOptions(p.Bulk.Work, activity.RegisterOptions{Name: activities.NameBulk})
	mail.RegisterActivityWithOptions(p.Webhooks.Post, activity.RegisterOptions{Name: activities.NamePost})
	tickets.RegisterActivityWithOptions(p.Tickets.Apply, activity.RegisterOptions{Name: activities.NameApply})
	tickets.RegisterActivityWithOptions(p.Tickets.StartEffects, activity.RegisterOptions{Name: activities.NameStartEffects})
	mail.RegisterActivityWithOptions(p.Deliveries.Send, activity.RegisterOptions{Name: activities.NameSend})
	mail.RegisterActivityWithOptions(p.Mailboxes.Watch, activity.RegisterOptions{Name: activities.NameWatch})
	mail.RegisterActivityWithOptions(p.Notices.MailNotices, activity.RegisterOptions{Name: activities.NameMailNotices})
}

// Run works until ctx ends, then stops in order: mail first, so that another takes the mailboxes over, tickets last.
func (w *Workers) Run(ctx context.Context) error {
	if err := w.tickets.Start(); err != nil {
		return fmt.Errorf("start the tickets' worker: %w", err)
	}
	defer w.aside.Wait() // behind the last Apply, which may have begun something
	defer w.tickets.Stop()
	if err := w.mail.Start(); err != nil {
		return fmt.Errorf("start the mail worker: %w", err)
	}
	defer w.mail.Stop()
	<-ctx.Done()
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return nil
	}
	return context.Cause(ctx)
}
