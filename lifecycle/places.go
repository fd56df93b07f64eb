package lifecycle

import (
	"fmt"

	"duradesk/ticket"
)

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
		if w.whole && !closeable[i] && at.p.State != ticket.Deleted {
			note("closeable", fmt.Sprintf("a ticket in %s can never be closed", at.p.State))
		}
		last, told, quiet := w.rest(at.p)
		note("left_alone", w.unseenRest(at.p, last, quiet), told...)
		note("clock_stopped", w.stray(at.p))
		note("labelled", mislabelled(at.p))
	}
	return out
}

// unseenRest says what is wrong with where a ticket ends up if nobody acts.
func (w *world) unseenRest(from, last ticket.Process, quiet bool) string {
	switch {
	case !quiet:
		return fmt.Sprintf("a ticket in %s that is left alone never comes to rest", from.State)
	case !last.State.Final() && w.seen(last) == "":
		return fmt.Sprintf("a ticket in %s that is left alone ends in %s, where nobody looks", from.State, last.State)
	}
	return ""
}

// seen names the view in which somebody finds a ticket at rest: by its state, or because a clock that would have gone on
// is kept from it where the designer says that it is seen.
func (w *world) seen(p ticket.Process) string {
	for _, rule := range w.t.Clocks[p.State] {
		if view, out := rule.Starts.seen(facts{p: p, s: w.s}); out {
			return view
		}
	}
	return seenIn(p)
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
	case ticket.HandedOver, ticket.HandOverAnswered:
		return "handed_over"
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
		if k.State == ticket.Running && (!here || rule.standsStill(p, w.s) || rule.Met || p.State.Final()) {
			return fmt.Sprintf("%s runs in %s", clockName(k.Kind), p.State)
		}
	}
	return ""
}

func mislabelled(p ticket.Process) string {
	internal, spam := p.State == ticket.ResolvedInternally, p.State == ticket.Spam
	aside := spam || p.State == ticket.Merged
	switch {
	case (p.Category != ticket.NoCategory) != (internal || spam || aside && p.Former == ticket.ResolvedInternally):
		return fmt.Sprintf("a ticket in %s has the category %q", p.State, p.Category)
	case internal && p.Category == ticket.CategorySpam:
		return "a ticket of the category spam is not in the spam box"
	case p.State == ticket.OnHold && p.Hold == ticket.NoHold:
		return "a ticket on hold does not say what it waits for"
	case p.State != ticket.OnHold && !(aside && p.Former == ticket.OnHold) && p.Hold != ticket.NoHold:
		return fmt.Sprintf("a ticket in %s says that it waits for %s", p.State, p.Hold)
	case aside && (p.Former == ticket.NoState || p.Former == ticket.Spam || p.Former == ticket.Merged):
		return fmt.Sprintf("a ticket in %s does not know where it came from", p.State)
	case (p.State == ticket.Merged) != (p.Survivor != 0):
		return fmt.Sprintf("a ticket in %s has the survivor %d", p.State, p.Survivor)
	case p.State == ticket.HandOverAnswered && p.Child.Outcome == ticket.NoChildOutcome:
		return "an answered hand-over does not say how it came back"
	}
	return ""
}
