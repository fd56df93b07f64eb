package lifecycle

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// The table of PRODUCT.md §3 once more, copied by hand from the document and not from the code, stands in
// testdata/product: a table a file, which says itself how to read it. Who adds a state adds a file with its column.
func products(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("testdata/product/*.txt")
	require.NoError(t, err)
	out := map[string][]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		for l := range strings.Lines(string(text)) {
			if l = strings.TrimRight(l, "\n"); l != "" && !strings.HasPrefix(l, "#") {
				out[f] = append(out[f], l)
			}
		}
	}
	require.NotEmpty(t, out)
	return out
}

func TestTheTableIsTheProduct(t *testing.T) {
	t.Parallel()
	seen := map[ticket.State]bool{}
	for file, lines := range products(t) {
		columns := columnsOf(lines[0])
		for _, l := range lines[1:] {
			command := column(l, columns, 0)
			for i := 1; i < len(columns); i++ {
				state, want := column(lines[0], columns, i), column(l, columns, i)
				for _, table := range []*Table{Inquiry, Issue} { // the incident desk asks for more: see incident_test.go
					p, before, s := way(t, state, policyFor(command))
					if got := shorthand(t, table, p, before, s, command); got != want {
						t.Errorf("%s in %s: %s says %q, the process %s does %q", command, state, file, want, table.Name, got)
					}
					seen[p.State] = true
				}
			}
		}
	}
	for _, s := range ticket.States() {
		require.True(t, seen[s], "no column of testdata/product is about %s", s)
	}
}

// policyFor measures what a timer's row is about.
func policyFor(command string) ticket.Settings {
	for kind, words := range map[ticket.ClockKind]string{
		ticket.FirstResponse: "first-response-", ticket.NextResponse: "next-response-", ticket.Resolution: "resolution-",
	} {
		if strings.HasPrefix(command, words) {
			s := only(kind)
			s.Pauses = ticket.Pauses{}
			return s
		}
	}
	return ticket.DefaultSettings()
}

// TestTheProductListsEveryCommand holds the copies complete: whatever kind there is has a line.
func TestTheProductListsEveryCommand(t *testing.T) {
	t.Parallel()
	for file, lines := range products(t) {
		for _, k := range ticket.Kinds() {
			require.True(t, slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, k.String()+" ") }), "%s has no line about %s", file, k)
		}
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

// fixture brings a ticket into a state by commands, as people would, at a desk like the shipped one.
func fixture(t *testing.T, state string) (ticket.Process, Policy) {
	t.Helper()
	p, _, s := way(t, state, ticket.DefaultSettings())
	return p, s
}

// way is a fixture under a policy, with the ticket as it was before the last command.
func way(t *testing.T, state string, settings ticket.Settings) (p, before ticket.Process, s Policy) {
	t.Helper()
	s = RoundTheClock(settings)
	if state == "reopens" {
		s.FollowUp = ticket.FollowUpReopen
	}
	until := dayOne.Add(2 * time.Hour)
	keep, over := assignTo("sato"), with(bare(ticket.Escalate, anAgent, dayOne), ticket.Params{Escalate: &ticket.EscalateParams{Desk: "issues", Child: 1002}})
	ways := map[string][]ticket.Command{
		"new": nil, "open": {keep},
		"on_hold":     {keep, with(bare(ticket.Hold, anAgent, dayOne), ticket.Params{Hold: &ticket.HoldParams{Reason: ticket.HoldClient, Until: &until}})},
		"handed_over": {keep, over},
		"answered":    {keep, over, report(1002, ticket.ChildHeld)},
		"resolved":    {keep, writes(ticket.Resolve, anAgent, dayOne)},
		"internal":    {keep, resolveAs(ticket.CategoryOther)}, "abuse": {keep, resolveAs(ticket.CategoryAbuse)},
		"spam":   {keep, resolveAs(ticket.CategorySpam)},
		"closed": {keep, bare(ticket.Close, aLead, dayOne)}, "reopens": {keep, bare(ticket.Close, aLead, dayOne)},
		"merged":  {keep, mergeInto(ticket.MergeParams{Into: 1003})},
		"deleted": {keep, resolveAs(ticket.CategorySpam), bare(ticket.Delete, aLead, dayOne)},
	}
	commands, ok := ways[state]
	require.True(t, ok, state)
	p = ticket.Process{Number: 1001, Ticket: "t", Desk: "support", Policy: 1}
	for _, c := range append([]ticket.Command{writes(ticket.ClientReply, aClient, dayOne)}, commands...) {
		d := Inquiry.Apply(p, c, s)
		require.Equal(t, ticket.Applied, d.Answer, d.Rule)
		p, before = d.Process, p
	}
	return p, before, s
}

func report(child ticket.Number, o ticket.ChildOutcome) ticket.Command {
	return with(writes(ticket.ChildReport, ticket.System, dayOne), ticket.Params{Report: &ticket.ReportParams{Child: child, Outcome: o}})
}

func mergeInto(m ticket.MergeParams) ticket.Command {
	return with(bare(ticket.Merge, anAgent, dayOne), ticket.Params{Merge: &m})
}

func assignTo(owner string) ticket.Command {
	return with(bare(ticket.Assign, anAgent, dayOne), ticket.Params{Assign: &ticket.AssignParams{Owner: &owner}})
}

func resolveAs(k ticket.Category) ticket.Command {
	return with(bare(ticket.Resolve, anAgent, dayOne), ticket.Params{Resolve: &ticket.ResolveParams{Category: k}})
}

// shorthand sends the command and says what came of it as the table above does.
func shorthand(t *testing.T, table *Table, p, before ticket.Process, s Policy, command string) string {
	t.Helper()
	p = prepared(table, p, s, command)
	d := table.Apply(p, spelt(t, p, before, command), s)
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
		{"s", has(d, ForwardToSurvivor)},
		{"p", has(d, TellSurvivor)},
		{"l", has(d, LinkBoth)},
		{"o", has(d, OpenChild)},
		{"c", has(d, CopyToChild)},
		{"r", has(d, RecallChild)},
		{"u", has(d, RaiseChild)},
		{"w", has(d, WriteLabels)},
		{"x", has(d, SplitOff)},
		{"y", has(d, MoveMessage)},
	} {
		if m.is {
			marks += m.letter
		}
	}
	state := strings.TrimSuffix(strings.TrimPrefix(d.Process.State.String(), "resolved_"), "ly")
	return strings.TrimSpace(fmt.Sprintf("%s %s", strings.TrimPrefix(state, "hand_over_"), marks))
}

// prepared gives a row about promises its promise, and lets a clock warn first that is asked about its due.
func prepared(table *Table, p ticket.Process, s Policy, command string) ticket.Process {
	if strings.HasPrefix(command, "promise-") && p.State.Live() {
		due := dayOne.Add(48 * time.Hour)
		p = table.Apply(p, with(bare(ticket.Promise, anAgent, dayOne), ticket.Params{Promise: &ticket.PromiseParams{DueAt: due}}), s).Process
	}
	if strings.HasSuffix(command, "-due") {
		for _, k := range p.Clocks {
			if k.State == ticket.Running && !k.Warn.IsZero() && k.Kind.Says().String() == command {
				p = table.Apply(p, TimerCommand(p.Number, k), s).Process
			}
		}
	}
	return p
}

func has(d Decision, e Effect) bool { return step{d: d}.has(e) }

func spelt(t *testing.T, p, before ticket.Process, command string) ticket.Command {
	t.Helper()
	at := dayOne.Add(time.Hour)
	other, nobody, group, until, title := "tanaka", "", "tier2", at.Add(time.Hour), "printer"
	classify := func(c ticket.ClassifyParams) ticket.Command {
		return with(bare(ticket.Classify, anAgent, at), ticket.Params{Classify: &c})
	}
	says := func(v ticket.Verdict) ticket.Command {
		return with(bare(ticket.ClientVerdict, aClient, at), ticket.Params{Verdict: &ticket.VerdictParams{Verdict: v}})
	}
	in := func(unanswered bool) ticket.Command {
		return with(bare(ticket.MergeIn, ticket.System, at), ticket.Params{MergeIn: &ticket.MergeInParams{From: 1005, Unanswered: unanswered}})
	}
	takes := func(queued bool) ticket.Command {
		return with(bare(ticket.Withdraw, anAgent, at), ticket.Params{Withdraw: &ticket.WithdrawParams{Message: "m", Queued: queued, Revision: p.Revision, Before: &before}})
	}
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

		"escalate desk":             with(bare(ticket.Escalate, anAgent, at), ticket.Params{Escalate: &ticket.EscalateParams{Desk: "issues", Child: 1004}}),
		"classify title":            classify(ticket.ClassifyParams{Title: &title}),
		"classify tags":             classify(ticket.ClassifyParams{Tags: &[]string{"printer"}}),
		"classify urgent":           classify(ticket.ClassifyParams{Priority: ticket.Urgent}),
		"client-verdict solved":     says(ticket.VerdictSolved),
		"client-verdict not_solved": says(ticket.VerdictNotSolved),
		"client-verdict cancel":     says(ticket.VerdictCancel),
		"merge":                     mergeInto(ticket.MergeParams{Into: 1003, TargetState: ticket.Resolved}),
		"merge into closed":         mergeInto(ticket.MergeParams{Into: 1003, TargetState: ticket.Closed}),
		"merge in a ring":           mergeInto(ticket.MergeParams{Into: 1003, TargetState: ticket.Open, Ring: true}),
		"merge-in":                  in(false),
		"merge-in unanswered":       in(true),
		"unmerge":                   bare(ticket.Unmerge, anAgent, at),
		"link":                      with(bare(ticket.LinkTo, anAgent, at), ticket.Params{Link: &ticket.LinkParams{Number: 1007, Kind: "related"}}),
		"recall":                    bare(ticket.Recall, anAgent, at),
		"child-report":              report(1002, ticket.ChildResolved),
		"child-report of a former":  report(999, ticket.ChildResolved),
		"promise":                   with(bare(ticket.Promise, anAgent, at), ticket.Params{Promise: &ticket.PromiseParams{DueAt: until}}),
		"feedback":                  with(bare(ticket.Feedback, aClient, at), ticket.Params{Feedback: &ticket.FeedbackParams{Rating: 4}}),
		"split":                     with(bare(ticket.Split, anAgent, at), ticket.Params{Split: &ticket.SplitParams{Message: "m"}}),
		"move":                      with(bare(ticket.Move, anAgent, at), ticket.Params{Move: &ticket.MoveParams{Message: "m", Into: 1007}}),
		"delivery-failed for good":  with(bare(ticket.DeliveryFailed, ticket.System, at), ticket.Params{Failed: &ticket.FailedParams{Delivery: "d", State: "bounced", Verified: true, Hard: true, Final: true}}),
		"withdraw":                  takes(true),
		"withdraw too late":         takes(false),
	}
	if c, ok := words[command]; ok {
		return c
	}
	for _, k := range ticket.ClockKinds() {
		if k.Says().String() == command || k.Warns().String() == command {
			return ringing(p, k, at, command)
		}
	}
	require.Fail(t, "no such command", command)
	return ticket.Command{}
}

// ringing is what a clock of that kind says, whether it runs or not.
func ringing(p ticket.Process, kind ticket.ClockKind, at time.Time, command string) ticket.Command {
	for _, k := range p.Clocks {
		if k.Kind == kind && k.State == ticket.Running {
			return TimerCommand(p.Number, k)
		}
	}
	k := ticket.Clock{ID: kind.String(), Kind: kind, Due: at, Generation: 1}
	if kind.Warns().String() == command {
		k.Warn = at.Add(-time.Minute)
	}
	return TimerCommand(p.Number, k)
}
