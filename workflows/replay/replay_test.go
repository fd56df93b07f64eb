package replay

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"duradesk/lifecycle"
	"duradesk/ticket"
	"duradesk/workflows"
)

func replayer(t testing.TB) worker.WorkflowReplayer {
	t.Helper()
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true})
	require.NoError(t, err)
	desk := &workflows.Desk{}
	r.RegisterWorkflowWithOptions(desk.Ticket, workflow.RegisterOptions{Name: ticket.WorkflowTicket})
	r.RegisterWorkflowWithOptions(desk.Delivery, workflow.RegisterOptions{Name: ticket.WorkflowDelivery})
	r.RegisterWorkflowWithOptions(desk.Mailbox, workflow.RegisterOptions{Name: ticket.WorkflowMailbox})
	r.RegisterWorkflowWithOptions(desk.Notices, workflow.RegisterOptions{Name: ticket.WorkflowNotices})
	r.RegisterWorkflowWithOptions(desk.BulkJob, workflow.RegisterOptions{Name: ticket.WorkflowBulkJob})
	r.RegisterWorkflowWithOptions(desk.Webhook, workflow.RegisterOptions{Name: ticket.WorkflowWebhook})
	return r
}

var silent = log.NewStructuredLogger(slog.New(slog.DiscardHandler))

func TestEveryHistoryReplays(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			require.NoError(t, replayer(t).ReplayWorkflowHistoryFromJSONFile(silent, f))
		})
	}
}

func TestEveryHistoryReplaysFromWhereverItWasCut(t *testing.T) {
	t.Parallel()
	for _, f := range files(t) {
		t.Run(filepath.Base(f), func(t *testing.T) {
			t.Parallel()
			events := load(t, f)
			ends := cuts(events)
			require.NotEmpty(t, ends)
			for _, last := range ends {
				require.Equal(t, last, events[last-1].GetEventId())
				part := proto.CloneOf(&historypb.History{Events: events[:last]}) // reading the file anew takes many times as long
				require.NoError(t, replayer(t).ReplayWorkflowHistory(silent, part), "cut after event %d", last)
			}
		})
	}
}

// changed is the table with another answer in some cell.
func changed(of *lifecycle.Table, s ticket.State, k ticket.Kind, cell lifecycle.Cell) *lifecycle.Table {
	out := &lifecycle.Table{Name: of.Name, Clocks: of.Clocks, Rules: map[ticket.State]lifecycle.Row{}}
	for state, row := range of.Rules {
		out.Rules[state] = lifecycle.Row{}
		for kind, c := range row {
			out.Rules[state][kind] = c
		}
	}
	out.Rules[s][k] = cell
	return out
}

// remembered replays a history and returns the process that the workflow holds at its end, as its query tells it.
func remembered(t testing.TB, file string) ticket.Process {
	t.Helper()
	listener := &listener{}
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		DisableDeadlockDetection: true, Interceptors: []interceptor.WorkerInterceptor{listener},
	})
	require.NoError(t, err)
	r.RegisterWorkflowWithOptions((&workflows.Desk{}).Ticket, workflow.RegisterOptions{Name: ticket.WorkflowTicket})
	require.NoError(t, r.ReplayWorkflowHistoryFromJSONFile(silent, file))
	require.NotNil(t, listener.state)
	stand, err := listener.state()
	require.NoError(t, err)
	return stand.Process
}

// listener gets hold of the answer to the query "state".
type listener struct {
	interceptor.WorkerInterceptorBase
	state func() (workflows.Stand, error)
}

func (l *listener) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &inbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, l}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	l *listener
}

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{interceptor.WorkflowOutboundInterceptorBase{Next: next}, i.l})
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	l *listener
}

func (o *outbound) SetQueryHandlerWithOptions(ctx workflow.Context, query string, handler any, options workflow.QueryHandlerOptions) error {
	if state, ok := handler.(func() (workflows.Stand, error)); ok && query == ticket.QueryState {
		o.l.state = state
	}
	return o.Next.SetQueryHandlerWithOptions(ctx, query, handler, options)
}

// lastAnswer is the process in the last answer of Apply that a history holds.
func lastAnswer(t testing.TB, file string) ticket.Process {
	t.Helper()
	var out ticket.ApplyResult
	for _, e := range load(t, file) {
		var payload *commonpb.Payloads
		switch {
		case e.GetMarkerRecordedEventAttributes() != nil:
			payload = e.GetMarkerRecordedEventAttributes().GetDetails()["result"]
		case e.GetActivityTaskCompletedEventAttributes() != nil:
			payload = e.GetActivityTaskCompletedEventAttributes().GetResult()
		}
		var next ticket.ApplyResult
		if err := converter.GetDefaultDataConverter().FromPayloads(payload, &next); err == nil && next.Process.Number != 0 {
			out = next
		}
	}
	require.NotZero(t, out.Process.Number)
	return out.Process
}

// The rules are swapped under every history at once, so this test runs alone: no t.Parallel.
func TestHistoriesMeetChangedRulesAndKeepTheirAnswers(t *testing.T) {
	shipped := lifecycle.Inquiry.Rules
	other := changed(lifecycle.Inquiry, ticket.New, ticket.ClientReply, lifecycle.Inquiry.Rules[ticket.Deleted][ticket.ClientReply])
	for _, s := range ticket.States() { // and most others
		for _, k := range ticket.Commands() {
			other.Rules[s][k] = lifecycle.Inquiry.Rules[ticket.Spam][ticket.Hold] // refused
		}
	}
	lifecycle.Inquiry.Rules = other.Rules
	defer func() { lifecycle.Inquiry.Rules = shipped }()
	tickets := 0
	for _, f := range files(t) {
		if load(t, f)[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName() != ticket.WorkflowTicket {
			continue
		}
		tickets++
		require.Equal(t, lastAnswer(t, f), remembered(t, f), "%s: a decision is read back, never taken again", f)
	}
	require.Greater(t, tickets, 15)
}

func TestATicketInFlightMeetsANewRuleAtItsNextCommand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.work()
	n := s.opened()
	s.does(s.command(n, ticket.AgentResponse, sato))
	s.does(s.command(n, ticket.Resolve, sato))
	before.stop()
	s.rules = changed(lifecycle.Inquiry, ticket.Resolved, ticket.ClientReply, lifecycle.Inquiry.Rules[ticket.Spam][ticket.ClientReply]) // kept, without opening it again
	s.work()
	s.does(s.mailed(n))
	require.Equal(t, ticket.Resolved, s.process(n).State, "the new rule")
	s.skipTime(n)
	s.ended(ticket.WorkflowID(n))
	require.Equal(t, ticket.Closed, s.process(n).State, "and the timer that the old one set")
}
