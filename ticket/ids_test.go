package ticket

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestIDsNeverChange holds the ids that stand in rows and in Temporal: a changed one would let a command be taken
// twice, or a workflow be started beside the one that runs.
func TestIDsNeverChange(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, time.December, 7, 19, 0, 0, 123456000, time.FixedZone("JST", 9*3600))
	for want, got := range map[string]string{
		"ticket-1042":          WorkflowID(1042),
		"delivery-0198c2a1":    DeliveryWorkflowID("0198c2a1"),
		"mailbox-support":      MailboxWorkflowID("support"),
		"hand:0198-run:7:hold": HandID("0198-run", 7, "hold"),
		"cancel:0198-run":      CancelID("0198-run"),
		"timer:1042:auto_close:2026-12-07T10:00:00.123456Z:3": TimerID(1042, AutoClose.String(), due, 3),
		"agent:sato":        Actor{Kind: ActorAgent, ID: "sato", Role: RoleLead}.Key(),
		"client:c_1":        Actor{Kind: ActorClient, ID: "c_1"}.Key(),
		"system:system":     System.Key(),
		"operator:operator": Operator.Key(),
		"Ticket":            WorkflowTicket, "Delivery": WorkflowDelivery, "Mailbox": WorkflowMailbox,
		"duradesk": QueueTickets, "duradesk-mail": QueueMail,
		"bell": SignalBell, "settings-changed": SignalSettingsChanged, "state": QueryState, "future": QueryFuture,
	} {
		require.Equal(t, want, got)
	}
}

// TestATimersIDDoesNotDependOnItsZone: the worker that armed it and the one that hears it may live elsewhere.
func TestATimersIDDoesNotDependOnItsZone(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, time.December, 7, 10, 0, 0, 0, time.UTC)
	require.Equal(t, TimerID(1, "wake", due, 1), TimerID(1, "wake", due.In(time.FixedZone("JST", 9*3600)), 1))
	require.NotEqual(t, TimerID(1, "wake", due, 1), TimerID(1, "wake", due, 2))
	require.NotEqual(t, TimerID(1, "wake", due, 1), TimerID(1, "wake", due.Add(time.Nanosecond), 1))
}

// TestSignalPayloads hold what Temporal's histories hold: references, by these names.
func TestSignalPayloads(t *testing.T) {
	t.Parallel()
	ring, err := json.Marshal(Ring{ID: "a", Seq: 3})
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"a","seq":3}`, string(ring))
	bell, err := json.Marshal(Ring{})
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(bell))
}

// TestOldProcessesAreRead: a process written by the first version is read by every later one, field by field, and
// written as short as it may be.
func TestOldProcessesAreRead(t *testing.T) {
	t.Parallel()
	const first = `{"number":1042,"ticket":"0198c2a1-7c1e-7b7a-9d3e-2f1a5b6c7d8e","desk":"support","state":"spam","former":"on_hold","hold":"client","category":"spam","owner":"sato","group":"tier2","triggered":true,"tier":2,"priority":"high","channel":"mail","breached":true,"revision":9,"seq":11,"policy":3,"clocks":[{"id":"retention","kind":"retention","state":"running","due":"2026-12-23T10:00:00Z","generation":4},{"id":"first_response","kind":"first_response","state":"breached","due":"2026-11-23T15:00:00Z","generation":1,"met":"2026-11-23T16:00:00Z"}],"spoke":[{"by":"agent:sato","revision":7}],"opened":"2026-11-23T09:00:00Z","resolved":"2026-11-23T17:00:00Z","closed":"2026-11-23T18:00:00Z","generation":4,"failed":true}`
	const now = `{"number":1042,"ticket":"0198c2a1-7c1e-7b7a-9d3e-2f1a5b6c7d8e","desk":"support","state":"spam","former":"on_hold","hold":"client","category":"spam","owner":"sato","group":"tier2","triggered":true,"tier":2,"priority":"high","channel":"mail","breached":true,"revision":9,"seq":11,"policy":3,"clocks":["retention 2026-12-23T10:00:00Z #4","first_response breached 2026-11-23T15:00:00Z #1 met 2026-11-23T16:00:00Z"],"spoke":["agent:sato@7"],"opened":"2026-11-23T09:00:00Z","resolved":"2026-11-23T17:00:00Z","closed":"2026-11-23T18:00:00Z","generation":4,"failed":true}`
	var p, again Process
	require.NoError(t, json.Unmarshal([]byte(first), &p))
	back, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, now, string(back))
	require.NoError(t, json.Unmarshal(back, &again))
	require.Equal(t, p, again)
}

// TestClocksInShort: whatever a clock says comes back from its short form, and what isn't one is told by name.
func TestClocksInShort(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, time.December, 7, 10, 0, 0, 123456000, time.UTC)
	for want, k := range map[string]Clock{
		`"wake 2026-12-07T10:00:00.123456Z #3"`:                                              {ID: "wake", Kind: Wake, State: Running, Due: due, Generation: 3},
		`"promise:2 2026-12-07T10:00:00.123456Z #5 warn 2h0m0s"`:                             {ID: "promise:2", Kind: Promised, State: Running, Due: due, Generation: 5, Warn: due.Add(-2 * time.Hour)},
		`"resolution paused - #2 used 3h0m0.5s"`:                                             {ID: "resolution", Kind: Resolution, State: Paused, Generation: 2, Used: 3*time.Hour + 500*time.Millisecond},
		`"next_response met 2026-12-07T10:00:00.123456Z #2 met 2026-12-07T10:00:00.123456Z"`: {ID: "next_response", Kind: NextResponse, State: Met, Due: due, Generation: 2, Met: due},
	} {
		text, err := json.Marshal(k)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
		var back Clock
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, k, back)
	}
	odd := Clock{ID: "snooze", Kind: Retention, State: Running, Due: due}
	text, err := json.Marshal(odd)
	require.NoError(t, err)
	var back Clock
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, odd, back)
	for _, wrong := range []string{`"wake"`, `"tea - #1"`, `"wake boiling - #1"`, `"wake soon #1"`, `"wake - #x"`, `"wake - #1 sugar 2"`, `"wake - #1 used up"`, `"wake met"`} {
		require.Equal(t, Newer, CodeOf(json.Unmarshal([]byte(wrong), &back)), wrong)
	}
	var c Child
	for _, k := range []Child{{Number: 1043}, {Number: 1043, Outcome: ChildHeld}} {
		text, err := json.Marshal(k)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &c))
		require.Equal(t, k, c)
	}
	for _, wrong := range []string{`"held"`, `"1043 gone"`, `{}`} {
		require.Error(t, json.Unmarshal([]byte(wrong), &c), wrong)
	}
	var s Spoke
	require.Error(t, json.Unmarshal([]byte(`"agent:sato"`), &s))
	require.Error(t, json.Unmarshal([]byte(`"agent:sato@x"`), &s))
	require.NoError(t, json.Unmarshal([]byte(`"client:c@d@12"`), &s))
	require.Equal(t, Spoke{By: "client:c@d", Revision: 12}, s)
}

// TestSettingsOfTheFirstVersionAreRead: one number was the target of every priority, and what it did not know is off.
func TestSettingsOfTheFirstVersionAreRead(t *testing.T) {
	t.Parallel()
	var s Settings
	require.NoError(t, json.Unmarshal([]byte(`{"version":1,"first_response":21600000000000,"auto_close":1209600000000000,"follow_up":"linked","breach_escalates":true}`), &s))
	require.Equal(t, Same(6*time.Hour), s.FirstResponse)
	require.Zero(t, s.Resolution)
	require.Error(t, json.Unmarshal([]byte(`{"first_response":"soon"}`), &s))
	d := DefaultSettings()
	require.Equal(t, 6*time.Hour, d.FirstResponse.For(NoPriority))
	require.Equal(t, []time.Duration{80 * time.Hour, 40 * time.Hour, 24 * time.Hour, 8 * time.Hour},
		[]time.Duration{d.Resolution.For(Low), d.Resolution.For(Normal), d.Resolution.For(High), d.Resolution.For(Urgent)})
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var back Settings
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, d, back)
}

func TestClocks(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	p := Process{Clocks: []Clock{
		{ID: "first_response", Kind: FirstResponse, State: Met, Due: noon.Add(-time.Hour)},
		{ID: "auto_close", Kind: AutoClose, State: Running, Due: noon.Add(time.Hour)},
		{ID: "wake", Kind: Wake, State: Running, Due: noon},
		{ID: "retention", Kind: Retention, State: Paused, Due: noon.Add(-time.Hour)},
	}}
	next, ok := p.Next()
	require.True(t, ok)
	require.Equal(t, "wake", next.ID)
	_, ok = Process{Clocks: p.Clocks[:1]}.Next()
	require.False(t, ok, "a clock that was met does not ring")
	met, ok := p.Clock("first_response")
	require.True(t, ok)
	require.Equal(t, Met, met.State)
	_, ok = p.Clock("promise")
	require.False(t, ok)

	said := map[Kind]bool{}
	for _, k := range ClockKinds() {
		require.True(t, k.Says().Timer(), "%s says what only a clock says", k)
		said[k.Says()] = true
	}
	require.Len(t, said, len(ClockKinds()), "no two clocks say the same")
	require.Equal(t, NoKind, NoClock.Says())
}

func TestLiveAndFinal(t *testing.T) {
	t.Parallel()
	live, final := []State{New, Open, OnHold, HandedOver, HandOverAnswered}, []State{Closed, Merged, Deleted}
	for _, s := range States() {
		require.Equal(t, slices.Contains(live, s), s.Live(), s)
		require.Equal(t, slices.Contains(final, s), s.Final(), s)
	}
}

func TestErrorsThatPeopleSee(t *testing.T) {
	t.Parallel()
	require.Equal(t, Code(""), CodeOf(json.Unmarshal([]byte("{"), &Process{})), "everything without a code is internal")
	var p Process
	err := json.Unmarshal([]byte(`{"state":"molten"}`), &p)
	require.Equal(t, Newer, CodeOf(err), "an unknown name is told through every wrapper")
	require.ErrorContains(t, err, `"molten" is not a state that this program knows`)
}
