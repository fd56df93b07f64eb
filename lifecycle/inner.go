package lifecycle

import (
	"time"

	"duradesk/ticket"
)

// inner does one inner effect: it changes the process and nothing else.
func (t *Table) inner(e Effect, x facts) ticket.Process {
	p := x.p
	switch e { //nolint:exhaustive // outer effects are named, and done by others; a test holds that every inner one is done
	case TakeOwnership:
		if p.Owner == "" && x.c.By.Kind == ticket.ActorAgent {
			p.Owner = x.c.By.ID
		}
	case DropOwner:
		p.Owner, p.Triggered = "", false
	case SetHold:
		p.Hold = ticket.HoldInternal // what an operator's bare signal means
		if x.c.Params.Hold != nil && x.c.Params.Hold.Reason != ticket.NoHold {
			p.Hold = x.c.Params.Hold.Reason
		}
	case SetCategory:
		p.Category = category(x)
	case SetOther:
		p.Category = ticket.CategoryOther
	case SetPriority:
		p = t.prioritise(x, x.c.Params.Classify.Priority)
	case SetPriorityByImpact:
		p = t.prioritise(x, byImpact(levels(x.c.Params)))
	case SetPromise:
		p = promised(p, x)
	case RaiseTier:
		p.Tier++
		if x.c.Params.Escalate != nil && x.c.Params.Escalate.Group != "" {
			p.Group = x.c.Params.Escalate.Group
		}
	case AssignTo:
		p = assign(p, x.c)
	case ClientWaits:
		p = t.wait(p, x)
	case NobodyWaits:
		p = unwait(p, x.c)
	case Responded:
		p = respond(p, x)
	case RecordWarning:
		p = warned(p, x)
	case RecordBreach:
		p = breach(p, x)
	case MarkFailed:
		p.Failed = true
	case Looked:
		p.Failed = p.Failed && x.c.By.Kind != ticket.ActorAgent
	case RememberState:
		p.Former = p.State
	case BecomeChild, HandOut, RecordOutcome, SetSurvivor:
		p = related(e, x)
	}
	return p
}

// related does the inner effects that are about other tickets.
func related(e Effect, x facts) ticket.Process {
	p := x.p
	switch e { //nolint:exhaustive // the rest stand above
	case BecomeChild:
		if x.c.Params.Create != nil {
			p.Parent = x.c.Params.Create.Parent
		}
	case HandOut:
		p.Child = ticket.Child{Number: x.c.Params.Escalate.Child}
	case RecordOutcome:
		if r := x.c.Params.Report; r != nil {
			p.Child = ticket.Child{Number: r.Child, Outcome: r.Outcome}
		} else {
			p.Child.Outcome = ticket.ChildOverdue
		}
		if p.Former == ticket.HandedOver { // it came back while the ticket lay in the spam box, or was merged
			p.Former = ticket.HandOverAnswered
		}
	case SetSurvivor:
		p.Survivor = x.c.Params.Merge.Into
	}
	return p
}

func assign(p ticket.Process, c ticket.Command) ticket.Process {
	if k := c.Params.Create; k != nil {
		p.Owner, p.Group = k.Owner, k.Group
	}
	if a := c.Params.Assign; a != nil {
		if a.Owner != nil {
			p.Owner = *a.Owner
			p.Triggered = p.Owner != "" && c.By.Kind == ticket.ActorSystem
		}
		if a.Group != nil {
			p.Group = *a.Group
		}
	}
	return p
}

// prioritise changes the priority where one is named.
func (t *Table) prioritise(x facts, to ticket.Priority) ticket.Process {
	before := x.p
	if to == ticket.NoPriority || to == before.Priority {
		return before
	}
	x.p.Priority = to
	if before.Revision == 0 {
		return x.p // its clocks have not started
	}
	return t.retime(before, x)
}

// byImpact is the matrix of the incident desk: how much it hurts, and how soon it must be mended.
func byImpact(impact, urgency ticket.Level) ticket.Priority {
	if impact == ticket.NoLevel || urgency == ticket.NoLevel {
		return ticket.NoPriority
	}
	return map[ticket.Level][4]ticket.Priority{ // urgency: –, low, medium, high
		ticket.LevelLow:    {0, ticket.Low, ticket.Low, ticket.Normal},
		ticket.LevelMedium: {0, ticket.Low, ticket.Normal, ticket.High},
		ticket.LevelHigh:   {0, ticket.Normal, ticket.High, ticket.Urgent},
	}[impact][urgency]
}

// wait notes that the client waits for an answer, and starts the clock that counts it where the state has one.
func (t *Table) wait(p ticket.Process, x facts) ticket.Process {
	p.Awaiting = true
	if rule, here := t.Clocks[p.State].rule(ticket.NextResponse); here && x.p.Revision > 0 {
		p = startClock(p, rule, x)
	}
	return p
}

// unwait takes the wait away where the message that waited was the only one.
func unwait(p ticket.Process, c ticket.Command) ticket.Process {
	if s, m := c.Params.Split, c.Params.Move; s != nil && s.Only || m != nil && m.Only {
		p.Awaiting = false
		if k, ok := p.Clock(ticket.NextResponse.String()); ok && k.Met.IsZero() && k.State != ticket.Breached {
			p.Clocks = Without(p.Clocks, k.ID)
		}
	}
	return p
}

// respond meets the clocks of response when the client gets an answer, and takes the failed mark away: whoever
// answers has looked. A breached clock stays breached and tells when it was met after all; a first response that had
// been stopped (by an internal resolution) counts as met, or it would start behind the answer. The promise that is
// due first is kept.
func respond(p ticket.Process, x facts) ticket.Process {
	if x.c.Kind != ticket.Resolve && x.c.Message == "" {
		return p
	}
	p.Failed, p.Awaiting = false, false
	if first := x.s.target(ticket.FirstResponse, p.Priority); first > 0 {
		if _, ok := p.Clock(ticket.FirstResponse.String()); !ok {
			p.Generation++
			p.Clocks = append(p.Clocks[:len(p.Clocks):len(p.Clocks)], whole(wind(ticket.Clock{
				ID: ticket.FirstResponse.String(), Kind: ticket.FirstResponse, State: ticket.Running, Generation: p.Generation,
			}, first, x, true)))
		}
	}
	clocks := make([]ticket.Clock, 0, len(p.Clocks))
	kept := nearestPromise(p)
	for _, k := range p.Clocks {
		switch {
		case k.ID == kept:
			continue
		case k.Kind != ticket.FirstResponse && k.Kind != ticket.NextResponse || !k.Met.IsZero():
		case k.State == ticket.Breached:
			k.Met = x.c.At
		default:
			k = meet(k, facts{p: p, c: x.c, s: x.s})
		}
		clocks = append(clocks, k)
	}
	if p.Clocks = clocks; len(clocks) == 0 {
		p.Clocks = nil
	}
	return p
}

// nearestPromise names the promise that an answer keeps; "" for none.
func nearestPromise(p ticket.Process) string {
	var nearest ticket.Clock
	for _, k := range p.Clocks {
		if k.Kind == ticket.Promised && (nearest.ID == "" || k.Due.Before(nearest.Due)) {
			nearest = k
		}
	}
	return nearest.ID
}

func warned(p ticket.Process, x facts) ticket.Process {
	if k, ok := p.Clock(x.c.Params.Timer.Clock); ok {
		k.Warn = time.Time{}
		p.Clocks = setClock(p.Clocks, k)
	}
	return p
}

func breach(p ticket.Process, x facts) ticket.Process {
	if k, ok := p.Clock(x.c.Params.Timer.Clock); ok {
		k.State, k.Generation = ticket.Breached, 0
		p.Clocks = setClock(p.Clocks, k)
	}
	p.Breached = true
	if x.s.BreachEscalates {
		p.Tier++
	}
	return p
}
