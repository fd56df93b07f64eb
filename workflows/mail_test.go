package workflows

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"duradesk/activities"
	"duradesk/mail"
	"duradesk/ticket"
)

// outbox is one mail's row: each attempt ends as the test says, until one is final.
type outbox struct {
	activities.Outbox
	now      func() time.Time
	fates    []func(o *outbox) (ticket.DeliveryState, error) // per attempt
	attempts []time.Time
	state    ticket.DeliveryState
	gone     bool
}

func (o *outbox) Begin(context.Context, string) (ticket.Attempt, error) {
	if o.gone {
		return ticket.Attempt{}, &ticket.Error{Code: ticket.NotFound, Message: "there is no such mail"}
	}
	if o.state.Finished || o.state.NextAt.After(o.now()) {
		return ticket.Attempt{DeliveryState: o.state}, nil
	}
	n := len(o.attempts)
	o.attempts = append(o.attempts, o.now())
	state, err := o.fates[min(n, len(o.fates)-1)](o)
	o.state = state
	return ticket.Attempt{DeliveryState: state}, err
}

func retryIn(d time.Duration) func(*outbox) (ticket.DeliveryState, error) {
	return func(o *outbox) (ticket.DeliveryState, error) {
		return ticket.DeliveryState{State: "queued", NextAt: o.now().Add(d)}, nil
	}
}

func endsAs(state string) func(*outbox) (ticket.DeliveryState, error) {
	return func(*outbox) (ticket.DeliveryState, error) {
		return ticket.DeliveryState{State: state, Finished: true, Number: number, Reason: "451 yamada@client.example is busy"}, nil
	}
}

func breaks(*outbox) (ticket.DeliveryState, error) { return ticket.DeliveryState{}, errors.New("away") }

// deliver plays one run of a delivery.
func deliver(t *testing.T, o *outbox) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	env := newEnvironment()
	env.SetStartTime(noon)
	o.now = env.Now
	hands := &activities.Deliveries{Outbox: o, Bell: newDesk(env.Now), Log: slog.New(slog.DiscardHandler), Now: env.Now, Crash: func(string) {}}
	env.RegisterWorkflowWithOptions((&Desk{}).Delivery, workflow.RegisterOptions{Name: ticket.WorkflowDelivery})
	env.RegisterActivityWithOptions(hands.Send, activity.RegisterOptions{Name: activities.NameSend})
	return env
}

func TestADeliveryWaitsAsTheRowSaysAndEndsOnce(t *testing.T) {
	t.Parallel()
	o := &outbox{fates: []func(*outbox) (ticket.DeliveryState, error){retryIn(5 * time.Second), retryIn(time.Hour), endsAs("accepted")}}
	env := deliver(t, o)
	env.ExecuteWorkflow(ticket.WorkflowDelivery, DeliveryInput{ID: "d1"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, o.attempts, 3)
	require.Equal(t, []time.Duration{0, 5 * time.Second, time.Hour + 5*time.Second}, since(o.attempts))
}

func since(instants []time.Time) []time.Duration {
	var out []time.Duration
	for _, i := range instants {
		out = append(out, i.Sub(noon).Round(time.Second))
	}
	return out
}

func TestAnUncertainMailIsNeverTriedAgain(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"uncertain", "failed"} {
		o := &outbox{fates: []func(*outbox) (ticket.DeliveryState, error){endsAs(state), endsAs("accepted")}}
		for range 2 { // the second start finds the row finished
			env := deliver(t, o)
			env.ExecuteWorkflow(ticket.WorkflowDelivery, DeliveryInput{ID: "d1"})
			require.NoError(t, env.GetWorkflowError())
		}
		require.Len(t, o.attempts, 1, state)
	}
}

func TestADeliverysErrorIsTriedAgainByTemporal(t *testing.T) {
	t.Parallel()
	o := &outbox{fates: []func(*outbox) (ticket.DeliveryState, error){breaks, breaks, endsAs("accepted")}}
	env := deliver(t, o)
	env.ExecuteWorkflow(ticket.WorkflowDelivery, DeliveryInput{ID: "d1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, time.Second, 3 * time.Second}, since(o.attempts))
}

func TestADeliveryWithoutARowEnds(t *testing.T) {
	t.Parallel()
	o := &outbox{gone: true}
	env := deliver(t, o)
	env.ExecuteWorkflow(ticket.WorkflowDelivery, DeliveryInput{ID: "d1"})
	require.NoError(t, env.GetWorkflowError())
}

func TestALongDeliveryContinuesAsNew(t *testing.T) {
	t.Parallel()
	o := &outbox{fates: []func(*outbox) (ticket.DeliveryState, error){retryIn(30 * time.Minute)}}
	env := deliver(t, o)
	env.ExecuteWorkflow(ticket.WorkflowDelivery, DeliveryInput{ID: "d1"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	require.Len(t, o.attempts, attemptsPerRun)
	var in DeliveryInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	require.Equal(t, DeliveryInput{ID: "d1"}, in)
}

func TestACancelledDeliveryEndsAndItsRowWaits(t *testing.T) {
	t.Parallel()
	o := &outbox{fates: []func(*outbox) (ticket.DeliveryState, error){retryIn(time.Hour), endsAs("accepted")}}
	env := deliver(t, o)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
	env.ExecuteWorkflow(ticket.WorkflowDelivery, DeliveryInput{ID: "d1"})
	require.NoError(t, env.GetWorkflowError())
	require.Len(t, o.attempts, 1)
}

// mailbox is an intake whose mailbox is gone after some looks.
type mailbox struct {
	activities.Intake
	watches int
	goneAt  int
	trouble error
}

func (m *mailbox) Mailbox(context.Context, string) (ticket.Mailbox, error) {
	m.watches++
	if m.watches == m.goneAt {
		return ticket.Mailbox{}, &ticket.Error{Code: ticket.NotFound, Message: "switched off"}
	}
	return ticket.Mailbox{ID: "m1", UIDValidity: 7, FromStart: true}, nil
}

func (m *mailbox) Seen(context.Context, string, string, string) error { return nil }

func (m *mailbox) Known(context.Context, string, uint32, []uint32) (map[uint32]bool, error) {
	return nil, nil
}

func (m *mailbox) Again(context.Context, string) ([]ticket.Received, error) { return nil, nil }

func (m *mailbox) Copies(context.Context, string) ([]ticket.Copy, error) { return nil, nil }

func (m *mailbox) Suspects(context.Context, string, uint32) ([]uint32, error) { return nil, nil }

func (m *mailbox) MailboxVersion(context.Context, string) (int, error) { return 0, nil }

func (m *mailbox) Refused(context.Context, string, int, string) (int, error) { return 1, nil }

// emptyPost opens a mailbox in which nothing lies.
type emptyPost struct{ m *mailbox }

func (p emptyPost) Open(context.Context, ticket.Account, string) (activities.Box, error) {
	if p.m.trouble != nil && p.m.watches <= 2 {
		return nil, p.m.trouble
	}
	return emptyBox{}, nil
}

type emptyBox struct{ activities.Box }

func (emptyBox) Folder() (uint32, uint32)                       { return 7, 1 }
func (emptyBox) UIDs(context.Context, uint32) ([]uint32, error) { return nil, nil }
func (emptyBox) Wait(context.Context, time.Duration) error      { return nil }
func (emptyBox) Close() error                                   { return nil }

func watched(m *mailbox) *testsuite.TestWorkflowEnvironment {
	env := newEnvironment()
	env.SetStartTime(noon)
	hands := &activities.Mailboxes{
		Now:    time.Now,
		Intake: m, Post: emptyPost{m}, Bell: newDesk(env.Now), Keys: mail.Keys{}, Log: slog.New(slog.DiscardHandler), WatchFor: time.Nanosecond,
	}
	env.RegisterWorkflowWithOptions((&Desk{}).Mailbox, workflow.RegisterOptions{Name: ticket.WorkflowMailbox})
	env.RegisterActivityWithOptions(hands.Watch, activity.RegisterOptions{Name: activities.NameWatch})
	return env
}

func TestAMailboxIsWatchedUntilItIsGone(t *testing.T) {
	t.Parallel()
	m := &mailbox{goneAt: 4}
	env := watched(m)
	env.ExecuteWorkflow(ticket.WorkflowMailbox, MailboxInput{ID: "m1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 4, m.watches)
}

func TestAMailboxContinuesAsNew(t *testing.T) {
	t.Parallel()
	m := &mailbox{}
	env := watched(m)
	env.ExecuteWorkflow(ticket.WorkflowMailbox, MailboxInput{ID: "m1"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	require.Equal(t, watchesPerRun, m.watches)
	var in MailboxInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	require.Equal(t, MailboxInput{ID: "m1"}, in)
}

func TestARefusedLoginRestsAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	m := &mailbox{goneAt: 4, trouble: activities.ErrAuth}
	env := watched(m)
	env.ExecuteWorkflow(ticket.WorkflowMailbox, MailboxInput{ID: "m1"})
	require.NoError(t, env.GetWorkflowError())
	require.WithinDuration(t, noon.Add(30*time.Minute), env.Now(), 10*time.Second)
}

// A refused login would rest for a quarter of an hour; corrected settings are tried at once.
func TestCorrectedSettingsAreTriedAtOnce(t *testing.T) {
	t.Parallel()
	m := &mailbox{trouble: activities.ErrAuth, goneAt: 3}
	env := watched(m)
	var corrected time.Time
	env.RegisterDelayedCallback(func() {
		m.trouble, corrected = nil, env.Now()
		env.SignalWorkflow(ticket.SignalSettingsChanged, nil)
	}, time.Minute)
	env.ExecuteWorkflow(ticket.WorkflowMailbox, MailboxInput{ID: "m1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 3, m.watches, "refused, watched, gone")
	require.Less(t, env.Now().Sub(corrected), time.Minute)
}

// A mailbox that rested was set right: the mail does not wait for the end of the rest.
func TestADeliveryThatIsRungLooksAgain(t *testing.T) {
	t.Parallel()
	o := &outbox{fates: []func(*outbox) (ticket.DeliveryState, error){retryIn(30 * time.Minute), endsAs("accepted")}}
	env := deliver(t, o)
	env.RegisterDelayedCallback(func() {
		o.state.NextAt = env.Now()
		env.SignalWorkflow(ticket.SignalBell, nil)
	}, time.Minute)
	env.ExecuteWorkflow(ticket.WorkflowDelivery, DeliveryInput{ID: "d1"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []time.Duration{0, time.Minute}, since(o.attempts))
}
