package lifecycle

import (
	"slices"

	"duradesk/ticket"
)

// inner does one inner effect: it changes the process and nothing else.
func inner(e Effect, x facts) ticket.Process {
	p := x.p
	switch e {
	case TakeOwnership:
		if p.Owner == "" && x.c.By.Kind == ticket.ActorAgent {
			p.Owner = x.c.By.ID
		}
	case SetHold:
		p.Hold = ticket.HoldInternal // what an operator's bare signal means
		if x.c.Params.Hold != nil && x.c.Params.Hold.Reason != ticket.NoHold {
			p.Hold = x.c.Params.Hold.Reason
		}
	case SetCategory:
		p.Category = category(x)
	case RaiseTier:
		p.Tier++
		if x.c.Params.Escalate != nil && x.c.Params.Escalate.Group != "" {
			p.Group = x.c.Params.Escalate.Group
		}
	case AssignTo:
		p = assign(p, x.c)
	case Responded:
		p = respond(p, x)
	case RecordBreach:
		p = breach(p, x)
	case MarkFailed:
		p.Failed = true
	case RememberState:
		p.Former = p.State
	case NoEffect, KeepMessage, SendMessage, Acknowledge, OpenFollowUp, OpenAnew, Destroy:
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

// respond meets the first-response clock when the client gets an answer, and takes the failed mark away: whoever
// answers has looked. A breached clock stays breached and tells when it was met after all; one that had been stopped
// (by an internal resolution) counts as met, or it would start behind the answer.
func respond(p ticket.Process, x facts) ticket.Process {
	if x.c.Kind != ticket.Resolve && x.c.Message == "" {
		return p
	}
	p.Failed = false
	k, ok := p.Clock(ticket.FirstResponse.String())
	if !ok && x.s.FirstResponse.Normal > 0 {
		p.Generation++
		k = ticket.Clock{
			ID: ticket.FirstResponse.String(), Kind: ticket.FirstResponse, State: ticket.Met,
			Due: x.c.At.Add(x.s.FirstResponse.Normal), Generation: p.Generation, Met: x.c.At,
		}
		p.Clocks = append(slices.Clone(p.Clocks), k)
	}
	if !ok || !k.Met.IsZero() {
		return p
	}
	k.Met = x.c.At
	if k.State == ticket.Running {
		k.State = ticket.Met
	}
	p.Clocks = setClock(p.Clocks, k)
	return p
}

func breach(p ticket.Process, x facts) ticket.Process {
	if k, ok := p.Clock(x.c.Params.Timer.Clock); ok {
		k.State = ticket.Breached
		p.Clocks = setClock(p.Clocks, k)
	}
	p.Breached = true
	if x.s.BreachEscalates {
		p.Tier++
	}
	return p
}
