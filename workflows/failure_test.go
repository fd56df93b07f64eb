package workflows

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"duradesk/ticket"
)

var errAway = errors.New("the database is away, as postgres://yamada:secret@db says")

// quickFails makes the local activity fail from some instant on; the ordinary one works.
func (s *stage) quickFails(from time.Duration) {
	s.desk.fail = func(_ context.Context, local bool) error {
		if local && !s.env.Now().Before(noon.Add(from)) {
			return errAway
		}
		return nil
	}
}

func TestWhereTheQuickWayFailsThePatientOneGoesOn(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.quickFails(time.Hour)
	s.says(time.Hour, ticket.AgentResponse, sato, nil)
	s.says(2*time.Hour, ticket.Resolve, sato, nil)
	s.play()
	require.Equal(t, []string{"created", "wrote", "answered", "opened", "resolved", "closed"}, s.desk.events)
	require.Equal(t, noon.Add(2*time.Hour+14*day), s.desk.p.Closed)
	require.Equal(t, 3, s.desk.patient, "the answer, the resolution and the auto-close")
}

func TestAQuickWayThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.unruly = true
	s.desk.fail = func(ctx context.Context, local bool) error {
		if local && s.env.Now().After(noon.Add(time.Minute)) {
			<-ctx.Done() // a lock that is never given
			return ctx.Err()
		}
		return nil
	}
	s.says(time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State)
	require.Equal(t, 1, s.desk.patient)
}

func TestADatabaseThatIsAwayForHoursLosesNothing(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.unruly = true
	back := noon.Add(9 * time.Hour)
	tries := 0
	s.desk.fail = func(context.Context, bool) error {
		if now := s.env.Now(); now.After(noon.Add(time.Minute)) && now.Before(back) {
			tries++
			return errAway
		}
		return nil
	}
	// The answer is stored before the first response falls due, and nobody can apply it until long after.
	s.says(5*time.Hour, ticket.AgentResponse, sato, nil)
	s.says(8*time.Hour, ticket.Note, sato, nil)
	s.says(20*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, []string{"created", "wrote", "answered", "opened", "noted", "closed"}, s.desk.events)
	require.False(t, s.desk.p.Breached, "it was answered in time")
	require.Greater(t, tries, 100, "tried without end")
}

func TestARowOlderThanItsWorkflowIsNotTouched(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.unruly = true
	restored := false
	s.after(time.Hour, func() { s.desk.p.Revision, restored = 0, true })
	s.says(time.Hour+time.Second, ticket.AgentResponse, sato, nil)
	s.after(5*time.Hour, func() {
		require.True(t, restored)
		require.False(t, s.desk.lines[1].done, "intake stands still until somebody has looked")
		s.desk.p.Revision = 2
	})
	s.says(6*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.True(t, s.desk.lines[1].done)
	require.Equal(t, ticket.Closed, s.desk.p.State)
}

func TestWhatCannotBeStartedWaitsForTheRelay(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.desk.away = true
	s.says(time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State, "a ticket waits for no mail")
	require.Len(t, s.desk.unstarted, 1)
}

func TestACancelIsAnAdminsCloseOnce(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.after(time.Hour, func() { s.env.CancelWorkflow() })
	s.play()
	require.Equal(t, []string{"created", "wrote", "closed"}, s.desk.events)
	require.Contains(t, s.desk.lines[1].ID, "cancel:")
}

func TestACancelThatTheRulesRefuseGoesOnDetached(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(time.Hour, ticket.Resolve, sato, func(c *ticket.Command) { c.Params.Resolve = &ticket.ResolveParams{Category: ticket.CategorySpam} })
	s.after(2*time.Hour, func() { s.env.CancelWorkflow() })
	s.after(3*time.Hour, func() {
		require.Equal(t, ticket.Spam, s.desk.p.State, "from the spam box only restore and delete lead out")
		require.Equal(t, "in_spam_restore_first", s.desk.lines[2].reason)
	})
	s.says(4*time.Hour, ticket.Restore, lead, nil)
	s.says(5*time.Hour, ticket.Resolve, sato, nil)
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State, "timers ring on a cancelled run too")
	require.Equal(t, noon.Add(5*time.Hour+14*day), s.desk.p.Closed)
	cancels := 0
	for _, in := range s.desk.inputs {
		if in.Canceled != "" {
			cancels++
		}
	}
	require.Equal(t, 1, cancels, "asked once, told once")
}

func TestACancelWhileTheDatabaseIsAwayIsKept(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.unruly = true
	s.desk.fail = func(context.Context, bool) error {
		if now := s.env.Now(); now.After(noon.Add(time.Minute)) && now.Before(noon.Add(5*time.Hour)) {
			return errAway
		}
		return nil
	}
	s.says(time.Hour, ticket.AgentResponse, sato, nil)
	s.after(2*time.Hour, func() { s.env.CancelWorkflow() })
	s.play()
	require.Equal(t, []string{"created", "wrote", "answered", "opened", "closed"}, s.desk.events)
}

func TestAnOldWorkerLeavesANewWordToANewOne(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.desk.fail = func(context.Context, bool) error {
		if s.env.Now().After(noon.Add(time.Minute)) {
			s.desk.p.State = ticket.State(200) // written as a name that nobody here can read
		}
		return nil
	}
	s.says(time.Hour, ticket.Note, sato, nil)
	s.schedule()
	s.env.ExecuteWorkflow(ticket.WorkflowTicket, TicketInput{Number: number})
	var panicked *temporal.PanicError // a worker of the desk blocks the task; the ticket does not fail
	require.ErrorAs(t, s.env.GetWorkflowError(), &panicked)
	require.Zero(t, s.desk.patient, "nothing is recorded that an older program cannot replay")
}
