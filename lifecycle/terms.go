package lifecycle

import (
	"fmt"
	"strings"
	"time"

	"duradesk/ticket"
)

// Term says when a clock falls due that starts now, in words that the clock table prints. The zero Term never starts.
type Term struct {
	words  string
	set    func(x facts, k ticket.Clock) (ticket.Clock, bool) // false: it does not start
	only   []Guard
	except []exception
}

// exception is a condition under which a clock does not run, and the view in which somebody sees the tickets that
// nothing will happen to by itself because of it.
type exception struct {
	guard Guard
	view  string
}

func (t Term) starts() bool { return t.set != nil }

// when lets the clock start under a condition only.
func (t Term) when(g Guard) Term {
	t.only = append(t.only[:len(t.only):len(t.only)], g)
	return t
}

// unless keeps the clock from running under a condition. Whoever says so says also where such tickets are seen, or
// they would be left in a dead end.
func (t Term) unless(g Guard, view string) Term {
	t.except = append(t.except[:len(t.except):len(t.except)], exception{g, view})
	return t
}

// seen names the view for a ticket that an exception keeps from going on; false where there is none.
func (t Term) seen(x facts) (string, bool) {
	for _, e := range t.except {
		if e.guard.Holds(x) {
			return e.view, true
		}
	}
	return "", false
}

// clock sets k by the term, or says that it does not start.
func (t Term) clock(x facts, k ticket.Clock) (ticket.Clock, bool) {
	if t.set == nil {
		return k, false
	}
	for _, g := range t.only {
		if !g.Holds(x) {
			return k, false
		}
	}
	if _, out := t.seen(x); out {
		return k, false
	}
	return t.set(x, k)
}

func (t Term) String() string {
	words := []string{t.words}
	for _, g := range t.only {
		words = append(words, "where "+g.Name)
	}
	for _, e := range t.except {
		words = append(words, "never where "+e.guard.Name+" (seen in "+e.view+")")
	}
	return strings.Join(words, ", ")
}

// wall is a span of the wall clock.
func wall(words string, span func(Policy) time.Duration) Term {
	return Term{words: words, set: func(x facts, k ticket.Clock) (ticket.Clock, bool) {
		k.Due = x.c.At.Add(span(x.s))
		return k, span(x.s) > 0
	}}
}

// workingDays is the same time of day so many working days later.
func workingDays(n int) Term {
	return workingDaysOf(fmt.Sprintf("%d working days", n), func(Policy) int { return n })
}

func workingDaysOf(words string, days func(Policy) int) Term {
	return Term{words: words, set: func(x facts, k ticket.Clock) (ticket.Clock, bool) {
		if days(x.s) <= 0 {
			return k, false
		}
		k.Due = x.s.Calendar.AddDays(x.c.At, days(x.s))
		return k, true
	}}
}

// target is a target of the policy, in working time, for the ticket's priority, less what the clock has consumed.
func target(kind ticket.ClockKind) Term {
	return Term{words: kind.String(), set: func(x facts, k ticket.Clock) (ticket.Clock, bool) {
		k.Kind = kind
		full := x.s.target(kind, x.p.Priority)
		return wind(k, full, x, false), full > 0
	}}
}

// The terms of the shipped processes.
var (
	handOverPromise = workingDaysOf("hand_over_days", func(p Policy) int { return p.HandOverDays })
	spamRetention   = wall("spam_retention", func(p Policy) time.Duration { return p.SpamRetention })
	// autoClose goes by working days where the desk names them, else by the wall clock.
	autoClose = Term{words: "auto_close", set: func(x facts, k ticket.Clock) (ticket.Clock, bool) {
		if x.s.AutoCloseDays > 0 {
			return workingDaysOf("", func(p Policy) int { return p.AutoCloseDays }).set(x, k)
		}
		return wall("", func(p Policy) time.Duration { return p.AutoClose }).set(x, k)
	}}
	// holdUntil is the wake time that a hold names.
	holdUntil = Term{words: "hold.until", set: func(x facts, k ticket.Clock) (ticket.Clock, bool) {
		h := x.c.Params.Hold
		if h == nil || h.Until == nil {
			return k, false
		}
		k.Due = *h.Until
		return k, true
	}}
)
