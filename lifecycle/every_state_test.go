package lifecycle

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestWhoMustLookCanSayThatHeHas: a ticket whose mail failed is listed for attention until somebody has looked, so in
// every state that is listed an agent can say so (spam, merged and deleted tickets are not).
func TestWhoMustLookCanSayThatHeHas(t *testing.T) {
	t.Parallel()
	for _, s := range ticket.States() {
		if s == ticket.Spam || s == ticket.Merged || s == ticket.Deleted {
			continue
		}
		for _, table := range Processes() {
			d := table.Apply(ticket.Process{Number: 1001, State: s, Opened: dayOne, Revision: 3, Failed: true}, writes(ticket.Note, anAgent, dayOne), RoundTheClock(ticket.DefaultSettings()))
			require.Equal(t, ticket.Applied, d.Answer, s)
			require.False(t, d.Process.Failed, s)
		}
	}
}

// TestIncidentsGoTheirWayInEveryState: the incident desk is the inquiry desk but for some lines, and must not forget one
// of them in a state that somebody adds.
func TestIncidentsGoTheirWayInEveryState(t *testing.T) {
	t.Parallel()
	asks := func(s ticket.State, k ticket.Kind, g Guard) bool {
		return slices.ContainsFunc(Incident.Rules[s][k], func(c Case) bool { return c.Guard != nil && c.Guard.Name == g.Name })
	}
	for _, s := range ticket.States() {
		resolves := slices.ContainsFunc(Inquiry.Rules[s][ticket.Resolve], func(c Case) bool { return c.Answer.To == ticket.Resolved })
		require.Equal(t, resolves, asks(s, ticket.Resolve, noSolution), "who resolves an incident that is %s says what solved it", s)
		weighs := slices.ContainsFunc(Inquiry.Rules[s][ticket.Classify], func(c Case) bool { return slices.Contains(c.Answer.Do, SetPriority) })
		require.Equal(t, weighs, asks(s, ticket.Classify, priorityByHand), "impact and urgency give the priority of an incident that is %s", s)
	}
}
