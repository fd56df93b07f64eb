package lifecycle

import (
	"cmp"

	"duradesk/ticket"
)

// Send is a command for another ticket: the store puts it into that ticket's queue in the same transaction, under an
// id made of the effect and the command that caused it, and rings there.
type Send struct {
	Effect  Effect // why: recall_child, copy_to_child, raise_child, tell_parent, copy_to_parent, tell_survivor, forward_to_survivor
	To      ticket.Number
	Kind    ticket.Kind
	By      ticket.Actor
	Params  ticket.Params
	Message bool // a copy of the command's message goes along
}

// Notice is a word to staff. It never decides anything, and nobody waits for it.
type Notice struct {
	To  Audience
	Why string // the event's name: people read it through a catalog
}

// Audience is who a notice is for.
type Audience string

// The audiences.
const (
	ToOwner Audience = "owner"
	ToGroup Audience = "group" // of a ticket that nobody owns
	ToLeads Audience = "leads"
)

// does reports whether an outer effect has anything to work on. x.p is the ticket before the command.
func does(e Effect, x facts) bool {
	child, message := x.p.Parent != 0, x.c.Message != ""
	switch e { //nolint:exhaustive // the rest always have
	case KeepMessage:
		return message
	case SendMessage:
		return message && !child
	case TellClosed:
		return !child
	case CopyToParent:
		return message && child
	case TellParent:
		return child && !(x.c.Params.Resolve != nil && x.c.Params.Resolve.Recalled) // who recalled it knows
	case RecallChild, RaiseChild:
		return pending(x.p)
	case CopyToChild:
		return message && pending(x.p)
	default:
		return true
	}
}

// pending reports whether a child works on the ticket and has not answered.
func pending(p ticket.Process) bool {
	return p.Child.Number != 0 && p.Child.Outcome == ticket.NoChildOutcome
}

// sends lists what goes to other tickets.
func sends(before, after ticket.Process, c ticket.Command, effects []Effect) []Send {
	var out []Send
	for _, e := range effects {
		s := Send{Effect: e, By: ticket.System}
		switch e { //nolint:exhaustive // the rest stay with this ticket
		case RecallChild:
			s.To, s.Kind = before.Child.Number, ticket.Resolve
			s.Params.Resolve = &ticket.ResolveParams{Category: ticket.CategoryOther, Recalled: true}
		case CopyToChild:
			s.To, s.Kind, s.By, s.Message = before.Child.Number, ticket.ClientReply, c.By, true
			s.Params.Reply = &ticket.ReplyParams{Channel: ticket.ChannelExternal, Mute: true, Copied: true}
		case RaiseChild:
			s.To, s.Kind = before.Child.Number, ticket.Escalate
		case TellParent:
			s.To, s.Kind, s.Message = before.Parent, ticket.ChildReport, c.Message != "" && keeps(effects)
			s.Params.Report = &ticket.ReportParams{Child: before.Number, Outcome: outcome(after)}
		case CopyToParent:
			s.To, s.Kind, s.Message = before.Parent, ticket.Note, true
		case TellSurvivor:
			s.To, s.Kind = after.Survivor, ticket.MergeIn
			s.Params.MergeIn = &ticket.MergeInParams{From: before.Number, Unanswered: before.Awaiting}
		case ForwardToSurvivor:
			s.To, s.Kind, s.By, s.Params, s.Message = before.Survivor, c.Kind, c.By, c.Params, c.Message != ""
		default:
			continue
		}
		out = append(out, s)
	}
	return out
}

// outcome is how a child's state reads for its parent.
func outcome(child ticket.Process) ticket.ChildOutcome {
	switch child.State { //nolint:exhaustive // every other end gives no answer
	case ticket.Resolved:
		return ticket.ChildResolved
	case ticket.OnHold:
		return ticket.ChildHeld
	default:
		return ticket.ChildInternal
	}
}

// linked lists the links that a command makes.
func linked(before, after ticket.Process, c ticket.Command, effects []Effect) []ticket.Link {
	var out []ticket.Link
	for _, e := range effects {
		switch e { //nolint:exhaustive // the rest tie nothing
		case OpenChild:
			out = append(out, ticket.Link{Kind: "hand_over", Number: after.Child.Number})
		case TellSurvivor:
			out = append(out, ticket.Link{Kind: "merged", Number: after.Survivor})
		case LinkBoth:
			if l := c.Params.Link; l != nil {
				out = append(out, ticket.Link{Kind: cmp.Or(l.Kind, "related"), Number: l.Number})
			} else {
				out = append(out, ticket.Link{Kind: "related", Number: before.Survivor})
			}
		}
	}
	return out
}

// unlinked lists what a ticket that is merged no more was tied by: what is left of it is that they are related.
func unlinked(before, after ticket.Process) []ticket.Link {
	if before.State == ticket.Merged && after.State != ticket.Merged && after.State != ticket.Deleted {
		return []ticket.Link{{Kind: "merged", Number: before.Survivor}}
	}
	return nil
}

// notices lists the words to staff; why is the event that they are about. Whoever is given a ticket by somebody else hears
// of it.
func notices(before, after ticket.Process, c ticket.Command, effects []Effect, why string) []Notice {
	var out []Notice
	given := after.Owner != "" && after.Owner != before.Owner && !(c.By.Kind == ticket.ActorAgent && c.By.ID == after.Owner)
	if given && (c.Kind == ticket.Assign || c.Kind == ticket.Create) {
		out = append(out, Notice{To: ToOwner, Why: "assigned"})
	}
	for _, e := range effects {
		switch {
		case e == TellOwner && after.Owner == "":
			out = append(out, Notice{To: ToGroup, Why: why})
		case e == TellOwner:
			out = append(out, Notice{To: ToOwner, Why: why})
		case e == TellLeads:
			out = append(out, Notice{To: ToLeads, Why: why})
		}
	}
	return out
}
