package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"duradesk/ticket"
)

// Memory reads what Temporal remembers when the record was restored to an older state.
type Memory struct {
	Client    client.Client
	Namespace string
}

// Since looks at every ticket's workflow, open and closed, back to an instant: which signals it heard, and whether it
// did anything. tell is called with the number of workflows seen so far.
func (m *Memory) Since(ctx context.Context, since time.Time, tell func(done int)) (out ticket.Remembered, err error) {
	done := 0
	ahead := map[ticket.Number]bool{}
	for token := []byte(nil); ; {
		page, err := m.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: m.Namespace, Query: fmt.Sprintf("WorkflowType = '%s'", ticket.WorkflowTicket), PageSize: 500, NextPageToken: token,
		})
		if err != nil {
			return out, fmt.Errorf("list the workflows of tickets: %w", err)
		}
		for _, info := range page.GetExecutions() {
			number, ok := numberOf(info.GetExecution().GetWorkflowId())
			if !ok {
				continue
			}
			out.Highest = max(out.Highest, number)
			if at := info.GetCloseTime(); at != nil && at.AsTime().Before(since) {
				continue
			}
			heard, active, err := m.read(ctx, info, number, since)
			if err != nil {
				return out, err
			}
			out.Heard = append(out.Heard, heard...)
			if active && !ahead[number] {
				ahead[number] = true
				out.Ahead = append(out.Ahead, number)
			}
		}
		done += len(page.GetExecutions())
		tell(done)
		if token = page.GetNextPageToken(); len(token) == 0 {
			return out, nil
		}
	}
}

func numberOf(workflow string) (ticket.Number, bool) {
	digits, ok := strings.CutPrefix(workflow, ticket.WorkflowID(0)[:len(ticket.WorkflowID(0))-1])
	n, err := strconv.ParseInt(digits, 10, 64)
	return ticket.Number(n), ok && err == nil
}

// read goes back through one run's history until the instant.
func (m *Memory) read(ctx context.Context, info *workflowpb.WorkflowExecutionInfo, n ticket.Number, since time.Time) (heard []ticket.HeardSignal, active bool, err error) {
	for token := []byte(nil); ; {
		page, err := m.Client.WorkflowService().GetWorkflowExecutionHistoryReverse(ctx, &workflowservice.GetWorkflowExecutionHistoryReverseRequest{
			Namespace: m.Namespace, Execution: info.GetExecution(), MaximumPageSize: 200, NextPageToken: token,
		})
		var gone *serviceerror.NotFound
		if errors.As(err, &gone) { // its time was over while we looked
			return heard, active, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("read what ticket %d heard: %w", n, err)
		}
		for _, event := range page.GetHistory().GetEvents() {
			if event.GetEventTime().AsTime().Before(since) {
				return heard, active, nil
			}
			active = active || event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
			if signal := event.GetWorkflowExecutionSignaledEventAttributes(); signal != nil && signal.GetSignalName() != ticket.SignalBell {
				heard = append(heard, hear(signal, n, event.GetEventTime().AsTime()))
			}
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			return heard, active, nil
		}
	}
}

// hear reads a signal's reference; one that was sent by hand has none.
func hear(signal *historypb.WorkflowExecutionSignaledEventAttributes, n ticket.Number, at time.Time) ticket.HeardSignal {
	var payload []byte
	if all := signal.GetInput().GetPayloads(); len(all) > 0 {
		payload = all[0].GetData()
	}
	h := ticket.Hear(signal.GetSignalName(), payload, json.Unmarshal)
	return ticket.HeardSignal{Number: n, Name: h.Name, ID: h.Ring.ID, Seq: h.Ring.Seq, At: at}
}

// End ends the workflows of tickets that know more than the record does. The record is the truth: the next bell starts
// them from their rows.
func (m *Memory) End(ctx context.Context, numbers []ticket.Number) error {
	g, inner := limited(ctx)
	for _, n := range numbers {
		g.Go(func() error {
			err := m.Client.TerminateWorkflow(inner, ticket.WorkflowID(n), "", "the database was restored to an older state")
			var gone *serviceerror.NotFound
			if err != nil && !errors.As(err, &gone) {
				return fmt.Errorf("end the workflow of ticket %d: %w", n, err)
			}
			return nil
		})
	}
	return g.Wait()
}
