package lifecycle

import (
	"fmt"

	"duradesk/ticket"
)

// someWord stands where somebody wrote something, and the rules look only at whether he did.
const someWord = "…"

func (m *mask) word(text string) string {
	if text == "" {
		return ""
	}
	return someWord
}

func (m *mask) command(c ticket.Command) ticket.Command {
	return ticket.Command{
		ID: fmt.Sprintf("c%d", c.Seq), Seq: c.Seq, Kind: c.Kind, At: c.At, By: m.actor(c.By), Message: m.name("message", c.Message), SeenRevision: c.SeenRevision,
		Params: m.params(c.Params),
	}
}

func (m *mask) params(p ticket.Params) ticket.Params {
	out := ticket.Params{
		Hold: p.Hold, Reply: p.Reply, Automatic: p.Automatic, Timer: p.Timer, Verdict: p.Verdict, // these have neither words nor names
		Trigger: m.name("trigger", p.Trigger), Problem: p.Problem, Name: m.word(p.Name),
	}
	if c := p.Create; c != nil {
		out.Create = &ticket.CreateParams{Group: m.name("group", c.Group), Owner: m.name(ticket.ActorAgent.String(), c.Owner), Parent: m.number(c.Parent), Impact: c.Impact, Urgency: c.Urgency}
	}
	if r := p.Resolve; r != nil {
		out.Resolve = &ticket.ResolveParams{Category: r.Category, Solution: m.word(r.Solution), Recalled: r.Recalled}
	}
	if e := p.Escalate; e != nil {
		out.Escalate = &ticket.EscalateParams{Desk: m.name("desk", e.Desk), Group: m.name("group", e.Group), Child: m.number(e.Child)}
	}
	if a := p.Assign; a != nil {
		out.Assign = &ticket.AssignParams{Group: m.pointed("group", a.Group), Owner: m.pointed(ticket.ActorAgent.String(), a.Owner)}
	}
	if f := p.Failed; f != nil {
		out.Failed = &ticket.FailedParams{Delivery: m.name("delivery", f.Delivery), State: f.State, Verified: f.Verified, Hard: f.Hard, Final: f.Final}
	}
	if c := p.Classify; c != nil {
		out.Classify = m.classify(*c)
	}
	if w := p.Promise; w != nil {
		out.Promise = &ticket.PromiseParams{DueAt: w.DueAt, Text: m.word(w.Text)}
	}
	if f := p.Feedback; f != nil {
		out.Feedback = &ticket.FeedbackParams{Rating: f.Rating, Comment: m.word(f.Comment)}
	}
	m.acrossParams(p, &out)
	return out
}

// acrossParams are those that speak of other tickets and messages.
func (m *mask) acrossParams(p ticket.Params, out *ticket.Params) {
	if o := p.Merge; o != nil {
		out.Merge = &ticket.MergeParams{Into: m.number(o.Into), TargetState: o.TargetState, Ring: o.Ring}
	}
	if o := p.MergeIn; o != nil {
		out.MergeIn = &ticket.MergeInParams{From: m.number(o.From), Unanswered: o.Unanswered}
	}
	if o := p.Link; o != nil {
		out.Link = &ticket.LinkParams{Number: m.number(o.Number), Kind: o.Kind}
	}
	if o := p.Report; o != nil {
		out.Report = &ticket.ReportParams{Child: m.number(o.Child), Outcome: o.Outcome}
	}
	if o := p.Split; o != nil {
		out.Split = &ticket.SplitParams{Message: m.name("message", o.Message), Only: o.Only}
	}
	if o := p.Move; o != nil {
		out.Move = &ticket.MoveParams{Message: m.name("message", o.Message), Into: m.number(o.Into), Only: o.Only}
	}
	if o := p.Withdraw; o != nil { // its facts come from the steps before it
		out.Withdraw = &ticket.WithdrawParams{Message: m.name("message", o.Message)}
	}
}

// classify keeps what is changed, not to what: the rules read the priority alone.
func (m *mask) classify(c ticket.ClassifyParams) *ticket.ClassifyParams {
	out := ticket.ClassifyParams{
		Priority: c.Priority, Impact: c.Impact, Urgency: c.Urgency, Title: m.worded(c.Title), Type: m.worded(c.Type),
		ReceptionType: m.worded(c.ReceptionType), Language: c.Language, DueAt: c.DueAt,
	}
	if c.Tags != nil {
		out.Tags = &[]string{}
	}
	if c.Fields != nil {
		out.Fields = map[string]any{someWord: nil}
	}
	return &out
}

func (m *mask) worded(text *string) *string {
	if text == nil {
		return nil
	}
	w := m.word(*text)
	return &w
}

func (m *mask) pointed(kind string, id *string) *string {
	if id == nil {
		return nil
	}
	name := m.name(kind, *id)
	return &name
}
