package dispatch

import (
	"context"
	"errors"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"duradesk/ticket"
)

// Bell wakes workflows through Temporal.
type Bell struct {
	Client client.Client
	// ConsoleURL leads from the Web UI to the ticket in the console.
	ConsoleURL string
	// Near is the worker in this process; nil: there is none.
	Near *Near
}

// ticketInput, deliveryInput and mailboxInput are the inputs of the workflows as JSON; the workflows themselves are
// not seen from here.
type ticketInput struct {
	Number ticket.Number `json:"number"`
	// OpenedBy names the command that the ticket begins with: the history then tells it as it tells the others.
	OpenedBy string `json:"opened_by,omitempty"`
}

type rowInput struct {
	ID string `json:"id"`
}

type agentInput struct {
	Agent string `json:"agent"`
}

// Ring signals a ticket's workflow under the command's own name, so that its history reads as a story. A workflow
// that is not there starts and loads its process from the row.
func (b *Bell) Ring(ctx context.Context, n ticket.Number, name string, r ticket.Ring) error {
	if r.Seq == opens {
		if runs, err := b.open(ctx, n, name); err != nil || !runs {
			return err
		}
	}
	var payload any
	if name != ticket.SignalBell {
		payload = r
	}
	// Mostly it is there, and to signal costs the server less than to signal what it may have to start.
	err := b.Client.SignalWorkflow(ctx, ticket.WorkflowID(n), "", name, payload)
	var gone *serviceerror.NotFound
	if err == nil {
		return nil
	}
	if !errors.As(err, &gone) {
		return fmt.Errorf("ring ticket %d: %w", n, err)
	}
	_, err = b.Client.SignalWithStartWorkflow(ctx, ticket.WorkflowID(n), name, payload, b.options(n), ticket.WorkflowTicket, ticketInput{Number: n})
	if err != nil {
		return fmt.Errorf("ring ticket %d: %w", n, err)
	}
	return nil
}

// opens is the place in its queue of the command that makes a ticket: no workflow is there before.
const opens = 1

func (b *Bell) options(n ticket.Number) client.StartWorkflowOptions {
	details := ""
	if b.ConsoleURL != "" {
		details = fmt.Sprintf("[Open in the console](%s/tickets/%d)", strings.TrimRight(b.ConsoleURL, "/"), n)
	}
	// No execution or run timeout: a ticket lives as long as it lives (TEMPORAL §2.1).
	return client.StartWorkflowOptions{
		TaskQueue: ticket.QueueTickets, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary: fmt.Sprintf("Ticket #%d", n), StaticDetails: details,
	}
}

// StartDelivery starts the workflow that sends a mail. One that runs already is enough; a closed one may run again:
// the delivery's row says what is left to do.
func (b *Bell) StartDelivery(ctx context.Context, delivery string) error {
	return b.start(ctx, ticket.DeliveryWorkflowID(delivery), ticket.WorkflowDelivery, rowInput{ID: delivery}, "Outgoing mail "+delivery)
}

// RingDelivery has the workflow that sends a mail look at its row again now, whether it runs or not.
func (b *Bell) RingDelivery(ctx context.Context, delivery string) error {
	id := ticket.DeliveryWorkflowID(delivery)
	_, err := b.Client.SignalWithStartWorkflow(ctx, id, ticket.SignalBell, nil, client.StartWorkflowOptions{
		TaskQueue: ticket.QueueMail, StaticSummary: "Outgoing mail " + delivery, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, ticket.WorkflowDelivery, rowInput{ID: delivery})
	if err != nil {
		return fmt.Errorf("signal %s: %w", id, err)
	}
	return nil
}

// StartMailbox starts the workflow that watches a mailbox: one leader by its id.
func (b *Bell) StartMailbox(ctx context.Context, mailbox string) error {
	return b.start(ctx, ticket.MailboxWorkflowID(mailbox), ticket.WorkflowMailbox, rowInput{ID: mailbox}, "Mailbox "+mailbox)
}

// RingNotices tells the workflow that mails an agent's notices that something changed; one that is not there starts.
func (b *Bell) RingNotices(ctx context.Context, agent string) error {
	id := ticket.NoticesWorkflowID(agent)
	_, err := b.Client.SignalWithStartWorkflow(ctx, id, ticket.SignalBell, nil, client.StartWorkflowOptions{
		TaskQueue: ticket.QueueMail, StaticSummary: "Notices to " + agent, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, ticket.WorkflowNotices, agentInput{Agent: agent})
	if err != nil {
		return fmt.Errorf("signal %s: %w", id, err)
	}
	return nil
}

// RestartMailbox has a mailbox watched by its present settings at once, whether its workflow runs or not.
func (b *Bell) RestartMailbox(ctx context.Context, mailbox string) error {
	id := ticket.MailboxWorkflowID(mailbox)
	_, err := b.Client.SignalWithStartWorkflow(ctx, id, ticket.SignalSettingsChanged, nil, client.StartWorkflowOptions{
		TaskQueue: ticket.QueueMail, StaticSummary: "Mailbox " + mailbox, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, ticket.WorkflowMailbox, rowInput{ID: mailbox})
	if err != nil {
		return fmt.Errorf("signal %s: %w", id, err)
	}
	return nil
}

// start has the server hand a worker of this process the first task with its answer: a delivery then costs the server
// one transaction and one queued task less. A worker that dies with it is waited for like any other.
func (b *Bell) start(ctx context.Context, id, workflow string, input any, summary string) error {
	_, err := b.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: ticket.QueueMail, StaticSummary: summary, EnableEagerStart: true,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, workflow, input)
	var running *serviceerror.WorkflowExecutionAlreadyStarted
	if err != nil && !errors.As(err, &running) {
		return fmt.Errorf("start %s: %w", id, err)
	}
	return nil
}

// StartChore rings the workflow that works on a row, starting it where it does not run.
func (b *Bell) StartChore(ctx context.Context, c ticket.Chore) error {
	id := ticket.ChoreWorkflowID(c)
	_, err := b.Client.SignalWithStartWorkflow(ctx, id, ticket.SignalBell, nil, client.StartWorkflowOptions{
		TaskQueue: ticket.QueueTickets, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, StaticSummary: c.Workflow + " " + c.ID,
	}, c.Workflow, rowInput{ID: c.ID})
	if err != nil {
		return fmt.Errorf("start %s: %w", id, err)
	}
	return nil
}
