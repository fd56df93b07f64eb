package lifecycle

import "duradesk/ticket"

// EventNames lists every name that a Happening can have, in the order in which they came to be: names reached the
// database, so they are never changed, and people read them through a catalog.
func EventNames() []string {
	return []string{
		"created", "noted", "wrote", "automatic_mail_filed", "answered", "held", "marked_spam", "resolved", "resolved_internally", "escalated",
		"assigned", "closed", "restored", "deleted", "delivery_failed", "first_response_breached", "woken", "opened", "reopened", "already",
		"refused", "clocks_restarted", "unassigned",
	}
}

// happened tells the record what one command did: the message, if it carried one that is kept, and the change. What
// only the performer of an effect can tell (the number of a follow-up) is his to tell.
func happened(before, after ticket.Process, c ticket.Command, a Answer) []Happening {
	var out []Happening
	if before.Revision == 0 {
		out = append(out, Happening{Type: "event", Name: "created", To: ticket.New})
	}
	if c.Message != "" && keeps(a.Do) {
		out = append(out, Happening{Type: messageType(c.Kind), Name: said(c.Kind)})
	}
	if before.State != after.State || (a.Verb != VerbStay && before.Revision > 0) || tells(c.Kind) {
		out = append(out, Happening{Type: "event", Name: done(before, after, c.Kind), From: before.State, To: after.State})
	}
	return out
}

func messageType(k ticket.Kind) string {
	if k == ticket.Note {
		return "note"
	}
	return "message"
}

func said(k ticket.Kind) string {
	switch k { //nolint:exhaustive // the rest carry an agent's answer
	case ticket.Note:
		return "noted"
	case ticket.ClientReply, ticket.Create:
		return "wrote"
	case ticket.AutomaticMail:
		return "automatic_mail_filed"
	default:
		return "answered"
	}
}

// tells reports whether a kind is worth a line even where the state stays.
func tells(k ticket.Kind) bool {
	switch k { //nolint:exhaustive // messages speak for themselves
	case ticket.Escalate, ticket.Assign, ticket.DeliveryFailed, ticket.FirstResponseDue:
		return true
	default:
		return false
	}
}

// done names what happened in the past tense. Names reached the database: append only.
func done(before, after ticket.Process, k ticket.Kind) string {
	switch k {
	case ticket.Hold:
		return "held"
	case ticket.Resolve:
		if after.State == ticket.Spam {
			return "marked_spam"
		}
		return after.State.String() // resolved, resolved_internally
	case ticket.Escalate:
		return "escalated"
	case ticket.Assign, ticket.Create:
		if before.Owner != "" && after.Owner == "" {
			return "unassigned"
		}
		return "assigned"
	case ticket.Close, ticket.AutoCloseDue:
		return "closed"
	case ticket.Restore:
		return "restored"
	case ticket.Delete, ticket.RetentionDue:
		return "deleted"
	case ticket.DeliveryFailed:
		return "delivery_failed"
	case ticket.FirstResponseDue:
		return "first_response_breached"
	case ticket.WakeDue:
		return "woken"
	case ticket.ClientReply, ticket.AgentResponse:
		return opened(before, after)
	case ticket.NoKind, ticket.Note, ticket.AutomaticMail, ticket.Unreadable:
	}
	return "opened" // a note or an automatic mail can open a ticket, and move none
}

func opened(before, after ticket.Process) string {
	switch {
	case before.State == after.State:
		return "clocks_restarted" // an answer to a resolved ticket: its two weeks begin again
	case before.State.Live():
		return "opened"
	}
	return "reopened"
}
