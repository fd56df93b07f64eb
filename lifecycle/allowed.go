package lifecycle

import (
	"slices"
	"time"

	"duradesk/ticket"
)

// Allowance is one command of an actor; Reason is the catalog key of why it is refused now, "" where it is possible.
type Allowance struct {
	Command ticket.Kind `json:"command"`
	Reason  string      `json:"reason,omitempty"`
}

// Allowed lists every command of the actor with the table's own answer: a button exists exactly where Reason is "". The
// table is asked as Apply asks it, and nothing is done: what would come of a command, its clocks above all, costs much more
// than to know whether it may be.
func (t *Table) Allowed(p ticket.Process, by ticket.Actor, s Policy) []Allowance {
	commands := CommandsOf(by)
	out := make([]Allowance, len(commands))
	for i, k := range commands {
		out[i].Command = k
		if answer, _ := t.answer(asked(p, probe(p, k, by), s)); answer.outcome() == ticket.Refused {
			out[i].Reason = answer.Reason
		}
	}
	return out
}

// probe is a command of that kind as somebody would send it who wants it done: whatever the rules can't know (whether a
// mail is still queued, how another ticket stands) is well.
func probe(p ticket.Process, k ticket.Kind, by ticket.Actor) ticket.Command {
	c := ticket.Command{ID: "probe", Kind: k, At: p.Opened.Add(time.Second), By: by}
	switch k { //nolint:exhaustive // the rest have no parameters
	case ticket.AgentResponse, ticket.ClientReply, ticket.Note:
		c.Message = "probe"
	case ticket.Hold:
		c.Params.Hold = &ticket.HoldParams{Reason: ticket.HoldInternal}
	case ticket.Resolve:
		c.Params.Resolve = &ticket.ResolveParams{Solution: "probe"}
	case ticket.Assign:
		other := p.Owner + "+"
		c.Params.Assign = &ticket.AssignParams{Owner: &other}
	case ticket.Classify:
		c.Params.Classify = &ticket.ClassifyParams{Fields: map[string]any{}}
	case ticket.ClientVerdict:
		c.Params.Verdict = &ticket.VerdictParams{Verdict: ticket.VerdictNotSolved}
	case ticket.Merge:
		c.Params.Merge = &ticket.MergeParams{Into: p.Number + 1}
	case ticket.LinkTo:
		c.Params.Link = &ticket.LinkParams{Number: p.Number + 1, Kind: "related"}
	case ticket.Promise:
		c.Params.Promise = &ticket.PromiseParams{DueAt: c.At.Add(time.Hour)}
	case ticket.Feedback:
		c.Params.Feedback = &ticket.FeedbackParams{Rating: 5}
	case ticket.Split:
		c.Params.Split = &ticket.SplitParams{Message: "probe"}
	case ticket.Move:
		c.Params.Move = &ticket.MoveParams{Message: "probe", Into: p.Number + 1}
	case ticket.Withdraw:
		before := p // its own: else every probe would leave a copy of the ticket behind
		c.Params.Withdraw = &ticket.WithdrawParams{Message: "probe", Queued: true, Revision: p.Revision, Before: &before}
	}
	return c
}

// Futurum is one thing that will happen if nobody acts.
type Futurum struct {
	At     time.Time        `json:"at"`
	Clock  ticket.ClockKind `json:"timer"`
	Effect string           `json:"effect"` // the state entered, or the event's name where the state stays
	Why    string           `json:"why"`
}

// horizon bounds Future: with nobody acting every ticket comes to rest long before (a proof holds it).
const horizon = 32

// Future plays the running clocks through the table, one after the other.
func (t *Table) Future(p ticket.Process, s Policy) []Futurum {
	out := []Futurum{}
	for range horizon {
		k, ok := p.Next()
		if !ok {
			return out
		}
		o := t.Apply(p, TimerCommand(p.Number, k), s)
		f := Futurum{At: k.Rings(), Clock: k.Kind, Effect: o.Process.State.String(), Why: o.Rule}
		if o.Process.State == p.State && len(o.Events) > 0 {
			f.Effect = o.Events[len(o.Events)-1].Name
		}
		out = append(out, f)
		if o.Answer != ticket.Applied {
			return out
		}
		p = o.Process
	}
	return out
}

// TimerCommand is the command that a clock sends when it next rings: its warning, or its due.
func TimerCommand(n ticket.Number, k ticket.Clock) ticket.Command {
	return ticket.Command{
		ID: ticket.TimerID(n, k.ID, k.Rings(), k.Generation), Kind: k.Says(), At: k.Rings(), By: ticket.System,
		Params: ticket.Params{Timer: &ticket.TimerParams{Clock: k.ID, Due: k.Rings(), Generation: k.Generation}},
	}
}

// Due reports whether a fired timer still stands for a running clock.
func Due(p ticket.Process, f ticket.TimerParams) (ticket.Clock, bool) {
	k, ok := p.Clock(f.Clock)
	return k, ok && k.State == ticket.Running && k.Rings().Equal(f.Due) && k.Generation == f.Generation
}

// objections that Apply raises before it asks the table, and what is said of a poisonous command.
var objections = []string{"not_permitted", "stale", "payload_missing", "unknown_command", "malformed", "poisonous"}

// Reasons lists every catalog key that a receipt may carry, sorted.
func (t *Table) Reasons() []string {
	seen := slices.Clone(objections)
	for _, row := range t.Rules {
		for _, cell := range row {
			for _, k := range cell {
				if k.Answer.Reason != "" {
					seen = append(seen, k.Answer.Reason)
				}
			}
		}
	}
	slices.Sort(seen)
	return slices.Compact(seen)
}

// Processes lists the shipped ones.
func Processes() []*Table { return []*Table{Inquiry, Issue, Incident} }

// ByName finds a process; a desk names the one that it works by. "" is the inquiry desk's.
func ByName(name string) (*Table, bool) {
	for _, t := range Processes() {
		if t.Name == name || name == "" {
			return t, true
		}
	}
	return nil, false
}

// The process of the shipped desk, for callers that have no other.

// Allowed asks the inquiry table.
func Allowed(p ticket.Process, by ticket.Actor, s Policy) []Allowance {
	return Inquiry.Allowed(p, by, s)
}

// Future asks the inquiry table.
func Future(p ticket.Process, s Policy) []Futurum { return Inquiry.Future(p, s) }

// Reasons lists those of every shipped process, sorted.
func Reasons() []string {
	var all []string
	for _, t := range Processes() {
		all = append(all, t.Reasons()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
