package lifecycle

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"duradesk/ticket"
)

// TestAnythingCanHappen sends what nobody would think of: any kind by anybody with any parameters, right or wrong, at
// any hour, timers on time, late or twice, under any settings. What holds then holds always.
func TestAnythingCanHappen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		x := chaos{r: r, t: rapid.SampledFrom(Processes()).Draw(r, "process"), s: policies().Draw(r, "policy"), p: ticket.Process{
			Number: 1001, Ticket: "0198c2a1-7c1e-7b7a-9d3e-2f1a5b6c7d8e", Desk: long("desk"), Policy: 3, Priority: ticket.Urgent, Channel: ticket.ChannelExternal,
		}, now: dayOne}
		r.Repeat(map[string]func(*rapid.T){
			"command":        func(r *rapid.T) { x.send(anything(x.p, x.now).Draw(r, "command")) },
			"likely command": func(r *rapid.T) { x.send(rapid.SampledFrom(trials(x.p, x.now, x.before)).Draw(r, "trial").c) },
			"time goes by":   func(*rapid.T) { x.ring() },
			"stale timer":    func(r *rapid.T) { x.stale(r) },
			"":               func(r *rapid.T) { x.r = r; x.holds() },
		})
	})
}

// chaos is one random life of a ticket.
type chaos struct {
	r     *rapid.T
	t     *Table
	p     ticket.Process
	s     Policy
	now   time.Time
	fired []ticket.Clock // every clock that ever ran

	before *ticket.Process // some steps ago
	steps  int
}

func (x *chaos) send(c ticket.Command) {
	before := clone(x.p)
	d := x.t.Apply(x.p, c, x.s)
	require.Equal(x.r, before, x.p, "Apply leaves what it was given alone")
	require.Equal(x.r, d, x.t.Apply(x.p, c, x.s), "Apply is pure")
	x.decided(before, c, d)
	x.p = d.Process
	if x.steps++; x.before == nil || x.steps%3 == 0 {
		x.before = &before
	}
	x.fired = append(x.fired, x.p.Clocks...)
	if c.At.After(x.now) {
		x.now = c.At
	}
}

// decided looks at one decision.
func (x *chaos) decided(before ticket.Process, c ticket.Command, d Decision) {
	after := d.Process
	grown := after.Revision - before.Revision
	require.NotEmpty(x.r, d.Rule)
	require.GreaterOrEqual(x.r, after.Seq, max(before.Seq, c.Seq), "seq never goes back")
	switch d.Answer {
	case ticket.Applied:
		require.EqualValues(x.r, 1, grown)
		require.Empty(x.r, d.Reason)
	case ticket.Refused, ticket.Already:
		require.Contains(x.r, x.t.Reasons(), d.Reason)
		require.EqualValues(x.r, len(d.Events), grown, "an operator's refusal leaves an event, others leave none")
		require.Empty(x.r, d.Effects)
		same := born(before, ticket.Command{At: c.At.UTC()}, x.s)
		same.Seq, same.Revision = after.Seq, after.Revision
		require.Equal(x.r, same, after, "what is not applied changes nothing")
	case ticket.Pending, ticket.Failed:
		require.Fail(x.r, "no decision", d.Answer.String())
	}
	for _, h := range d.Events {
		require.Contains(x.r, EventNames(), h.Name)
	}
	for _, k := range after.Clocks {
		old, _ := before.Clock(k.ID)
		if c.Kind.Timer() {
			old.Warn = k.Warn // given
		}
		if k.State == ticket.Running && old != k {
			require.Greater(x.r, k.Generation, before.Generation, "a clock set anew is told from the one before, even at the same instant")
		}
	}
	if c.By.Kind == ticket.ActorClient && c.Kind == ticket.ClientReply && c.Params.Problem == "" && c.Message != "" {
		require.Equal(x.r, ticket.Applied, d.Answer)
		require.True(x.r, step{d: d}.has(KeepMessage, OpenFollowUp, OpenAnew, ForwardToSurvivor), "a client's words vanished")
	}
}

// ring lets the next clock ring at its instant.
func (x *chaos) ring() {
	k, ok := x.p.Next()
	if !ok {
		return
	}
	clock, due := Due(x.p, *TimerCommand(x.p.Number, k).Params.Timer)
	require.True(x.r, due)
	require.Equal(x.r, k, clock)
	x.send(TimerCommand(x.p.Number, k))
	_, due = Due(x.p, *TimerCommand(x.p.Number, k).Params.Timer)
	require.False(x.r, due, "the same timer twice is known as stale")
}

// stale fires some clock that ran once: unless it still runs, nothing comes of it.
func (x *chaos) stale(r *rapid.T) {
	if len(x.fired) == 0 {
		return
	}
	old := rapid.SampledFrom(x.fired).Draw(r, "clock")
	c := TimerCommand(x.p.Number, old)
	runs := slices.ContainsFunc(x.p.Clocks, func(k ticket.Clock) bool {
		return k.State == ticket.Running && k.ID == old.ID && k.Generation == old.Generation && k.Rings().Equal(old.Rings())
	})
	_, due := Due(x.p, *c.Params.Timer)
	require.Equal(x.r, runs, due)
	before := x.p
	x.send(c)
	if !runs {
		require.Equal(x.r, before, x.p)
	}
}

// holds looks at the ticket as it stands.
func (x *chaos) holds() {
	before := clone(x.p)
	by := rapid.SampledFrom(everybody()).Draw(x.r, "who asks")
	for _, a := range x.t.Allowed(x.p, by, x.s) {
		require.Equal(x.r, a.Reason, refusal(x.t.Apply(x.p, probe(x.p, a.Command, by), x.s)), "%s by %s", a.Command, by.Key())
	}
	x.t.Future(x.p, x.s)
	require.Equal(x.r, before, x.p, "asking changes nothing")
	require.LessOrEqual(x.r, len(x.p.Spoke), 2)
	text, err := json.Marshal(x.p)
	require.NoError(x.r, err)
	require.LessOrEqual(x.r, len(text), 1024, "%s", text)
	var back ticket.Process
	require.NoError(x.r, json.Unmarshal(text, &back))
	require.Equal(x.r, x.p, back, "the process survives JSON")

	if x.p.Revision == 0 && x.p.State == ticket.NoState {
		return
	}
	require.Contains(x.r, ticket.States(), x.p.State)
	require.Empty(x.r, mislabelled(x.p))
	require.Empty(x.r, (&world{t: x.t, s: x.s}).stray(x.p))
	for _, k := range x.p.Clocks {
		require.False(x.r, k.State == ticket.Running && k.Due.IsZero(), "%s runs and is never due", k.ID)
		require.False(x.r, k.Warn.After(k.Due), "%s warns behind its due", k.ID)
		require.GreaterOrEqual(x.r, k.Used, time.Duration(0))
	}
	seen := map[string]bool{}
	for _, k := range x.p.Clocks {
		require.False(x.r, seen[k.ID], "two clocks of one name")
		seen[k.ID] = true
		require.LessOrEqual(x.r, k.Generation, x.p.Generation)
	}
	x.future()
}

// refusal is why a command was refused, "" where it was not.
func refusal(d Decision) string {
	if d.Answer != ticket.Refused {
		return ""
	}
	return d.Reason
}

// future comes to rest, in the order of its instants.
func (x *chaos) future() {
	list := x.t.Future(x.p, x.s)
	require.Less(x.r, len(list), horizon)
	for i, f := range list {
		require.NotEmpty(x.r, f.Effect)
		if i > 0 {
			require.False(x.r, f.At.Before(list[i-1].At), "the future runs backwards")
		}
	}
}

func clone(p ticket.Process) ticket.Process {
	p.Clocks, p.Spoke = slices.Clone(p.Clocks), slices.Clone(p.Spoke)
	return p
}

// long is a key as long as the desk lets one be.
func long(stem string) string { return stem + strings.Repeat("x", 40-len(stem)) }

// anything is a command that need not make sense.
func anything(p ticket.Process, now time.Time) *rapid.Generator[ticket.Command] {
	return rapid.Custom(func(r *rapid.T) ticket.Command {
		after := rapid.SampledFrom([]time.Duration{0, time.Nanosecond, time.Second, time.Hour, 24 * time.Hour, 14 * 24 * time.Hour}).Draw(r, "after")
		zone := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("JST", 9*3600)}).Draw(r, "zone")
		return ticket.Command{
			ID: "x", Seq: p.Seq + rapid.Int64Range(-2, 2).Draw(r, "seq"), At: now.Add(after).In(zone),
			Kind:         ticket.Kind(rapid.IntRange(0, len(ticket.Kinds())+1).Draw(r, "kind")),
			By:           rapid.SampledFrom(everybody()).Draw(r, "by"),
			Message:      rapid.SampledFrom([]string{"", "0198c2a1-7c1e-7b7a-9d3e-2f1a5b6c7d8e"}).Draw(r, "message"),
			SeenRevision: rapid.Int64Range(0, p.Revision+1).Draw(r, "seen"),
			Params:       params(p, now).Draw(r, "params"),
		}
	})
}

func everybody() []ticket.Actor {
	return []ticket.Actor{
		{Kind: ticket.ActorClient, ID: "c_06en4q8rk5zv3hd2m9x7w1b0tc"},
		{Kind: ticket.ActorClient, ID: "c_06en4q8rk5zv3hd2m9x7w1b0td", Full: true},
		{Kind: ticket.ActorAgent, ID: long("sato"), Role: ticket.RoleAgent},
		{Kind: ticket.ActorAgent, ID: long("kato"), Role: ticket.RoleLead},
		{Kind: ticket.ActorAgent, ID: long("admin"), Role: ticket.RoleAdmin},
		ticket.Operator, ticket.System,
		{},
	}
}
