package lifecycle

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// The table of PRODUCT.md §3 once more, copied by hand from the document and not from the code: what a ticket in each
// state is after each command. Behind the state: k the message is kept, m mailed, t a tier more, d content destroyed,
// f opens a follow-up, n opens a new ticket. "internal" was resolved as "other", "abuse" as abuse; "spam" was open
// before; "reopens" is closed at a desk that always reopens. Timers ring whether their clock runs or not.
const product = `
command                new         open        on_hold     resolved    internal    abuse       spam      closed    reopens   deleted
create                 refused     refused     refused     refused     refused     refused     refused   refused   refused   refused
client-reply           new k       open k      open k      open k      open k      internal k  spam k    closed f  open k    deleted n
agent-response         open km     open km     on_hold km  resolved km open km     open km     refused   refused   refused   refused
hold                   on_hold     on_hold     on_hold     on_hold     on_hold     on_hold     refused   refused   refused   refused
hold+message           on_hold km  on_hold km  on_hold km  on_hold km  on_hold km  on_hold km  refused   refused   refused   refused
hold until             on_hold     on_hold     on_hold     on_hold     on_hold     on_hold     refused   refused   refused   refused
resolve                resolved    resolved    resolved    already     resolved    resolved    refused   already   already   refused
resolve+message        resolved km resolved km resolved km resolved km resolved km resolved km refused   refused   refused   refused
resolve test           internal    internal    internal    internal    internal    internal    refused   already   already   refused
resolve test+message   internal k  internal k  internal k  internal k  internal k  internal k  refused   refused   refused   refused
resolve spam           spam        spam        spam        spam        spam        spam        refused   already   already   refused
escalate               new t       open t      on_hold t   open t      open t      open t      refused   refused   refused   refused
assign owner           open        open        on_hold     resolved    internal    internal    refused   refused   refused   refused
assign group           new         open        on_hold     resolved    internal    internal    refused   refused   refused   refused
unassign               already     new         on_hold     resolved    internal    internal    refused   refused   refused   refused
note                   new k       open k      on_hold k   resolved k  internal k  internal k  refused   closed k  closed k  refused
close                  closed      closed      closed      closed      closed      closed      refused   already   already   refused
restore                refused     refused     refused     refused     refused     refused     open      refused   refused   refused
delete by lead         refused     refused     refused     refused     refused     refused     deleted d refused   refused   already
delete by admin        refused     refused     refused     refused     refused     refused     deleted d deleted d deleted d already
automatic-mail         new k       open k      on_hold k   resolved k  internal k  internal k  spam k    closed k  closed k  already
delivery-failed        new         open        on_hold     resolved    internal    internal    spam      closed    closed    deleted
first-response-due     new t       open t      on_hold t   already     already     already     already   already   already   already
wake-due               already     already     open        already     already     already     already   already   already   already
auto-close-due         already     already     already     closed      closed      closed      already   already   already   already
retention-due          already     already     already     already     already     already     deleted d already   already   already
unreadable             refused     refused     refused     refused     refused     refused     refused   refused   refused   refused
`

// A repeated delete is "already" by rule 4 (a different id that finds its work done), where the row of delete says
// "others: refuse".

func TestTheTableIsTheProduct(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.Trim(product, "\n"), "\n")
	columns := columnsOf(lines[0])
	cells := 0
	for _, l := range lines[1:] {
		command := column(l, columns, 0)
		for i := 1; i < len(columns); i++ {
			state, want := column(lines[0], columns, i), column(l, columns, i)
			p, s := fixture(t, state)
			require.Equal(t, want, shorthand(t, p, s, command), "%s in %s", command, state)
			cells++
		}
	}
	require.Equal(t, 27*10, cells)
}

// TestTheProductListsEveryCommand holds the copy complete: whatever kind there is has a line.
func TestTheProductListsEveryCommand(t *testing.T) {
	t.Parallel()
	for _, k := range ticket.Kinds() {
		require.Contains(t, strings.Replace(product, "assign owner", "assign", 1), "\n"+k.String()+" ")
	}
}

func columnsOf(head string) []int {
	starts := []int{}
	for i := range head {
		if head[i] != ' ' && (i == 0 || head[i-1] == ' ') {
			starts = append(starts, i)
		}
	}
	return starts
}

func column(l string, starts []int, i int) string {
	end := len(l)
	if i+1 < len(starts) {
		end = min(starts[i+1], len(l))
	}
	return strings.TrimSpace(l[starts[i]:end])
}

// fixture brings a ticket into a state by commands, as people would.
func fixture(t *testing.T, state string) (ticket.Process, ticket.Settings) {
	t.Helper()
	s := ticket.DefaultSettings()
	if state == "reopens" {
		s.FollowUp = ticket.FollowUpReopen
	}
	until := dayOne.Add(2 * time.Hour)
	ways := map[string][]ticket.Command{
		"new": nil, "open": {assignTo("sato")},
		"on_hold":  {assignTo("sato"), with(bare(ticket.Hold, anAgent, dayOne), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldClient, Until: &until}})},
		"resolved": {assignTo("sato"), writes(ticket.Resolve, anAgent, dayOne)},
		"internal": {assignTo("sato"), resolveAs(ticket.CategoryOther)}, "abuse": {assignTo("sato"), resolveAs(ticket.CategoryAbuse)},
		"spam":   {assignTo("sato"), resolveAs(ticket.CategorySpam)},
		"closed": {assignTo("sato"), bare(ticket.Close, aLead, dayOne)}, "reopens": {assignTo("sato"), bare(ticket.Close, aLead, dayOne)},
		"deleted": {assignTo("sato"), resolveAs(ticket.CategorySpam), bare(ticket.Delete, aLead, dayOne)},
	}
	way, ok := ways[state]
	require.True(t, ok, state)
	p := ticket.Process{Number: 1001, Ticket: "t", Desk: "support", Policy: 1}
	for _, c := range append([]ticket.Command{writes(ticket.ClientReply, aClient, dayOne)}, way...) {
		d := Inquiry.Apply(p, c, s)
		require.Equal(t, ticket.Applied, d.Answer, d.Rule)
		p = d.Process
	}
	return p, s
}

func assignTo(owner string) ticket.Command {
	return with(bare(ticket.Assign, anAgent, dayOne), ticket.Params{Assign: &ticket.AssignParams{Owner: &owner}})
}

func resolveAs(k ticket.Category) ticket.Command {
	return with(bare(ticket.Resolve, anAgent, dayOne), ticket.Params{Resolve: &ticket.ResolveParams{Category: k}})
}

// shorthand sends the command and says what came of it as the table above does.
func shorthand(t *testing.T, p ticket.Process, s ticket.Settings, command string) string {
	t.Helper()
	d := Inquiry.Apply(p, spelt(t, p, command), s)
	if d.Answer != ticket.Applied {
		require.NotEmpty(t, d.Reason)
		return d.Answer.String()
	}
	marks := ""
	for _, m := range []struct {
		letter string
		is     bool
	}{
		{"k", has(d, KeepMessage)},
		{"m", has(d, SendMessage)},
		{"t", d.Process.Tier == p.Tier+1},
		{"d", has(d, Destroy)},
		{"f", has(d, OpenFollowUp)},
		{"n", has(d, OpenAnew)},
	} {
		if m.is {
			marks += m.letter
		}
	}
	state := strings.TrimSuffix(strings.TrimPrefix(d.Process.State.String(), "resolved_"), "ly")
	return strings.TrimSpace(fmt.Sprintf("%s %s", state, marks))
}

func has(d Decision, e Effect) bool { return step{d: d}.has(e) }

func spelt(t *testing.T, p ticket.Process, command string) ticket.Command {
	t.Helper()
	at := dayOne.Add(time.Hour)
	other, nobody, group, until := "tanaka", "", "tier2", at.Add(time.Hour)
	words := map[string]ticket.Command{
		"create":               writes(ticket.Create, anAgent, at),
		"client-reply":         writes(ticket.ClientReply, aClient, at),
		"agent-response":       writes(ticket.AgentResponse, anAgent, at),
		"hold":                 with(bare(ticket.Hold, anAgent, at), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldThirdParty}}),
		"hold+message":         with(writes(ticket.Hold, anAgent, at), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldThirdParty}}),
		"hold until":           with(bare(ticket.Hold, anAgent, at), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldScheduled, Until: &until}}),
		"resolve":              bare(ticket.Resolve, anAgent, at),
		"resolve+message":      writes(ticket.Resolve, anAgent, at),
		"resolve test":         resolveAs(ticket.CategoryTest),
		"resolve test+message": with(writes(ticket.Resolve, anAgent, at), resolveAs(ticket.CategoryTest).Params),
		"resolve spam":         resolveAs(ticket.CategorySpam),
		"escalate":             bare(ticket.Escalate, anAgent, at),
		"assign owner":         assignTo(other),
		"assign group":         with(bare(ticket.Assign, anAgent, at), ticket.Params{Assign: &ticket.AssignParams{Group: &group}}),
		"unassign":             assignTo(nobody),
		"note":                 writes(ticket.Note, anAgent, at),
		"close":                bare(ticket.Close, aLead, at),
		"restore":              bare(ticket.Restore, aLead, at),
		"delete by lead":       bare(ticket.Delete, aLead, at),
		"delete by admin":      bare(ticket.Delete, anAdmin, at),
		"automatic-mail":       writes(ticket.AutomaticMail, ticket.System, at),
		"delivery-failed":      bare(ticket.DeliveryFailed, ticket.System, at),
		"unreadable":           bare(ticket.Unreadable, ticket.Operator, at),
	}
	if c, ok := words[command]; ok {
		return c
	}
	for _, k := range ticket.ClockKinds() {
		if k.Says().String() == command {
			clock, ok := p.Clock(k.String())
			if !ok {
				clock = ticket.Clock{ID: k.String(), Kind: k, Due: at, Generation: 1}
			}
			return TimerCommand(p.Number, clock)
		}
	}
	require.Fail(t, "no such command", command)
	return ticket.Command{}
}
