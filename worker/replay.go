package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"duradesk/workflows"
)

// Rehearsal replays histories on this build: whether the workflows that are open would go on.
type Rehearsal struct {
	replayer worker.WorkflowReplayer
	log      log.Logger
}

// Unfit is a workflow that would not go on, and why.
type Unfit struct {
	Workflow, Run string
	Why           error
}

// NewRehearsal makes one for every workflow of this build.
func NewRehearsal() (*Rehearsal, error) {
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	if err != nil {
		return nil, fmt.Errorf("make a replayer: %w", err)
	}
	registerWorkflows(r, r, &workflows.Desk{})
	return &Rehearsal{replayer: r, log: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}, nil
}

// File replays one exported history.
func (r *Rehearsal) File(path string) error {
	return r.replayer.ReplayWorkflowHistoryFromJSONFile(r.log, path)
}

// Open replays the open workflows of a namespace: of each type and ticket state the oldest and the newest, so many
// together; 0 takes all. tell is called after each with how many of how many are done. An error means that the rehearsal
// itself failed, not that something is unfit.
func (r *Rehearsal) Open(ctx context.Context, c client.Client, namespace string, perState int, tell func(done, of int)) ([]Unfit, int, error) {
	chosen, err := sample(ctx, c, namespace, perState)
	if err != nil {
		return nil, 0, err
	}
	var unfit []Unfit
	done := 0
	for _, execution := range chosen {
		err := r.replayer.ReplayWorkflowExecution(ctx, c.WorkflowService(), r.log, namespace, workflow.Execution{ID: execution.GetWorkflowId(), RunID: execution.GetRunId()})
		var gone *serviceerror.NotFound
		switch {
		case ctx.Err() != nil:
			return unfit, done, ctx.Err()
		case errors.As(err, &gone): // it ended meanwhile, and its history with it
		case err != nil:
			unfit = append(unfit, Unfit{execution.GetWorkflowId(), execution.GetRunId(), err})
		}
		done++
		tell(done, len(chosen))
	}
	return unfit, done, nil
}

// sample lists what is open and takes of each kind the oldest and the newest.
func sample(ctx context.Context, c client.Client, namespace string, perState int) ([]*commonpb.WorkflowExecution, error) {
	kinds := map[string][]*workflowpb.WorkflowExecutionInfo{}
	for token := []byte(nil); ; {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace: namespace, Query: `ExecutionStatus="Running"`, PageSize: 1000, NextPageToken: token,
		})
		if err != nil {
			return nil, fmt.Errorf("list the open workflows: %w", err)
		}
		for _, info := range page.GetExecutions() {
			kind := info.GetType().GetName() + " " + stateOf(info)
			kinds[kind] = append(kinds[kind], info)
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			break
		}
	}
	var chosen []*commonpb.WorkflowExecution
	for _, infos := range kinds {
		slices.SortFunc(infos, func(a, b *workflowpb.WorkflowExecutionInfo) int {
			return a.GetStartTime().AsTime().Compare(b.GetStartTime().AsTime())
		})
		if perState > 0 && len(infos) > perState {
			old := (perState + 1) / 2
			infos = append(infos[:old:old], infos[len(infos)-(perState-old):]...)
		}
		for _, info := range infos {
			chosen = append(chosen, info.GetExecution())
		}
	}
	slices.SortFunc(chosen, func(a, b *commonpb.WorkflowExecution) int {
		return strings.Compare(a.GetWorkflowId(), b.GetWorkflowId())
	})
	return chosen, nil
}

// stateOf reads the search attribute TicketState; "" of what is no ticket.
func stateOf(info *workflowpb.WorkflowExecutionInfo) (state string) {
	if p := info.GetSearchAttributes().GetIndexedFields()["TicketState"]; p != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(p, &state) // another type: then all are of one kind
	}
	return state
}
