package lifecycle

import (
	"fmt"
	"slices"
	"strings"

	"duradesk/ticket"
)

// Book is docs/lifecycle.md: the inquiry process in full, and the other shipped ones by what they do otherwise. (Each
// in full: `duradesk rules --process NAME`.)
func Book() string {
	var b strings.Builder
	b.WriteString(Inquiry.Document())
	for _, t := range Processes() {
		if t == Inquiry {
			continue
		}
		fmt.Fprintf(&b, "\n# The process %q\n\nAs %q, but for these lines. In full: `duradesk rules --process %s`. Rules `%s`\n\n", t.Name, Inquiry.Name, t.Name, t.Hash())
		b.WriteString(t.Differences(Inquiry))
	}
	return b.String()
}

// Differences lists the cells that another process answers otherwise, and the clocks, in Markdown.
func (t *Table) Differences(other *Table) string {
	var b strings.Builder
	header(&b, []string{"state", "command", "when", "answer", "does"})
	for _, s := range ticket.States() {
		theirs := other.linesOf(s)
		for _, l := range t.linesOf(s) {
			if !slices.ContainsFunc(theirs, func(o line) bool {
				return o.answer == l.answer && o.does == l.does && o.when == l.when && slices.Equal(o.kinds, l.kinds)
			}) {
				row(&b, []string{"**" + s.String() + "**", strings.Join(l.kinds, ", "), l.when, l.answer, l.does})
			}
		}
	}
	if mine := t.ClockTable(); mine != other.ClockTable() {
		b.WriteString("\n" + mine)
	}
	return b.String()
}
