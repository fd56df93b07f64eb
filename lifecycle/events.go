package lifecycle

import (
	"slices"

	"duradesk/ticket"
)

// EventNames lists every name that a Happening can have, in the order in which they came to be: names reached the
// database, so they are never changed, and people read them through a catalog.
func EventNames() []string {
	return []string{
		"created", "noted", "wrote", "automatic_mail_filed", "answered", "held", "marked_spam", "resolved", "resolved_internally", "escalated",
		"assigned", "closed", "restored", "deleted", "delivery_failed", "first_response_breached", "woken", "opened", "reopened", "already",
		"refused", "clocks_restarted", "unassigned",
		"first_response_warned", "next_response_warned", "next_response_breached", "resolution_warned", "resolution_breached",
		"promise_warned", "promise_breached", "handed_over", "hand_over_answered", "hand_over_overdue", "child_reported", "reported", "recalled",
		"recalled_by_parent", "classified", "client_solved", "client_not_solved", "client_cancelled", "merged", "merge_received", "unmerged",
		"linked", "promised", "feedback_given", "message_split", "message_moved", "message_withdrawn", "forwarded", "returned_to_queue",
	}
}

// happened tells the record what one command did: the message, if it carried one that is kept, and the change. What
// only the performer of an effect can tell (the number of a follow-up) is his to tell.
func happened(before, after ticket.Process, c ticket.Command, a Answer, outer []Effect) []Happening {
	var out []Happening
	if before.Revision == 0 {
		out = append(out, Happening{Type: "event", Name: "created", To: ticket.New})
	}
	if c.Message != "" && keeps(outer) {
		out = append(out, Happening{Type: messageType(c.Kind), Name: said(c.Kind)})
	}
	changed := before.State != after.State || (a.Verb != VerbStay && before.Revision > 0)
	if changed || tells(c.Kind) || slices.Contains(outer, ForwardToSurvivor) {
		out = append(out, Happening{Type: "event", Name: done(before, after, c, outer), From: before.State, To: after.State})
	}
	return out
}

// messageType: what a child ticket answers is for agents, who quote it.
func messageType(k ticket.Kind) string {
	if k == ticket.Note || k == ticket.ChildReport {
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
	case ticket.ChildReport:
		return "reported"
	default:
		return "answered"
	}
}

// tells reports whether a kind is worth a line even where the state stays: messages speak for themselves.
func tells(k ticket.Kind) bool {
	switch k { //nolint:exhaustive // all others do
	case ticket.Create, ticket.ClientReply, ticket.AgentResponse, ticket.Note, ticket.AutomaticMail:
		return false
	default:
		return true
	}
}

// plain are the kinds that always tell the same.
var plain = map[ticket.Kind]string{
	ticket.Hold: "held", ticket.Close: "closed", ticket.AutoCloseDue: "closed", ticket.Restore: "restored", ticket.Delete: "deleted",
	ticket.RetentionDue: "deleted", ticket.DeliveryFailed: "delivery_failed", ticket.WakeDue: "woken", ticket.Classify: "classified",
	ticket.Merge: "merged", ticket.MergeIn: "merge_received", ticket.Unmerge: "unmerged", ticket.LinkTo: "linked", ticket.Recall: "recalled",
	ticket.Promise: "promised", ticket.Feedback: "feedback_given", ticket.Split: "message_split", ticket.Move: "message_moved",
	ticket.Withdraw: "message_withdrawn", ticket.HandOverDue: "hand_over_overdue",
	ticket.FirstResponseWarning: "first_response_warned", ticket.FirstResponseDue: "first_response_breached",
	ticket.NextResponseWarning: "next_response_warned", ticket.NextResponseDue: "next_response_breached",
	ticket.ResolutionWarning: "resolution_warned", ticket.ResolutionDue: "resolution_breached",
	ticket.PromiseWarning: "promise_warned", ticket.PromiseDue: "promise_breached",
}

var verdicts = map[ticket.Verdict]string{
	ticket.VerdictSolved: "client_solved", ticket.VerdictNotSolved: "client_not_solved", ticket.VerdictCancel: "client_cancelled",
}

// done names what happened in the past tense. Names reached the database: append only.
func done(before, after ticket.Process, c ticket.Command, outer []Effect) string {
	if name, ok := plain[c.Kind]; ok && !slices.Contains(outer, ForwardToSurvivor) {
		return name
	}
	entered := before.State != after.State
	switch k := c.Kind; {
	case slices.Contains(outer, ForwardToSurvivor):
		return "forwarded"
	case k == ticket.Resolve && after.State == ticket.Spam:
		return "marked_spam"
	case k == ticket.Resolve && c.Params.Resolve != nil && c.Params.Resolve.Recalled:
		return "recalled_by_parent"
	case k == ticket.Resolve:
		return after.State.String() // resolved, resolved_internally
	case k == ticket.Escalate && entered && after.State == ticket.HandedOver:
		return "handed_over"
	case k == ticket.Escalate:
		return "escalated"
	case k == ticket.ClientVerdict:
		return verdicts[c.Params.Verdict.Verdict]
	case k == ticket.ChildReport && entered:
		return "hand_over_answered"
	case k == ticket.ChildReport:
		return "child_reported"
	case (k == ticket.Assign || k == ticket.Create) && before.Owner != "" && after.Owner == "":
		return "unassigned"
	case k == ticket.Assign || k == ticket.Create:
		return "assigned"
	}
	return opened(before, after) // a message can open a ticket
}

func opened(before, after ticket.Process) string {
	switch {
	case before.State == after.State:
		return "clocks_restarted" // an answer to a resolved ticket: its two weeks begin again
	case after.State == ticket.New:
		return "returned_to_queue"
	case before.State.Live():
		return "opened"
	}
	return "reopened"
}
