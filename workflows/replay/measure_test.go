package replay

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/proto"

	"duradesk/ticket"
)

// cost is what an action adds to a ticket's history: what the workflow orders, and one workflow task. How often a task is
// begun again, or a second one follows, is the machine's affair on a busy day and not the workflow's. The bound is a
// promise: whoever makes an event more per action finds it here.
func (s *site) cost(n ticket.Number, act func()) (events, bytes int) {
	s.t.Helper()
	id := ticket.WorkflowID(n)
	before := len(s.settled(id))
	act()
	tasks := 0
	for _, e := range s.settled(id)[before:] {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			if tasks++; tasks > 3 {
				continue
			}
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
			continue
		}
		events++
		bytes += proto.Size(e)
	}
	return events, bytes
}

// cheapest is the least that an action costs of some tickets: where a lock or a database was slow, the patient way leaves
// more events, and says nothing of the quick one.
func (s *site) cheapest(act func(n ticket.Number)) (events, bytes int) {
	s.t.Helper()
	for range 3 {
		n := s.opened()
		s.does(s.command(n, ticket.AgentResponse, sato))
		if e, b := s.cost(n, func() { act(n) }); events == 0 || e < events {
			events, bytes = e, b
		}
	}
	return events, bytes
}

// settled is the history once no workflow task is under way.
func (s *site) settled(id string) []*historypb.HistoryEvent {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		d, err := s.client.DescribeWorkflowExecution(s.ctx(), id, "")
		return err == nil && d.GetPendingWorkflowTask() == nil
	}, patience, 20*time.Millisecond, "a workflow task of %s does not end", id)
	return s.history(id, "")
}

func TestWhatAnActionCostsInHistory(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()

	events, bytes := s.cheapest(func(n ticket.Number) { s.does(s.command(n, ticket.Escalate, sato)) })
	t.Logf("without a mail: %d events, %d bytes", events, bytes)
	require.LessOrEqual(t, events, 5, "signal, three of the workflow task, the marker of Apply")
	require.Less(t, bytes, 3500)

	events, bytes = s.cheapest(func(n ticket.Number) { s.does(s.command(n, ticket.AgentResponse, sato)) })
	t.Logf("with a mail: %d events, %d bytes", events, bytes)
	require.LessOrEqual(t, events, 6, "and the marker of the effects")
	require.Less(t, bytes, 4500)

	events, bytes = s.cheapest(func(n ticket.Number) { s.does(s.command(n, ticket.Resolve, sato)) })
	t.Logf("with a timer and another state: %d events, %d bytes", events, bytes)
	require.LessOrEqual(t, events, 7, "and the timer, and what operators filter by")

	events, bytes = s.cheapest(func(n ticket.Number) {
		var last ticket.Receipt
		for range 20 {
			last = s.put(s.command(n, ticket.Escalate, sato))
			s.ring(last)
		}
		s.await(last)
	})
	t.Logf("in a burst of 20: %.1f events, %d bytes each", float64(events)/20, bytes/20)
	require.LessOrEqual(t, events, 100)
}

// It measures time, so it runs alone: no t.Parallel.
func TestHowSoonAReceiptIsThere(t *testing.T) {
	s := newSite(t)
	s.work()
	n := s.opened()
	var took []time.Duration
	for range soaking(40, 200) {
		o := s.command(n, ticket.Escalate, sato)
		began := time.Now()
		s.does(o)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("command to receipt: p50 %s, p95 %s, slowest %s", took[len(took)/2], took[len(took)*95/100], took[len(took)-1])
	require.Less(t, took[len(took)/2], 5*time.Second, "on whatever machine; alone it takes a hundredth of that")
}

// A worker that starts a delivery gets its first task with the answer: nothing is queued for it.
func TestADeliveryBeginsWithTheAnswerToItsStart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	withTheAnswer := func() bool {
		n := s.opened()
		s.does(s.command(n, ticket.AgentResponse, sato))
		id, _ := s.delivery(n, "answer")
		s.ended(ticket.DeliveryWorkflowID(id))
		history := s.history(ticket.DeliveryWorkflowID(id), s.lastRun(ticket.DeliveryWorkflowID(id)))
		return history[0].GetWorkflowExecutionStartedEventAttributes().GetEagerExecutionAccepted()
	}
	began := false
	for tries := 0; !began && tries < 3; tries++ { // what a crowded machine leaves to the relay is started from outside of the worker
		began = withTheAnswer()
	}
	require.True(t, began)
}
