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
}

func refusedUnread(st step) string {
	if st.d.Answer == ticket.Refused && (st.c.By.Kind == ticket.ActorClient || st.c.Kind.Timer()) {
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

// vanished: whoever wrote was not told no, and his words are nowhere. Only an automatic mail to a deleted ticket may
// end in the ledger alone.
func vanished(st step) string {
	if st.c.Message == "" || st.d.Answer == ticket.Refused || st.has(KeepMessage, OpenFollowUp, OpenAnew) {
		return ""
	}
	if st.c.Kind == ticket.AutomaticMail && st.from.p.State == ticket.Deleted {
		return ""
	}
	return fmt.Sprintf("the message of %s vanishes in %s", st.c.Kind, st.from.p.State)
}

// unsent looks at what goes to the client: answers do, and nothing that the timeline does not show.
func unsent(st step) string {
	answer := st.c.Kind == ticket.AgentResponse || (st.c.Message != "" && (st.c.Kind == ticket.Hold ||
		st.c.Kind == ticket.Resolve && st.c.Params.Resolve == nil))
	sent := st.has(SendMessage)
	first, _ := st.d.Process.Clock(ticket.FirstResponse.String())
	switch {
	case st.d.Answer != ticket.Applied:
		return ""
	case answer && !sent:
		return fmt.Sprintf("the answer given by %s in %s is not sent", st.c.Kind, st.from.p.State)
	case sent && !answer:
		return fmt.Sprintf("%s in %s sends what is no answer", st.c.Kind, st.from.p.State)
	case sent && first.State == ticket.Running:
		return fmt.Sprintf("after the answer given by %s in %s the first response is still due", st.c.Kind, st.from.p.State)
	}
	return ""
}

func unowned(st step) string {
	before, after := st.from.p, st.d.Process
	takes := st.c.By.Kind == ticket.ActorAgent && (st.c.Kind == ticket.AgentResponse || st.c.Kind == ticket.Hold)
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
	if st.c.Kind != ticket.Restore || st.d.Answer != ticket.Applied {
		return ""
	}
	if before.Former == ticket.NoState || after.State != before.Former || after.Owner != before.Owner {
		return fmt.Sprintf("restore leads from %s to %q", before.State, after.State)
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
	speaks := st.has(SendMessage, Acknowledge)
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

// has reports whether the step does one of these outer effects.
func (st step) has(some ...Effect) bool {
	return slices.ContainsFunc(st.d.Effects, func(e Effect) bool { return slices.Contains(some, e) })
}

// placeFindings looks at every ticket that can be.
func (w *world) placeFindings() []Finding {
	var out []Finding
	closeable := w.reaching(ticket.Closed)
	for i, at := range w.places {
		if at.from < 0 {
			continue // nothing has happened yet
		}
		note := func(key, says string, more ...string) {
			if says != "" {
				out = append(out, Finding{key, says, append(w.story(i), more...)})
			}
		}
		if !closeable[i] && at.p.State != ticket.Deleted {
			note("closeable", fmt.Sprintf("a ticket in %s can never be closed", at.p.State))
		}
		last, told, quiet := w.rest(at.p)
		note("left_alone", unseenRest(at.p, last, quiet), told...)
		note("clock_stopped", w.stray(at.p))
		note("labelled", mislabelled(at.p))
	}
	return out
}

// unseenRest says what is wrong with where a ticket ends up if nobody acts.
func unseenRest(from, last ticket.Process, quiet bool) string {
	switch {
	case !quiet:
		return fmt.Sprintf("a ticket in %s that is left alone never comes to rest", from.State)
	case !last.State.Final() && seenIn(last) == "":
		return fmt.Sprintf("a ticket in %s that is left alone ends in %s, where nobody looks", from.State, last.State)
	}
	return ""
}

// seenIn names the view in which somebody finds a ticket that nothing happens to any more; "" for none.
func seenIn(p ticket.Process) string {
	switch p.State { //nolint:exhaustive // the others have no view that asks anybody to act
	case ticket.New:
		return "unassigned"
	case ticket.Open:
		return owned(p, "mine_open")
	case ticket.OnHold:
		return owned(p, "mine_on_hold")
	default:
		return ""
	}
}

// owned is the owner's own view; what has no owner is found in the views that everybody has.
func owned(p ticket.Process, view string) string {
	if p.Owner == "" {
		return "my_groups, all"
	}
	return view
}

// stray finds a clock running where its state does not let it.
func (w *world) stray(p ticket.Process) string {
	for _, k := range p.Clocks {
		rule, here := w.t.Clocks[p.State].rule(k.Kind)
		if k.State == ticket.Running && (!here || rule.Paused || p.State.Final()) {
			return fmt.Sprintf("%s runs in %s", clockName(k.Kind), p.State)
		}
	}
	return ""
}

func mislabelled(p ticket.Process) string {
	internal, spam := p.State == ticket.ResolvedInternally, p.State == ticket.Spam
	switch {
	case (p.Category != ticket.NoCategory) != (internal || spam):
		return fmt.Sprintf("a ticket in %s has the category %q", p.State, p.Category)
	case internal && p.Category == ticket.CategorySpam:
		return "a ticket of the category spam is not in the spam box"
	case p.State == ticket.OnHold && p.Hold == ticket.NoHold:
		return "a ticket on hold does not say what it waits for"
	case p.State != ticket.OnHold && !spam && p.Hold != ticket.NoHold:
		return fmt.Sprintf("a ticket in %s says that it waits for %s", p.State, p.Hold)
	case spam && (p.Former == ticket.NoState || p.Former == ticket.Spam):
		return "a ticket in spam does not know where it came from"
	}
	return ""
}
