package workflows

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/ticket"
)

// staff answers each look as the test says; the last answer stands.
type staff struct {
	now    func() time.Time
	looks  []time.Time
	missed time.Duration // how long nobody notices that a worker has died
	next   []func() (ticket.NoticeState, error)
}

func (s *staff) MailNotices(ctx context.Context, _ string) (ticket.NoticeState, error) {
	n := len(s.looks)
	s.looks = append(s.looks, s.now())
	s.missed = activity.GetInfo(ctx).StartToCloseTimeout
	return s.next[min(n, len(s.next)-1)]()
}

func waits(d time.Duration) func() (ticket.NoticeState, error) {
	return func() (ticket.NoticeState, error) { return ticket.NoticeState{NextAt: noon.Add(d)}, nil }
}

func nothing() (ticket.NoticeState, error) { return ticket.NoticeState{}, nil }

func mailed() (ticket.NoticeState, error) {
	return ticket.NoticeState{Deliveries: []string{"d1"}}, nil
}

func noticing(s *staff) *testsuite.TestWorkflowEnvironment {
	env := newEnvironment()
	env.SetStartTime(noon)
	s.now = env.Now
	hands := &activities.Notices{Staff: s, Bell: newDesk(env.Now), Log: slog.New(slog.DiscardHandler)}
	env.RegisterWorkflowWithOptions((&Desk{}).Notices, workflow.RegisterOptions{Name: ticket.WorkflowNotices})
	env.RegisterActivityWithOptions(hands.MailNotices, activity.RegisterOptions{Name: activities.NameMailNotices})
	return env
}

func TestNoticesWaitForTheirHourAndEnd(t *testing.T) {
	t.Parallel()
	s := &staff{next: []func() (ticket.NoticeState, error){waits(9 * time.Hour), mailed}}
	env := noticing(s)
	env.ExecuteWorkflow(ticket.WorkflowNotices, NoticesInput{Agent: "sato"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, 9 * time.Hour}, since(s.looks))
	require.Positive(t, s.missed)
	require.LessOrEqual(t, s.missed, 15*time.Second, "a worker that dies holds nobody's notices for longer")
}

func TestNoticesLookAgainWhenTheyAreRung(t *testing.T) {
	t.Parallel()
	s := &staff{next: []func() (ticket.NoticeState, error){waits(9 * time.Hour), waits(9 * time.Hour), mailed}}
	env := noticing(s)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(ticket.SignalBell, nil) }, time.Hour) // settings have changed, or more has come
	env.ExecuteWorkflow(ticket.WorkflowNotices, NoticesInput{Agent: "sato"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, time.Hour, 9 * time.Hour}, since(s.looks))
}

func TestNoticesAreTriedAgainAndEndWithTheirAgent(t *testing.T) {
	t.Parallel()
	broken := func() (ticket.NoticeState, error) { return ticket.NoticeState{}, errors.New("away") }
	s := &staff{next: []func() (ticket.NoticeState, error){broken, broken, nothing}}
	env := noticing(s)
	env.ExecuteWorkflow(ticket.WorkflowNotices, NoticesInput{Agent: "sato"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, time.Second, 3 * time.Second}, since(s.looks))

	s = &staff{next: []func() (ticket.NoticeState, error){func() (ticket.NoticeState, error) {
		return ticket.NoticeState{}, &ticket.Error{Code: ticket.NotFound, Message: "gone"}
	}}}
	env = noticing(s)
	env.ExecuteWorkflow(ticket.WorkflowNotices, NoticesInput{Agent: "ghost"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, s.looks, 1)
}

func TestNoticesContinueAsNew(t *testing.T) {
	t.Parallel()
	s := &staff{next: []func() (ticket.NoticeState, error){waits(time.Second)}}
	env := noticing(s)
	env.ExecuteWorkflow(ticket.WorkflowNotices, NoticesInput{Agent: "sato"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	require.Len(t, s.looks, attemptsPerRun)
}
