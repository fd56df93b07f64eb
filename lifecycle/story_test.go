package lifecycle

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// Stories stand in testdata/stories, one a file: a title in English and one in Japanese, what the desk is like, who
// does what and when, and below the line what comes of it. testdata/stories/README.md says which words there are.
// Run with -update to have the part below the line written, then read it.
var update = flag.Bool("update", false, "write what comes of each story into its file")

func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/stories/*.txt")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 20)
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			told, want, _ := strings.Cut(string(text), "----\n")
			require.Regexp(t, `^# [^\n]+\n# [^\n]*[\p{Han}\p{Hiragana}\p{Katakana}]`, told, "a title in English and one in Japanese")
			got := tell(t, told)
			if *update {
				require.NoError(t, os.WriteFile(f, []byte(told+"----\n"+got), 0o644))
				return
			}
			require.Equal(t, want, got)
		})
	}
}

const stamped = "Mon 2006-01-02 15:04:05"

// teller plays one story.
type teller struct {
	t   *testing.T
	p   ticket.Process
	s   ticket.Settings
	now time.Time
	out strings.Builder
}

func tell(t *testing.T, story string) string {
	x := &teller{t: t, s: ticket.DefaultSettings(), now: dayOne, p: ticket.Process{Number: 1001, Ticket: "t", Desk: "support", Policy: 1}}
	for l := range strings.Lines(story) {
		l = strings.TrimSpace(l)
		switch {
		case l == "" || strings.HasPrefix(l, "#"):
		case strings.HasPrefix(l, "the desk "):
			x.desk(strings.TrimPrefix(l, "the desk "))
		default:
			x.line(l)
		}
	}
	x.end()
	return x.out.String()
}

var shape = regexp.MustCompile(`^((?:mon|tue|wed|thu|fri|sat|sun) \d\d:\d\d|\+\S+|when \w+ is due(?: \+\S+)?)\s+(.*)$`)

// line plays one line: first the clocks that are due before its instant, then what it says. A reply at the very
// second of a clock comes first.
func (x *teller) line(l string) {
	m := shape.FindStringSubmatch(l)
	require.NotNil(x.t, m, "%q has no time", l)
	x.now = x.when(m[1])
	x.clocks(func(due time.Time) bool { return due.Before(x.now) })
	if m[2] == "nobody acts" {
		x.clocks(func(due time.Time) bool { return !due.After(x.now) })
		return
	}
	x.apply(x.now, m[2], x.command(m[2]))
}

// clocks lets the clocks ring that are due, the earliest first.
func (x *teller) clocks(due func(time.Time) bool) {
	for {
		k, ok := x.p.Next()
		if !ok || !due(k.Due) {
			return
		}
		x.apply(k.Due, k.Kind.String()+" rings", TimerCommand(x.p.Number, k))
	}
}

func (x *teller) apply(at time.Time, what string, c ticket.Command) {
	before := x.p
	c.Seq = before.Seq + 1
	d := Inquiry.Apply(before, c, x.s)
	x.p = d.Process
	state := before.State.String()
	if before.State != x.p.State {
		state = strings.TrimSpace(state + " → " + x.p.State.String())
	}
	var did []string
	for _, h := range d.Events {
		did = append(did, h.Name)
	}
	if before.Tier != x.p.Tier && before.Tier > 0 {
		did = append(did, fmt.Sprintf("tier %d", x.p.Tier))
	}
	if before.Owner != x.p.Owner {
		did = append(did, "owner "+cmp.Or(x.p.Owner, "nobody"))
	}
	for _, e := range d.Effects {
		if e != KeepMessage {
			did = append(did, e.String())
		}
	}
	if d.Answer != ticket.Applied {
		did = []string{d.Answer.String() + ": " + d.Reason}
	}
	fmt.Fprintf(&x.out, "%s  %-46s  %-30s  %s\n", at.Format(stamped), what, state, strings.Join(did, ", "))
}

// end says how the ticket stands.
func (x *teller) end() {
	facts := []string{"the ticket is " + x.p.State.String()}
	for _, f := range []struct{ name, value string }{
		{"waits for", x.p.Hold.String()}, {"category", x.p.Category.String()}, {"owner", x.p.Owner}, {"group", x.p.Group},
	} {
		if f.value != "" {
			facts = append(facts, f.name+" "+f.value)
		}
	}
	facts = append(facts, fmt.Sprintf("tier %d", x.p.Tier))
	if x.p.Failed {
		facts = append(facts, "somebody must look")
	}
	clocks := slices.Clone(x.p.Clocks)
	slices.SortFunc(clocks, func(a, b ticket.Clock) int { return strings.Compare(a.ID, b.ID) })
	for _, k := range clocks {
		facts = append(facts, fmt.Sprintf("%s %s", k.ID, k.State))
		if k.State == ticket.Running {
			facts[len(facts)-1] += " until " + k.Due.Format(stamped)
		}
	}
	fmt.Fprintln(&x.out, "In the end "+strings.Join(facts, ", "))
}
