package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"duradesk/ticket"
)

// Finding is a promise that the table breaks, with the shortest story in which it does.
type Finding struct {
	Law   string   // key of one of the Laws
	Says  string   // what is wrong, in a sentence
	Story []string // what happens up to there; empty where it is wrong without anything happening
}

// String tells the finding as people tell it: what is wrong, and how one gets there.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", f.Law, f.Says)
	for i, s := range f.Story {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, s)
	}
	return b.String()
}

// Law is something that holds for every table; Prove looks for a story in which it does not.
type Law struct{ Key, Says string }

// Laws lists what is proved, in the order in which findings are told.
func Laws() []Law {
	return []Law{
		{"answered", "every command and every clock has an answer in every state, and a refusal names its reason"},
		{"used", "every line of the table answers somebody"},
		{"reachable", "every state can be reached"},
		{"closeable", "from every state but deleted, closed can be reached"},
		{"left_alone", "if nobody acts, every ticket ends final or where somebody sees it"},
		{"never_refused", "clients' words and clocks are never refused: nobody would read the refusal"},
		{"clock_heard", "a clock that runs in a state is heard there, and rings once"},
		{"clock_stopped", "no clock runs where its state does not let it, and none in a final state"},
		{"words_kept", "no message vanishes: it is kept, it opens a ticket, or the sender is told no"},
		{"answer_sent", "an agent's answer goes to the client and meets the first response"},
		{"owned", "an agent who takes up a ticket owns it; a new ticket has no owner"},
		{"labelled", "a hold has a reason; an internal resolution and spam have a category; others have none"},
		{"way_back", "restore leads back to the state and the owner that the ticket had"},
		{"destroyed", "deletion destroys the content, and nothing else does"},
		{"quiet", "automatic mail moves, starts and sends nothing; spam sends nothing"},
		{"told", "a warning is told to the owner, a breach to the leads too, and it is written down"},
		{"hand_over", "a hand-over opens a child that hears the client, and is told when nobody waits for it"},
		{"parent_told", "a child that is held, resolved or over tells its parent"},
		{"survivor", "a merge tells the survivor, and what is said to a merged ticket reaches it"},
		{"undone", "a message that is taken back leaves the ticket as it was"},
		{"who", "every command may be sent by somebody, and no clock's or desk's own word by people"},
	}
}

// Prove looks for broken promises: in the table as it is written, and along every way that a ticket can take. No
// finding means that there is none. It takes some hundred milliseconds.
func (t *Table) Prove() []Finding { return shortest(slices.Collect(t.findings())) }

// findings tells of each broken promise as soon as it is met, and of some more than once.
func (t *Table) findings() func(yield func(Finding) bool) {
	return func(yield func(Finding) bool) {
		met := &world{t: t, met: map[string]int{}}
		used := map[string]bool{}
		if !each(slices.Concat(t.unanswered(), t.deafAsWritten(), whoFindings(who)), yield) {
			return
		}
		for _, way := range walks() {
			w, on := t.walked(way, yield)
			if !on || !each(w.placeFindings(), yield) {
				return
			}
			maps.Copy(used, w.used)
			if len(met.places) == 0 {
				met = w
			}
		}
		each(slices.Concat(t.unreached(met), t.unused(used, met)), yield)
	}
}

func each(found []Finding, yield func(Finding) bool) bool {
	for _, f := range found {
		if !yield(f) {
			return false
		}
	}
	return true
}

// walked explores one way and tells what is wrong with its steps, each thing once: nearer places are met first. It
// reports whether more is asked for.
func (t *Table) walked(way walk, yield func(Finding) bool) (w *world, on bool) {
	on = true
	type wrong struct{ law, says string }
	said := map[wrong]bool{}
	w = explore(t, way, func(w *world, i int, st step) bool {
		for _, p := range stepLaws {
			says := p.broken(st)
			if says == "" || said[wrong{p.key, says}] {
				continue
			}
			said[wrong{p.key, says}] = true
			if on = yield(Finding{p.key, says, append(w.story(i), st.says+": "+told(st))}); !on {
				return false
			}
		}
		return true
	})
	return w, on
}

// told is what became of a step, in a few words.
func told(st step) string {
	switch st.d.Answer {
	case ticket.Applied:
		return ends(st.from.p, st.d.Process)
	case ticket.Already:
		return "nothing is done"
	case ticket.Refused:
		return "it is refused (" + st.d.Reason + ")"
	case ticket.Pending, ticket.Failed:
	}
	return st.d.Answer.String()
}

// shortest keeps of each finding the one with the shortest story, in the order of the promises.
func shortest(found []Finding) []Finding {
	slices.SortStableFunc(found, nearest)
	var out []Finding
	for _, p := range Laws() {
		seen := map[string]bool{}
		for _, f := range found {
			if f.Law == p.Key && !seen[f.Says] {
				seen[f.Says] = true
				out = append(out, f)
			}
		}
	}
	return out
}

func (t *Table) unanswered() []Finding {
	var out []Finding
	hole := func(s ticket.State, k ticket.Kind, says string) {
		out = append(out, Finding{Law: "answered", Says: fmt.Sprintf("%s does not answer %s: %s", s, k, says)})
	}
	for _, s := range ticket.States() {
		for _, k := range ticket.Kinds() {
			cell := t.Rules[s][k]
			if len(cell) == 0 {
				hole(s, k, "there is no line for it")
				continue
			}
			for i, c := range cell {
				if says := c.wrong(i == len(cell)-1); says != "" {
					hole(s, k, says)
				}
			}
		}
	}
	return out
}

// wrong says what is wrong with one case of a cell, "" for nothing.
func (c Case) wrong(last bool) string {
	a := c.Answer
	switch {
	case last && c.Guard != nil:
		return "nothing is said where " + c.Guard.Name + " does not hold"
	case !last && c.Guard == nil:
		return "a line without a condition hides the lines behind it"
	case a.Verb == VerbUnanswered:
		return "the line is empty"
	case a.Verb == VerbMove && !a.Former && !a.Undone && a.To == ticket.NoState:
		return "it moves nowhere"
	case (a.Verb == VerbRefuse || a.Verb == VerbAlready || a.Verb == VerbIgnore) && a.Reason == "":
		return "it gives no reason"
	}
	return ""
}

// deafAsWritten finds clocks that a state lets run and does not listen to, and clocks of final states.
func (t *Table) deafAsWritten() []Finding {
	var out []Finding
	for _, s := range ticket.States() {
		clocks, ok := t.Clocks[s]
		if !ok {
			out = append(out, Finding{Law: "clock_stopped", Says: fmt.Sprintf("nothing says which clocks run in %s", s)})
		}
		if s.Final() && slices.ContainsFunc(clocks, func(r ClockRule) bool { return !r.Stands && !r.Met }) {
			out = append(out, Finding{Law: "clock_stopped", Says: fmt.Sprintf("%s is final and yet lets a clock run", s)})
		}
		for _, rule := range clocks {
			for _, c := range slices.Concat(t.Rules[s][rule.Kind.Says()], t.Rules[s][rule.Kind.Warns()]) {
				if !rule.Stands && !rule.Met && c.Answer.Verb != VerbMove && c.Answer.Verb != VerbAgain && c.Answer.Verb != VerbStay {
					out = append(out, Finding{Law: "clock_heard", Says: fmt.Sprintf("%s lets %s run and does not hear it", s, clockName(rule.Kind))})
				}
			}
		}
	}
	return out
}

func (t *Table) unreached(w *world) []Finding {
	var out []Finding
	for _, s := range ticket.States() {
		if _, ok := w.met[s.String()]; !ok {
			out = append(out, Finding{Law: "reachable", Says: fmt.Sprintf("no way leads into %s", s)})
		}
	}
	return out
}

// unused finds lines that never answer. Ignored clocks are spelt out and never ask: Apply knows that they are late.
func (t *Table) unused(used map[string]bool, w *world) []Finding {
	var out []Finding
	for _, s := range ticket.States() {
		if _, ok := w.met[s.String()]; !ok {
			continue // said already: no way leads there
		}
		for _, k := range ticket.Kinds() {
			for _, c := range t.Rules[s][k] {
				rule := ruleName(s, k, c.Guard)
				if !used[rule] && (!k.Timer() || c.Answer.Verb != VerbIgnore) {
					out = append(out, Finding{"used", fmt.Sprintf("the line %q never answers", rule), w.storyOf(s)})
				}
			}
		}
	}
	return out
}

// whoFindings checks that rights are complete.
func whoFindings(who map[ticket.Kind]ticket.Role) []Finding {
	var out []Finding
	for _, k := range ticket.Kinds() {
		_, people := who[k]
		people = people || clients[k]
		switch {
		case (k.Timer() || k.System()) && people:
			out = append(out, Finding{Law: "who", Says: fmt.Sprintf("people may send %s, which only a clock or the desk says", k)})
		case !k.Timer() && !k.System() && !people:
			out = append(out, Finding{Law: "who", Says: fmt.Sprintf("nobody may send %s", k)})
		}
		if least, ok := who[k]; ok && (least < ticket.RoleAgent || least > ticket.RoleAdmin) {
			out = append(out, Finding{Law: "who", Says: fmt.Sprintf("%s asks for a role that nobody has", k)})
		}
	}
	return out
}
