package lifecycle

import (
	"time"

	"duradesk/ticket"
)

// Decision is the answer to one command: the next process, what happened, and what is to be done in the same
// transaction.
type Decision struct {
	Process ticket.Process
	Answer  ticket.Outcome // applied, already or refused
	Reason  string         // catalog key, where refused or already
	Rule    string         // the line of the table that answered, with its guard
	Events  []Happening
	Effects []Effect      // outer ones, in order
	Sends   []Send        // to other tickets
	Links   []ticket.Link // new ones, to be seen from both tickets
	Unlinks []ticket.Link // those that are no more
	Notices []Notice      // to staff
}

// Happening is one line for the record. Type is message, note or event.
type Happening struct {
	Type string
	Name string
	From ticket.State
	To   ticket.State
	Why  string
}

// Apply asks the table about one command. It is pure: the instant is the command's own, and a refusal is an answer,
// not an error. A command that leaves events makes a new revision.
func (t *Table) Apply(p ticket.Process, c ticket.Command, s Policy) Decision {
	x := asked(p, c, s)
	answer, at := t.answer(x)
	if answer.outcome() == ticket.Applied {
		return t.applied(x, answer, at.String())
	}
	return t.refused(x, answer, at.String())
}

// asked are the facts that a command meets.
func asked(p ticket.Process, c ticket.Command, s Policy) facts {
	c.At = c.At.UTC() // the process travels as JSON: an instant in another zone would not come back the same
	return facts{p: born(p, c, s), c: c, s: s}
}

// answer is what is said to a command, and where that stands. Nothing is done yet.
func (t *Table) answer(x facts) (Answer, whence) {
	if reason := objection(x); reason != "" {
		return Answer{Verb: VerbRefuse, Reason: reason}, whence{objection: reason}
	}
	if late(x) {
		return Answer{Verb: VerbIgnore, Reason: "no_such_clock"}, whence{objection: "no_such_clock"}
	}
	answer, guard := t.Rules[x.p.State][x.c.Kind].answer(x)
	if answer.Verb == VerbUnanswered {
		answer.Reason = "unknown_command"
	}
	return answer, whence{state: x.p.State, kind: x.c.Kind, guard: guard}
}

// whence is where in the table an answer stands, or what spoke against a command before the table was asked.
type whence struct {
	state     ticket.State
	kind      ticket.Kind
	guard     *Guard
	objection string
}

func (w whence) String() string {
	if w.objection != "" {
		return "guard: " + w.objection
	}
	return ruleName(w.state, w.kind, w.guard)
}

// ruleName names a line of the table, as decisions and findings do.
func ruleName(s ticket.State, k ticket.Kind, g *Guard) string {
	if g == nil {
		return s.String() + "/" + k.String()
	}
	return s.String() + "/" + k.String() + " when " + g.Name
}

// born gives a ticket its first state; the first command then meets the row of new.
func born(p ticket.Process, c ticket.Command, s Policy) ticket.Process {
	if p.State == ticket.NoState {
		p.State = ticket.New
	}
	if p.Opened.IsZero() {
		p.Tier, p.Opened, p.Calendar = max(p.Tier, 1), c.At, s.Calendar.Version()
	}
	return p
}

// objection is what speaks against a command in any state: what is wrong with itself, who asks, what he has not seen.
func objection(x facts) string {
	switch {
	case x.c.Params.Problem != "":
		return x.c.Params.Problem
	case !May(x.c.By, x.c.Kind):
		return "not_permitted"
	case lacking(x.c):
		return "payload_missing"
	case x.c.Kind == ticket.Classify && x.c.By.Kind == ticket.ActorClient && !x.c.Params.Classify.OfClients():
		return "not_permitted"
	case x.c.SeenRevision > 0 && unseen(x.p, x.c):
		return "stale"
	}
	return ""
}

// lacking reports whether a command comes without what it is about. A client's reply is never refused: of one without
// words nothing can be lost.
func lacking(c ticket.Command) bool {
	p := c.Params
	switch c.Kind { //nolint:exhaustive // the rest mean something without parameters
	case ticket.AgentResponse, ticket.Note:
		return c.Message == ""
	case ticket.ClientReply:
		return c.Message == "" && c.By.Kind != ticket.ActorClient
	case ticket.Assign:
		return p.Assign == nil
	case ticket.Classify:
		return p.Classify == nil
	case ticket.ClientVerdict:
		return p.Verdict == nil || p.Verdict.Verdict == ticket.NoVerdict
	case ticket.Feedback:
		return p.Feedback == nil || p.Feedback.Rating < 1 || p.Feedback.Rating > 5
	case ticket.Promise:
		return p.Promise == nil
	case ticket.Withdraw:
		return p.Withdraw == nil || p.Withdraw.Message == ""
	default:
		return unnamed(c)
	}
}

// unnamed reports whether a command about another ticket does not name it.
func unnamed(c ticket.Command) bool {
	p := c.Params
	switch c.Kind { //nolint:exhaustive // the rest are about no other
	case ticket.Merge:
		return p.Merge == nil || p.Merge.Into == 0
	case ticket.MergeIn:
		return p.MergeIn == nil || p.MergeIn.From == 0
	case ticket.LinkTo:
		return p.Link == nil || p.Link.Number == 0
	case ticket.ChildReport:
		return p.Report == nil || p.Report.Outcome == ticket.NoChildOutcome
	case ticket.Split:
		return p.Split == nil || p.Split.Message == ""
	case ticket.Move:
		return p.Move == nil || p.Move.Message == "" || p.Move.Into == 0
	default:
		return false
	}
}

// late reports whether a timer rings that no clock of the ticket stands for any more. Whoever rings looks at Due
// first; looking here as well means that no order of events can breach a clock that was met.
func late(x facts) bool {
	if !x.c.Kind.Timer() {
		return false
	}
	if x.c.Params.Timer == nil {
		return true
	}
	k, due := Due(x.p, *x.c.Params.Timer)
	return !due || k.Says() != x.c.Kind
}

// unseen reports whether somebody else wrote after the revision that the asker had seen. A client's words are never
// refused, least of all for a note that he may not know of.
func unseen(p ticket.Process, c ticket.Command) bool {
	if c.By.Kind == ticket.ActorClient {
		return false
	}
	for _, s := range p.Spoke {
		if s.By != c.By.Key() {
			return s.Revision > c.SeenRevision
		}
	}
	return false
}

func (t *Table) refused(x facts, a Answer, rule string) Decision {
	out := Decision{Process: x.p, Answer: a.outcome(), Reason: a.Reason, Rule: rule}
	out.Process.Seq = max(x.p.Seq, x.c.Seq)
	// What an operator sends by hand gets no receipt that he sees: it leaves an event.
	if x.c.By.Kind == ticket.ActorOperator {
		out.Process.Revision++
		out.Events = []Happening{{Type: "event", Name: out.Answer.String(), Why: a.Reason}}
	}
	return out
}

func (t *Table) applied(x facts, a Answer, rule string) Decision {
	before := x.p
	p, outer := before, []Effect(nil)
	for _, e := range a.Do {
		if e.Inner() {
			p = t.inner(e, facts{p: p, c: x.c, s: x.s})
		} else if does(e, x) {
			outer = append(outer, e)
		}
	}
	if a.Undone {
		p = undone(p, *x.c.Params.Withdraw.Before)
	} else {
		p = destination(p, a)
		if a.Verb != VerbStay || before.Revision == 0 {
			p = t.enter(facts{p: p, c: x.c, s: x.s})
		}
		p = stamp(before, p, x.c)
	}
	p.Revision++
	p.Seq = max(p.Seq, x.c.Seq)
	if x.c.Message != "" && keeps(outer) {
		p.Spoke = spoke(p.Spoke, x.c.By.Key(), p.Revision)
	}
	events := happened(before, p, x.c, a, outer)
	return Decision{
		Process: p, Answer: ticket.Applied, Rule: rule, Effects: outer, Events: events,
		Sends: sends(before, p, x.c, outer), Links: linked(before, p, x.c, outer), Unlinks: unlinked(before, p), Notices: notices(before, p, x.c, outer, done(before, p, x.c, outer)),
	}
}

// undone is the ticket as it was before a message that is taken back. Its running clocks get a new generation: their
// timers had been cancelled.
func undone(now, before ticket.Process) ticket.Process {
	p := before
	p.Revision, p.Seq, p.Generation = now.Revision, now.Seq, now.Generation
	p.Clocks = nil
	for _, k := range before.Clocks {
		if k.State == ticket.Running {
			p.Generation++
			k.Generation = p.Generation
		}
		p.Clocks = append(p.Clocks, k)
	}
	return p
}

func keeps(effects []Effect) bool {
	for _, e := range effects {
		if e == KeepMessage {
			return true
		}
	}
	return false
}

func destination(p ticket.Process, a Answer) ticket.Process {
	if a.Verb != VerbMove {
		return p
	}
	p.State = a.To
	if a.Former {
		p.State, p.Former = p.Former, ticket.NoState
	}
	aside := p.State == ticket.Spam || p.State == ticket.Merged // the way back leads to what was, as it was
	if p.State != ticket.OnHold && !(aside && p.Former == ticket.OnHold) {
		p.Hold = ticket.NoHold
	}
	if p.State != ticket.ResolvedInternally && p.State != ticket.Spam && !(aside && p.Former == ticket.ResolvedInternally) {
		p.Category = ticket.NoCategory
	}
	if !aside {
		p.Former, p.Survivor = ticket.NoState, 0
	}
	if at := p.State; at != ticket.HandedOver && at != ticket.HandOverAnswered && !(aside && (p.Former == ticket.HandedOver || p.Former == ticket.HandOverAnswered)) {
		p.Child = ticket.Child{} // what comes from it now is kept as an event
	}
	if !p.State.Live() && !aside {
		p.Awaiting = false // whoever ended it has looked
	}
	return p
}

// stamp notes when the ticket was resolved and closed; coming back to life takes both away. What comes back from the
// spam box or a merge was resolved and closed when it was.
func stamp(before, p ticket.Process, c ticket.Command) ticket.Process {
	back := before.State == ticket.Spam || before.State == ticket.Merged
	switch {
	case p.State.Live():
		p.Resolved, p.Closed = time.Time{}, time.Time{}
	case back || before.State == p.State:
	case p.State == ticket.Resolved || p.State == ticket.ResolvedInternally:
		p.Resolved = c.At
	case p.State == ticket.Closed:
		p.Closed = c.At
	}
	return p
}

// spoke puts a writer in front; two writers are enough to know whether anybody else wrote last.
func spoke(list []ticket.Spoke, by string, revision int64) []ticket.Spoke {
	out := []ticket.Spoke{{By: by, Revision: revision}}
	for _, s := range list {
		if s.By != by && len(out) < 2 {
			out = append(out, s)
		}
	}
	return out
}
