package replay

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"duradesk/ticket"
)

// history is that of a run; "" is the last one.
func (s *site) history(id, run string) []*historypb.HistoryEvent {
	s.t.Helper()
	return historyOf(s.ctx(), s.t, s.client, id, run)
}

func historyOf(ctx context.Context, t testing.TB, c client.Client, id, run string) []*historypb.HistoryEvent {
	t.Helper()
	var out []*historypb.HistoryEvent
	for i := c.GetWorkflowHistory(ctx, id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); i.HasNext(); {
		e, err := i.Next()
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

// lastRun is the id of the last run of a workflow.
func (s *site) lastRun(id string) string {
	s.t.Helper()
	d, err := s.client.DescribeWorkflowExecution(s.ctx(), id, "")
	require.NoError(s.t, err)
	return d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

// ofType are the events of a type.
func ofType(events []*historypb.HistoryEvent, types ...enumspb.EventType) []*historypb.HistoryEvent {
	var out []*historypb.HistoryEvent
	for _, e := range events {
		for _, t := range types {
			if e.GetEventType() == t {
				out = append(out, e)
			}
		}
	}
	return out
}

// happened waits until so many events of a type stand in a workflow's last run.
func (s *site) happened(id string, of enumspb.EventType, n int) {
	s.t.Helper()
	i := s.client.GetWorkflowHistory(s.ctx(), id, s.lastRun(id), true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for i.HasNext() {
		e, err := i.Next()
		require.NoError(s.t, err)
		if e.GetEventType() == of {
			if n--; n == 0 {
				return
			}
		}
	}
	require.Fail(s.t, "it did not happen", "%s in %s", of, id)
}

// skipTime lets a ticket's workflow jump over its waiting.
func (s *site) skipTime(n ticket.Number) {
	s.t.Helper()
	s.settle(n)
	_, err := s.client.WorkflowService().UpdateWorkflowExecutionOptions(s.ctx(), &workflowservice.UpdateWorkflowExecutionOptionsRequest{
		Namespace: s.namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: ticket.WorkflowID(n)},
		WorkflowExecutionOptions: &workflowpb.WorkflowExecutionOptions{TimeSkippingConfig: &commonpb.TimeSkippingConfig{Enabled: true}},
		UpdateMask:               &fieldmaskpb.FieldMask{Paths: []string{"time_skipping_config"}},
	})
	require.NoError(s.t, err)
}

// reset starts a ticket's workflow again from its first workflow task, as an operator would.
func (s *site) reset(n ticket.Number) {
	s.t.Helper()
	s.settle(n)
	id := ticket.WorkflowID(n)
	first := ofType(s.history(id, ""), enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)[0]
	_, err := s.client.ResetWorkflowExecution(s.ctx(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: s.namespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: s.lastRun(id)},
		Reason: "a test", WorkflowTaskFinishEventId: first.GetEventId(), RequestId: s.id(ticket.NoKind),
	})
	require.NoError(s.t, err)
}
