package lifecycle

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestAButtonIsWhereTheTableDoesNotRefuse looks at every ticket that can be, of each process: what Allowed offers works, and
// what it refuses is refused for the same reason.
func TestAButtonIsWhereTheTableDoesNotRefuse(t *testing.T) {
	t.Parallel()
	for _, table := range Processes() {
		t.Run(table.Name, func(t *testing.T) {
			t.Parallel()
			s := walks()[0].policy
			for _, at := range explore(table, walks()[0], onward).places {
				if at.from < 0 {
					continue
				}
				for _, by := range []ticket.Actor{aClient, aFullClient, anAgent, aLead, anAdmin, ticket.Operator} {
					for _, a := range table.Allowed(at.p, by, s) {
						require.Equal(t, a.Reason, refusal(table.Apply(at.p, probe(at.p, a.Command, by), s)), "%s in %s", a.Command, at.p.State)
						require.NotEqual(t, "payload_missing", a.Reason, "a button is asked about with all that belongs to it")
					}
				}
			}
		})
	}
}

func TestButtonsOfASpamTicket(t *testing.T) {
	t.Parallel()
	p, s := fixture(t, "spam")
	possible := func(by ticket.Actor) (out []ticket.Kind) {
		for _, a := range Allowed(p, by, s) {
			if a.Reason == "" {
				out = append(out, a.Command)
			}
		}
		return out
	}
	require.Equal(t, []ticket.Kind{ticket.ClientReply, ticket.ClientVerdict}, possible(aClient), "silently")
	require.Equal(t, []ticket.Kind{ticket.ClientReply, ticket.LinkTo}, possible(anAgent))
	require.Equal(t, []ticket.Kind{ticket.ClientReply, ticket.Restore, ticket.Delete, ticket.LinkTo}, possible(aLead))
}

// TestWhoMay is PRODUCT §3, "Who may", by hand.
func TestWhoMay(t *testing.T) {
	t.Parallel()
	agents := []ticket.Kind{
		ticket.ClientReply, ticket.AgentResponse, ticket.Hold, ticket.Resolve, ticket.Escalate, ticket.Assign, ticket.Note,
		ticket.Classify, ticket.Merge, ticket.Unmerge, ticket.LinkTo, ticket.Recall, ticket.Promise, ticket.Split, ticket.Move, ticket.Withdraw,
	}
	leads := slices.Insert(slices.Clone(agents), 8, ticket.Close, ticket.Restore, ticket.Delete)
	clients := []ticket.Kind{ticket.ClientReply, ticket.ClientVerdict, ticket.Feedback}
	require.Equal(t, clients, CommandsOf(aClient))
	require.Equal(t, slices.Insert(slices.Clone(clients), 1, ticket.Classify), CommandsOf(aFullClient))
	require.Equal(t, agents, CommandsOf(anAgent))
	require.Equal(t, leads, CommandsOf(aLead))
	require.Equal(t, leads, CommandsOf(anAdmin))
	require.Equal(t, leads, CommandsOf(ticket.Operator), "a signal by hand has a lead's rights")
	require.Empty(t, CommandsOf(ticket.Actor{}))
	require.Empty(t, CommandsOf(ticket.Actor{Kind: ticket.ActorAgent, ID: "x"}), "no role, no rights")

	require.True(t, May(anAgent, ticket.Create))
	require.False(t, May(aClient, ticket.Create))
	for _, k := range ticket.Kinds() {
		require.True(t, May(ticket.System, k))
		if k.Timer() || k.System() {
			require.False(t, May(anAdmin, k), "%s is said by a clock or the desk", k)
			require.False(t, May(aClient, k))
		}
	}
}

func TestFutureTellsInstants(t *testing.T) {
	t.Parallel()
	p, s := fixture(t, "on_hold")
	require.Equal(t, []Futurum{
		{At: dayOne.Add(2 * time.Hour), Clock: ticket.Wake, Effect: "open", Why: "on_hold/wake-due"},
		{At: dayOne.Add(4*time.Hour + 30*time.Minute), Clock: ticket.FirstResponse, Effect: "first_response_warned", Why: "open/first-response-warning"},
		{At: dayOne.Add(6 * time.Hour), Clock: ticket.FirstResponse, Effect: "first_response_breached", Why: "open/first-response-due"},
		{At: dayOne.Add(32 * time.Hour), Clock: ticket.Resolution, Effect: "resolution_warned", Why: "open/resolution-warning"}, // it stood still for two hours
		{At: dayOne.Add(42 * time.Hour), Clock: ticket.Resolution, Effect: "resolution_breached", Why: "open/resolution-due"},
	}, Future(p, s))
	p, s = fixture(t, "resolved")
	k, _ := p.Clock(ticket.AutoClose.String())
	require.Equal(t, []Futurum{{At: k.Due, Clock: ticket.AutoClose, Effect: "closed", Why: "resolved/auto-close-due"}}, Future(p, s))
	p, s = fixture(t, "closed")
	require.Empty(t, Future(p, s))
}
