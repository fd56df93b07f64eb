package lifecycle

import (
	"fmt"
	"slices"

	"duradesk/ticket"
)

// stepLaws are looked at in every step that anybody can take; broken says what is wrong, "" for nothing.
var stepLaws = []struct {
	key    string
	broken func(step) string
}{
	{"never_refused", refusedUnread},
	{"clock_heard", deaf},
	{"words_kept", vanished},
	{"answer_sent", unsent},
	{"owned", unowned},
	{"way_back", lost},
	{"destroyed", undestroyed},
	{"quiet", loud},
	{"told", untold},
	{"hand_over", orphaned},
	{"parent_told", unreported},
	{"survivor", unforwarded},
	{"undone", unlike},
}

func refusedUnread(st step) string {
	if st.d.Answer == ticket.Refused && (st.c.Kind == ticket.ClientReply || st.c.Kind.Timer()) {
		return fmt.Sprintf("%s is refused in %s", st.c.Kind, st.from.p.State)
	}
	return ""
}

func deaf(st step) string {
	if !st.c.Kind.Timer() {
		return ""
	}
	if st.d.Answer != ticket.Applied {
		return fmt.Sprintf("%s runs in %s and is not heard there", st.c.Params.Timer.Clock, st.from.p.State)
	}
	if _, still := Due(st.d.Process, *st.c.Params.Timer); still {
		return fmt.Sprintf("%s rings in %s and is still due", st.c.Params.Timer.Clock, st.from.p.State)
	}
	return ""
}

// vanished: whoever wrote was not told no, and his words are nowhere. What an automatic mail says
// to a deleted ticket stands in the ledger, what a child says in the child.
func vanished(st step) string {
	if st.c.Message == "" || st.d.Answer == ticket.Refused || st.has(KeepMessage, OpenFollowUp, OpenAnew, ForwardToSurvivor) {
		return ""
	}
	if st.from.p.State == ticket.Deleted && st.c.Kind.System() {
		return ""
	}
	return fmt.Sprintf("the message of %s vanishes in %s", st.c.Kind, st.from.p.State)
}

// unsent looks at what goes to the client: answers do, and nothing that the timeline does not show.
func unsent(st step) string {
	if st.from.p.State == ticket.Merged {
		return "" // the survivor does
	}
	answer := st.c.Kind == ticket.AgentResponse || (st.c.Message != "" && (st.c.Kind == ticket.Hold ||
		st.c.Kind == ticket.Resolve && category(facts{c: st.c}) == ticket.NoCategory))
	sent := st.c.Message != "" && (st.has(SendMessage) || st.from.p.Parent != 0 && st.has(CopyToParent, TellParent)) // its parent answers the client
	first, _ := st.d.Process.Clock(ticket.FirstResponse.String())
	switch {
	case st.d.Answer != ticket.Applied:
		return ""
	case answer && !sent:
		return fmt.Sprintf("the answer given by %s in %s is not sent", st.c.Kind, st.from.p.State)
	case st.has(SendMessage) && !answer:
		return fmt.Sprintf("%s in %s sends what is no answer", st.c.Kind, st.from.p.State)
	case sent && first.State == ticket.Running:
		return fmt.Sprintf("after the answer given by %s in %s the first response is still due", st.c.Kind, st.from.p.State)
	}
	return ""
}

func unowned(st step) string {
	before, after := st.from.p, st.d.Process
	takes := st.c.By.Kind == ticket.ActorAgent && (st.c.Kind == ticket.AgentResponse || st.c.Kind == ticket.Hold) && before.State != ticket.Merged
	switch {
	case st.d.Answer != ticket.Applied:
	case after.State == ticket.New && after.Owner != "":
		return fmt.Sprintf("%s leaves a new ticket that has an owner", st.c.Kind)
	case before.State == ticket.New && after.State == ticket.Open && after.Owner == "", takes && after.Owner == "":
		return fmt.Sprintf("after %s in %s nobody owns the ticket", st.c.Kind, before.State)
	}
	return ""
}

func lost(st step) string {
	before, after := st.from.p, st.d.Process
	if st.c.Kind != ticket.Restore && st.c.Kind != ticket.Unmerge || st.d.Answer != ticket.Applied {
		return ""
	}
	if before.Former == ticket.NoState || after.State != before.Former || after.Owner != before.Owner {
		return fmt.Sprintf("%s leads from %s to %q", st.c.Kind, before.State, after.State)
	}
	return ""
}

func undestroyed(st step) string {
	gone := st.from.p.State != ticket.Deleted && st.d.Process.State == ticket.Deleted
	if st.has(Destroy) == gone {
		return ""
	}
	return fmt.Sprintf("%s leads from %s to %s, and destroying the content is %t", st.c.Kind, st.from.p.State, st.d.Process.State, !gone)
}

func loud(st step) string {
	before, after := st.from.p, st.d.Process
	speaks := st.has(SendMessage, Acknowledge, TellClosed)
	if before.State == ticket.Spam && st.c.Kind == ticket.ClientReply && (speaks || after.State != ticket.Spam) {
		return "mail to a ticket in spam makes a noise"
	}
	if st.c.Kind != ticket.AutomaticMail || before.Revision == 0 {
		return ""
	}
	if speaks || after.State != before.State || !slices.Equal(after.Clocks, before.Clocks) {
		return fmt.Sprintf("automatic mail in %s moves, starts or sends something", before.State)
	}
	return ""
}

// untold: a target that is missed, or will be, is told to somebody, and a missed one is written down.
func untold(st step) string {
	if !st.c.Kind.Timer() || st.d.Answer != ticket.Applied {
		return ""
	}
	k, _ := st.from.p.Clock(st.c.Params.Timer.Clock)
	late := k.Warn.IsZero()
	switch {
	case !measured(k.Kind) && k.Kind != ticket.Promised && k.Kind != ticket.HandOver:
		return ""
	case !toldTo(st.d, ToOwner, ToGroup):
		return fmt.Sprintf("%s rings in %s and nobody is told", clockName(k.Kind), st.from.p.State)
	case late && !toldTo(st.d, ToLeads):
		return fmt.Sprintf("%s is missed in %s and no lead is told", clockName(k.Kind), st.from.p.State)
	case late && k.Kind != ticket.HandOver && !st.d.Process.Breached:
		return fmt.Sprintf("%s is missed in %s and no breach is written down", clockName(k.Kind), st.from.p.State)
	}
	return ""
}

func toldTo(d Decision, some ...Audience) bool {
	return slices.ContainsFunc(d.Notices, func(n Notice) bool { return slices.Contains(some, n.To) })
}

// orphaned: a hand-over that the ticket does not wait for any more is taken back, and none is open where none is shown.
func orphaned(st step) string {
	before, after := st.from.p, st.d.Process
	waits := func(p ticket.Process) bool {
		return p.State == ticket.HandedOver || p.Former == ticket.HandedOver && (p.State == ticket.Spam || p.State == ticket.Merged)
	}
	switch {
	case st.d.Answer != ticket.Applied:
	case pending(before) && waits(before) && !waits(after) && after.Child.Outcome == ticket.NoChildOutcome && !st.has(RecallChild) && st.c.Kind != ticket.Withdraw:
		return fmt.Sprintf("%s leads from %s to %s, and the child is not told", st.c.Kind, before.State, after.State)
	case after.Child.Number != 0 && after.Child != before.Child && before.Child.Number == 0 && !st.has(OpenChild) && st.c.Kind != ticket.ChildReport && st.c.Kind != ticket.Withdraw:
		return fmt.Sprintf("%s leads to a hand-over, and no child opens", st.c.Kind)
	case st.c.Kind == ticket.ClientReply && pending(before) && before.State == ticket.HandedOver && !st.has(CopyToChild):
		return "the client's words do not reach the child"
	}
	return ""
}

// unreported: whoever handed a ticket over hears when it is held, resolved or over, but for what he asked himself.
func unreported(st step) string {
	before, after := st.from.p, st.d.Process
	ends := after.State != before.State && (after.State == ticket.OnHold || !after.State.Live())
	done := !before.State.Live() && !(after.State == ticket.OnHold || after.State == ticket.Resolved) // it was told before
	switch {
	case before.Parent == 0 || st.d.Answer != ticket.Applied || !ends || done || st.has(TellParent):
	case st.c.Kind == ticket.Restore || st.c.Kind == ticket.Unmerge || st.c.Kind == ticket.Withdraw:
	case st.c.Params.Resolve != nil && st.c.Params.Resolve.Recalled:
	default:
		return fmt.Sprintf("%s leads a child from %s to %s, and its parent is not told", st.c.Kind, before.State, after.State)
	}
	return ""
}

// unforwarded: what people say to a merged ticket goes to its survivor, and a merge tells it.
func unforwarded(st step) string {
	merges := st.d.Process.State == ticket.Merged && st.from.p.State != ticket.Merged && st.c.Kind != ticket.Withdraw
	switch {
	case st.d.Answer != ticket.Applied:
	case merges && !st.has(TellSurvivor):
		return fmt.Sprintf("%s merges the ticket, and the survivor is not told", st.c.Kind)
	case st.from.p.State == ticket.Merged && st.d.Process.State == ticket.Merged && st.c.Message != "" && !st.has(ForwardToSurvivor):
		return fmt.Sprintf("%s to a merged ticket does not reach the survivor", st.c.Kind)
	}
	return ""
}

// unlike: a message that is taken back leaves the ticket as it was before it.
func unlike(st step) string {
	if st.c.Kind != ticket.Withdraw || st.d.Answer != ticket.Applied {
		return ""
	}
	was, is := *st.c.Params.Withdraw.Before, st.d.Process
	if was.State != is.State || was.Owner != is.Owner || len(was.Clocks) != len(is.Clocks) || !st.has(TakeBack) {
		return fmt.Sprintf("a message taken back in %s leaves the ticket in %s, and it was in %s", st.from.p.State, is.State, was.State)
	}
	return ""
}

// has reports whether the step does one of these outer effects.
func (st step) has(some ...Effect) bool {
	return slices.ContainsFunc(st.d.Effects, func(e Effect) bool { return slices.Contains(some, e) })
}
