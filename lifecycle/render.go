package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"duradesk/ticket"
)

// Hash names this version of the rules: events carry it, so that a recorded decision can be laid beside the rules it
// was taken by. It is the SHA-256, in hex, of the rules as rendered; the table must not change after the first call.
func (t *Table) Hash() string {
	t.once.Do(func() {
		sum := sha256.Sum256([]byte(t.Matrix() + t.Lines() + t.ClockTable()))
		t.hash = hex.EncodeToString(sum[:])
	})
	return t.hash
}

// Matrix is the table at a glance, in Markdown: commands down, states across.
func (t *Table) Matrix() string {
	var b strings.Builder
	head := []string{"command"}
	for _, s := range ticket.States() {
		head = append(head, "**"+s.String()+"**")
	}
	header(&b, head)
	for _, k := range ticket.Kinds() {
		line := []string{"`" + k.String() + "`"}
		for _, s := range ticket.States() {
			line = append(line, t.Rules[s][k].brief())
		}
		row(&b, line)
	}
	return b.String()
}

// brief is a cell as the matrix shows it: where to, and when.
func (c Cell) brief() string {
	if len(c) == 0 {
		return "**unanswered**"
	}
	out := make([]string, 0, len(c))
	for i, k := range c {
		switch {
		case k.Guard != nil:
			out = append(out, "*"+k.Guard.Name+":* "+k.Answer.brief())
		case i > 0:
			out = append(out, "*else* "+k.Answer.brief())
		default:
			out = append(out, k.Answer.brief())
		}
	}
	return strings.Join(out, "<br>")
}

func (a Answer) brief() string {
	switch a.Verb {
	case VerbMove:
		if a.Former {
			return "→ former state"
		}
		if a.Undone {
			return "→ as it was before"
		}
		return "→ " + a.To.String()
	case VerbIgnore:
		return "–"
	case VerbUnanswered:
		return "**unanswered**"
	case VerbAgain, VerbStay, VerbRefuse, VerbAlready:
	}
	return a.Verb.String()
}

// Lines spells every answer out, in Markdown: one table per state, one line per case, with what is done and why not.
// What is refused or ignored the same way by several commands stands in one line.
func (t *Table) Lines() string {
	var b strings.Builder
	for _, s := range ticket.States() {
		fmt.Fprintf(&b, "### %s\n\n", s)
		header(&b, []string{"command", "when", "answer", "does"})
		for _, l := range t.linesOf(s) {
			row(&b, []string{strings.Join(l.kinds, ", "), l.when, l.answer, l.does})
		}
		b.WriteString("\n")
	}
	return b.String()
}

// line is one printed line of a state; kinds with an equal unconditional answer that does nothing share one.
type line struct {
	kinds              []string
	when, answer, does string
}

func (t *Table) linesOf(s ticket.State) []line {
	var out []line
	for _, k := range ticket.Kinds() {
		for _, c := range t.Rules[s][k] {
			l := line{kinds: []string{"`" + k.String() + "`"}, answer: c.Answer.full(), does: c.Answer.deeds()}
			if c.Guard != nil {
				l.when = c.Guard.Name
			} else if len(t.Rules[s][k]) > 1 {
				l.when = "else"
			}
			same := func(o line) bool {
				return l.when == "" && l.does == "" && o.when == "" && o.does == "" && o.answer == l.answer
			}
			if i := slices.IndexFunc(out, same); i >= 0 {
				out[i].kinds = append(out[i].kinds, l.kinds...)
				continue
			}
			out = append(out, l)
		}
	}
	return out
}

func (a Answer) full() string {
	if a.Reason == "" {
		return a.brief()
	}
	return fmt.Sprintf("%s: `%s`", a.Verb, a.Reason)
}

func (a Answer) deeds() string {
	names := make([]string, 0, len(a.Do))
	for _, e := range a.Do {
		names = append(names, e.String())
	}
	return strings.Join(names, ", ")
}

// ClockTable tells which clock runs in which state, in Markdown: states down, clocks across.
func (t *Table) ClockTable() string {
	var b strings.Builder
	head := []string{"state"}
	for _, k := range ticket.ClockKinds() {
		head = append(head, "`"+k.String()+"`")
	}
	header(&b, head)
	for _, s := range ticket.States() {
		line := []string{"**" + s.String() + "**"}
		for _, k := range ticket.ClockKinds() {
			line = append(line, t.Clocks[s].words(k))
		}
		row(&b, line)
	}
	return b.String()
}

func (r ClockRow) words(kind ticket.ClockKind) string {
	for _, rule := range r {
		if rule.Kind == kind {
			return rule.String()
		}
	}
	return ""
}

// String tells a clock's rule in the designer's words.
func (r ClockRule) String() string {
	var words []string
	if r.Starts.starts() {
		words = append(words, r.Starts.String())
	}
	for _, w := range []struct {
		is   bool
		says string
	}{
		{r.Once, "once"},
		{r.GoesOn, "goes on where it was met"},
		{r.HoldPauses, "stands still on hold as the policy says"},
		{r.Stands, "stands still"},
		{r.Met, "met"},
		{!r.Starts.starts() && !r.Stands && !r.Met, "runs"},
	} {
		if w.is {
			words = append(words, w.says)
		}
	}
	return strings.Join(words, "; ")
}

func header(b *strings.Builder, cells []string) {
	row(b, cells)
	row(b, slices.Repeat([]string{"---"}, len(cells)))
}

func row(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
