package api

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

// TestADeadlineIsExplainedLineByLine: a ticket comes on the eve of the year's end, is held over the turn of the year,
// and is made urgent on the way. The lines are worked out by hand from the calendar.
func TestADeadlineIsExplainedLineByLine(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	at := func(s string) time.Time {
		instant, err := time.Parse("2006-01-02 15:04 -0700", s+" +0900")
		require.NoError(t, err)
		return instant.UTC()
	}
	f.now = at("2026-12-28 16:00") // Monday; closed from the 29th to January 3rd
	f.pin(t, 1042, tokyo(t))
	f.now = at("2026-12-28 17:00")
	post(t, f, 1042, "hold", `{"hold":{"reason":"client"}}`)
	f.now = at("2027-01-04 10:00") // the client answers
	f.apply(1042, ticket.Command{ID: "reply", Kind: ticket.ClientReply, By: ticket.Actor{Kind: ticket.ActorClient, ID: "c_01"}, Message: "m-2"}, "x")
	f.now = at("2027-01-04 11:00")
	post(t, f, 1042, "classify", `{"classify":{"priority":"urgent"}}`)
	// Resolution of an urgent ticket: 8 h. One is gone on December 28th, one on January 4th; six are left: 11:00-17:00.
	r := call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/clocks/resolution/explain", "", "Accept-Language", "en")
	r.is(t, 200)
	require.Equal(t, "2027-01-04T08:00:00Z", r.at("clock", "due_at"))
	require.Equal(t, map[string]any{"key": "tokyo", "version": 1.0, "zone": "Asia/Tokyo"}, r.at("calendar"))
	require.Equal(t, "working_time", r.at("unit"))
	require.EqualValues(t, 480, r.at("target_minutes"))
	require.EqualValues(t, 480, r.at("counted_minutes"))
	require.Equal(t, true, r.at("complete"))
	require.Equal(t, []string{
		"2026-12-28T16:00:00+09:00 2026-12-28T17:00:00+09:00 counted",
		"2026-12-28T17:00:00+09:00 2027-01-04T10:00:00+09:00 paused client",
		"2027-01-04T10:00:00+09:00 2027-01-04T11:00:00+09:00 counted",
		"2027-01-04T11:00:00+09:00 2027-01-04T17:00:00+09:00 counted",
	}, linesOf(r))
	require.Equal(t, "Stands still: on hold, waiting for the client", r.at("lines", 1, "text"))

	// The first response is not paused by that: urgent, 1 h, gone before the hold.
	r = call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/clocks/first_response/explain", "", "Accept-Language", "ja")
	r.is(t, 200)
	require.Equal(t, true, r.at("complete"), string(r.raw))
	require.Contains(t, string(r.raw), `"name":"年末年始"`)
	call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/clocks/promise:1/explain", "").is(t, 404, "not-found")
	call(t, door, f.tokenOf(t, "mori", scopeRead), "GET", "/api/v1/tickets/1042/clocks/resolution/explain", "").is(t, 404, "not-found")
}

func linesOf(r reply) []string {
	var out []string
	list, _ := r.at("lines").([]any)
	for _, l := range list {
		m, _ := l.(map[string]any)
		words := []string{}
		for _, name := range []string{"from_local", "to_local", "reason", "name"} {
			if w, ok := m[name].(string); ok {
				words = append(words, w)
			}
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

// TestAHandOversPromiseIsExplainedDayByDay: two working days over a weekend and Golden Week.
func TestAHandOversPromiseIsExplainedDayByDay(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.now = time.Date(2027, 4, 28, 5, 0, 0, 0, time.UTC) // Wednesday 14:00; Thursday the 29th is Showa Day
	f.pin(t, 1042, tokyo(t))
	post(t, f, 1042, "escalate", `{"escalate":{"desk":"repairs","reason":"x"}}`)
	r := call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/clocks/hand_over/explain", "")
	r.is(t, 200)
	require.Equal(t, "working_days", r.at("unit"))
	require.EqualValues(t, 2, r.at("target_days"))
	require.EqualValues(t, 2, r.at("counted_days"))
	require.Nil(t, r.at("counted_minutes"))
	require.Equal(t, true, r.at("complete"))
	require.Equal(t, []string{
		"2027-04-28T14:00:00+09:00 2027-04-29T00:00:00+09:00 start_day",
		"2027-04-29T00:00:00+09:00 2027-04-30T00:00:00+09:00 holiday Showa Day",
		"2027-04-30T00:00:00+09:00 2027-05-01T00:00:00+09:00 working_day",
		"2027-05-01T00:00:00+09:00 2027-05-02T00:00:00+09:00 weekend",
		"2027-05-02T00:00:00+09:00 2027-05-03T00:00:00+09:00 weekend",
		"2027-05-03T00:00:00+09:00 2027-05-04T00:00:00+09:00 holiday Constitution Day",
		"2027-05-04T00:00:00+09:00 2027-05-05T00:00:00+09:00 holiday Greenery Day",
		"2027-05-05T00:00:00+09:00 2027-05-06T00:00:00+09:00 holiday Children's Day",
		"2027-05-06T00:00:00+09:00 2027-05-06T14:00:00+09:00 working_day",
	}, linesOf(r))
	r = call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/clocks/resolution/explain", "")
	r.is(t, 200)
	require.Equal(t, false, r.at("complete"), "it stands still, and nobody knows how long")
	require.Nil(t, r.at("clock", "due_at"))
}

// TestEveryTargetIsProven plays random tickets through the rules: whatever happened, the lines of every clock that has
// a deadline follow each other from its start to the deadline, and what they count is the target.
func TestEveryTargetIsProven(t *testing.T) {
	t.Parallel()
	cal, err := calendar.New(tokyo(t))
	require.NoError(t, err)
	client, agent := ticket.Actor{Kind: ticket.ActorClient, ID: "c"}, ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleLead}
	settings := ticket.DefaultSettings()
	settings.Calendar = "tokyo"
	policy := lifecycle.Policy{Settings: settings, Calendar: cal}
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 12, 25, 0, 0, 0, 0, time.UTC)
		p := ticket.Process{Number: 1, Desk: "support", Tier: 1, Priority: rapid.SampledFrom([]ticket.Priority{ticket.Low, ticket.Normal, ticket.High}).Draw(rt, "priority")}
		var past []Past
		do := func(c ticket.Command) {
			c.ID, c.At = "x", now
			d := lifecycle.Inquiry.Apply(p, c, policy)
			if p = d.Process; d.Answer == ticket.Applied {
				past = append(past, Past{At: now, Process: p})
			}
		}
		do(ticket.Command{Kind: ticket.ClientReply, By: client, Message: "m"})
		commands := []ticket.Command{
			{Kind: ticket.ClientReply, By: client, Message: "m"},
			{Kind: ticket.AgentResponse, By: agent, Message: "m"},
			{Kind: ticket.Hold, By: agent, Params: ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldClient}}},
			{Kind: ticket.Hold, By: agent, Params: ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldInternal}}},
			{Kind: ticket.Resolve, By: agent},
			{Kind: ticket.Classify, By: agent, Params: ticket.Params{Classify: &ticket.ClassifyParams{Priority: ticket.Urgent}}},
			{Kind: ticket.Merge, By: agent, Params: ticket.Params{Merge: &ticket.MergeParams{Into: 2, TargetState: ticket.Open}}},
			{Kind: ticket.Unmerge, By: agent},
		}
		for range rapid.IntRange(0, 12).Draw(rt, "steps") {
			until := now.Add(time.Duration(rapid.IntRange(0, 72*60).Draw(rt, "minutes")) * time.Minute)
			for k, ok := p.Next(); ok && k.Rings().Before(until); k, ok = p.Next() {
				now = k.Rings()
				c := lifecycle.TimerCommand(1, k)
				do(c)
			}
			now = until
			do(commands[rapid.IntRange(0, len(commands)-1).Draw(rt, "command")])
		}
		for _, k := range p.Clocks {
			rec := ticket.Record{Process: p, Settings: settings}
			proven := prove(k, rec, past, cal, now)
			for i := 1; i < len(proven.lines); i++ {
				require.True(rt, proven.lines[i-1].To.Equal(proven.lines[i].From), "%s: a gap before line %d", k.ID, i)
			}
			if k.Due.IsZero() {
				require.False(rt, proven.complete)
				continue
			}
			require.True(rt, proven.complete, "%+v: %s of %s in %+v", k, proven.counted(), proven.target, proven.lines)
			if n := len(proven.lines); n > 0 && proven.target > 0 {
				require.True(rt, proven.lines[n-1].To.Equal(k.Due), "%+v ends at %s", k, proven.lines[n-1].To)
			}
		}
	})
}
