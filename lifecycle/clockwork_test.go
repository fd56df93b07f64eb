package lifecycle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"duradesk/ticket"
)

// TestPausesCarryWhatWasConsumed plays holds, replies, resolutions and priorities at random, and counts by hand: the
// working time of the stretches in which the clock of resolution ran is the target at the second of its breach, in
// any calendar, and the warning comes when the share of it has passed.
func TestPausesCarryWhatWasConsumed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := Policy{Settings: only(ticket.Resolution), Calendar: rapid.SampledFrom(offices()).Draw(r, "calendar")}
		now := dayOne.Add(time.Duration(rapid.Int64Range(0, int64(7*24*time.Hour)).Draw(r, "start"))).Truncate(time.Microsecond)
		p := Inquiry.Apply(ticket.Process{Number: 1001, Policy: 1}, writes(ticket.ClientReply, aClient, now), s).Process
		var used time.Duration
		reply := writes(ticket.ClientReply, aClient, now)
		steps := []ticket.Command{
			with(bare(ticket.Hold, anAgent, now), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldClient}}), reply,
			with(bare(ticket.Hold, anAgent, now), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldInternal}}), reply,
			bare(ticket.Resolve, anAgent, now), reply,
			with(bare(ticket.Classify, anAgent, now), ticket.Params{Classify: &ticket.ClassifyParams{Priority: ticket.Low}}),
			with(bare(ticket.Classify, anAgent, now), ticket.Params{Classify: &ticket.ClassifyParams{Priority: ticket.High}}),
		}
		for range rapid.IntRange(0, 10).Draw(r, "steps") {
			c := rapid.SampledFrom(steps).Draw(r, "step")
			c.At = now.Add(time.Duration(rapid.Int64Range(0, int64(20*time.Hour)).Draw(r, "after")).Truncate(time.Microsecond))
			k, _ := p.Clock(ticket.Resolution.String())
			if k.State == ticket.Running && !k.Due.After(c.At) {
				break
			}
			if k.State == ticket.Running {
				used += s.Calendar.Between(now, c.At)
			}
			if k.State == ticket.Running && !k.Warn.IsZero() && k.Warn.Before(c.At) {
				p = Inquiry.Apply(p, TimerCommand(1001, k), s).Process
			}
			d := Inquiry.Apply(p, c, s)
			require.NotEqual(r, ticket.Refused, d.Answer, d.Reason)
			p, now = d.Process, c.At
		}
		k, _ := p.Clock(ticket.Resolution.String())
		full := s.Resolution.For(p.Priority)
		switch k.State {
		case ticket.Running:
			require.Equal(r, max(full, used), used+s.Calendar.Between(now, k.Due), "due %s", k.Due)
			if !k.Warn.IsZero() && k.Warn.After(now) {
				require.Equal(r, max(full/100*75, used), used+s.Calendar.Between(now, k.Warn))
			}
		case ticket.Paused, ticket.Met:
			require.Equal(r, used, k.Used)
		case ticket.Breached, ticket.NoClockState:
			require.Fail(r, "the clock of resolution is lost", "%v", p.Clocks)
		}
	})
}

// TestAPauseIsNeverBilled: however long a ticket waits for the client, the deadline moves by the working time of the
// wait and by nothing else.
func TestAPauseIsNeverBilled(t *testing.T) {
	t.Parallel()
	s := Policy{Settings: only(ticket.Resolution), Calendar: offices()[1]}
	at := dayOne.Add(20 * time.Hour)
	p := Inquiry.Apply(ticket.Process{Number: 1001, Policy: 1}, writes(ticket.ClientReply, aClient, at), s).Process
	before, _ := p.Clock(ticket.Resolution.String())
	held := Inquiry.Apply(p, with(bare(ticket.Hold, anAgent, at.Add(time.Hour)), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldClient}}), s).Process
	back := at.Add(73 * time.Hour)
	after, _ := Inquiry.Apply(held, writes(ticket.ClientReply, aClient, back), s).Process.Clock(ticket.Resolution.String())
	wait := s.Calendar.Between(at.Add(time.Hour), back)
	require.Equal(t, s.Calendar.Add(before.Due, wait), after.Due)
}

// TestATuesdaysChange is the change of a process owner who has never seen the code: "after ten working days, and never
// for urgent tickets". It is one line in clocks.go (the clock named closing, which two states share); the proofs hold
// as long as he says where such tickets are seen, and tell him if he doesn't.
func TestATuesdaysChange(t *testing.T) {
	t.Parallel()
	closing := ClockRule{Kind: ticket.AutoClose, Starts: workingDays(10).unless(urgent, "mine_resolved")}
	changed := altered(func(t *Table) {
		for _, s := range []ticket.State{ticket.Resolved, ticket.ResolvedInternally} {
			t.Clocks[s] = ClockRow{{Kind: ticket.Resolution, Met: true}, closing}
		}
	})
	require.Empty(t, changed.Prove())
	require.Contains(t, changed.ClockTable(), "10 working days, never where priority urgent (seen in mine_resolved)")

	s := Policy{Settings: ticket.DefaultSettings(), Calendar: offices()[2]}
	p := ticket.Process{Number: 1001, Policy: 1}
	for _, c := range []ticket.Command{writes(ticket.ClientReply, aClient, dayOne), writes(ticket.Resolve, anAgent, dayOne)} {
		p = changed.Apply(p, c, s).Process
	}
	k, runs := p.Clock(ticket.AutoClose.String())
	require.True(t, runs)
	require.Equal(t, dayOne.AddDate(0, 0, 14), k.Due, "two weeks have ten working days")
	set := func(to ticket.Priority) {
		p = changed.Apply(p, with(bare(ticket.Classify, anAgent, dayOne.Add(time.Hour)), ticket.Params{Classify: &ticket.ClassifyParams{Priority: to}}), s).Process
		k, runs = p.Clock(ticket.AutoClose.String())
	}
	set(ticket.Urgent)
	require.False(t, runs, "made urgent, it stays")
	set(ticket.Low)
	require.Equal(t, ticket.Running, k.State, "made low, it closes after all")
}
