package replay

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"duradesk/ticket"
)

func TestStoredRungAppliedAnsweredAndSent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	require.Equal(t, ticket.Number(1001), n)
	r := s.does(s.command(n, ticket.AgentResponse, sato))
	require.Equal(t, ticket.Applied, r.Outcome)
	require.Equal(t, ticket.Open, s.process(n).State)
	require.NoError(t, s.outside.until(s.ctx(), func() bool { return len(s.outside.sent) == 2 }), "an acknowledgement and an answer")
	for _, id := range s.outside.sent {
		s.ended(ticket.DeliveryWorkflowID(id))
	}
	require.Equal(t, ticket.Applied, s.does(s.command(n, ticket.Close, lead)).Outcome)
	s.ended(ticket.WorkflowID(n))
}

func TestAWorkerThatWasStoppedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.work()
	n := s.opened()
	first.stop()
	answer := s.put(s.command(n, ticket.AgentResponse, sato))
	s.ring(answer)
	resolve := s.put(s.command(n, ticket.Resolve, sato)) // and this one nobody rings for
	s.work()
	require.Equal(t, ticket.Applied, s.await(answer).Outcome)
	require.Equal(t, ticket.Applied, s.await(resolve).Outcome)
	require.Equal(t, ticket.Resolved, s.process(n).State)
}

func TestAFortnightOnARealServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.does(s.command(n, ticket.Resolve, sato))
	due := s.process(n).Clocks[len(s.process(n).Clocks)-1].Due
	require.WithinDuration(t, time.Now().Add(14*24*time.Hour), due, time.Minute)
	s.skipTime(n)
	s.ended(ticket.WorkflowID(n))
	p := s.process(n)
	require.Equal(t, ticket.Closed, p.State)
	require.Equal(t, due, p.Closed, "closed at the instant that was promised")
	events := s.history(ticket.WorkflowID(n), "")
	require.Len(t, ofType(events, enumspb.EVENT_TYPE_TIMER_FIRED), 1)
	require.WithinDuration(t, due, events[len(events)-1].GetEventTime().AsTime(), time.Minute, "the server's clock jumped")
}

func TestATerminatedTicketIsRevivedByTheNextBell(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	require.NoError(t, s.client.TerminateWorkflow(s.ctx(), ticket.WorkflowID(n), "", "a test"))
	r := s.does(s.command(n, ticket.AgentResponse, sato))
	require.Equal(t, ticket.Applied, r.Outcome)
	require.Equal(t, ticket.Open, s.process(n).State)
	s.does(s.command(n, ticket.Resolve, sato))
	s.happened(ticket.WorkflowID(n), enumspb.EVENT_TYPE_TIMER_STARTED, 1)
	require.Equal(t, []string{"created", "message", "acknowledged", "message", "opened", "resolved"}, s.events(n))
}

func TestACancelByAnOperatorClosesTheTicket(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	require.NoError(t, s.client.CancelWorkflow(s.ctx(), ticket.WorkflowID(n), ""))
	s.ended(ticket.WorkflowID(n))
	require.Equal(t, ticket.Closed, s.process(n).State)
	require.Equal(t, "closed", s.events(n)[3])
}

func TestAResetRepeatsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	id := ticket.WorkflowID(n)
	s.does(s.command(n, ticket.AgentResponse, sato))
	for _, name := range []string{"escalate", "hold", "dance", "escalate"} { // by hand, in an order that is not that of the channels
		require.NoError(t, s.client.SignalWorkflow(s.ctx(), id, "", name, struct{}{}))
		s.does(s.command(n, ticket.Note, sato)) // and applied one by one
	}
	require.NoError(t, s.outside.until(s.ctx(), func() bool { return len(s.outside.sent) == 2 }))
	before := s.process(n)
	require.Equal(t, 3, before.Tier)

	s.reset(n)
	s.does(s.command(n, ticket.Resolve, sato))
	events := s.events(n)
	require.Equal(t, 4, count(events, "repeated"), "each of the four by hand was heard again, and said so once: %v", events)
	require.Equal(t, 2, count(events, "escalated"))
	require.Equal(t, 1, count(events, "held"))
	require.Equal(t, before.Tier, s.process(n).Tier)

	s.reset(n)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(id)
	require.Equal(t, 4, count(s.events(n), "repeated"), "once, however often it is reset")
	require.Len(t, s.outside.sent, 2, "no mail twice")
	require.Len(t, ofType(s.history(id, ""), enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED), 1)
}

func TestNothingSentByHandStopsATicket(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	id := ticket.WorkflowID(n)
	junk := []any{nil, struct{}{}, "text", 7, []byte("\x00\xff"), map[string]any{"id": "a\x00b", "seq": 1}, map[string]any{"id": "x", "seq": 9e15}, map[string]any{"id": string(make([]rune, 5000))}}
	for _, name := range []string{"hold", "agent-response", "dance", "da\x00nce", "first-response-due", "bell", "テスト"} {
		for _, payload := range junk {
			require.NoError(t, s.client.SignalWorkflow(s.ctx(), id, "", name, payload))
		}
	}
	require.Equal(t, ticket.Applied, s.does(s.command(n, ticket.Escalate, sato)).Outcome)
	require.Equal(t, ticket.Applied, s.does(s.command(n, ticket.Close, lead)).Outcome)
	s.ended(id)
	require.Equal(t, 2, count(s.events(n), "held"), "bare, and bare in words: the rest is junk")
	require.Equal(t, 6*len(junk)-2, count(s.events(n), "refused"), "each leaves an event; a bell leaves none")
}

func TestALostTimerIsFoundByTheSweeper(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.Resolve, sato))
	require.NoError(t, s.client.TerminateWorkflow(s.ctx(), ticket.WorkflowID(n), "", "its timer is lost with it"))
	s.moveBack(n, 15*24*time.Hour)
	s.relay()
	s.revived(ticket.WorkflowID(n))
	require.Equal(t, ticket.Closed, s.process(n).State)
}

// revived waits for the end of the next run of a workflow that is not there now.
func (s *site) revived(id string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		d, err := s.client.DescribeWorkflowExecution(s.ctx(), id, "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	}, patience, 20*time.Millisecond)
}

// moveBack has the running clocks of a ticket fall due earlier, as if the desk had slept so long.
func (s *site) moveBack(n ticket.Number, d time.Duration) {
	s.t.Helper()
	p := s.process(n)
	for i := range p.Clocks {
		p.Clocks[i].Due = p.Clocks[i].Due.Add(-d)
	}
	s.exec(`update tickets set process = $2, next_due_at = next_due_at - $3::interval where number = $1`, n, p, d)
}
