package lifecycle

// Effect is one thing that an answer does besides moving. Inner effects change the process and are done by Apply;
// the others are named in the outcome and performed by whoever called it, in the same transaction. What they need to
// know stands in the Decision: Sends for what goes to another ticket, Links, Notices; texts stand in the command.
type Effect uint8

// The effects. The performer's switch over the outer ones is exhaustive.
const (
	NoEffect            Effect = iota
	TakeOwnership              // inner: an agent who acts on an unowned ticket owns it
	DropOwner                  // inner: it goes back to the queue of its group
	SetHold                    // inner: reason and wake time
	SetCategory                // inner
	SetOther                   // inner: the category other
	SetPriority                // inner: clocks go by the new target, what they consumed is carried
	SetPriorityByImpact        // inner: impact and urgency give the priority
	SetPromise                 // inner: a clock of its own, with its warning
	RaiseTier                  // inner: tier +1, and the group that the command names
	AssignTo                   // inner: owner and group as the command says
	BecomeChild                // inner: it was opened by a hand-over
	ClientWaits                // inner: the client waits for an answer; the next-response clock starts
	NobodyWaits                // inner: the message that waited for an answer is taken away
	Responded                  // inner: the client got an answer: the clocks of response are met
	RecordWarning              // inner: the clock that fired has given its warning
	RecordBreach               // inner: the clock that fired is breached; by the desk's choice the tier rises
	MarkFailed                 // inner: somebody must look
	Looked                     // inner: an agent has looked
	RememberState              // inner: remember the state that restore and unmerge lead back to
	HandOut                    // inner: the child's number
	RecordOutcome              // inner: how the hand-over came back
	SetSurvivor                // inner: the ticket it is merged into
	KeepMessage                // the message or note appears in the timeline
	SendMessage                // the message goes to the client as mail (a child's does not: its parent answers)
	Acknowledge                // the client is told the number
	OpenFollowUp               // the message opens a new ticket linked to this one
	OpenAnew                   // the message opens a new ticket; of this one only a tombstone is left
	Destroy                    // texts, files and sources are destroyed
	OpenChild                  // a ticket of the issue desk opens, with the number, title, body and fields that the command names
	RecallChild                // send: the child is resolved internally as other
	CopyToChild                // send: the client's words go to the child too
	RaiseChild                 // send: the child rises a tier
	TellParent                 // send: how the child stands, with the message that goes with it
	CopyToParent               // send: the message is noted in the parent
	TellSurvivor               // send: who comes, and whether the client waits there
	ForwardToSurvivor          // send: the command itself, with its message
	LinkBoth                   // the links of the decision, seen from both tickets
	SplitOff                   // the message named opens a ticket of its own
	MoveMessage                // the message named goes to the other ticket as its client's words
	TakeBack                   // the message named becomes a draft again and its mail is not sent
	WriteLabels                // title, type, reception type, tags, fields, language and due date as the command says
	WriteFeedback              // rating and comment
	WriteSolution              // what solved it
	WritePromise               // the promise's text, with its clock
	TellOwner                  // a notice to the owner, or to the group where nobody owns it
	TellLeads                  // a notice to the leads of the desk
	TellClosed                 // the client is written to at the end, as the desk wants (a child's is not: its parent answers)
)

var effectNames = []string{
	"", "take_ownership", "drop_owner", "set_hold", "set_category", "set_other", "set_priority", "set_priority_by_impact", "set_promise", "raise_tier", "assign_to",
	"become_child", "client_waits", "nobody_waits", "responded", "record_warning", "record_breach", "mark_failed", "looked", "remember_state",
	"hand_out", "record_outcome", "set_survivor",
	"keep_message", "send_message", "acknowledge", "open_follow_up", "open_anew", "destroy",
	"open_child", "recall_child", "copy_to_child", "raise_child", "tell_parent", "copy_to_parent", "tell_survivor", "forward_to_survivor",
	"link_both", "split_off", "move_message", "take_back", "write_labels", "write_feedback", "write_solution", "write_promise", "tell_owner", "tell_leads", "tell_closed",
}

func (e Effect) String() string { return effectNames[e] }

// Inner reports whether Apply itself does it.
func (e Effect) Inner() bool { return e < KeepMessage }
