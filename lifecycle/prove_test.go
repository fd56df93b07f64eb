package lifecycle

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestTheProcessesKeepTheLaws(t *testing.T) {
	t.Parallel()
	for _, table := range Processes() {
		for _, f := range table.Prove() {
			t.Errorf("%s: %s", table.Name, f)
		}
	}
}

// mutation is a mistake that somebody could make in the table, and the law that it breaks.
type mutation struct {
	law    string
	says   string // a part of what the finding must say
	change func(*Table)
}

func cell(s ticket.State, k ticket.Kind, c Cell) func(*Table) {
	return func(t *Table) { t.Rules[s][k] = c }
}

var mutations = map[string]mutation{
	"a line is forgotten":        {"answered", "resolved does not answer note", func(t *Table) { delete(t.Rules[ticket.Resolved], ticket.Note) }},
	"a whole state is forgotten": {"answered", "spam does not answer create", func(t *Table) { delete(t.Rules, ticket.Spam) }},
	"a condition has no else": {"answered", "open does not answer hold", func(t *Table) {
		t.Rules[ticket.Open][ticket.Hold] = t.Rules[ticket.Open][ticket.Hold][:1]
	}},
	"a line hides the next": {"answered", "hides", func(t *Table) {
		c := slices.Clone(t.Rules[ticket.Open][ticket.Hold])
		c[0].Guard = nil
		t.Rules[ticket.Open][ticket.Hold] = c
	}},
	"a refusal gives no reason": {"answered", "closed does not answer escalate: it gives no reason", cell(ticket.Closed, ticket.Escalate, refuse(""))},
	"a guard can never hold": {"used", "new/assign when a trigger", cell(ticket.New, ticket.Assign,
		when(keptByLead, refuse("owner_needs_lead")).orWhen(nothingNew, already("nothing_to_change")).orWhen(toOwner, move(ticket.Open, AssignTo)).otherwise(stay(AssignTo)))},
	"nothing leads to spam": {"reachable", "no way leads into spam", func(t *Table) {
		for _, s := range ticket.States() {
			t.Rules[s][ticket.Resolve] = slices.DeleteFunc(slices.Clone(t.Rules[s][ticket.Resolve]), func(c Case) bool { return c.Answer.To == ticket.Spam })
		}
	}},
	"spam cannot be left": {"closeable", "a ticket in spam can never be closed", cell(ticket.Spam, ticket.Restore, refuse("not_in_spam"))},
	"nothing closes": {"closeable", "a ticket in new can never be closed", func(t *Table) {
		for _, s := range ticket.States() {
			t.Rules[s][ticket.Close] = refuse("no")
			t.Rules[s][ticket.AutoCloseDue] = stay()
		}
	}},
	"resolved does not close by itself": {"left_alone", "ends in resolved, where nobody looks", func(t *Table) {
		t.Clocks[ticket.Resolved] = ClockRow{}
	}},
	"spam is kept for ever":        {"left_alone", "ends in spam, where nobody looks", func(t *Table) { t.Clocks[ticket.Spam] = ClockRow{} }},
	"a clock starts itself again":  {"left_alone", "never comes to rest", cell(ticket.Resolved, ticket.AutoCloseDue, again())},
	"a client is refused":          {"never_refused", "client-reply is refused in closed", cell(ticket.Closed, ticket.ClientReply, refuse("closed_use_follow_up"))},
	"a clock is refused":           {"never_refused", "auto-close-due is refused in resolved", cell(ticket.Resolved, ticket.AutoCloseDue, refuse("no"))},
	"the wake is not heard":        {"clock_heard", "on_hold lets the clock wake run", cell(ticket.OnHold, ticket.WakeDue, ignore("no_such_clock"))},
	"a breach is not written down": {"clock_heard", "still due", cell(ticket.Open, ticket.FirstResponseDue, stay())},
	"a closed ticket closes again": {"clock_stopped", "closed is final", func(t *Table) {
		t.Clocks[ticket.Closed] = inquiryClocks[ticket.Resolved]
	}},
	"nobody says which clocks run":   {"clock_stopped", "which clocks run in open", func(t *Table) { delete(t.Clocks, ticket.Open) }},
	"a reply is swallowed":           {"words_kept", "client-reply vanishes in spam", cell(ticket.Spam, ticket.ClientReply, ignore("deleted"))},
	"a reply moves, and is not kept": {"words_kept", "client-reply vanishes in resolved", cell(ticket.Resolved, ticket.ClientReply, move(ticket.Open))},
	"a final answer is taken for a repetition": {"words_kept", "resolve vanishes in resolved", func(t *Table) {
		t.Rules[ticket.Resolved][ticket.Resolve] = slices.DeleteFunc(slices.Clone(t.Rules[ticket.Resolved][ticket.Resolve]), func(c Case) bool {
			return c.Guard != nil && c.Guard.Name == withMessage.Name
		})
	}},
	"a tombstone opens nothing":    {"words_kept", "client-reply vanishes in deleted", cell(ticket.Deleted, ticket.ClientReply, stay())},
	"an answer stays in the house": {"answer_sent", "agent-response in open is not sent", cell(ticket.Open, ticket.AgentResponse, stay(KeepMessage, TakeOwnership, Responded))},
	"an answer does not count":     {"answer_sent", "the first response is still due", cell(ticket.New, ticket.AgentResponse, move(ticket.Open, KeepMessage, TakeOwnership, SendMessage))},
	"a note is mailed":             {"answer_sent", "note in open sends what is no answer", cell(ticket.Open, ticket.Note, stay(KeepMessage, SendMessage))},
	"who answers does not own":     {"owned", "after agent-response in new nobody owns", cell(ticket.New, ticket.AgentResponse, move(ticket.Open, KeepMessage, SendMessage, Responded))},
	"who holds does not own": {"owned", "after hold in new nobody owns", cell(ticket.New, ticket.Hold,
		when(untilPast, refuse("until_in_past")).otherwise(move(ticket.OnHold, KeepMessage, SetHold, SendMessage, Responded)))},
	"unassigned, and still owned": {"owned", "leaves a new ticket that has an owner", cell(ticket.Open, ticket.Close, move(ticket.New))},
	"a hold without reason": {"labelled", "does not say what it waits for", cell(ticket.Open, ticket.Hold,
		when(untilPast, refuse("until_in_past")).otherwise(move(ticket.OnHold, KeepMessage, TakeOwnership, SendMessage, Responded)))},
	"restored as spam": {"labelled", "category spam is not in the spam box", func(t *Table) {
		c := slices.Clone(t.Rules[ticket.ResolvedInternally][ticket.Resolve])
		c[0] = t.Rules[ticket.Open][ticket.Resolve][0]
		t.Rules[ticket.ResolvedInternally][ticket.Resolve] = c
	}},
	"spam forgets where it came from": {"labelled", "does not know where it came from", func(t *Table) {
		c := slices.Clone(t.Rules[ticket.Open][ticket.Resolve])
		c[0] = when(asSpam, move(ticket.Spam, KeepMessage, SetCategory))[0]
		t.Rules[ticket.Open][ticket.Resolve] = c
	}},
	"restore always opens":          {"way_back", "restore leads from spam", cell(ticket.Spam, ticket.Restore, move(ticket.Open))},
	"deletion keeps the texts":      {"destroyed", "delete leads from spam to deleted", cell(ticket.Spam, ticket.Delete, move(ticket.Deleted))},
	"closing destroys":              {"destroyed", "close leads from open to closed", cell(ticket.Open, ticket.Close, move(ticket.Closed, Destroy))},
	"an out-of-office wakes":        {"quiet", "automatic mail in on_hold", cell(ticket.OnHold, ticket.AutomaticMail, move(ticket.Open, KeepMessage))},
	"an out-of-office postpones":    {"quiet", "automatic mail in resolved", cell(ticket.Resolved, ticket.AutomaticMail, again(KeepMessage))},
	"nobody hears of a breach":      {"told", "nobody is told", cell(ticket.Open, ticket.FirstResponseDue, stay(RecordBreach))},
	"no lead hears of a breach":     {"told", "resolution is missed in open and no lead is told", cell(ticket.Open, ticket.ResolutionDue, stay(RecordBreach, TellOwner))},
	"a warning is silent":           {"told", "the clock next response rings in new and nobody is told", cell(ticket.New, ticket.NextResponseWarning, stay(RecordWarning))},
	"a warning is given for ever":   {"clock_heard", "rings in open and is still due", cell(ticket.Open, ticket.ResolutionWarning, stay(TellOwner))},
	"a missed promise is no breach": {"told", "promise is missed in open and no breach", cell(ticket.Open, ticket.PromiseDue, move(ticket.Resolved, TellOwner, TellLeads))},
	"a hand-over opens no child": {"hand_over", "no child opens", cell(ticket.Open, ticket.Escalate,
		when(toDesk, move(ticket.HandedOver, TakeOwnership, HandOut)).otherwise(stay(RaiseTier)))},
	"a resolved parent forgets its child": {"hand_over", "resolve leads from handed_over to resolved, and the child is not told", cell(ticket.HandedOver, ticket.Resolve, resolving)},
	"a recall tells nobody":               {"hand_over", "recall leads from handed_over to open, and the child is not told", cell(ticket.HandedOver, ticket.Recall, move(ticket.Open))},
	"the child does not hear the client":  {"hand_over", "do not reach the child", cell(ticket.HandedOver, ticket.ClientReply, stay(KeepMessage, ClientWaits))},
	"a hand-over never comes back":        {"left_alone", "never comes to rest", cell(ticket.HandedOver, ticket.HandOverDue, again())},
	"a report says nothing":               {"labelled", "does not say how it came back", cell(ticket.HandedOver, ticket.ChildReport, move(ticket.HandOverAnswered, KeepMessage))},
	"a held child is silent": {"parent_told", "hold leads a child from open to on_hold", cell(ticket.Open, ticket.Hold,
		when(untilPast, refuse("until_in_past")).otherwise(move(ticket.OnHold, KeepMessage, TakeOwnership, SetHold, SendMessage, CopyToParent, Responded)))},
	"a closed child is silent":        {"parent_told", "close leads a child from new to closed", cell(ticket.New, ticket.Close, move(ticket.Closed))},
	"a child's answer stays there":    {"answer_sent", "the answer given by agent-response in open is not sent", cell(ticket.Open, ticket.AgentResponse, stay(KeepMessage, TakeOwnership, SendMessage, Responded))},
	"the survivor is not told":        {"survivor", "merge merges the ticket, and the survivor is not told", cell(ticket.Open, ticket.Merge, when(wouldRing, refuse("merge_ring")).otherwise(move(ticket.Merged, RememberState, SetSurvivor)))},
	"a merge keeps mail to itself":    {"survivor", "client-reply to a merged ticket", cell(ticket.Merged, ticket.ClientReply, stay(KeepMessage))},
	"a merge forgets the survivor":    {"labelled", "has the survivor 0", cell(ticket.Open, ticket.Merge, move(ticket.Merged, RememberState, TellSurvivor))},
	"a merge forgets where it was":    {"labelled", "a ticket in merged does not know where it came from", cell(ticket.Open, ticket.Merge, move(ticket.Merged, SetSurvivor, TellSurvivor))},
	"a merge is for ever":             {"closeable", "a ticket in merged can never be closed", cell(ticket.Merged, ticket.Unmerge, refuse("not_merged"))},
	"a merge taken back opens":        {"way_back", "unmerge leads from merged", cell(ticket.Merged, ticket.Unmerge, move(ticket.Open, LinkBoth))},
	"a message is taken back by half": {"undone", "taken back in resolved leaves the ticket in open", cell(ticket.Resolved, ticket.Withdraw, when(withdrawable, move(ticket.Open, TakeBack)).otherwise(refuse("too_late_to_withdraw")))},
	"a merged ticket's clocks go on": {"clock_stopped", "merged is final", func(t *Table) {
		t.Clocks[ticket.Merged] = inquiryClocks[ticket.Open]
	}},
	"an urgent ticket never closes, and nobody sees it": {"left_alone", "ends in resolved, where nobody looks", func(t *Table) {
		t.Clocks[ticket.Resolved] = ClockRow{{Kind: ticket.AutoClose, Starts: autoClose.unless(urgent, "")}}
	}},
	"spam keeps its clocks": {"clock_heard", "spam lets the clock resolution run and does not hear it", func(t *Table) {
		t.Clocks[ticket.Spam] = append(slices.Clone(t.Clocks[ticket.Spam]), resolution)
	}},
	"spam is acknowledged": {"quiet", "in spam makes a noise", cell(ticket.Spam, ticket.ClientReply, stay(KeepMessage, Acknowledge))},
}

func TestEveryMistakeIsFound(t *testing.T) {
	t.Parallel()
	for name, m := range mutations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all string
			for f := range altered(m.change).findings() {
				all += f.String()
				if f.Law == m.law && strings.Contains(f.Says, m.says) {
					return
				}
			}
			t.Errorf("no finding of %s says %q; found:\n%s", m.law, m.says, all)
		})
	}
}

func TestEveryLawCanBeBroken(t *testing.T) {
	t.Parallel()
	broken := map[string]bool{"who": true} // has its own test
	for _, m := range mutations {
		broken[m.law] = true
	}
	for _, p := range Laws() {
		require.True(t, broken[p.Key], "no mistake breaks %q", p.Key)
	}
}

func TestRightsAreComplete(t *testing.T) {
	t.Parallel()
	says := func(change func(map[ticket.Kind]ticket.Role)) string {
		w := maps.Clone(who)
		change(w)
		found := whoFindings(w)
		require.NotEmpty(t, found)
		return found[0].Says
	}
	require.Empty(t, whoFindings(who))
	require.Equal(t, "nobody may send escalate", says(func(w map[ticket.Kind]ticket.Role) { delete(w, ticket.Escalate) }))
	require.Contains(t, says(func(w map[ticket.Kind]ticket.Role) { w[ticket.WakeDue] = ticket.RoleAdmin }), "people may send wake-due")
	require.Contains(t, says(func(w map[ticket.Kind]ticket.Role) { w[ticket.Hold] = ticket.NoRole }), "hold asks for a role")
}

func TestAFindingTellsTheShortestStory(t *testing.T) {
	t.Parallel()
	found := altered(mutations["restore always opens"].change).Prove()
	require.NotEmpty(t, found)
	require.Equal(t, `way_back: restore leads from spam to "open"
  1. a client writes: it is new
  2. an agent resolves it internally as spam: it is spam
  3. a lead restores it: it is open
`, found[0].String())
}

// TestTheMapStaysSmall: proofs are quick as long as few tickets differ in what rules look at. A new fact multiplies.
func TestTheMapStaysSmall(t *testing.T) {
	t.Parallel()
	for i, way := range walks() {
		w := explore(Inquiry, way, onward)
		require.Less(t, len(w.places), 2000, "walk %d", i)
		if i == 0 {
			require.Greater(t, len(w.places), 100)
		}
	}
}

// TestWalksSpeakOfTrialsThatThereAre: a walk that names a trial wrongly would prove less than it says.
func TestWalksSpeakOfTrialsThatThereAre(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, state := range []string{"open", "handed_over"} {
		p, before, _ := way(t, state, ticket.DefaultSettings())
		for _, tr := range append(trials(p, dayOne, &before), openings(dayOne)...) {
			there[tr.says] = true
		}
	}
	for _, says := range slices.Concat(talk, weights, childhood, timed, pledged) {
		require.True(t, there[says], says)
	}
}

// altered is the shipped table with one change; the shipped one stays as it is.
func altered(change func(*Table)) *Table {
	t := &Table{Name: Inquiry.Name, Rules: map[ticket.State]Row{}, Clocks: maps.Clone(Inquiry.Clocks)}
	for s, r := range Inquiry.Rules {
		t.Rules[s] = maps.Clone(r)
	}
	change(t)
	return t
}
