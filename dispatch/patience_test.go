package dispatch

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"duradesk/dispatch/temporaltest"
)

// TestPatienceBearsWithAServerThatStarts, tells what it waits for, ends, and does not wait where waiting mends nothing.
func TestPatienceBearsWithAServerThatStarts(t *testing.T) {
	t.Parallel()
	told := []string{}
	p := Patience{For: time.Minute, Pause: time.Millisecond, Tell: func(err error) { told = append(told, err.Error()) }}
	failures := []error{serviceerror.NewNamespaceNotFound("default"), serviceerror.NewUnavailable("not yet"), errors.Join(serviceerror.NewDeadlineExceeded("slow")), serviceerror.NewCanceled("broken off")}
	tries := 0
	require.NoError(t, p.Do(t.Context(), func(context.Context) error {
		tries++
		if tries <= len(failures) {
			return failures[tries-1]
		}
		return nil
	}))
	require.Equal(t, []string{"Namespace default is not found.", "not yet", "slow", "broken off"}, told)

	wrong := serviceerror.NewInvalidArgument("never")
	tries = 0
	require.ErrorIs(t, p.Do(t.Context(), func(context.Context) error { tries++; return wrong }), wrong)
	require.Equal(t, 1, tries)

	p.For = 20 * time.Millisecond
	require.EqualError(t, p.Do(t.Context(), func(context.Context) error { return serviceerror.NewNamespaceNotFound("default") }),
		"waited 20ms for Temporal: Namespace default is not found.")

	p.For = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, p.Do(ctx, func(context.Context) error { cancel(); return failures[0] }), failures[0])
}

// TestANamespaceThatComesLaterIsWaitedFor: what a command meets that is started together with Temporal.
func TestANamespaceThatComesLaterIsWaitedFor(t *testing.T) {
	t.Parallel()
	const later = "comes-later"
	c := temporaltest.Client(t, temporaltest.Namespace(t))
	waits := make(chan struct{}, 1000)
	done := make(chan error, 1)
	p := Patience{For: time.Minute, Pause: 50 * time.Millisecond, Tell: func(error) { waits <- struct{}{} }}
	go func() {
		done <- p.Do(t.Context(), func(ctx context.Context) error { return Ensure(ctx, c, later, month) })
	}()
	select {
	case <-waits: // it has met the server without the namespace
	case err := <-done:
		require.Fail(t, "it did not wait", "%v", err)
	}
	_, err := c.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: later, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	require.NoError(t, err)
	require.NoError(t, <-done)
	have, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: later})
	require.NoError(t, err)
	require.Equal(t, month, have.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}
