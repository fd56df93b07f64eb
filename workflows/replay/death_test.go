package replay

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"duradesk/dispatch"
	"duradesk/ticket"
)

// sentByChild is how often any mail of the ticket reached the server from a worker in a process of its own.
func (s *site) sentByChild() int {
	s.t.Helper()
	var n int
	require.NoError(s.t, s.store.Pool().QueryRow(s.ctx(), `select count(*) from test_sent`).Scan(&n))
	return n
}

// delivery is the one of a ticket with some occasion.
func (s *site) delivery(n ticket.Number, occasion string) (id, state string) {
	s.t.Helper()
	require.NoError(s.t, s.store.Pool().QueryRow(s.ctx(), `select id::text, state from deliveries where ticket = $1 and occasion = $2`, n, occasion).Scan(&id, &state))
	return id, state
}

// It measures time, so it runs alone: no t.Parallel.
func TestAWorkflowTaskLostAfterTheCommitIsTakenUp(t *testing.T) {
	s := newSite(t)
	dying := s.child("after_apply_commit")
	r := s.put(s.mailed(0))
	s.ring(r)
	s.died(dying)
	died := time.Now()
	require.Equal(t, ticket.Applied, s.await(r).Outcome, "the commit stands")

	s.work()
	id, _ := s.delivery(r.Number, "acknowledge")
	require.NoError(t, s.outside.until(s.ctx(), func() bool { return len(s.outside.sent) == 1 }))
	require.Less(t, time.Since(died), 25*time.Second)
	s.ended(ticket.DeliveryWorkflowID(id))
	s.happened(ticket.WorkflowID(r.Number), enumspb.EVENT_TYPE_TIMER_STARTED, 1)
	s.does(s.command(r.Number, ticket.Close, lead))
	s.ended(ticket.WorkflowID(r.Number))
	require.Equal(t, []string{"created", "message", "acknowledged", "closed"}, s.events(r.Number))
	require.Len(t, s.outside.sent, 1)
}

// It measures time, so it runs alone: no t.Parallel.
func TestEffectsOfADeadWorkerAreStartedByTheRelay(t *testing.T) {
	s := newSite(t)
	dying := s.child("before_start_effects")
	r := s.put(s.mailed(0))
	s.ring(r)
	s.died(dying)
	died := time.Now()
	s.work()
	s.relay()
	require.NoError(t, s.outside.until(s.ctx(), func() bool { return len(s.outside.sent) == 1 }))
	require.Less(t, time.Since(died), 10*time.Second, "without waiting for the workflow task to time out")
}

// It measures time, so it runs alone: no t.Parallel.
func TestABellThatWasNeverRungIsRungByTheRelay(t *testing.T) {
	s := newSite(t)
	s.work()
	s.relay()
	r := s.put(s.mailed(0)) // the process that stored it dies before it rings
	stored := time.Now()
	require.Equal(t, ticket.Applied, s.await(r).Outcome)
	require.Less(t, time.Since(stored), 20*time.Second)
}

func TestWhereAWorkerDiesInTheMiddleOfSending(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at    string
		state string
		sent  int
	}{
		{"after_begin", "accepted", 1},   // before the second mark: tried again
		{"after_freeze", "accepted", 1},  // likewise, with the frozen bytes
		{"before_data", "uncertain", 0},  // after it nobody can know
		{"after_dot", "uncertain", 1},    // the server took it, and nobody wrote it down
		{"after_finish", "accepted", 1},  // written down: done
		{"before_finish", "accepted", 1}, // no such point: the worker lives
	} {
		t.Run(c.at, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			dying := s.child(c.at)
			r := s.put(s.mailed(0))
			s.ring(r)
			s.await(r)
			if c.at != "before_finish" {
				s.died(dying)
				s.child("")
			}
			id, _ := s.delivery(r.Number, "acknowledge")
			require.NoError(t, s.bell.StartDelivery(s.ctx(), id), "one that runs already is enough")
			s.ended(ticket.DeliveryWorkflowID(id))
			_, state := s.delivery(r.Number, "acknowledge")
			require.Equal(t, c.state, state)
			require.Equal(t, c.sent, s.sentByChild(), "never twice")
			if c.state == "uncertain" {
				s.does(s.mailed(r.Number)) // whatever is applied next; an agent's note would say that he has looked
				require.True(t, s.process(r.Number).Failed, "a person must look")
				require.NoError(t, s.bell.StartDelivery(s.ctx(), id))
				s.ended(ticket.DeliveryWorkflowID(id))
				require.Equal(t, c.sent, s.sentByChild(), "started again, it is still never sent again")
			}
		})
	}
}

func TestALostTemporalIsRebuiltFromTheRecord(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.work()
	s.outside.change(func() {
		s.outside.answers = []answer{{refuse: true}, {refuse: true}, {refuse: true}, {refuse: true}, {refuse: true}}
	})
	open, resolved, closed := s.opened(), s.opened(), s.opened()
	s.does(s.command(resolved, ticket.Resolve, sato))
	s.does(s.command(closed, ticket.Close, lead))
	s.ended(ticket.WorkflowID(closed))
	first.stop()
	waiting := s.put(s.command(open, ticket.AgentResponse, sato))
	mailbox := s.mailbox()

	s.enter() // as empty as a new server
	s.work()
	relay := &dispatch.Relay{Bell: s.bell, Record: s.queue, Log: slog.New(slog.DiscardHandler)}
	var told []int
	require.NoError(t, relay.Rebuild(s.ctx(), func(done int) { told = append(told, done) }))
	require.Equal(t, []int{2}, told)
	require.Equal(t, ticket.Applied, s.await(waiting).Outcome)
	s.happened(ticket.WorkflowID(resolved), enumspb.EVENT_TYPE_TIMER_STARTED, 1)
	_, err := s.client.DescribeWorkflowExecution(s.ctx(), ticket.WorkflowID(closed), "")
	require.Error(t, err, "what is closed stays so")
	s.happened(ticket.MailboxWorkflowID(mailbox), enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, 1)
	require.NoError(t, s.outside.until(s.ctx(), func() bool { return len(s.outside.sent) == 4 }), "three acknowledgements that had not left yet, and the answer")
}

func (s *site) mailbox() string {
	s.t.Helper()
	ids, err := s.queue.MailboxesToWatch(s.ctx())
	require.NoError(s.t, err)
	require.Len(s.t, ids, 1)
	return ids[0]
}
