package worker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
)

// answers is a server that answers the nth beat so.
type answers []func(ctx context.Context) error

func (a *answers) RecordActivityHeartbeat(ctx context.Context, _ []byte, _ ...any) error {
	next := (*a)[0]
	*a = (*a)[1:]
	return next(ctx)
}

// beatingTo gives an environment whose activities beat to that server.
func beatingTo(within time.Duration, server ...func(ctx context.Context) error) *testsuite.TestActivityEnvironment {
	given := answers(server)
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&beats{heart: &given, within: within}}})
	return env
}

func TestABeatThatABusyServerDoesNotAnswerEndsNothing(t *testing.T) {
	t.Parallel()
	env := beatingTo(10*time.Millisecond, func(ctx context.Context) error {
		<-ctx.Done() // no answer in time
		return serviceerror.NewDeadlineExceeded("late")
	}, func(context.Context) error { return nil })
	work := func(ctx context.Context) (bool, error) {
		activity.RecordHeartbeat(ctx)
		activity.RecordHeartbeat(ctx)
		return ctx.Err() == nil, nil
	}
	env.RegisterActivity(work)
	out, err := env.ExecuteActivity(work)
	require.NoError(t, err)
	var working bool
	require.NoError(t, out.Get(&working))
	require.True(t, working)
}

func TestTheServersWordEndsAnActivity(t *testing.T) {
	t.Parallel()
	for name, word := range map[string]error{
		"timed out": serviceerror.NewNotFound("the activity is not there any more"), "paused": activity.ErrActivityPaused, "cancelled": temporal.NewCanceledError(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := beatingTo(time.Minute, func(context.Context) error { return word })
			work := func(ctx context.Context) (string, error) {
				activity.RecordHeartbeat(ctx)
				return context.Cause(ctx).Error(), nil
			}
			env.RegisterActivity(work)
			out, err := env.ExecuteActivity(work)
			require.NoError(t, err)
			var cause string
			require.NoError(t, out.Get(&cause))
			require.Equal(t, word.Error(), cause)
		})
	}
}
