package workflows

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// short makes every quiet point one where the history is too long.
func short(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.hands.ContinueAfter = 10
	s.historyLength = 11
	s.newRun(noon)
	return s
}

func TestAtAQuietPointALongHistoryContinuesAsNew(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.hands.ContinueAfter = 10
	s.newRun(noon)
	s.says(0, ticket.ClientReply, client, nil)
	s.after(time.Hour, func() { s.env.SetCurrentHistoryLength(10) })
	s.says(time.Hour+time.Second, ticket.Hold, sato, func(c *ticket.Command) {
		until := noon.Add(3 * day)
		c.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldClient, Until: &until}
	})
	s.after(2*day, func() {
		require.Equal(t, 2, s.runs)
		require.Equal(t, 2, s.scheduled, "both clocks are set again from their absolute instants")
	})
	s.says(4*day, ticket.Resolve, sato, nil)
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State)
	require.Equal(t, noon.Add(18*day), s.desk.p.Closed)
	require.Equal(t, 2, s.runs)
	require.Equal(t, []string{"created", "wrote", "held", "first_response_breached", "woken", "resolved", "closed"}, s.desk.events)
}

func TestWhatIsCarriedSavesALookAndAnUpsert(t *testing.T) {
	t.Parallel()
	s := short(t)
	s.says(0, ticket.ClientReply, client, nil)
	s.env.ExecuteWorkflow(ticket.WorkflowTicket, func() TicketInput { s.schedule(); return TicketInput{Number: number} }())
	in, again := s.continued()
	require.True(t, again)
	require.Equal(t, s.desk.p, in.Process)
	require.Equal(t, attributes(in.Process), in.Published)
	raw, err := json.Marshal(in)
	require.NoError(t, err)
	require.Less(t, len(raw), 2048)
	upserts := len(s.upserts)

	s.historyLength = 0
	s.newRun(s.env.Now())
	s.env.RegisterDelayedCallback(func() { s.env.SignalWorkflow("close", s.desk.store(ticket.Close, lead, nil)) }, time.Hour)
	s.env.ExecuteWorkflow(ticket.WorkflowTicket, in)
	require.NoError(t, s.env.GetWorkflowError())
	require.Len(t, s.upserts, upserts+1, "only the close changed what operators filter by")
	require.Equal(t, in.Process.Revision, s.desk.inputs[len(s.desk.inputs)-2].Revision, "the row is asked with the revision that was carried")
}

func TestSignalsAtTheEndOfARunAreNotLost(t *testing.T) {
	t.Parallel()
	s := short(t)
	s.unruly = true
	s.says(0, ticket.ClientReply, client, nil)
	s.desk.fail = func(context.Context, bool) error {
		if len(s.desk.inputs) < 40 && len(s.desk.inputs)%2 == 1 {
			// They arrive while Apply is at work, after which the run would continue as new.
			s.env.SignalWorkflow("dance", struct{}{})
			s.env.SignalWorkflow("note", s.desk.store(ticket.Note, sato, nil))
			s.env.SignalWorkflow("hold", struct{}{})
		}
		return nil
	}
	for i := range 10 {
		s.says(time.Duration(i+1)*time.Hour, ticket.Escalate, sato, nil)
	}
	s.says(11*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Greater(t, s.runs, 5)
	heard := map[string]int{}
	ids := map[string]bool{}
	for _, l := range s.desk.lines {
		require.True(t, l.done)
		require.False(t, ids[l.ID], "%s twice", l.ID)
		ids[l.ID] = true
		heard[l.Kind.String()]++
	}
	require.Equal(t, heard["note"], heard["unreadable"])
	require.Equal(t, heard["note"], heard["hold"])
	require.Greater(t, heard["note"], 5)
	require.Equal(t, 10, heard["escalate"])
}

func TestRunsDoNotFollowEachOtherWithoutAnythingInBetween(t *testing.T) {
	t.Parallel()
	s := short(t)
	s.hands.ContinueAfter = 1
	s.says(0, ticket.ClientReply, client, nil)
	s.says(time.Hour, ticket.Escalate, sato, nil)
	s.says(2*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.LessOrEqual(t, s.runs, 3)
	require.Equal(t, ticket.Closed, s.desk.p.State)
}

func TestTheServersSuggestionIsTaken(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.says(0, ticket.ClientReply, client, nil)
	s.after(time.Hour-time.Second, func() { s.env.SetContinueAsNewSuggested(true) })
	s.says(time.Hour, ticket.Escalate, sato, nil)
	s.says(2*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, 2, s.runs)
}
