package e2e

import (
	"io"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"
)

// figuresAreTold reads what Prometheus would: the worker tells of the record and of Temporal, and of no person.
func (w *way) figuresAreTold() {
	address := ""
	for _, entry := range w.env {
		if value, found := strings.CutPrefix(entry, "DURADESK_WORKER_HEALTH_ADDR="); found {
			address = value
		}
	}
	answer, err := http.Get("http://" + address + "/metrics")
	require.NoError(w.t, err)
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, answer.StatusCode)
	for _, name := range []string{
		"duradesk_record_up 1", `duradesk_tickets{state="resolved"}`, "duradesk_commands_unapplied ", "duradesk_mailbox_up{",
		`temporal_local_activity_execution_latency_seconds_bucket{activity_type="Apply"`, "temporal_workflow_task_schedule_to_start_latency_seconds_bucket{",
		"process_resident_memory_bytes",
	} {
		require.Contains(w.t, string(page), "\n"+name)
	}
	require.NotContains(w.t, string(page), planted)
}

// everyWorkflowWouldGoOn rehearses what is open on the build that wrote it.
func (w *way) everyWorkflowWouldGoOn() {
	replay := w.command("replay")
	for name, value := range w.settings {
		replay.Env = append(replay.Env, name+"="+value)
	}
	said, err := replay.CombinedOutput()
	require.NoError(w.t, err, string(said))
	require.Regexp(w.t, `^\d+ workflows replayed: all would go on`, string(said))
}
