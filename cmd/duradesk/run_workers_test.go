package main

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"duradesk/activities"
	"duradesk/dispatch/temporaltest"
	"duradesk/worker"
	"duradesk/workflows"
)

// TestAWorkerWaitsForATemporalThatGoesAwayWhileItStarts: the worker ended with "failed reaching server", and where nobody
// started it again nothing was applied any more.
func TestAWorkerWaitsForATemporalThatGoesAwayWhileItStarts(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	var asked atomic.Int32
	polled := make(chan struct{}, 1)
	away := func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		switch {
		case strings.HasSuffix(method, "/DescribeNamespace") && asked.Add(1) == 1:
			return status.Error(codes.DeadlineExceeded, context.DeadlineExceeded.Error())
		case strings.HasSuffix(method, "/PollWorkflowTaskQueue"):
			select {
			case polled <- struct{}{}:
			default:
			}
		}
		return call(ctx, method, req, reply, conn, opts...)
	}
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: temporaltest.Address(t), Namespace: namespace,
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(away)}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- runWorkers(ctx, c, worker.Parts{
			Desk: &workflows.Desk{}, Tickets: &activities.Tickets{}, Deliveries: &activities.Deliveries{}, Mailboxes: &activities.Mailboxes{},
			Notices: &activities.Notices{}, Webhooks: &activities.Webhooks{}, Bulk: &activities.Bulk{},
		}, untilReady(io.Discard))
	}()
	select {
	case <-polled:
	case err := <-ended:
		require.Fail(t, "the worker ended", "%v", err)
	}
	stop()
	require.NoError(t, <-ended)
	require.EqualValues(t, 2, asked.Load())
}
