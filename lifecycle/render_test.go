package lifecycle

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestHashNamesTheRules(t *testing.T) {
	t.Parallel()
	require.Len(t, Inquiry.Hash(), 64)
	require.Equal(t, Inquiry.Hash(), altered(func(*Table) {}).Hash(), "the same rules have the same hash")
	for name, m := range mutations {
		if name != "nobody says which clocks run" { // reads like a state without clocks; the proof finds it
			require.NotEqual(t, Inquiry.Hash(), altered(m.change).Hash(), name)
		}
	}
}

func TestTheDocumentIsFresh(t *testing.T) {
	t.Parallel()
	if *update {
		require.NoError(t, os.WriteFile("../docs/lifecycle.md", []byte(Book()), 0o644))
	}
	written, err := os.ReadFile("../docs/lifecycle.md")
	require.NoError(t, err)
	if string(written) != Book() {
		t.Errorf("docs/lifecycle.md says something else. Run make generate, and show the difference to the owner of the process:\n%s", otherwise(string(written), Book()))
	}
}

func TestTheDocumentIsComplete(t *testing.T) {
	t.Parallel()
	doc := Inquiry.Document()
	require.NotContains(t, doc, "unanswered")
	for _, t2 := range Processes() {
		require.Contains(t, Book(), "`"+t2.Hash()+"`")
		require.NotContains(t, t2.Document(), "unanswered")
	}
	for _, k := range ticket.Kinds() {
		require.Contains(t, doc, "| `"+k.String()+"` |")
	}
	for _, r := range Inquiry.Reasons() {
		require.Regexp(t, "\\| `"+r+"` \\| [^ ]", doc)
	}
	Inquiry.each(func(s ticket.State, k ticket.Kind, c Case) {
		if c.Guard != nil {
			require.Contains(t, doc, "*"+c.Guard.Name+":*")
		}
	})
}

func TestTablesAreWellFormed(t *testing.T) {
	t.Parallel()
	for _, part := range []string{Inquiry.Matrix(), Inquiry.ClockTable(), Inquiry.LeftAlone(), Inquiry.GuardList(), Inquiry.ReasonList()} {
		lines := strings.Split(strings.TrimSpace(part), "\n")
		for _, l := range lines {
			require.Equal(t, strings.Count(lines[0], "|"), strings.Count(l, "|"), l)
		}
	}
}

func TestTheDiagramIsMermaid(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(Inquiry.Diagram()), "\n")
	require.Equal(t, "stateDiagram-v2", lines[0])
	shape := regexp.MustCompile(`^    (\[\*\]|[a-z_]+) --> (\[\*\]|[a-z_]+)(: [a-z*, -]+)?$`)
	for _, l := range lines[1:] {
		require.Regexp(t, shape, l)
	}
	require.Contains(t, lines, "    resolved --> closed: close*, auto-close-due*")
	require.Contains(t, lines, "    spam --> on_hold: restore")
	require.NotContains(t, Inquiry.Diagram(), "spam --> closed")
}
