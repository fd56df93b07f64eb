package lifecycle

import (
	"slices"
	"strings"

	"duradesk/ticket"
)

// plainSettings measure nothing but the first response, without a warning.
func plainSettings() ticket.Settings {
	s := ticket.DefaultSettings()
	s.NextResponse, s.Resolution, s.WarnAt = ticket.Targets{}, ticket.Targets{}, 0
	return s
}

// walks are the ways in which the proofs explore a table: every command under one plain policy, then what other
// policies, a priority, a parent and each clock change.
func walks() []walk {
	reopens, queue := plainSettings(), plainSettings()
	reopens.FollowUp, reopens.AfterReply = ticket.FollowUpReopen, ticket.AfterReplyStay
	reopens.CloseMail, queue.CloseMail = ticket.CloseMailClosed, ticket.CloseMailFeedback
	queue.FollowUp, queue.AfterReply = ticket.FollowUpReopenWithin, ticket.AfterReplyNew
	list := []walk{
		{policy: RoundTheClock(plainSettings()), only: plainly, whole: true},
		{policy: RoundTheClock(reopens), only: among(talk)},
		{policy: RoundTheClock(queue), only: among(talk)},
		{policy: RoundTheClock(plainSettings()), only: among(weights)},
		{policy: RoundTheClock(plainSettings()), only: among(childhood), start: ticket.Process{Parent: 1000}},
	}
	for _, kind := range []ticket.ClockKind{ticket.FirstResponse, ticket.NextResponse, ticket.Resolution} {
		list = append(list, walk{policy: RoundTheClock(only(kind)), only: among(timed)})
	}
	return append(list, walk{policy: RoundTheClock(only(ticket.Promised)), only: among(pledged)})
}

// only measures one kind of clock, with its warning. On hold it stands still while the client is waited for.
func only(kind ticket.ClockKind) ticket.Settings {
	s, all := plainSettings(), ticket.DefaultSettings()
	waits := []ticket.HoldReason{ticket.HoldClient}
	s.FirstResponse, s.WarnAt = ticket.Targets{}, all.WarnAt
	switch kind { //nolint:exhaustive // the others run in every walk
	case ticket.FirstResponse:
		s.FirstResponse, s.Pauses = all.FirstResponse, ticket.Pauses{FirstResponse: waits}
	case ticket.NextResponse:
		s.NextResponse, s.Pauses = all.NextResponse, ticket.Pauses{NextResponse: waits}
	case ticket.Resolution:
		s.Resolution, s.Pauses = all.Resolution, ticket.Pauses{Resolution: waits}
	}
	return s
}

// plainly leaves out what has walks of its own: priorities, promises, and a parent.
func plainly(t trial) bool {
	p := t.c.Params
	weighs := p.Classify != nil && (p.Classify.Priority != ticket.NoPriority || p.Classify.Urgency != ticket.NoLevel)
	born := p.Create != nil && (p.Create.Parent != 0 || p.Create.Urgency != ticket.NoLevel)
	return !weighs && !born && !(p.Promise != nil && p.Promise.DueAt.After(t.c.At))
}

// What each walk is about, by the words of its trials.
var (
	begins = []string{"a client writes"}
	// talk: policies of follow-up and of replies.
	talk = slices.Concat(begins, []string{
		"the client writes", "the client writes half a year later", "the client says not_solved", "an agent puts it on hold", "an agent resolves it", "an agent resolves it and says what solved it",
		"an agent resolves it internally as abuse", "an agent resolves it internally as duplicate", "a lead closes it", "an agent hands it over",
		"its child is resolved", "a ticket whose client waits is merged into it",
	})
	// weights: priorities.
	weights = slices.Concat(begins, []string{
		"an agent opens an incident that hurts much and is urgent", "an agent opens an incident without its urgency", "an agent makes it urgent",
		"an agent weighs it", "an agent says only how much it hurts", "an agent puts it on hold", "an agent resolves it", "an agent resolves it and says what solved it",
		"an agent resolves it and says what solved it", "an agent resolves it internally as duplicate", "a lead closes it", "an agent hands it over", "its child is resolved",
	})
	// childhood: a ticket that another was handed over to.
	childhood = slices.Concat(begins, []string{
		"a hand-over opens a ticket", "the ticket that was handed over passes the client's words on", "the client writes", "an agent answers",
		"an agent puts it on hold", "an agent puts it on hold with an interim answer", "an agent resolves it", "an agent resolves it with a final answer",
		"an agent resolves it and says what solved it", "its parent takes the hand-over back", "an agent resolves it internally as spam", "an agent resolves it internally as duplicate", "a lead closes it", "a lead restores it",
		"an agent merges it", "an agent takes the merge back", "the client says solved", "the client says cancel", "an agent hands it over", "its child is resolved", "an admin erases it",
	})
	// timed: clocks of SLA.
	timed = slices.Concat(begins, []string{
		"the client writes", "an agent answers", "an agent puts it on hold", "the operator puts it on hold", "an agent resolves it", "an agent resolves it and says what solved it",
		"an agent resolves it internally as spam", "an agent resolves it internally as duplicate", "an agent hands it over", "its child is resolved",
		"an agent makes it urgent", "an agent splits off all that waited", "a lead restores it", "an agent merges it", "an agent takes the merge back",
	})
	pledged = slices.Concat(begins, []string{
		"an agent promises something for the day after tomorrow", "an agent promises something for yesterday", "an agent answers", "an agent puts it on hold", "an agent resolves it", "an agent resolves it and says what solved it",
		"an agent resolves it internally as spam", "an agent hands it over", "its child is resolved", "a lead restores it", "an agent merges it", "an agent takes the merge back",
	})
)

// among tries what is named. Where a hold is, the holds for every other reason are too: one may lead elsewhere.
func among(says []string) func(trial) bool {
	named := map[string]bool{}
	for _, s := range says {
		named[s] = true
	}
	holds := named["an agent puts it on hold"]
	return func(t trial) bool {
		bare := t.c.Params.Hold != nil && t.c.Params.Hold.Until == nil
		return t.c.Kind.Timer() || named[t.says] || holds && bare && strings.HasPrefix(t.says, heldFor)
	}
}
