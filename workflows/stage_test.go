package workflows

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
)

// noon is when every story begins. Virtual time goes on from there.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// cue is something that happens at an instant of virtual time, whichever run of the workflow is on then.
type cue struct {
	at time.Time
	do func()
}

// stage plays a ticket's workflow over a record in memory, through as many runs as it takes.
type stage struct {
	t             *testing.T
	env           *testsuite.TestWorkflowEnvironment
	desk          *desk
	hands         *activities.Tickets
	cues          []cue
	historyLength int

	runs                        int
	looked                      time.Time // when something last happened
	unruly                      bool      // the workflow is not at rest when something happens
	upserts                     []map[string]any
	scheduled, fired, cancelled int
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t}
	s.desk = newDesk(func() time.Time { return s.env.Now() })
	s.hands = &activities.Tickets{Desk: s.desk, Bell: s.desk, Log: slog.New(slog.DiscardHandler), Crash: func(string) {}}
	s.newRun(noon)
	return s
}

// newRun makes the environment of the next run of the workflow.
func (s *stage) newRun(start time.Time) {
	s.env = newEnvironment()
	s.env.SetStartTime(start)
	s.env.SetCurrentHistoryLength(s.historyLength)
	s.env.RegisterWorkflowWithOptions((&Desk{ConsoleURL: "https://desk.example/"}).Ticket, workflow.RegisterOptions{Name: ticket.WorkflowTicket})
	s.env.RegisterActivityWithOptions(s.hands.Apply, activity.RegisterOptions{Name: activities.NameApply})
	s.env.RegisterActivityWithOptions(s.hands.StartEffects, activity.RegisterOptions{Name: activities.NameStartEffects})
	s.env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Run(func(args mock.Arguments) {
		changed := map[string]any{}
		for k, v := range args.Get(0).(temporal.SearchAttributes).GetUntypedValues() {
			changed[k.GetName()] = v
		}
		s.upserts = append(s.upserts, changed)
	})
	s.env.SetOnTimerScheduledListener(func(string, time.Duration) { s.scheduled++ })
	s.env.SetOnTimerFiredListener(func(string) { s.fired++ })
	s.env.SetOnTimerCanceledListener(func(string) { s.cancelled++ })
}

func newEnvironment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	suite.SetDisableRegistrationAliasing(true)
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(30 * time.Second)
	return env
}

// after has something happen so long after noon.
func (s *stage) after(d time.Duration, do func()) {
	s.cues = append(s.cues, cue{at: noon.Add(d), do: do})
}

// says has somebody send a command so long after noon: stored first, then rung.
func (s *stage) says(d time.Duration, k ticket.Kind, by ticket.Actor, set func(*ticket.Command)) {
	s.after(d, func() { s.env.SignalWorkflow(k.String(), s.desk.store(k, by, set)) })
}

// play runs the workflow to its end, over all its continuations.
func (s *stage) play() {
	s.t.Helper()
	in := TicketInput{Number: number}
	for {
		s.runs++
		s.schedule()
		s.env.ExecuteWorkflow(ticket.WorkflowTicket, in)
		require.True(s.t, s.env.IsWorkflowCompleted())
		next, again := s.continued()
		if !again {
			return
		}
		in = next
		s.scheduled, s.fired, s.cancelled = 0, 0, 0 // timers end with their run
		s.newRun(s.env.Now())
	}
}

func (s *stage) schedule() {
	start := s.env.Now()
	for i, c := range s.cues {
		if c.do == nil {
			continue
		}
		s.env.RegisterDelayedCallback(func() {
			s.cues[i].do = nil
			if s.env.Now().After(start) && s.env.Now().After(s.looked) {
				s.noneLeaked()
			}
			s.looked = s.env.Now()
			c.do()
		}, max(c.at.Sub(start), 0))
	}
}

// continued returns the input of the next run, if there is one. Any other error is the test's end.
func (s *stage) continued() (TicketInput, bool) {
	s.t.Helper()
	err := s.env.GetWorkflowError()
	var again *workflow.ContinueAsNewError
	if !errors.As(err, &again) {
		require.NoError(s.t, err)
		return TicketInput{}, false
	}
	require.Equal(s.t, ticket.WorkflowTicket, again.WorkflowType.Name)
	var in TicketInput
	require.NoError(s.t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	return in, true
}

// opened begins a story with a client's mail.
func opened(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.says(0, ticket.ClientReply, client, nil)
	return s
}

// noneLeaked requires that one timer is on for each running clock and none besides. It is looked at before whatever
// happens on the stage: virtual time moves on only when the workflow has come to rest.
func (s *stage) noneLeaked() {
	s.t.Helper()
	if s.unruly {
		return
	}
	running := 0
	for _, k := range s.desk.p.Clocks {
		if k.State == ticket.Running {
			running++
		}
	}
	require.Equal(s.t, running, s.scheduled-s.fired-s.cancelled, "set %d, rang %d, cancelled %d at %s", s.scheduled, s.fired, s.cancelled, s.env.Now())
}

func (s *stage) outcome(seq int) ticket.Outcome { return s.desk.lines[seq-1].outcome }
