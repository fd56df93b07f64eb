package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"duradesk/calendar"
	"duradesk/ticket"
)

// Recorded is the life of a ticket as the record has it: what the rules were asked, and what they answered.
type Recorded struct {
	Process  string          `json:"process"` // name of the table that its desk works by
	Settings ticket.Settings `json:"settings"`
	Calendar *calendar.Spec  `json:"calendar,omitempty"` // nil: open around the clock
	Opening  ticket.Process  `json:"opening"`            // before the first command
	Steps    []Step          `json:"steps"`              // in the order in which they were answered
}

// Step is one command and its answer.
type Step struct {
	Command ticket.Command  `json:"command"`
	Answer  ticket.Outcome  `json:"answer"`
	Reason  string          `json:"reason,omitempty"`
	After   *ticket.Process `json:"after,omitempty"` // nil: it made no revision
}

// Difference is where the rules would answer otherwise today than they did.
type Difference struct {
	Ticket ticket.Number
	Seq    int64 // of the command
	Kind   ticket.Kind
	At     time.Time
	Rule   string // that answers today
	What   string // "answer", or the part of the process, or a clock
	Was    string
	Would  string
}

func (d Difference) String() string {
	return fmt.Sprintf("ticket %d, command %d (%s, %s): %s was %s and would be %s, by %s",
		d.Ticket, d.Seq, d.Kind, d.At.UTC().Format(time.RFC3339), d.What, quoted(d.Was), quoted(d.Would), d.Rule)
}

func quoted(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

// Rehearse asks the rules of this build every question that a ticket's life held, each from where the record stood, and
// lists the answers that would be others. One difference does not lead to the next: every step begins where it did. The
// error tells what cannot be asked: a process that this build does not know, a calendar that is none.
func Rehearse(r Recorded) ([]Difference, error) {
	table, ok := ByName(r.Process)
	if !ok {
		return nil, fmt.Errorf("this build knows no process %q", r.Process)
	}
	policy := RoundTheClock(r.Settings)
	if r.Calendar != nil {
		var err error
		if policy.Calendar, err = calendar.New(*r.Calendar); err != nil {
			return nil, fmt.Errorf("the calendar: %w", err)
		}
	}
	var all []Difference
	before, told := r.Opening, map[string]ticket.WithdrawParams{}
	for _, s := range r.Steps {
		if s.Answer == ticket.Failed {
			before = poisoned(before, s.Command)
			continue
		}
		all = append(all, table.askAgain(before, variants(s, told), s, policy)...)
		if s.After != nil {
			start := before
			told[s.Command.Message] = ticket.WithdrawParams{Message: s.Command.Message, Revision: s.After.Revision, Before: &start}
			before = *s.After
		}
		before.Seq = max(before.Seq, s.Command.Seq)
	}
	return all, nil
}

// poisoned is what a command leaves behind that no rule answered.
func poisoned(p ticket.Process, c ticket.Command) ticket.Process {
	p.Failed, p.Seq = true, max(p.Seq, c.Seq)
	if c.Params.Timer != nil && c.Kind.Timer() {
		p.Clocks = Without(p.Clocks, c.Params.Timer.Clock)
	}
	return p
}

// askAgain compares one answer. Where a fact was not kept, each way it may have been is tried: one that gives the
// recorded answer is how it was.
func (t *Table) askAgain(before ticket.Process, asked []ticket.Command, s Step, policy Policy) []Difference {
	var first []Difference
	for i, c := range asked {
		d := t.Apply(before, c, policy)
		found := s.compare(before, d)
		if len(found) == 0 {
			return nil
		}
		if i == 0 {
			first = found
		}
	}
	return first
}

// variants are the command with the facts that the store had added (ticket.Params), as far as the record tells them: told
// has what the messages before it made of the ticket.
func variants(s Step, told map[string]ticket.WithdrawParams) []ticket.Command {
	with := func(p ticket.Params) ticket.Command {
		c := s.Command
		c.Params = p
		return c
	}
	out := []ticket.Command{}
	switch p := s.Command.Params; {
	case p.Escalate != nil && p.Escalate.Desk != "":
		e := *p.Escalate
		e.Child = 1 // asked in vain
		if s.After != nil && s.After.Child.Number != 0 {
			e.Child = s.After.Child.Number
		}
		out = append(out, with(ticket.Params{Escalate: &e, Trigger: p.Trigger}))
	case p.Merge != nil:
		for _, state := range []ticket.State{ticket.Open, ticket.Closed, ticket.Spam, ticket.Merged, ticket.Deleted} {
			for _, ring := range []bool{false, true} {
				out = append(out, with(ticket.Params{Merge: &ticket.MergeParams{Into: p.Merge.Into, TargetState: state, Ring: ring}}))
			}
		}
	case p.Split != nil:
		for _, only := range []bool{false, true} {
			out = append(out, with(ticket.Params{Split: &ticket.SplitParams{Message: p.Split.Message, Only: only}}))
		}
	case p.Move != nil:
		for _, only := range []bool{false, true} {
			out = append(out, with(ticket.Params{Move: &ticket.MoveParams{Message: p.Move.Message, Into: p.Move.Into, Only: only}}))
		}
	case p.Withdraw != nil:
		w, known := told[p.Withdraw.Message]
		queued := w
		queued.Queued = true
		if known {
			out = append(out, with(ticket.Params{Withdraw: &queued}), with(ticket.Params{Withdraw: &w}))
		}
		out = append(out, with(ticket.Params{Withdraw: &ticket.WithdrawParams{Message: p.Withdraw.Message}}))
	default:
		out = append(out, s.Command)
	}
	return out
}

// compare lists where a decision is not the one that was taken.
func (s Step) compare(before ticket.Process, d Decision) []Difference {
	difference := func(what, was, would string) Difference {
		return Difference{Ticket: before.Number, Seq: s.Command.Seq, Kind: s.Command.Kind, At: s.Command.At, Rule: d.Rule, What: what, Was: was, Would: would}
	}
	if d.Answer != s.Answer || d.Reason != s.Reason {
		return []Difference{difference("the answer", answered(s.Answer, s.Reason), answered(d.Answer, d.Reason))}
	}
	after := before
	if s.After != nil {
		after = *s.After
	}
	var out []Difference
	was, would := portrait(after), portrait(d.Process)
	for _, what := range slices.Sorted(maps.Keys(union(was, would))) {
		if was[what] != would[what] {
			out = append(out, difference(what, was[what], would[what]))
		}
	}
	return out
}

func answered(o ticket.Outcome, reason string) string {
	return strings.TrimSpace(o.String() + " " + reason)
}

func union(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// portrait is all of a process that people see, by name. Revisions, generations and the places of writers are left out:
// they are how it is kept.
func portrait(p ticket.Process) map[string]string {
	out := map[string]string{
		"state": p.State.String(), "former state": p.Former.String(), "hold": p.Hold.String(), "category": p.Category.String(), "owner": p.Owner, "group": p.Group,
		"tier": fmt.Sprint(p.Tier), "priority": p.Priority.String(), "breached": yes(p.Breached), "failed": yes(p.Failed), "awaiting": yes(p.Awaiting),
		"triggered": yes(p.Triggered), "resolved": instant(p.Resolved), "closed": instant(p.Closed),
		"parent": number(p.Parent), "child": number(p.Child.Number) + p.Child.Outcome.String(), "survivor": number(p.Survivor),
	}
	for _, k := range p.Clocks {
		text := k.State.String() + " due " + instant(k.Due)
		if !k.Warn.IsZero() {
			text += ", warns " + instant(k.Warn)
		}
		out["clock "+k.ID] = text
	}
	return out
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func number(n ticket.Number) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
