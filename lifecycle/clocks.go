package lifecycle

import (
	"time"

	. "duradesk/ticket" //nolint:revive // as in rules.go: the table reads without prefixes
)

// ClockRow says which clocks run in a state. Those that run elsewhere only are stopped on entering it.
type ClockRow []ClockRule

// ClockRule is one clock of a state.
type ClockRule struct {
	Kind ClockKind
	// Due tells when it falls due if the state is entered by c now; false: it does not start. Nil: the state only
	// lets a clock run that was started elsewhere.
	Due func(p Process, c Command, s Settings) (time.Time, bool)
	// Once: not started where the ticket has (or had) such a clock.
	Once bool
	// Paused: a clock started elsewhere stands still here, to be set again on the way back.
	Paused bool
	// After is the designer's words for Due.
	After string
}

// inquiryClocks: on entry into a state its clocks are set anew; while inside they go on.
var inquiryClocks = map[State]ClockRow{
	New:                {{Kind: FirstResponse, Due: firstResponse, Once: true, After: "first_response"}},
	Open:               {{Kind: FirstResponse, Due: firstResponse, Once: true, After: "first_response"}},
	OnHold:             {{Kind: FirstResponse, Due: firstResponse, Once: true, After: "first_response"}, {Kind: Wake, Due: holdUntil, After: "hold.until"}},
	Resolved:           {{Kind: AutoClose, Due: autoClose, After: "auto_close"}},
	ResolvedInternally: {{Kind: AutoClose, Due: autoClose, After: "auto_close"}},
	Spam:               {{Kind: Retention, Due: retention, After: "spam_retention"}, {Kind: Wake, Paused: true, After: "paused"}},
	Closed:             {},
	Deleted:            {},
}

func firstResponse(_ Process, c Command, s Settings) (time.Time, bool) {
	return c.At.Add(s.FirstResponse.For(NoPriority)), s.FirstResponse.For(NoPriority) > 0
}

// holdUntil is the wake time that hold names. A hold that comes back from spam wakes when it would have, or at once:
// an instant gone by would start the clocks behind the wake in the past as well.
func holdUntil(p Process, c Command, _ Settings) (time.Time, bool) {
	if k, held := p.Clock(Wake.String()); held && c.Kind == Restore {
		if k.Due.Before(c.At) {
			return c.At, true
		}
		return k.Due, true
	}
	if c.Params.Hold == nil || c.Params.Hold.Until == nil {
		return time.Time{}, false
	}
	return *c.Params.Hold.Until, true
}

func autoClose(_ Process, c Command, s Settings) (time.Time, bool) {
	return c.At.Add(s.AutoClose), s.AutoClose > 0
}

func retention(_ Process, c Command, s Settings) (time.Time, bool) {
	return c.At.Add(s.SpamRetention), s.SpamRetention > 0
}

// enter stops the clocks that don't belong to the state and sets those that start with it.
func (t *Table) enter(x facts) Process {
	p := x.p
	clocks := t.Clocks[p.State]
	var kept []Clock // nil where none is left, as JSON reads it back
	for _, k := range p.Clocks {
		rule, here := clocks.rule(k.Kind)
		if going := k.State == Running || k.State == Paused; going && !here {
			continue
		} else if going && rule.Paused {
			k.State = Paused
		}
		kept = append(kept, k)
	}
	p.Clocks = kept
	for _, rule := range clocks {
		p = startClock(p, rule, x)
	}
	return p
}

func (r ClockRow) rule(kind ClockKind) (ClockRule, bool) {
	for _, rule := range r {
		if rule.Kind == kind {
			return rule, true
		}
	}
	return ClockRule{}, false
}

// startClock sets the rule's clock, replacing an older one of its kind; the generation grows, so that a timer set
// for the older one is known as stale.
func startClock(p Process, rule ClockRule, x facts) Process {
	if rule.Due == nil {
		return p
	}
	old, had := p.Clock(rule.Kind.String())
	if rule.Once && had {
		return p
	}
	due, starts := rule.Due(p, x.c, x.s)
	p.Clocks = Without(p.Clocks, rule.Kind.String())
	if !starts {
		return p
	}
	p.Generation = max(p.Generation, old.Generation) + 1
	p.Clocks = append(p.Clocks, Clock{
		ID: rule.Kind.String(), Kind: rule.Kind, State: Running, Generation: p.Generation,
		Due: due.UTC().Truncate(time.Microsecond), // as rows can hold it, or a timer read from one would not match
	})
	return p
}

func Without(clocks []Clock, id string) []Clock {
	var out []Clock
	for _, k := range clocks {
		if k.ID != id {
			out = append(out, k)
		}
	}
	return out
}

// setClock returns the clocks with one changed.
func setClock(clocks []Clock, changed Clock) []Clock {
	out := make([]Clock, len(clocks))
	copy(out, clocks)
	for i := range out {
		if out[i].ID == changed.ID {
			out[i] = changed
		}
	}
	return out
}
