package replay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"

	"duradesk/activities"
	"duradesk/ticket"
)

func TestATicketUnderTrafficContinuesAsNewAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work(func(c *crew) { c.ContinueAfter = 25 })
	n := s.opened()
	id := ticket.WorkflowID(n)
	const each = 25
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range each {
				s.ring(s.insists(s.command(n, ticket.Escalate, sato)))
			}
		})
	}
	wg.Go(func() {
		for range each {
			if err := s.client.SignalWorkflow(s.ctx(), id, "", "escalate", struct{}{}); err != nil {
				s.t.Error(err)
			}
		}
	})
	wg.Wait()
	// The last command is behind all of them; what came by hand is awaited by its effect.
	s.does(s.command(n, ticket.Note, sato))
	require.NoError(t, s.reaches(n, 1+5*each))
	require.NotEqual(t, s.firstRun(id), s.lastRun(id), "it continued as new in between")
	s.does(s.command(n, ticket.Close, lead))
	s.ended(id)
	require.Equal(t, 5*each, count(s.events(n), "escalated"), "none lost, none twice")
}

// insists stores an order, again with the same id where the record was too busy to take it: as callers do after a 503.
func (s *site) insists(o order) ticket.Receipt {
	for {
		r, _, err := s.queue.Store(s.ctx(), o)
		if told := (*ticket.Error)(nil); err == nil || errors.As(err, &told) || s.ctx().Err() != nil {
			require.NoError(s.t, err)
			return r
		}
	}
}

// reaches waits until so many tiers were climbed.
func (s *site) reaches(n ticket.Number, tier int) error {
	for s.process(n).Tier < tier {
		s.does(s.command(n, ticket.Note, sato)) // an answer to it comes after all that was heard before
		if s.ctx().Err() != nil || len(s.events(n)) > 2000 {
			return fmt.Errorf("tier %d of %d", s.process(n).Tier, tier)
		}
	}
	return nil
}

// firstRun is the first run of a workflow's chain.
func (s *site) firstRun(id string) string {
	s.t.Helper()
	return s.history(id, "")[0].GetWorkflowExecutionStartedEventAttributes().GetFirstExecutionRunId()
}

// sick is a record that fails the quick way while it is ill.
type sick struct {
	activities.Desk
	mu  sync.Mutex
	ill bool
}

func (d *sick) set(ill bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ill = ill
}

func (d *sick) Apply(ctx context.Context, in ticket.ApplyInput) (ticket.ApplyResult, error) {
	d.mu.Lock()
	ill := d.ill
	d.mu.Unlock()
	if ill && activity.GetInfo(ctx).IsLocalActivity {
		return ticket.ApplyResult{}, errors.New("canceling statement due to lock timeout, for yamada@client.example")
	}
	return d.Desk.Apply(ctx, in)
}

func TestWhereTheQuickWayFailsThePatientOneIsSeen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := &sick{}
	s.work(func(c *crew) { c.Wrap = func(inner activities.Desk) activities.Desk { d.Desk = inner; return d } })
	n := s.opened()
	d.set(true)
	s.does(s.command(n, ticket.AgentResponse, sato))
	d.set(false)
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	events := s.history(ticket.WorkflowID(n), "")
	scheduled := ofType(events, enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
	require.Len(t, scheduled, 1)
	require.Contains(t, string(scheduled[0].GetUserMetadata().GetSummary().GetData()), "patiently: Away")
	require.Equal(t, 1, count(s.events(n), "opened"), "once")
}

func TestALockThatIsHeldDelaysAndHealsByItself(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	tx, err := s.store.Pool().Begin(s.ctx())
	require.NoError(t, err)
	r := s.put(s.command(n, ticket.AgentResponse, sato))
	_, err = tx.Exec(s.ctx(), `select from tickets where number = $1 for update`, n)
	require.NoError(t, err)
	s.ring(r)
	s.happened(ticket.WorkflowID(n), enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, 1) // the lock timed out
	require.NoError(t, tx.Rollback(s.ctx()))
	require.Equal(t, ticket.Applied, s.await(r).Outcome)
	require.Equal(t, 1, count(s.events(n), "opened"))
}

func TestWhoRingsAFinalTicketStartsItAndItEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	for left := 2; !s.followedUp(); left-- {
		require.Positive(t, left, "a busy machine may leave a ring to the relay, which is not here, but not each time")
	}
}

// followedUp rings a closed ticket twice; whether the follow-up that comes of the second was rung for and lives.
func (s *site) followedUp() bool {
	s.t.Helper()
	n := s.opened()
	s.does(s.command(n, ticket.Close, lead))
	s.ended(ticket.WorkflowID(n))
	first := s.lastRun(ticket.WorkflowID(n))
	require.Equal(s.t, ticket.Applied, s.does(s.command(n, ticket.Note, sato)).Outcome)
	s.ended(ticket.WorkflowID(n))
	require.NotEqual(s.t, first, s.lastRun(ticket.WorkflowID(n)))
	require.Equal(s.t, ticket.Applied, s.does(s.mailed(n)).Outcome)
	ctx, stop := context.WithTimeout(s.ctx(), patience/4)
	defer stop()
	opening, err := s.queue.Await(ctx, ticket.Receipt{Number: n + 1, Seq: 1})
	require.NoError(s.t, err)
	if !opening.Done() {
		s.t.Logf("nobody rang for ticket %d", n+1)
		return false
	}
	require.Equal(s.t, ticket.Applied, opening.Outcome)
	require.Equal(s.t, ticket.New, s.process(n+1).State)
	return true
}

func TestQueriesOnARealServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.Resolve, sato))
	s.settled(ticket.WorkflowID(n))
	v, err := s.client.QueryWorkflow(s.ctx(), ticket.WorkflowID(n), "", ticket.QueryState)
	require.NoError(t, err)
	var stand struct {
		Process ticket.Process `json:"process"`
	}
	require.NoError(t, v.Get(&stand))
	require.Equal(t, s.process(n), stand.Process)
	v, err = s.client.QueryWorkflow(s.ctx(), ticket.WorkflowID(n), "", ticket.QueryFuture)
	require.NoError(t, err)
	var future []struct{ At time.Time }
	require.NoError(t, v.Get(&future))
	require.Len(t, future, 1)
	require.Equal(t, s.process(n).Clocks[1].Due, future[0].At)
}

func TestOperatorsFindTicketsByTheirAttributes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	s.does(s.command(n, ticket.AgentResponse, sato)) // no clock runs any more: NextDueAt is unset
	s.settled(ticket.WorkflowID(n))
	d, err := s.client.DescribeWorkflowExecution(s.ctx(), ticket.WorkflowID(n), "")
	require.NoError(t, err)
	found := map[string]string{}
	for name, p := range d.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields() {
		found[name] = string(p.GetData())
	}
	delete(found, "BuildIds")
	require.Equal(t, map[string]string{
		"TicketNumber": "1001", "TicketState": `"open"`, "Desk": `"support"`, "Channel": `"mail"`, "Priority": `"normal"`, "Owner": `"sato"`,
	}, found)
}
