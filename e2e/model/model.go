// Package model is PRODUCT §3 once more: a small simulation of one ticket, written from the document, that says of each
// command how it ends and what the ticket is then. The random kills are held to it.
//
// Nothing of the desk's own rules belongs here: it would agree with their mistakes. It knows a desk with the default
// settings, on which nobody deletes, splits, moves or takes back.
package model

import "slices"

// How a command ends.
const (
	Applied = "applied"
	Already = "already"
	Refused = "refused"
)

// The states, as the API names them.
const (
	fresh      = "new"
	open       = "open"
	onHold     = "on_hold"
	handedOver = "handed_over"
	answered   = "hand_over_answered"
	resolved   = "resolved"
	internally = "resolved_internally"
	spam       = "spam"
	closed     = "closed"
	merged     = "merged"
	deleted    = "deleted"
)

// Ticket is what the model knows of one. The zero value is one that nobody has opened yet.
type Ticket struct {
	State string
	Tier  int
	// HandOvers counts them: the last child's word counts.
	HandOvers int
	owner     string
	category  string
	promises  int // that are open: two at most
	before    Before
}

// Before is what restore and unmerge lead back to.
type Before struct{ state, owner string }

// Command is one of the ticket's queue, with what of its parameters decides.
type Command struct {
	Name      string
	By        string // key of the agent
	Agent     bool   // an agent asks: who answers a ticket that nobody owns owns it
	Message   bool   // it carries words
	Category  string // resolve
	Desk      bool   // escalate: to a desk
	Owner     *string
	TagsOnly  bool   // classify: nothing but tags and fields
	Verdict   string // client-verdict
	Waits     bool   // merge-in: the client waits for an answer
	LastChild bool   // child-report: it is the child of the last hand-over
	HardEnd   bool   // delivery-failed: a verified hard bounce of the final answer
}

func (t *Ticket) in(states ...string) bool { return slices.Contains(states, t.State) }
func (t *Ticket) live() bool               { return t.in(fresh, open, onHold, handedOver, answered) }
func (t *Ticket) done() bool               { return t.in(resolved, internally) }

// Take lets the ticket answer a command, and tells how it ends; "" for a command of which the model knows nothing.
func (t *Ticket) Take(c Command) string {
	if t.State == "" {
		return t.opened(c)
	}
	take, known := map[string]func(Command) string{
		"create": func(Command) string { return Refused }, "client-reply": t.reply, "agent-response": t.respond, "hold": t.hold, "resolve": t.resolve,
		"escalate": t.escalate, "assign": t.assign, "note": t.unless(spam, deleted), "classify": t.classify, "client-verdict": t.verdict,
		"close": t.close, "restore": t.restore, "merge": t.merge, "merge-in": t.mergeIn, "unmerge": t.unmerge, "link": t.unless(deleted),
		"recall": t.recall, "child-report": t.childReport, "promise": t.promise, "feedback": t.unless(spam, deleted),
		"automatic-mail": t.unless(), "delivery-failed": t.deliveryFailed, "wake-due": t.wake, "auto-close-due": t.autoClose,
	}[c.Name]
	if !known {
		return ""
	}
	return take(c)
}

func (t *Ticket) opened(c Command) string {
	t.State, t.Tier = fresh, 1
	if c.Name == "create" && c.Owner != nil && *c.Owner != "" {
		t.State, t.owner = open, *c.Owner
	}
	if c.Name != "create" && c.Name != "client-reply" {
		return ""
	}
	return Applied
}

func (t *Ticket) become(state string) string {
	t.State = state
	if t.done() || state == closed {
		t.promises = 0
	}
	return Applied
}

// unless is a command that leaves the state as it is, and is refused in some.
func (t *Ticket) unless(states ...string) func(Command) string {
	return func(Command) string {
		if t.in(states...) {
			return Refused
		}
		return Applied
	}
}

func (t *Ticket) reply(Command) string {
	switch {
	case t.in(onHold, answered, resolved):
		return t.become(open)
	case t.State == internally && t.category != "abuse" && t.category != "test":
		return t.become(open)
	}
	return Applied
}

func (t *Ticket) respond(c Command) string {
	switch {
	case t.in(spam, closed, deleted):
		return Refused
	case t.State == merged:
		return Applied
	}
	t.answers(c)
	if t.in(fresh, answered, internally) {
		return t.become(open)
	}
	return Applied
}

// answers by an agent: he owns a ticket that nobody owned, and has kept a promise.
func (t *Ticket) answers(c Command) {
	t.owned(c)
	if t.promises > 0 && c.Message {
		t.promises--
	}
}

// owned makes who acts on a ticket that nobody owns its owner: whatever becomes open has one.
func (t *Ticket) owned(c Command) {
	if t.owner == "" && c.Agent {
		t.owner = c.By
	}
}

func (t *Ticket) hold(c Command) string {
	if t.in(handedOver, spam, closed, merged, deleted) {
		return Refused
	}
	t.answers(c)
	return t.become(onHold)
}

func (t *Ticket) resolve(c Command) string {
	switch {
	case t.in(spam, merged, deleted), t.State == closed && c.Message:
		return Refused
	case t.State == closed, t.State == resolved && c.Category == "" && !c.Message:
		return Already
	case t.State == internally && c.Category == t.category && !c.Message: // its work is done
		return Already
	}
	if c.Category == "spam" { // why it was resolved before stands
		t.before = Before{t.State, t.owner}
		return t.become(spam)
	}
	if t.State != internally || c.Category == "" { // a second reason is no second answer
		t.owned(c)
	}
	t.category = c.Category
	if c.Category == "" {
		return t.become(resolved)
	}
	return t.become(internally)
}

func (t *Ticket) escalate(c Command) string {
	switch {
	case t.in(spam, closed, deleted), c.Desk && t.State == handedOver:
		return Refused
	case t.State == merged:
		return Applied
	case c.Desk:
		t.owned(c)
		t.HandOvers++
		return t.become(handedOver)
	case t.State == handedOver: // it is the child that rises
		return Applied
	}
	t.Tier++
	if t.done() {
		t.State = open
	}
	return Applied
}

func (t *Ticket) assign(c Command) string {
	switch {
	case t.in(spam, closed, merged, deleted):
		return Refused
	case c.Owner == nil: // to a group
		return Applied
	case *c.Owner == t.owner:
		return Already
	}
	t.owner = *c.Owner
	switch {
	case t.State == fresh:
		return t.become(open)
	case t.State == open && t.owner == "":
		return t.become(fresh)
	}
	return Applied
}

func (t *Ticket) classify(c Command) string {
	if t.in(spam, merged, deleted) || t.State == closed && !c.TagsOnly {
		return Refused
	}
	return Applied
}

func (t *Ticket) verdict(c Command) string {
	switch {
	case t.State == deleted:
		return Refused
	case c.Verdict == "solved" && t.live():
		return t.become(resolved)
	case c.Verdict == "not_solved" && t.done():
		return t.become(open)
	case c.Verdict == "cancel" && t.live():
		t.category = "other"
		return t.become(internally)
	}
	return Applied
}

func (t *Ticket) close(Command) string {
	switch {
	case t.State == closed:
		return Already
	case t.in(spam, merged, deleted):
		return Refused
	}
	return t.become(closed)
}

func (t *Ticket) restore(Command) string {
	if t.State != spam {
		return Refused
	}
	return t.back()
}

// back leads to what was before.
func (t *Ticket) back() string {
	t.owner = t.before.owner
	return t.become(t.before.state)
}

// merge is into a ticket that may take it.
func (t *Ticket) merge(Command) string {
	switch {
	case t.State == merged:
		return Already
	case t.in(spam, deleted):
		return Refused
	}
	t.before = Before{t.State, t.owner}
	return t.become(merged)
}

// mergeIn: what the client said to the other ticket is said to this one.
func (t *Ticket) mergeIn(c Command) string {
	if c.Waits {
		return t.reply(c)
	}
	return Applied
}

func (t *Ticket) unmerge(Command) string {
	if t.State != merged {
		return Refused
	}
	return t.back()
}

func (t *Ticket) recall(Command) string {
	switch t.State {
	case handedOver:
		return t.become(open)
	case answered:
		return Already
	}
	return Refused
}

func (t *Ticket) childReport(c Command) string {
	switch {
	case !c.LastChild:
	case t.State == handedOver:
		t.State = answered
	case t.in(spam, merged) && t.before.state == handedOver: // the way back leads to the answer
		t.before.state = answered
	}
	return Applied
}

func (t *Ticket) promise(Command) string {
	if !t.live() || t.promises == 2 {
		return Refused
	}
	t.promises++
	return Applied
}

func (t *Ticket) deliveryFailed(c Command) string {
	if c.HardEnd && t.State == resolved {
		t.State = open
	}
	return Applied
}

func (t *Ticket) wake(Command) string {
	if t.State != onHold {
		return Already
	}
	return t.become(open)
}

func (t *Ticket) autoClose(Command) string {
	if !t.done() {
		return Already
	}
	return t.become(closed)
}
