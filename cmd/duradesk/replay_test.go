package main

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"duradesk/dispatch/temporaltest"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/ticket"
)

// TestAWorkerRefusesToStartOnWhatWouldNotGoOn runs the program beside an open ticket that another build has written: with
// DURADESK_REHEARSE the worker names it and ends, and so does `duradesk replay`.
func TestAWorkerRefusesToStartOnWhatWouldNotGoOn(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	c := temporaltest.Client(t, namespace)
	foreign := worker.New(c, "another build", worker.Options{})
	foreign.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ any) error {
		return workflow.Sleep(ctx, time.Hour)
	}, workflow.RegisterOptions{Name: ticket.WorkflowTicket})
	require.NoError(t, foreign.Start())
	t.Cleanup(foreign.Stop)
	open, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: ticket.WorkflowID(1001), TaskQueue: "another build"}, ticket.WorkflowTicket, map[string]int{"number": 1001})
	require.NoError(t, err)
	database := pgtest.DatabaseFrom(t, "migrated", postgres.Migrate)
	program := func(args ...string) (string, error) {
		cmd := programCommand(args...)
		cmd.Env = append(cmd.Env, "DURADESK_DATABASE_URL="+database, "DURADESK_SECRET_KEY=a secret key that is only for tests", "TEMPORAL_ADDRESS="+temporaltest.Address(t),
			"TEMPORAL_NAMESPACE="+namespace, "DURADESK_WORKER_HEALTH_ADDR=127.0.0.1:0", "DURADESK_REHEARSE=5", "DURADESK_LOG_LEVEL=error")
		said, err := cmd.CombinedOutput()
		return string(said), err
	}
	var refused *exec.ExitError
	require.Eventually(t, func() bool { // once the list of workflows has it, with its timer
		said, err := program("replay")
		return errors.As(err, &refused) && len(said) > 0
	}, time.Minute, 100*time.Millisecond)
	said, err := program("worker")
	require.ErrorAs(t, err, &refused)
	require.Equal(t, 1, refused.ExitCode(), said)
	require.Contains(t, said, "ticket-1001 (run "+open.GetRunID()+") does not replay")
	require.Contains(t, said, "this worker does not start: 1 of 1 workflows would not go on with this build")
}
