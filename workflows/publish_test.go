package workflows

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"

	"duradesk/ticket"
)

func TestOnlyChangesAreUpserted(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(time.Hour, ticket.Note, sato, nil) // changes nothing that operators filter by
	s.says(2*time.Hour, ticket.AgentResponse, sato, nil)
	s.says(3*time.Hour, ticket.Resolve, sato, nil)
	s.play()
	require.Len(t, s.upserts, 4)
	first := noon.Add(6 * time.Hour)
	require.Equal(t, map[string]any{
		"TicketNumber": int64(number), "TicketState": "new", "Desk": "support", "Channel": "mail", "Priority": "normal", "NextDueAt": first,
	}, s.upserts[0])
	require.Equal(t, map[string]any{"TicketState": "open", "Owner": "sato"}, s.upserts[1])
	require.Equal(t, map[string]any{"TicketState": "resolved", "NextDueAt": noon.Add(3*time.Hour + 14*day)}, s.upserts[2])
	require.Equal(t, map[string]any{"TicketState": "closed"}, s.upserts[3])
}

func TestABreachAndAGroupAreShown(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(time.Hour, ticket.Assign, lead, func(c *ticket.Command) {
		group := "tier2"
		c.Params.Assign = &ticket.AssignParams{Group: &group}
	})
	s.says(7*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, map[string]any{"TicketGroup": "tier2"}, s.upserts[1])
	require.Equal(t, map[string]any{"Breached": true}, s.upserts[2])
}

// detailsNow is what the Web UI shows.
func (s *stage) detailsNow() string {
	s.t.Helper()
	v, err := s.env.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(s.t, err)
	var m sdkpb.WorkflowMetadata
	require.NoError(s.t, v.Get(&m))
	return m.GetCurrentDetails()
}

func TestTheWebUIReadsHowItStands(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.after(time.Minute, func() {
		require.Equal(t, "### #1042 · new\n\nowner **–** · group – · desk support · tier 1 · normal · mail · revision 1\n\n"+
			"Waits for: an agent who takes it\n\n- SLA first response due 2026-11-24 18:00:00Z\n\n[Open in the console](https://desk.example/tickets/1042)\n", s.detailsNow())
	})
	s.says(time.Hour, ticket.Hold, sato, func(c *ticket.Command) {
		until := noon.Add(3 * day)
		c.Message, c.Params.Hold = "message", &ticket.HoldParams{Reason: ticket.HoldThirdParty, Until: &until}
	})
	s.after(2*time.Hour, func() {
		details := s.detailsNow()
		require.Contains(t, details, "on_hold (third_party)")
		require.Contains(t, details, "owner **sato**")
		require.Contains(t, details, "- wake from hold 2026-11-27 12:00:00Z")
		require.NotContains(t, details, "first response", "it was given")
	})
	s.says(4*day, ticket.Close, lead, nil)
	s.play()
}

func TestTheWebUIListsSignalsAndQueriesWithTheirMeaning(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.after(time.Minute, func() {
		v, err := s.env.QueryWorkflow("__temporal_workflow_metadata")
		require.NoError(t, err)
		var m sdkpb.WorkflowMetadata
		require.NoError(t, v.Get(&m))
		listed := map[string]string{}
		for _, d := range m.GetDefinition().GetSignalDefinitions() {
			listed[d.GetName()] = d.GetDescription()
		}
		for _, k := range ticket.Commands() {
			require.NotEmpty(t, listed[k.String()], k)
		}
		require.NotEmpty(t, listed[ticket.SignalBell])
		queries := map[string]string{}
		for _, d := range m.GetDefinition().GetQueryDefinitions() {
			queries[d.GetName()] = d.GetDescription()
		}
		require.NotEmpty(t, queries[ticket.QueryState])
		require.NotEmpty(t, queries[ticket.QueryFuture])
	})
	s.says(time.Hour, ticket.Close, lead, nil)
	s.play()
}
