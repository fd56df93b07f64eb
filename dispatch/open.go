package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"duradesk/ticket"
)

// Near knows the client of the worker that runs in this process. Only through that client does the server hand the first
// task of a workflow to the worker with the answer to its start.
type Near struct{ client atomic.Pointer[client.Client] }

// Here tells that a worker runs by this client. Not to be told of one that is a version of a deployment: what is handed out
// with the answer does not go by which version is current.
func (n *Near) Here(c client.Client) { n.client.Store(&c) }

// open starts the workflow of a ticket that has its first command and no other yet. To start is to ring: a workflow
// begins by applying what is stored. A signal beside it would be an event more, and would keep the server from handing
// out the first task with its answer, which spares it a transaction and a queued task. runs: it runs already, and did not
// hear of this.
func (b *Bell) open(ctx context.Context, n ticket.Number, name string) (runs bool, err error) {
	options, by := b.options(n), b.Client
	options.ID, options.WorkflowExecutionErrorWhenAlreadyStarted = ticket.WorkflowID(n), true
	if b.Near != nil {
		if near := b.Near.client.Load(); near != nil {
			by, options.EnableEagerStart = *near, true
		}
	}
	_, err = by.ExecuteWorkflow(ctx, options, ticket.WorkflowTicket, ticketInput{Number: n, OpenedBy: name})
	var running *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &running) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("open ticket %d: %w", n, err)
	}
	return false, nil
}
