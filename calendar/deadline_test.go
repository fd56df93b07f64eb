package calendar

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestDeadlinesByHand compares deadlines over holidays, closures, clock changes and holds, line by line, with what was
// computed by hand in testdata/deadlines.
func TestDeadlinesByHand(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/deadlines/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			h := readHand(t, path)
			lines, deadline := h.compute()
			require.Equal(t, h.lines, lines)
			require.Equal(t, h.deadline, deadline.In(h.calendar.Zone()).Format("2006-01-02 15:04 -07:00"))
		})
	}
}

// hand is a computation by hand.
type hand struct {
	calendar Calendar
	start    time.Time
	target   time.Duration
	holds    [][2]time.Time
	lines    []string // with single spaces
	deadline string
}

func readHand(t *testing.T, path string) (h hand) {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range strings.Lines(string(raw)) {
		line = strings.Join(strings.Fields(line), " ")
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || word == "#":
		case word == "calendar":
			var s Spec
			require.NoError(t, json.Unmarshal([]byte(rest), &s))
			h.calendar = made(t, s)
		case word == "start":
			h.start = at(t, h.calendar.Zone(), rest)
		case word == "target":
			h.target, err = time.ParseDuration(rest)
			require.NoError(t, err)
		case word == "hold":
			from, to, _ := strings.Cut(rest, " to ")
			h.holds = append(h.holds, [2]time.Time{at(t, h.calendar.Zone(), from), at(t, h.calendar.Zone(), to)})
		case word == "deadline":
			h.deadline = rest
		default:
			h.lines = append(h.lines, line)
		}
	}
	return h
}

// compute keeps the time consumed, as a paused clock does, and never "what is left until".
func (h hand) compute() (lines []string, deadline time.Time) {
	var consumed, told time.Duration
	tell := func(ls ...Line) {
		for _, l := range ls {
			told += l.Counted()
			lines = append(lines, handLine(l, told))
		}
	}
	running := h.start
	for _, hold := range h.holds {
		tell(h.calendar.ExplainBetween(running, hold[0])...)
		tell(Line{From: hold[0], To: hold[1], Reason: "held"})
		consumed += h.calendar.Between(running, hold[0])
		running = hold[1]
	}
	tell(h.calendar.Explain(running, h.target-consumed)...)
	return lines, h.calendar.Add(running, h.target-consumed)
}

func handLine(l Line, sum time.Duration) string {
	const layout = "Mon 2006-01-02 15:04"
	what := strings.TrimSpace(string(l.Reason) + " " + l.Name)
	if l.Shift != 0 {
		what += fmt.Sprintf(" %+d:%02d", l.Shift/time.Hour, l.Shift.Abs()%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%s | %s | %s | %d:%02d", l.From.Format(layout), l.To.Format(layout), what, sum/time.Hour, sum%time.Hour/time.Minute)
}
