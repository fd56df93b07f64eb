package lifecycle

import (
	"time"

	"duradesk/ticket"
)

// Decision is the answer to one command: the next process, what happened, and what is to be done in the same
// transaction.
type Decision struct {
	Process ticket.Process
	Answer  ticket.Outcome // applied, already or refused
	Reason  string         // catalog key, where refused or already
	Rule    string         // the line of the table that answered, with its guard
	Events  []Happening
	Effects []Effect // outer ones, in order
}

// Happening is one line for the record. Type is message, note or event.
type Happening struct {
	Type string
	Name string
	From ticket.State
	To   ticket.State
	Why  string
}

// Apply asks the table about one command. It is pure: the instant is the command's own, and a refusal is an answer,
// not an error. A command that leaves events makes a new revision.
func (t *Table) Apply(p ticket.Process, c ticket.Command, s ticket.Settings) Decision {
	p = born(p, c)
	x := facts{p: p, c: c, s: s}
	if reason := objection(x); reason != "" {
		return t.refused(x, Answer{Verb: VerbRefuse, Reason: reason}, "guard: "+reason)
	}
	answer, guard := t.Rules[p.State][c.Kind].answer(x)
	rule := p.State.String() + "/" + c.Kind.String()
	if guard != nil {
		rule += " when " + guard.Name
	}
	switch answer.Verb {
	case VerbRefuse, VerbAlready, VerbIgnore, VerbUnanswered:
		return t.refused(x, answer, rule)
	case VerbMove, VerbAgain, VerbStay:
		return t.applied(x, answer, rule)
	}
	return t.refused(x, answer, rule)
}

// born gives a ticket its first state; the first command then meets the row of new.
func born(p ticket.Process, c ticket.Command) ticket.Process {
	if p.State == ticket.NoState {
		p.State, p.Tier, p.Opened = ticket.New, max(p.Tier, 1), c.At
	}
	return p
}

// objection is what speaks against a command in any state: what is wrong with itself, who asks, what he has not seen.
func objection(x facts) string {
	switch {
	case x.c.Params.Problem != "":
		return x.c.Params.Problem
	case !May(x.c.By, x.c.Kind):
		return "not_permitted"
	case x.c.SeenRevision > 0 && unseen(x.p, x.c):
		return "stale"
	}
	return ""
}

// unseen reports whether somebody else wrote after the revision that the asker had seen.
func unseen(p ticket.Process, c ticket.Command) bool {
	for _, s := range p.Spoke {
		if s.By != c.By.Key() {
			return s.Revision > c.SeenRevision
		}
	}
	return false
}

func (t *Table) refused(x facts, a Answer, rule string) Decision {
	out := Decision{Process: x.p, Answer: ticket.Refused, Reason: a.Reason, Rule: rule}
	if a.Verb == VerbAlready || a.Verb == VerbIgnore {
		out.Answer = ticket.Already
	}
	out.Process.Seq = max(x.p.Seq, x.c.Seq)
	// What an operator sends by hand gets no receipt that he sees: it leaves an event.
	if x.c.By.Kind == ticket.ActorOperator {
		out.Process.Revision++
		out.Events = []Happening{{Type: "event", Name: out.Answer.String(), Why: a.Reason}}
	}
	return out
}

func (t *Table) applied(x facts, a Answer, rule string) Decision {
	before := x.p
	p, outer := before, []Effect(nil)
	for _, e := range a.Do {
		if e.Inner() {
			p = inner(e, facts{p: p, c: x.c, s: x.s})
		} else if does(e, x.c) {
			outer = append(outer, e)
		}
	}
	p = destination(p, a)
	if a.Verb != VerbStay || before.Revision == 0 {
		p = t.enter(facts{p: p, c: x.c, s: x.s})
	}
	p = stamp(before, p, x.c)
	p.Revision++
	p.Seq = max(p.Seq, x.c.Seq)
	if x.c.Message != "" && keeps(outer) {
		p.Spoke = spoke(p.Spoke, x.c.By.Key(), p.Revision)
	}
	return Decision{Process: p, Answer: ticket.Applied, Rule: rule, Effects: outer, Events: happened(before, p, x.c, a)}
}

// does reports whether an outer effect has anything to work on.
func does(e Effect, c ticket.Command) bool {
	return c.Message != "" || (e != KeepMessage && e != SendMessage)
}

func keeps(effects []Effect) bool {
	for _, e := range effects {
		if e == KeepMessage {
			return true
		}
	}
	return false
}

func destination(p ticket.Process, a Answer) ticket.Process {
	if a.Verb != VerbMove {
		return p
	}
	p.State = a.To
	if a.Former {
		p.State, p.Former = p.Former, ticket.NoState
	}
	if p.State != ticket.OnHold {
		p.Hold = ticket.NoHold
	}
	if p.State != ticket.ResolvedInternally && p.State != ticket.Spam {
		p.Category = ticket.NoCategory
	}
	return p
}

// stamp notes when the ticket was resolved and closed; coming back to life takes both away.
func stamp(before, p ticket.Process, c ticket.Command) ticket.Process {
	switch {
	case p.State.Live():
		p.Resolved, p.Closed = time.Time{}, time.Time{}
	case p.State == ticket.Resolved || p.State == ticket.ResolvedInternally:
		if before.State != p.State {
			p.Resolved = c.At
		}
	case p.State == ticket.Closed && before.State != ticket.Closed:
		p.Closed = c.At
	}
	return p
}

// spoke puts a writer in front; two writers are enough to know whether anybody else wrote last.
func spoke(list []ticket.Spoke, by string, revision int64) []ticket.Spoke {
	out := []ticket.Spoke{{By: by, Revision: revision}}
	for _, s := range list {
		if s.By != by && len(out) < 2 {
			out = append(out, s)
		}
	}
	return out
}

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
		p = assign(p, x.c.Params)
	case Responded:
		p = respond(p, x.c)
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

func assign(p ticket.Process, params ticket.Params) ticket.Process {
	if k := params.Create; k != nil {
		p.Owner, p.Group = k.Owner, k.Group
	}
	if a := params.Assign; a != nil {
		if a.Owner != nil {
			p.Owner = *a.Owner
		}
		if a.Group != nil {
			p.Group = *a.Group
		}
	}
	return p
}

// respond meets the first-response clock when the client gets an answer, and takes the failed mark away: whoever
// answers has looked. A breached clock stays breached and tells when it was met after all.
func respond(p ticket.Process, c ticket.Command) ticket.Process {
	answered := c.Kind == ticket.Resolve || c.Message != ""
	k, ok := p.Clock(ticket.FirstResponse.String())
	if answered {
		p.Failed = false
	}
	if !ok || !answered || !k.Met.IsZero() {
		return p
	}
	k.Met = c.At
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
