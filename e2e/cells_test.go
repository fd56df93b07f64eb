package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// Every cell of PRODUCT §3 against the running desk. What is expected is the hand-written copy of the table that the rules
// are held to as well (lifecycle/testdata/product); which commands there are, and which line of the table answered, comes
// from the table itself.
func TestEveryCellOfTheProcess(t *testing.T) {
	t.Parallel()
	m := newMatrix(startDesk(t))
	var all sync.WaitGroup
	room := make(chan struct{}, 8)
	work := func(name string, do func(*matrix)) {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			t.Run(name, func(t *testing.T) { do(m.in(t)) })
		})
	}
	cells := readCells(t)
	for _, column := range columnsOf(cells) {
		mine := slices.DeleteFunc(slices.Clone(cells), func(c cell) bool { return c.column != column })
		// What leaves the ticket where it is can be tried on one ticket, in the order of the table.
		work(column, func(m *matrix) {
			one := m.ticket(column, "")
			for _, c := range mine {
				if !c.alone() {
					m.try(one, c)
				}
			}
		})
		for _, c := range mine {
			if c.alone() {
				work(column+"/"+strings.ReplaceAll(c.command, " ", "_"), func(m *matrix) { m.try(m.ticket(column, c.command), c) })
			}
		}
	}
	all.Wait()
	t.Logf("%d cells, %d tickets", len(cells), m.tickets.Load())
}

// cell is one of the table: what a ticket of a column is after a command.
type cell struct{ command, column, want string }

func readCells(t *testing.T) []cell {
	t.Helper()
	files, err := filepath.Glob("../lifecycle/testdata/product/*.txt")
	require.NoError(t, err)
	var out []cell
	seen := map[ticket.Kind]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var starts []int
		var head string
		for l := range strings.Lines(string(text)) {
			l = strings.TrimRight(l, "\n")
			switch {
			case l == "" || l[0] == '#':
			case head == "":
				head, starts = l, columnStarts(l)
			default:
				c := cell{command: cut(l, starts, 0)}
				seen[c.kind()] = true
				for i := 1; i < len(starts); i++ {
					c.column, c.want = cut(head, starts, i), cut(l, starts, i)
					out = append(out, c)
				}
			}
		}
	}
	for _, k := range ticket.Kinds() {
		require.True(t, seen[k], "no line is about %s", k)
	}
	return out
}

func columnStarts(head string) []int {
	var starts []int
	for i := range head {
		if head[i] != ' ' && (i == 0 || head[i-1] == ' ') {
			starts = append(starts, i)
		}
	}
	return starts
}

func cut(l string, starts []int, i int) string {
	end := len(l)
	if i+1 < len(starts) {
		end = min(starts[i+1], len(l))
	}
	return strings.TrimSpace(l[min(starts[i], end):end])
}

func columnsOf(cells []cell) []string {
	var out []string
	for _, c := range cells {
		if !slices.Contains(out, c.column) {
			out = append(out, c.column)
		}
	}
	return out
}

// kind is the command's kind: the longest name of one that the line begins with.
func (c cell) kind() ticket.Kind {
	found := ticket.NoKind
	for _, k := range ticket.Kinds() {
		if name := k.String(); (c.command == name || strings.HasPrefix(c.command, name+" ") || strings.HasPrefix(c.command, name+"+")) && len(name) > len(found.String()) {
			found = k
		}
	}
	if c.command == "unassign" {
		return ticket.Assign
	}
	return found
}

func (c cell) state() string {
	state, _, _ := strings.Cut(c.want, " ")
	return state
}

func (c cell) marked(letter string) bool {
	_, marks, _ := strings.Cut(c.want, " ")
	return strings.Contains(marks, letter)
}

func (c cell) applied() bool { return c.want != "refused" && c.want != "already" }

// alone reports whether the cell needs a ticket of its own: one that leaves its state, or whose clock is made to ring.
func (c cell) alone() bool {
	before := map[string]string{"abuse": "internal", "reopens": "closed"}[c.column]
	if before == "" {
		before = c.column
	}
	return c.applied() && (c.state() != before || c.kind().Timer() || c.kind() == ticket.Withdraw)
}

// short writes a state as the table does.
func short(state string) string {
	state = strings.TrimSuffix(strings.TrimPrefix(state, "resolved_"), "ly")
	return strings.TrimPrefix(state, "hand_over_")
}
