package lifecycle

import (
	. "duradesk/ticket" //nolint:revive // as in rules.go: the table reads without prefixes
)

// Answers that several states give alike. A state that must differ writes its own in its row.
var (
	holding = when(untilPast, refuse("until_in_past")).
		otherwise(move(OnHold, KeepMessage, TakeOwnership, SetHold, SendMessage, Responded, TellParent))

	toSpam     = move(Spam, KeepMessage, SetCategory, RememberState, TellParent)
	internal   = move(ResolvedInternally, KeepMessage, TakeOwnership, SetCategory, TellParent)
	toResolved = move(Resolved, KeepMessage, TakeOwnership, SendMessage, Responded, TellParent)
	resolving  = when(asSpam, toSpam).orWhen(internally, internal).otherwise(toResolved)

	handingOver = move(HandedOver, TakeOwnership, HandOut, OpenChild)
	escalating  = when(toDesk, handingOver).otherwise(stay(RaiseTier, TellLeads))

	// assigning a ticket that has a state of its own: a new one differs, and an open one that nobody owns is new.
	assigning = when(nothingNew, already("nothing_to_change")).orWhen(keptByLead, refuse("owner_needs_lead")).
			otherwise(stay(AssignTo))

	// The end of what the client was told is resolved: he may be written to once more.
	ending = when(writesAtTheEnd, move(Closed, TellClosed)).otherwise(move(Closed))

	classifying = stay(SetPriority, WriteLabels)

	// A client's reply to a ticket that waits (E20), and to one that was thought done: that is never left done.
	replying = when(backToQueue, move(New, KeepMessage, ClientWaits, DropOwner)).
			orWhen(replyStays, stay(KeepMessage, ClientWaits)).otherwise(move(Open, KeepMessage, ClientWaits))
	reopening = when(backToQueue, move(New, KeepMessage, ClientWaits, DropOwner)).otherwise(move(Open, KeepMessage, ClientWaits))

	// A client's verdict on a live ticket, and on one that is resolved.
	judging = when(solved, move(Resolved, TellOwner, TellParent)).orWhen(notSolved, stay(TellOwner)).
		otherwise(move(ResolvedInternally, SetOther, TellOwner, TellParent))
	judgingResolved = when(notSolved, move(Open, ClientWaits, TellOwner)).otherwise(stay())

	merging = when(wouldRing, refuse("merge_ring")).orWhen(targetEnded, refuse("merge_target_ended")).
		otherwise(move(Merged, RememberState, SetSurvivor, TellSurvivor, TellParent))
	// merge-in: who comes brings words that nobody answered, or not.
	takingIn        = when(unanswered, stay(ClientWaits)).otherwise(stay())
	takingInOpening = when(unanswered, move(Open, ClientWaits)).otherwise(stay())

	linking   = when(toItself, refuse("link_to_itself")).otherwise(stay(LinkBoth))
	promising = when(duePast, refuse("due_in_past")).orWhen(twoPromises, refuse("promises_full")).otherwise(stay(SetPromise, WritePromise))
	moving    = when(intoItself, refuse("move_into_itself")).otherwise(stay(NobodyWaits, MoveMessage))
	taking    = when(withdrawable, undo(TakeBack)).otherwise(refuse("too_late_to_withdraw"))

	warning  = stay(RecordWarning, TellOwner)
	breaking = stay(RecordBreach, TellOwner, TellLeads)
)
