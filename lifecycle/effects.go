package lifecycle

// Effect is one thing that an answer does besides moving. Inner effects change the process and are done by Apply;
// the others are named in the outcome and performed by whoever called it, in the same transaction.
type Effect uint8

// The effects. The performer's switch over the outer ones is exhaustive.
const (
	NoEffect      Effect = iota
	TakeOwnership        // inner: an agent who acts on an unowned ticket owns it
	SetHold              // inner: reason and wake time
	SetCategory          // inner
	RaiseTier            // inner: tier +1, and the group that the command names
	AssignTo             // inner: owner and group as the command says
	Responded            // inner: the first-response clock is met
	RecordBreach         // inner: the clock that fired is breached; by the desk's choice the tier rises
	MarkFailed           // inner: a mail failed or is uncertain, somebody must look
	RememberState        // inner: remember the state that restore leads back to
	KeepMessage          // the message or note appears in the timeline
	SendMessage          // the message goes to the client as mail
	Acknowledge          // the client is told the number
	OpenFollowUp         // the message opens a new ticket linked to this one
	OpenAnew             // the message opens a new ticket; of this one only a tombstone is left
	Destroy              // texts, files and sources are destroyed
)

var effectNames = []string{
	"", "take_ownership", "set_hold", "set_category", "raise_tier", "assign_to", "responded", "record_breach", "mark_failed", "remember_state",
	"keep_message", "send_message", "acknowledge", "open_follow_up", "open_anew", "destroy",
}

func (e Effect) String() string { return effectNames[e] }

// Inner reports whether Apply itself does it.
func (e Effect) Inner() bool { return e < KeepMessage }
