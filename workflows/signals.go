package workflows

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"duradesk/ticket"
)

// described tells operators in the Web UI what a signal by hand does.
var described = map[ticket.Kind]string{
	ticket.Create:         "Opens the ticket; not by hand.",
	ticket.ClientReply:    "The client wrote. By hand it is refused: it needs a stored message.",
	ticket.AgentResponse:  "An agent answered. By hand it is refused: it needs a stored message.",
	ticket.Hold:           "Puts the ticket on hold. By hand, with {}: reason internal, no wake time.",
	ticket.Resolve:        "Resolves the ticket. By hand, with {}: without a mail.",
	ticket.Escalate:       "Raises the ticket one tier. Works by hand, with {}.",
	ticket.Assign:         "Changes owner or group. By hand it is refused: it needs parameters.",
	ticket.Note:           "Adds an internal note. By hand it is refused: it needs a stored text.",
	ticket.Close:          "Closes the ticket for good. Works by hand, with {}.",
	ticket.Restore:        "Takes the ticket out of the spam box. Works by hand, with {}.",
	ticket.Delete:         "Destroys the content of a ticket in the spam box. Works by hand, with {}.",
	ticket.AutomaticMail:  "An automatic mail was filed; the desk's own.",
	ticket.DeliveryFailed: "A mail failed or is uncertain; the desk's own.",
	ticket.Classify:       "Changes title, priority, type, tags, fields. By hand it is refused: it needs parameters.",
	ticket.ClientVerdict:  "The client says solved, not solved or cancel. By hand it is refused: it needs parameters.",
	ticket.Merge:          "Merges the ticket into another. By hand it is refused: it needs the other's number.",
	ticket.MergeIn:        "Another ticket was merged into this one; the desk's own.",
	ticket.Unmerge:        "Takes a merge back. Works by hand, with {}.",
	ticket.LinkTo:         "Links the ticket to another. By hand it is refused: it needs the other's number.",
	ticket.Recall:         "Takes a hand-over back. Works by hand, with {}.",
	ticket.ChildReport:    "The issue desk's ticket reports; the desk's own.",
	ticket.Promise:        "An agent promises something by an instant. By hand it is refused: it needs the instant.",
	ticket.Feedback:       "The client rates the service. By hand it is refused: it needs the rating.",
	ticket.Split:          "Gives a message a ticket of its own. By hand it is refused: it needs the message.",
	ticket.Move:           "Moves a message to another ticket. By hand it is refused: it needs both.",
	ticket.Withdraw:       "Takes a message back that has not left. By hand it is refused: it needs the message.",
}

const bellDescription = "Look at the row: a ring without a command."

// known are the signals listed in the Web UI, in a fixed order.
var known = names()

func names() []string {
	out := []string{ticket.SignalBell}
	for _, k := range ticket.Commands() {
		out = append(out, k.String())
	}
	return out
}

// listen makes the signals known to the Web UI and answers the queries.
func (r *run) listen(ctx workflow.Context) {
	workflow.GetSignalChannelWithOptions(ctx, ticket.SignalBell, workflow.SignalChannelOptions{Description: bellDescription})
	for _, k := range ticket.Commands() {
		workflow.GetSignalChannelWithOptions(ctx, k.String(), workflow.SignalChannelOptions{Description: described[k]})
	}
	r.answerQueries(ctx)
}

// stranger stands for all the names that nobody knows, where signals are counted.
const stranger = "?"

// drain takes every signal off its channel, of names nobody knows too, and payloads nobody can read too: as raw
// values, for a value that cannot be decoded would vanish. Order does not matter, the rows have it.
//
// Signals are counted by name, for that is the one order a reset keeps: it hands them in again all at once, and what
// came by hand must get the same id as before.
func (r *run) drain(ctx workflow.Context) []ticket.Heard {
	came := workflow.GetUnhandledSignalNames(ctx)
	slices.SortFunc(came, inOrder)
	var out []ticket.Heard
	for _, name := range came {
		counted := name
		if !slices.Contains(known, name) {
			counted = stranger
		}
		for raw := range waiting(ctx, name) {
			if name == ticket.SignalBell {
				continue
			}
			r.heard[counted]++
			h := ticket.Hear(name, raw.Payload().GetData(), json.Unmarshal)
			h.Count = r.heard[counted]
			out = append(out, h)
		}
	}
	return out
}

// inOrder puts known names before others: those as they are listed, these by the alphabet.
func inOrder(a, b string) int {
	place := func(name string) int {
		if i := slices.Index(known, name); i >= 0 {
			return i
		}
		return len(known)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
}

// waiting takes the signals of a name off their channel.
func waiting(ctx workflow.Context, name string) iter.Seq[converter.RawValue] {
	return func(yield func(converter.RawValue) bool) {
		for {
			var raw converter.RawValue
			if !workflow.GetSignalChannel(ctx, name).ReceiveAsync(&raw) || !yield(raw) {
				return
			}
		}
	}
}
