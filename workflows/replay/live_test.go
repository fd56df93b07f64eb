package replay

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestStoredRungAppliedAnsweredAndSent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	n := s.opened()
	require.Equal(t, ticket.Number(1001), n)
	r := s.does(s.command(n, ticket.AgentResponse, sato))
	require.Equal(t, ticket.Applied, r.Outcome)
	require.Equal(t, ticket.Open, s.process(n).State)
	require.NoError(t, s.outside.until(s.ctx(), func() bool { return len(s.outside.sent) == 2 }), "an acknowledgement and an answer")
	for _, id := range s.outside.sent {
		s.ended(ticket.DeliveryWorkflowID(id))
	}
	require.Equal(t, ticket.Applied, s.does(s.command(n, ticket.Close, lead)).Outcome)
	s.ended(ticket.WorkflowID(n))
}
