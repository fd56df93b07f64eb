package lifecycle

import (
	. "duradesk/ticket" //nolint:revive // as in rules.go: the table reads without prefixes
)

// Issue is the process of an issue desk (N2): inquiries are handed over to it, and what it says goes to the ticket
// that was handed over. It is the inquiry process but for these lines: it acknowledges nothing.
var Issue = variant("issue", Inquiry, map[State]Row{
	New: {ClientReply: stay(KeepMessage, ClientWaits)},
})

// Incident is the process of an incident desk (G1-G4): impact and urgency give the priority, and what solved it is
// recorded. It is the inquiry process but for these lines.
var Incident = variant("incident", Inquiry, map[State]Row{
	New: {
		Create: when(openingWithOwner, move(Open, KeepMessage, AssignTo, BecomeChild, SetPriorityByImpact)).
			orWhen(opening, stay(KeepMessage, AssignTo, BecomeChild, SetPriorityByImpact)).otherwise(refuse("exists")),
		Resolve: solving, Classify: weighing,
	},
	Open:   {Resolve: solving, Classify: weighing},
	OnHold: {Resolve: solving, Classify: weighing},
	HandedOver: {
		Resolve: when(asSpam, toSpam).orWhen(internally, move(ResolvedInternally, KeepMessage, TakeOwnership, SetCategory, RecallChild, TellParent)).
			orWhen(noSolution, refuse("solution_missing")).
			otherwise(move(Resolved, KeepMessage, TakeOwnership, SendMessage, Responded, RecallChild, WriteSolution, TellParent)),
		Classify: weighing,
	},
	HandOverAnswered: {Resolve: solving, Classify: weighing},
	Resolved:         {Classify: weighing},
	ResolvedInternally: {
		Resolve: when(asSpam, move(Spam, KeepMessage, RememberState)).orWhen(sameReason, already("already_resolved")).orWhen(internally, again(KeepMessage, SetCategory)).
			orWhen(noSolution, refuse("solution_missing")).otherwise(withSolution),
		Classify: weighing,
	},
})

var (
	withSolution = move(Resolved, KeepMessage, TakeOwnership, SendMessage, Responded, WriteSolution, TellParent)
	solving      = when(asSpam, toSpam).orWhen(internally, internal).orWhen(noSolution, refuse("solution_missing")).otherwise(withSolution)
	// weighing: a priority set by hand would contradict what impact and urgency say.
	weighing = when(priorityByHand, refuse("priority_by_impact")).orWhen(oneOfTwo, refuse("impact_and_urgency")).
			otherwise(stay(SetPriorityByImpact, WriteLabels))
)
