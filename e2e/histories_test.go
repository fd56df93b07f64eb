package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
)

// temporal connects to the desk's Temporal server.
func (d *desk) temporal() client.Client {
	d.t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: d.settings["TEMPORAL_ADDRESS"], Namespace: d.settings["TEMPORAL_NAMESPACE"], Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(d.t, err)
	d.t.Cleanup(c.Close)
	return c
}

// history is every event of a workflow's current run.
func history(d *desk, c client.Client, workflow, run string) []*historypb.HistoryEvent {
	d.t.Helper()
	var events []*historypb.HistoryEvent
	for it := c.GetWorkflowHistory(d.t.Context(), workflow, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		require.NoError(d.t, err)
		events = append(events, e)
	}
	return events
}

// workflows lists what a visibility query finds.
func workflows(d *desk, c client.Client, query string) []*workflowpb.WorkflowExecutionInfo {
	d.t.Helper()
	var found []*workflowpb.WorkflowExecutionInfo
	for page := []byte(nil); ; {
		answer, err := c.WorkflowService().ListWorkflowExecutions(d.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: d.settings["TEMPORAL_NAMESPACE"], Query: query, PageSize: 500, NextPageToken: page,
		})
		require.NoError(d.t, err)
		found = append(found, answer.GetExecutions()...)
		if page = answer.GetNextPageToken(); len(page) == 0 {
			return found
		}
	}
}

// signals lists the names of the commands that a history tells of, in order: that which opened the ticket, and the signals.
func signals(events []*historypb.HistoryEvent) []string {
	var names []string
	for _, e := range events {
		var in struct {
			OpenedBy string `json:"opened_by"`
		}
		if list := e.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads(); len(list) > 0 && json.Unmarshal(list[0].GetData(), &in) == nil && in.OpenedBy != "" {
			names = append(names, in.OpenedBy)
		}
		if a := e.GetWorkflowExecutionSignaledEventAttributes(); a != nil {
			names = append(names, a.GetSignalName())
		}
	}
	return names
}

// timers lists the summaries of the timers that were started.
func timers(d *desk, events []*historypb.HistoryEvent) []string {
	d.t.Helper()
	var summaries []string
	for _, e := range events {
		if e.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED {
			summaries = append(summaries, text(d, e.GetUserMetadata().GetSummary()))
		}
	}
	return summaries
}

func text(d *desk, p *commonpb.Payload) string {
	d.t.Helper()
	var s string
	require.NoError(d.t, converter.GetDefaultDataConverter().FromPayload(p, &s))
	return s
}

// signal sends a signal as an operator does, by hand.
func signal(d *desk, c client.Client, number int64, name string, payload any) {
	d.t.Helper()
	require.NoError(d.t, c.SignalWorkflow(d.t.Context(), fmt.Sprintf("ticket-%d", number), "", name, payload))
}

// running reports whether a ticket's workflow runs, and under which run.
func running(ctx context.Context, c client.Client, number int64) (run string, runs bool, err error) {
	answer, err := c.DescribeWorkflowExecution(ctx, fmt.Sprintf("ticket-%d", number), "")
	if err != nil {
		return "", false, err
	}
	info := answer.GetWorkflowExecutionInfo()
	return info.GetExecution().GetRunId(), info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, nil
}
