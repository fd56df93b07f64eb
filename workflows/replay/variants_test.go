package replay

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"duradesk/activities"
	"duradesk/ticket"
)

// manner is how a ticket's path is played; the zero manner is the plain one: each command is rung once and waited for.
type manner struct {
	continueAfter int  // history events after which a run continues as new, where the path does not say
	twice         bool // every ring is sent twice, the second before the first is applied
	batched       bool // commands are stored first, and rung together where the path waits
}

type variant struct {
	name   string
	manner manner
}

// variants are those that a ticket's path is kept in besides the plain one. With a limit of one event a run ends at its
// second look, so that every command but the first of all meets a run that was continued.
var variants = []variant{
	{"continued", manner{continueAfter: 1}},
	{"twice", manner{twice: true}},
	{"batch", manner{batched: true}},
	{"together", manner{continueAfter: 1, twice: true, batched: true}},
}

// without are the variants of a ticket's path that would show nothing.
var without = map[string][]string{
	"retention":  {"batch", "together"},              // one command
	"cancelled":  {"continued", "batch", "together"}, // none, and its second look is the last
	"revived":    {"continued", "batch", "together"}, // the first look of the run that is kept is its last
	"duplicates": {"batch", "together"},              // it says itself what is rung, and when
	"batch":      {"batch", "together"},              // the same
	"continued":  {"continued"},                      // it does so by itself
}

// ofTickets are the paths of a ticket, which are kept in every variant.
var ofTickets = []string{
	"fortnight", "breach", "hold-and-wake", "spam-and-restore", "retention", "escalate", "by-hand", "duplicates", "batch", "continued", "patient", "cancelled",
	"cancel-refused", "reset", "revived",
}

// everyPath is each path with its variants.
func everyPath() []path {
	var out []path
	for _, p := range paths {
		out = append(out, p)
		for _, v := range variants {
			if !slices.Contains(ofTickets, p.name) || slices.Contains(without[p.name], v.name) {
				continue
			}
			out = append(out, path{name: p.name + "." + v.name, has: p.has, manner: v.manner, play: func(s *site) string {
				s.manner = v.manner
				return p.play(s)
			}})
		}
	}
	return out
}

// lacks tells what of its manner a path's runs lack.
func (m manner) lacks(runs [][]*historypb.HistoryEvent) string {
	var events []*historypb.HistoryEvent
	for _, run := range runs {
		events = append(events, run...)
	}
	rung, twice, inRow, batched := map[string]int{}, false, 0, false
	for _, e := range events {
		switch e.GetEventType() {
		case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
			a := e.GetWorkflowExecutionSignaledEventAttributes()
			ring := a.GetSignalName() + " " + a.GetInput().String()
			rung[ring]++
			twice = twice || rung[ring] > 1
			inRow++
			batched = batched || inRow > 1
		case enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
			inRow = 0
		}
	}
	switch {
	case m.continueAfter > 0 && len(ofType(events, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW)) == 0:
		return "a run that continues as new"
	case m.twice && !twice:
		return "a ring that is sent twice"
	case m.batched && !batched:
		return "rings that come together"
	}
	return ""
}

// gated holds every Apply back while rings are sent.
type gated struct {
	activities.Desk
	gate *sync.RWMutex
}

func (g gated) Apply(ctx context.Context, in ticket.ApplyInput) (ticket.ApplyResult, error) {
	g.gate.RLock()
	defer g.gate.RUnlock()
	return g.Desk.Apply(ctx, in)
}

// later keeps a ring until the path waits.
func (s *site) later(ring func()) { s.rings = append(s.rings, ring) }

// flush sends the rings that were kept and waits for what they are about.
func (s *site) flush() {
	s.t.Helper()
	rings, owed := s.rings, s.owed
	s.rings, s.owed = nil, nil
	if len(rings) == 0 {
		return
	}
	s.crew.stop() // or the first ring would be taken alone
	for _, ring := range rings {
		ring()
	}
	s.work(s.crew.set...)
	for _, r := range owed {
		s.await(r)
	}
}

// settle has all that was stored applied, and the ticket's workflow wait: a run that is continued has its successor.
func (s *site) settle(n ticket.Number) {
	s.t.Helper()
	if s.manner == (manner{}) {
		return
	}
	s.flush()
	require.Eventually(s.t, func() bool {
		d, err := s.client.DescribeWorkflowExecution(s.ctx(), ticket.WorkflowID(n), "")
		info := d.GetWorkflowExecutionInfo()
		if err != nil || info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW || d.GetPendingWorkflowTask() != nil {
			return false
		}
		looked := ofType(s.history(ticket.WorkflowID(n), info.GetExecution().GetRunId()), enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
		return len(looked) > 0 // a run that has only begun has no task yet
	}, patience, 20*time.Millisecond, "the workflow waits")
}

// byHand sends a signal as an operator would.
func (s *site) byHand(n ticket.Number, name string, arg any) {
	s.t.Helper()
	send := func() { require.NoError(s.t, s.client.SignalWorkflow(s.ctx(), ticket.WorkflowID(n), "", name, arg)) }
	if s.manner.batched {
		s.later(send)
		return
	}
	send()
}

// fired waits until a timer rang in any run of a ticket's workflow.
func (s *site) fired(n ticket.Number) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		for _, run := range s.runs(ticket.WorkflowID(n)) {
			if len(ofType(run, enumspb.EVENT_TYPE_TIMER_FIRED)) > 0 {
				return true
			}
		}
		return false
	}, patience, 20*time.Millisecond, "no timer rang")
}

// runs are the histories of a workflow's chain.
func (s *site) runs(id string) [][]*historypb.HistoryEvent {
	s.t.Helper()
	var out [][]*historypb.HistoryEvent
	for run := s.lastRun(id); run != ""; {
		events := s.history(id, run)
		out = append([][]*historypb.HistoryEvent{events}, out...)
		run = events[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
	}
	return out
}
