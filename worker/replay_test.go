package worker

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"duradesk/dispatch/temporaltest"
	"duradesk/ticket"
)

func TestTheCorpusReplays(t *testing.T) {
	t.Parallel()
	r, err := NewRehearsal()
	require.NoError(t, err)
	files, err := filepath.Glob("../workflows/testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.NoError(t, r.File(file), file)
	}
}

// TestARehearsalFindsWhatWouldNotGoOn starts workflows under our names that were written by another build.
func TestARehearsalFindsWhatWouldNotGoOn(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	c := temporaltest.Client(t, namespace)
	foreign := worker.New(c, "another build", worker.Options{})
	foreign.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ any) error {
		return workflow.Sleep(ctx, time.Hour)
	}, workflow.RegisterOptions{Name: ticket.WorkflowTicket})
	require.NoError(t, foreign.Start())
	defer foreign.Stop()
	const open = 5
	for i := range open {
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: ticket.WorkflowID(ticket.Number(1001 + i)), TaskQueue: "another build"},
			ticket.WorkflowTicket, map[string]int{"number": 1001 + i})
		require.NoError(t, err)
	}
	awaitTimers(t, c, open)

	r, err := NewRehearsal()
	require.NoError(t, err)
	told := 0
	unfit, done, err := r.Open(t.Context(), c, namespace, 3, func(int, int) { told++ })
	require.NoError(t, err)
	require.Equal(t, 3, done, "of one kind: the two oldest and the newest")
	require.Equal(t, 3, told)
	require.Len(t, unfit, 3)
	require.ErrorContains(t, unfit[0].Why, "TMPRL1100")

	unfit, done, err = r.Open(t.Context(), c, namespace, 0, func(int, int) {})
	require.NoError(t, err)
	require.Equal(t, open, done)
	require.Len(t, unfit, open)
}

// awaitTimers waits until each of them is listed and has its timer in its history.
func awaitTimers(t *testing.T, c client.Client, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		page, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: `ExecutionStatus="Running"`})
		if err != nil || len(page.GetExecutions()) < n {
			return false
		}
		for _, info := range page.GetExecutions() {
			if !hasTimer(t.Context(), c, info.GetExecution().GetWorkflowId()) {
				return false
			}
		}
		return true
	}, 30*time.Second, 50*time.Millisecond)
}

func hasTimer(ctx context.Context, c client.Client, id string) bool {
	for history := c.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); {
		event, err := history.Next()
		if err != nil {
			return false
		}
		if event.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED {
			return true
		}
	}
	return false
}
