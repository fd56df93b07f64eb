package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"duradesk/dispatch/temporaltest"
	"duradesk/ticket"
)

// busy lets Temporal say with every task of a cached workflow that a thousand more of them wait.
func busy(ctx context.Context, method string, asked, answer any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, asked, answer, cc, opts...)
	poll, ok := asked.(*workflowservice.PollWorkflowTaskQueueRequest)
	if ok && err == nil && poll.GetTaskQueue().GetKind() == enums.TASK_QUEUE_KIND_STICKY {
		if task := answer.(*workflowservice.PollWorkflowTaskQueueResponse); len(task.GetTaskToken()) > 0 {
			task.BacklogCountHint = 1000
		}
	}
	return err
}

// A busy desk's tasks that had waited for a second among those of the cached workflows stood in the ordinary queue for minutes.
func TestOrdinaryTasksAreTakenWhileCachedWorkflowsHaveMuchToDo(t *testing.T) {
	t.Parallel()
	c := temporaltest.Client(t, temporaltest.Namespace(t), func(o *client.Options) {
		o.ConnectionOptions.DialOptions = append(o.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(busy))
	})
	workers := New(c, idle())
	workers.tickets.RegisterWorkflowWithOptions(func(ctx workflow.Context, signals int) error {
		for range signals {
			workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil)
		}
		return nil
	}, workflow.RegisterOptions{Name: "Awaits"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- workers.Run(ctx) }()

	start := func(id string, signals int) client.WorkflowRun {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: ticket.QueueTickets}, "Awaits", signals)
		require.NoError(t, err)
		return run
	}
	const rounds = 4
	cached := start("cached", rounds)
	require.NoError(t, start("before", 0).Get(ctx, nil)) // by now the cached one has its queue
	for i := range rounds {
		require.NoError(t, c.SignalWorkflow(ctx, cached.GetID(), "", "go on", nil))
		within, stop := context.WithTimeout(ctx, 5*time.Second) // who asks in vain asks for much longer
		require.NoError(t, start(fmt.Sprint("ordinary ", i), 0).Get(within, nil), "ordinary task %d is taken", i)
		stop()
	}
	require.NoError(t, cached.Get(ctx, nil))
	cancel()
	require.NoError(t, <-done)
}
