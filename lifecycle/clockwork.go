package lifecycle

import (
	"fmt"
	"time"

	"duradesk/ticket"
)

// What a clock of working time has consumed is carried, never what is left of it: a pause, a new priority and a
// reopened ticket all set it anew by target minus consumed, counted from now in the desk's calendar.

// target is how much working time the policy gives a clock of that kind; 0: no such clock.
func (p Policy) target(k ticket.ClockKind, prio ticket.Priority) time.Duration {
	switch k { //nolint:exhaustive // the others are no targets
	case ticket.FirstResponse:
		return p.FirstResponse.For(prio)
	case ticket.NextResponse:
		return p.NextResponse.For(prio)
	case ticket.Resolution:
		return p.Resolution.For(prio)
	default:
		return 0
	}
}

// measured reports whether a clock of that kind measures working time against a target.
func measured(k ticket.ClockKind) bool {
	return k == ticket.FirstResponse || k == ticket.NextResponse || k == ticket.Resolution
}

// consumed is the working time that a clock has used up at an instant, however often it was paused. What it had used
// when it was set is the least: a target may have become smaller than that, and the deadline the same instant.
func consumed(k ticket.Clock, full time.Duration, s Policy, now time.Time) time.Duration {
	switch {
	case k.State != ticket.Running:
		return k.Used
	case k.Due.Before(now): // due, and not heard yet
		return max(full+s.Calendar.Between(k.Due, now), k.Used)
	}
	return max(full-s.Calendar.Between(now, k.Due), k.Used)
}

// wind sets due and warning of a clock whose target is full and that has consumed k.Used. What has been warned of
// once is not warned of again.
func wind(k ticket.Clock, full time.Duration, x facts, warned bool) ticket.Clock {
	k.Due = x.s.Calendar.Add(x.c.At, max(full-k.Used, 0))
	k.Warn = time.Time{}
	share := full / 100 * time.Duration(x.s.WarnAt)
	if x.s.WarnAt <= 0 || x.s.WarnAt >= 100 || warned {
		return k
	}
	k.Warn = x.s.Calendar.Add(x.c.At, max(share-k.Used, 0))
	return k
}

// enter pauses, resumes, meets or stops the clocks that the ticket has, as its state says, and starts those that
// start with the state.
func (t *Table) enter(x facts) ticket.Process {
	p := x.p
	row := t.Clocks[p.State]
	var kept []ticket.Clock // nil where none is left, as JSON reads it back
	back := map[string]bool{}
	for _, k := range p.Clocks {
		rule, here := row.rule(k.Kind)
		going := k.State == ticket.Running || k.State == ticket.Paused
		switch {
		case !here && (going || !measured(k.Kind)):
			continue
		case !here:
		case k.State == ticket.Breached:
			if rule.Met && k.Met.IsZero() {
				k.Met = x.c.At
			}
		case going && rule.Met:
			k = meet(k, x)
		case going && rule.standsStill(p, x.s):
			k = pause(k, x)
		case k.State == ticket.Paused, k.State == ticket.Met && rule.GoesOn && !rule.standsStill(p, x.s) && x.s.target(k.Kind, p.Priority) > 0:
			p.Generation++
			k = resume(k, x, p.Generation)
			back[k.ID] = true
		}
		kept = append(kept, k)
	}
	p.Clocks = kept
	for _, rule := range row {
		if !back[rule.Kind.String()] {
			p = startClock(p, rule, x)
		}
	}
	return p
}

func (r ClockRule) standsStill(p ticket.Process, s Policy) bool {
	if r.Stands {
		return true
	}
	if r.HoldPauses && p.State == ticket.OnHold {
		for _, h := range s.Pauses.For(r.Kind) {
			if h == p.Hold {
				return true
			}
		}
	}
	return false
}

// pause stops a clock for a while. One that names an instant keeps it.
func pause(k ticket.Clock, x facts) ticket.Clock {
	if k.State == ticket.Running && measured(k.Kind) {
		k.Used = consumed(k, x.s.target(k.Kind, x.p.Priority), x.s, x.c.At)
		k.Due, k.Warn = time.Time{}, time.Time{}
	}
	k.State, k.Generation = ticket.Paused, 0
	return k
}

// resume lets a clock go on. An instant that went by meanwhile is now: in the past it would set the clocks behind it
// in the past as well.
func resume(k ticket.Clock, x facts, generation int) ticket.Clock {
	k.State, k.Generation, k.Met = ticket.Running, generation, time.Time{}
	if measured(k.Kind) {
		full := x.s.target(k.Kind, x.p.Priority)
		return whole(wind(k, full, x, k.Used >= full/100*time.Duration(x.s.WarnAt)))
	}
	if k.Due.Before(x.c.At) {
		k.Due = x.c.At
	}
	if k.Warn.Before(x.c.At) && !k.Warn.IsZero() {
		k.Warn = x.c.At
	}
	return whole(k)
}

// meet ends a clock in time; what it consumed is kept for a ticket that comes back.
func meet(k ticket.Clock, x facts) ticket.Clock {
	full := x.s.target(k.Kind, x.p.Priority)
	if k.State == ticket.Paused {
		k = whole(wind(k, full, x, true))
	}
	k.Used = consumed(k, full, x.s, x.c.At)
	if k.Kind != ticket.Resolution {
		k.Used = 0 // it does not come back
	}
	k.State, k.Met, k.Warn, k.Generation = ticket.Met, x.c.At, time.Time{}, 0
	return k
}

func (r ClockRow) rule(kind ticket.ClockKind) (ClockRule, bool) {
	for _, rule := range r {
		if rule.Kind == kind {
			return rule, true
		}
	}
	return ClockRule{}, false
}

// startClock sets the rule's clock, replacing an older one of its kind; the generation grows, so that a timer set
// for the older one is known as stale.
func startClock(p ticket.Process, rule ClockRule, x facts) ticket.Process {
	if !rule.Starts.starts() {
		return p
	}
	id := rule.Kind.String()
	old, had := p.Clock(id)
	going := had && (old.State == ticket.Running || old.State == ticket.Paused)
	if had && rule.Once || going && measured(rule.Kind) {
		return p
	}
	k, starts := rule.Starts.clock(facts{p: p, c: x.c, s: x.s}, ticket.Clock{ID: id, Kind: rule.Kind, State: ticket.Running})
	if !starts {
		if going {
			p.Clocks = Without(p.Clocks, id)
		}
		return p
	}
	p.Generation++
	k.Generation = p.Generation
	if rule.standsStill(p, x.s) {
		k = pause(k, facts{p: p, c: x.c, s: x.s})
	}
	p.Clocks = append(Without(p.Clocks, id), whole(k))
	return p
}

// retime sets the clocks anew after the priority changed: what they consumed is carried. Clocks that the new priority
// has no target for stop; those that it starts, start.
func (t *Table) retime(before ticket.Process, x facts) ticket.Process {
	p := x.p
	if p.Priority == before.Priority {
		return p
	}
	var kept []ticket.Clock
	for _, k := range p.Clocks {
		rule, _ := t.Clocks[p.State].rule(k.Kind)
		full := x.s.target(k.Kind, p.Priority)
		running := k.State == ticket.Running
		switch _, out := rule.Starts.seen(x); {
		case running && out, measured(k.Kind) && full == 0 && (running || k.State == ticket.Paused):
			continue
		case running && measured(k.Kind):
			p.Generation++
			used := consumed(k, x.s.target(k.Kind, before.Priority), x.s, x.c.At)
			k.Used, k.Generation = used, p.Generation
			k = whole(wind(k, full, x, k.Warn.IsZero()))
		}
		kept = append(kept, k)
	}
	p.Clocks = kept
	for _, rule := range t.Clocks[p.State] {
		if _, had := p.Clock(rule.Kind.String()); !had {
			p = startClock(p, rule, x)
		}
	}
	return p
}

// whole cuts instants to what rows can hold, or a timer read from one would not match. A warning at the due or behind
// it is none.
func whole(k ticket.Clock) ticket.Clock {
	k.Due, k.Warn = k.Due.UTC().Truncate(time.Microsecond), k.Warn.UTC().Truncate(time.Microsecond)
	if !k.Warn.Before(k.Due) {
		k.Warn = time.Time{}
	}
	return k
}

// promises are at most so many at a time: each is remembered by the process, which must stay small.
const promises = 2

// promised adds a clock for an agent's promise, with its warning at the same share of the wall clock.
func promised(p ticket.Process, x facts) ticket.Process {
	free := 0
	for n := 1; n <= promises && free == 0; n++ {
		if _, taken := p.Clock(promiseID(n)); !taken {
			free = n
		}
	}
	p.Generation++
	due := x.c.Params.Promise.DueAt
	k := ticket.Clock{ID: promiseID(free), Kind: ticket.Promised, State: ticket.Running, Due: due, Generation: p.Generation}
	if x.s.WarnAt > 0 && x.s.WarnAt < 100 {
		k.Warn = due.Add(-(due.Sub(x.c.At) / 100 * time.Duration(100-x.s.WarnAt)).Truncate(time.Second))
	}
	p.Clocks = append(p.Clocks[:len(p.Clocks):len(p.Clocks)], whole(k))
	return p
}

func promiseID(n int) string { return fmt.Sprintf("%s:%d", ticket.Promised, n) }

// Without returns the clocks but for one.
func Without(clocks []ticket.Clock, id string) []ticket.Clock {
	var out []ticket.Clock
	for _, k := range clocks {
		if k.ID != id {
			out = append(out, k)
		}
	}
	return out
}

// setClock returns the clocks with one changed.
func setClock(clocks []ticket.Clock, changed ticket.Clock) []ticket.Clock {
	out := make([]ticket.Clock, len(clocks))
	copy(out, clocks)
	for i := range out {
		if out[i].ID == changed.ID {
			out[i] = changed
		}
	}
	return out
}
