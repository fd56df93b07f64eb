package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

const day = 24 * time.Hour

func TestAFortnightEndsInAutoClose(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(time.Hour, ticket.AgentResponse, sato, nil)
	s.says(2*time.Hour, ticket.Resolve, sato, nil)
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State)
	require.Equal(t, noon.Add(2*time.Hour+14*day), s.desk.p.Closed)
	require.WithinDuration(t, s.desk.p.Closed, s.env.Now(), time.Second, "it closes when it is due, not later")
	require.Equal(t, []string{"created", "wrote", "answered", "opened", "resolved", "closed"}, s.desk.events)
	require.Equal(t, 2, s.scheduled, "first response and auto-close")
}

func TestEachReplyStartsTheFortnightAgain(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(time.Hour, ticket.Resolve, sato, nil)
	s.says(10*day, ticket.ClientReply, client, nil)
	s.says(11*day, ticket.Resolve, sato, nil)
	s.play()
	require.Equal(t, noon.Add(25*day), s.desk.p.Closed)
	require.Equal(t, 3, s.scheduled)
	require.Equal(t, 1, s.fired, "only the last auto-close rang")
}

func TestAReplyAtTheVerySecondOfTheAutoCloseWins(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(0, ticket.Resolve, sato, nil)
	s.after(14*day-time.Millisecond, func() { // stored, and its bell not heard yet when the timer rings
		s.desk.store(ticket.ClientReply, client, func(c *ticket.Command) { c.At = noon.Add(14 * day) })
	})
	s.says(15*day, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, []string{"created", "wrote", "resolved", "wrote", "reopened", "closed"}, s.desk.events)
	require.Equal(t, noon.Add(15*day), s.desk.p.Closed)
}

func TestAReplyAMomentAfterTheAutoCloseIsTooLate(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(0, ticket.Resolve, sato, nil)
	s.after(14*day-time.Millisecond, func() {
		s.desk.store(ticket.ClientReply, client, func(c *ticket.Command) { c.At = noon.Add(14*day + time.Microsecond) })
	})
	s.play()
	require.Equal(t, noon.Add(14*day), s.desk.p.Closed)
	require.Equal(t, ticket.Applied, s.outcome(3), "its message opens a follow-up; it is never refused")
}

func TestAHoldWakesByItself(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(time.Hour, ticket.Hold, sato, func(c *ticket.Command) {
		until := noon.Add(3 * day)
		c.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldScheduled, Until: &until}
	})
	s.after(3*day+time.Second, func() { require.Equal(t, ticket.Open, s.desk.p.State) })
	s.says(4*day, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State)
	require.Equal(t, 2, s.fired, "the first response was never given (a silent hold is none), and the wake")
}

func TestTheFirstResponseIsBreachedOnce(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.after(6*time.Hour+time.Second, func() {
		require.True(t, s.desk.p.Breached)
		require.Equal(t, 2, s.desk.p.Tier)
	})
	s.says(7*time.Hour, ticket.AgentResponse, sato, nil)
	s.says(8*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, []string{"created", "wrote", "first_response_breached", "answered", "opened", "closed"}, s.desk.events)
	require.Equal(t, 1, s.fired)
}

func TestABatchOfSignalsIsOneApplyInStoredOrder(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.after(time.Hour, func() {
		// Names in another order than the channels are drained: the rows' order counts.
		for _, k := range []ticket.Kind{ticket.Resolve, ticket.ClientReply, ticket.Escalate, ticket.AgentResponse, ticket.Note} {
			by := sato
			if k == ticket.ClientReply {
				by = client
			}
			s.env.SignalWorkflowSkippingWorkflowTask(k.String(), s.desk.store(k, by, nil))
		}
		s.env.SignalWorkflow(ticket.SignalBell, nil)
	})
	s.says(2*time.Hour, ticket.Close, lead, nil)
	before := 0
	s.after(time.Hour-time.Second, func() { before = s.desk.quick })
	s.after(time.Hour+time.Second, func() { require.Equal(t, before+1, s.desk.quick, "one look for the whole batch") })
	s.play()
	for i := range s.desk.lines {
		require.Equal(t, ticket.Applied, s.outcome(i+1), s.desk.lines[i].Kind)
	}
	require.Equal(t, []string{"created", "wrote", "resolved", "wrote", "reopened", "escalated", "answered", "noted", "closed"}, s.desk.events)
}

func TestABellRungTwiceDoesNothingTwice(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.after(time.Hour, func() {
		r := s.desk.store(ticket.AgentResponse, sato, nil)
		for range 3 {
			s.env.SignalWorkflow(ticket.AgentResponse.String(), r)
		}
	})
	s.after(2*time.Hour, func() { s.env.SignalWorkflow(ticket.AgentResponse.String(), ticket.Ring{ID: "cmd-2", Seq: 2}) })
	s.says(3*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, []string{"created", "wrote", "answered", "opened", "closed"}, s.desk.events)
	require.Len(t, s.desk.lines, 3)
	require.Len(t, s.desk.started, 2, "an acknowledgement and one answer")
}

func TestABellAloneFindsWhatIsStored(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.after(time.Hour, func() { s.desk.store(ticket.AgentResponse, sato, nil) })
	s.after(2*time.Hour, func() {
		require.Equal(t, ticket.New, s.desk.p.State, "nobody rang yet")
		s.env.SignalWorkflow(ticket.SignalBell, nil)
	})
	s.after(2*time.Hour+time.Second, func() { require.Equal(t, ticket.Open, s.desk.p.State) })
	s.says(3*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, []string{"created", "wrote", "answered", "opened", "closed"}, s.desk.events, "a bell leaves no event")
}

func TestAFinalTicketEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.desk.store(ticket.ClientReply, client, nil)
	s.desk.store(ticket.Close, lead, nil)
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State)
	require.Equal(t, 1, s.desk.quick)
	require.Zero(t, s.scheduled)
}

func TestAClosedTicketWokenAgainEndsAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.desk.p.State, s.desk.p.Opened, s.desk.p.Closed, s.desk.p.Revision = ticket.Closed, noon, noon, 7
	s.says(0, ticket.Note, sato, nil)
	s.play()
	require.Equal(t, ticket.Applied, s.outcome(1))
	require.Equal(t, ticket.Closed, s.desk.p.State)
}

func TestABigQueueIsTakenInPieces(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.desk.batch = 10
	s.desk.store(ticket.ClientReply, client, nil)
	for range 34 {
		s.desk.store(ticket.Note, sato, nil)
	}
	s.desk.store(ticket.Close, lead, nil)
	s.play()
	require.Equal(t, 4, s.desk.quick, "36 commands, ten at a time")
	require.Equal(t, noon, s.env.Now().UTC(), "without waiting in between")
	require.Equal(t, ticket.Closed, s.desk.p.State)
}

func TestATicketWithoutARowEnds(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.desk.there = false
	s.play()
	require.Equal(t, 1, s.desk.quick)
	require.Zero(t, s.desk.patient, "nobody waits for a row that is gone")
}

func TestATimerThatRingsWhileTheQueueIsFullWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.desk.batch = 10
	s.says(0, ticket.Resolve, sato, nil)
	s.after(14*day-time.Second, func() {
		for range 25 {
			s.desk.store(ticket.Note, sato, nil) // stored before the timer is due; no bell was heard
		}
	})
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State)
	require.Equal(t, ticket.AutoCloseDue, s.desk.lines[len(s.desk.lines)-1].Kind)
	require.Equal(t, "closed", s.desk.events[len(s.desk.events)-1])
	require.Len(t, s.desk.events, 3+25+1)
}

func TestATimerThatRangIsDueWhateverTheRecordsClockSays(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.desk.clock = func() time.Time { return s.env.Now().Add(-time.Minute) } // the database's is slow
	s.says(time.Minute, ticket.Resolve, sato, nil)
	s.play()
	require.Equal(t, noon.Add(14*day), s.desk.p.Closed)
	require.WithinDuration(t, noon.Add(14*day), s.env.Now(), time.Second)
	require.Equal(t, 3, s.desk.quick, "mail, resolution, and one ring")
}

func TestWhatLeavesTheClocksAloneArmsNothing(t *testing.T) {
	t.Parallel()
	s := opened(t)
	for i := range 5 {
		s.says(time.Duration(i+1)*time.Hour, ticket.Note, sato, nil)
	}
	s.says(5*time.Hour+time.Minute, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, 1, s.scheduled, "the first response, once")
}
