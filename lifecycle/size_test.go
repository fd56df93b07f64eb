package lifecycle

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestTheLargestProcess: names as long as a desk lets them be, instants to the microsecond, every clock that a ticket
// can have at a time, years of work: it stays under 1 KB all the same, for it goes into a history at every step.
func TestTheLargestProcess(t *testing.T) {
	t.Parallel()
	s := RoundTheClock(ticket.DefaultSettings())
	at := dayOne.Add(123456 * time.Microsecond)
	p := ticket.Process{
		Number: 1_234_567, Ticket: "0198c2a1-7c1e-7b7a-9d3e-2f1a5b6c7d8e", Desk: long("desk"), Policy: 120, Calendar: 120, Priority: ticket.Urgent,
		Channel: ticket.ChannelExternal, Parent: 1_234_566, Owner: long("owner"), Group: long("group"), Tier: 12, Generation: 12_345, Seq: 123_456,
		Revision: 123_456, Breached: true, Failed: true, Triggered: true, State: ticket.Open, Opened: at, Awaiting: true,
	}
	promise := func(after time.Duration) ticket.Command {
		return with(bare(ticket.Promise, anAgent, at.Add(after)), ticket.Params{Promise: &ticket.PromiseParams{DueAt: at.Add(9*24*time.Hour + time.Microsecond)}})
	}
	agent, other := anAgent, aLead
	agent.ID, other.ID = long("agent"), long("other")
	until := at.Add(8*24*time.Hour + time.Microsecond)
	late := at.Add(4 * time.Hour)
	p.Clocks = []ticket.Clock{
		{ID: "first_response", Kind: ticket.FirstResponse, State: ticket.Breached, Due: at.Add(time.Hour), Met: late},
		{ID: "next_response", Kind: ticket.NextResponse, State: ticket.Running, Due: late.Add(time.Hour), Warn: late.Add(45 * time.Minute), Generation: 12_346, Used: 123456789123 * time.Microsecond},
		{ID: "resolution", Kind: ticket.Resolution, State: ticket.Paused, Used: 3*time.Hour + 59*time.Minute + 59*time.Second + 123456*time.Microsecond},
	}
	for _, c := range []ticket.Command{
		writes(ticket.Note, other, at), promise(0), promise(time.Second), writes(ticket.Note, agent, at.Add(time.Second)),
	} {
		d := Inquiry.Apply(p, c, s)
		require.Equal(t, ticket.Applied, d.Answer, d.Reason)
		p = d.Process
	}
	last := at.Add(3*time.Hour + time.Microsecond)
	hold := with(bare(ticket.Hold, agent, last), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldThirdParty, Until: &until}})
	over := with(bare(ticket.Escalate, agent, last), ticket.Params{Escalate: &ticket.EscalateParams{Desk: "issues", Child: 1_234_568}})
	answered := report(1_234_568, ticket.ChildResolved)
	merged := mergeInto(ticket.MergeParams{Into: 1_234_569})
	spam := resolveAs(ticket.CategorySpam)
	for name, way := range map[string][]ticket.Command{
		"on hold": {hold}, "handed over": {over}, "answered": {over, answered}, "merged": {over, merged}, "merged on hold": {hold, merged},
		"merged when answered": {over, answered, merged}, "spam": {hold, spam}, "spam when answered": {over, answered, spam},
	} {
		p := p
		for _, c := range way {
			d := Inquiry.Apply(p, c, s)
			require.Equal(t, ticket.Applied, d.Answer, d.Reason)
			p = d.Process
		}
		text, err := json.Marshal(p)
		require.NoError(t, err)
		require.LessOrEqual(t, len(text), 1024, "%s: %s", name, text)
	}
}
