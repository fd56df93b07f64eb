package lifecycle

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// Stories stand in testdata/stories, one a file: a title in English and one in Japanese, what the desk is like, who
// does what and when, and below the line what comes of it. testdata/stories/README.md says which words there are.
// Run with -update to have the part below the line written, then read it.
var update = flag.Bool("update", false, "write what comes of each story into its file, and docs/lifecycle.md")

func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/stories/*.txt")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 40)
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
			if want != got {
				t.Errorf("it is told otherwise now. Is that what should happen? Then go test ./lifecycle -run TestStories -update\n%s", otherwise(want, got))
			}
		})
	}
}

// otherwise lists the lines that are gone, and those that are new, as a patch does.
func otherwise(before, after string) string {
	var b strings.Builder
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, l := range old {
		if !slices.Contains(now, l) {
			fmt.Fprintln(&b, "-"+l)
		}
	}
	for _, l := range now {
		if !slices.Contains(old, l) {
			fmt.Fprintln(&b, "+"+l)
		}
	}
	return b.String()
}

const stamped = "Mon 2006-01-02 15:04:05"

// teller plays one story: of ticket 1001, and of those that it has to do with.
type teller struct {
	t       *testing.T
	tickets map[ticket.Number]*tale
	order   []ticket.Number
	s       Policy
	table   *Table // of ticket 1001 and those opened later; a child's is the issue desk's
	now     time.Time
	out     strings.Builder
}

// tale is one ticket of a story.
type tale struct {
	p      ticket.Process
	table  *Table
	before ticket.Process // before the last message
	wrote  int64          // revision that it made
	queue  []ticket.Command
}

const first ticket.Number = 1001

func tell(t *testing.T, story string) string {
	x := &teller{t: t, s: RoundTheClock(ticket.DefaultSettings()), table: Inquiry, now: dayOne, tickets: map[ticket.Number]*tale{}}
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

var shape = regexp.MustCompile(`^((?:mon|tue|wed|thu|fri|sat|sun) \d\d:\d\d|\+\S+|when \w+ is due(?: \+\S+)?|at once)\s+(?:#(\d+) )?(.*)$`)

// line plays one line: first the clocks that are due before its instant, then what it says. A reply at the very
// second of a clock comes first.
func (x *teller) line(l string) {
	m := shape.FindStringSubmatch(l)
	require.NotNil(x.t, m, "%q has no time", l)
	n := first
	if m[2] != "" {
		number, err := strconv.Atoi(m[2])
		require.NoError(x.t, err)
		n = ticket.Number(number)
	}
	x.now = x.when(n, m[1])
	x.clocks(func(due time.Time) bool { return due.Before(x.now) })
	if m[3] == "nobody acts" {
		x.clocks(func(due time.Time) bool { return !due.After(x.now) })
		return
	}
	x.apply(n, x.now, m[3], x.command(n, m[3]))
	x.deliver()
}

// ticket is the ticket with that number; a new one is born.
func (x *teller) ticket(n ticket.Number, table *Table) *tale {
	if x.tickets[n] == nil {
		x.tickets[n] = &tale{table: table, p: ticket.Process{Number: n, Ticket: "t", Desk: "support", Policy: 1}}
		x.order = append(x.order, n)
	}
	return x.tickets[n]
}

// clocks lets the clocks ring that are due, the earliest first.
func (x *teller) clocks(due func(time.Time) bool) {
	for {
		var next ticket.Clock
		var of ticket.Number
		for _, n := range x.order {
			if k, ok := x.tickets[n].p.Next(); ok && (of == 0 || k.Rings().Before(next.Rings())) {
				next, of = k, n
			}
		}
		if of == 0 || !due(next.Rings()) {
			return
		}
		what := next.ID + " rings"
		if !next.Warn.IsZero() {
			what = next.ID + " gives warning"
		}
		x.apply(of, next.Rings(), what, TimerCommand(of, next))
		x.deliver()
	}
}

// deliver hands over what was sent to other tickets, in the order of their numbers.
func (x *teller) deliver() {
	for again := true; again; {
		again = false
		for _, n := range slices.Sorted(slices.Values(x.order)) {
			if queue := x.tickets[n].queue; len(queue) > 0 {
				x.tickets[n].queue, again = queue[1:], true
				x.apply(n, queue[0].At, "is told: "+queue[0].Kind.String(), queue[0])
			}
		}
	}
}

func (x *teller) apply(n ticket.Number, at time.Time, what string, c ticket.Command) {
	of := x.ticket(n, x.table)
	before := of.p
	c.Seq = before.Seq + 1
	d := of.table.Apply(before, c, x.s)
	of.p = d.Process
	if c.Message != "" && d.Answer == ticket.Applied {
		of.before, of.wrote = before, of.p.Revision
	}
	state := before.State.String()
	if before.State != of.p.State {
		state = strings.TrimSpace(state + " → " + of.p.State.String())
	}
	if n != first {
		what = fmt.Sprintf("#%d %s", n, what)
	}
	fmt.Fprintf(&x.out, "%s  %-52s  %-34s  %s\n", at.Format(stamped), what, state, strings.Join(came(before, d), ", "))
	x.across(n, at, c, d)
}

// came lists what came of a command.
func came(before ticket.Process, d Decision) []string {
	if d.Answer != ticket.Applied {
		return []string{d.Answer.String() + ": " + d.Reason}
	}
	var did []string
	for _, h := range d.Events {
		did = append(did, h.Name)
	}
	after := d.Process
	if before.Tier != after.Tier && before.Tier > 0 {
		did = append(did, fmt.Sprintf("tier %d", after.Tier))
	}
	if before.Owner != after.Owner {
		did = append(did, "owner "+cmp.Or(after.Owner, "nobody"))
	}
	if before.Priority != after.Priority {
		did = append(did, "priority "+after.Priority.String())
	}
	if before.Child.Outcome != after.Child.Outcome && after.Child.Outcome != ticket.NoChildOutcome {
		did = append(did, "outcome "+after.Child.Outcome.String())
	}
	for _, e := range d.Effects {
		if e != KeepMessage {
			did = append(did, e.String())
		}
	}
	return did
}

// across opens children and queues what goes to other tickets.
func (x *teller) across(n ticket.Number, at time.Time, c ticket.Command, d Decision) {
	send := func(to ticket.Number, c ticket.Command) {
		if of := x.tickets[to]; of != nil {
			c.ID, c.At = "sent", at
			of.queue = append(of.queue, c)
		}
	}
	if has(d, OpenChild) {
		child := d.Process.Child.Number
		x.ticket(child, Issue)
		send(child, with(writes(ticket.Create, ticket.System, at), ticket.Params{Create: &ticket.CreateParams{Parent: n, Group: c.Params.Escalate.Desk}}))
	}
	for _, s := range d.Sends {
		told := ticket.Command{Kind: s.Kind, By: s.By, Params: s.Params}
		if s.Message {
			told.Message = "m"
		}
		send(s.To, told)
	}
}

// end says how the tickets stand.
func (x *teller) end() {
	for _, n := range x.order {
		x.stands(n)
	}
}

func (x *teller) stands(n ticket.Number) {
	p := x.tickets[n].p
	facts := []string{"the ticket is " + p.State.String()}
	if n != first {
		facts[0] = fmt.Sprintf("ticket %d is %s", n, p.State)
	}
	for _, f := range []struct{ name, value string }{
		{"waits for", p.Hold.String()}, {"category", p.Category.String()}, {"owner", p.Owner}, {"group", p.Group}, {"priority", p.Priority.String()},
	} {
		if f.value != "" {
			facts = append(facts, f.name+" "+f.value)
		}
	}
	facts = append(facts, fmt.Sprintf("tier %d", p.Tier))
	if p.Awaiting {
		facts = append(facts, "the client waits")
	}
	if p.Survivor != 0 {
		facts = append(facts, fmt.Sprintf("merged into %d", p.Survivor))
	}
	if p.Failed {
		facts = append(facts, "somebody must look")
	}
	clocks := slices.Clone(p.Clocks)
	slices.SortFunc(clocks, func(a, b ticket.Clock) int { return strings.Compare(a.ID, b.ID) })
	for _, k := range clocks {
		facts = append(facts, fmt.Sprintf("%s %s", k.ID, k.State))
		if k.State == ticket.Running {
			facts[len(facts)-1] += " until " + k.Due.Format(stamped)
		}
		if k.State == ticket.Paused && k.Used > 0 {
			facts[len(facts)-1] += " after " + k.Used.String()
		}
	}
	fmt.Fprintln(&x.out, "In the end "+strings.Join(facts, ", "))
}
