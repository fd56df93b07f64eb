package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"duradesk/ticket"
)

// The proofs walk through everything that can happen: from a ticket that does not exist yet, every command by
// everybody in every variant that a guard looks at, and every clock at its instant. Two tickets that differ in
// nothing a rule can see are one place on the map.

// place is a ticket as far as the rules can tell it from another, with the shortest way to it.
type place struct {
	p     ticket.Process
	now   time.Time // of the last step
	from  int       // the place before; -1: nothing has happened yet
	says  string    // the step that led here, in plain words
	exits []int     // places that one step leads to
}

// step is one thing tried in a place.
type step struct {
	from place
	c    ticket.Command
	says string
	d    Decision
}

// world is what was found by walking.
type world struct {
	t      *Table
	s      Policy
	whole  bool // every command was tried
	places []place
	known  map[appearance]int
	met    map[string]int  // story's last place by state name: where a state was first entered
	used   map[string]bool // lines of the table that answered
}

// walk is one way of exploring: under which policy, and which of the trials are tried. What is independent is walked
// apart, or the places would multiply: clocks of different kinds don't look at each other.
type walk struct {
	policy Policy
	only   func(trial) bool // nil: all
	whole  bool             // of what the proofs need to say that something can never happen
	start  ticket.Process   // what the first ticket is like, besides its number
}

// explore walks the table, nearest places first, and shows each step to look, until that has seen enough (false).
func explore(t *Table, way walk, look func(*world, int, step) bool) *world {
	s := way.policy
	w := &world{t: t, s: s, whole: way.whole, known: map[appearance]int{}, met: map[string]int{}, used: map[string]bool{}}
	first := way.start
	first.Number, first.Ticket, first.Desk, first.Policy = 1001, "t", "support", 1
	w.add(place{p: first, now: dayOne, from: -1}, "")
	for i := 0; i < len(w.places); i++ {
		at := w.places[i]
		for _, tr := range trials(at.p, at.now, w.before(at)) {
			if way.only != nil && !way.only(tr) {
				continue
			}
			st := step{from: at, c: tr.c, says: tr.says, d: t.Apply(at.p, tr.c, s)}
			w.used[st.d.Rule] = true
			if !look(w, i, st) {
				return w
			}
			if st.d.Answer != ticket.Applied || len(w.places) >= limit {
				continue
			}
			j := w.add(place{p: st.d.Process, now: tr.c.At, from: i}, tr.says)
			w.places[i].exits = append(w.places[i].exits, j)
		}
	}
	return w
}

// onward looks at nothing and sees every step through.
func onward(*world, int, step) bool { return true }

// limit keeps a table with a mistake in it from having no end of places; the shipped one has some hundreds.
const limit = 20_000

// before is a place's ticket as it was a step ago.
func (w *world) before(at place) *ticket.Process {
	if at.from < 0 {
		return nil
	}
	return &w.places[at.from].p
}

var dayOne = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// add puts a place on the map where there is none like it, and returns which it is; step is what led there.
func (w *world) add(at place, step string) int {
	key := w.appearance(at.p)
	if i, ok := w.known[key]; ok {
		return i
	}
	if at.from >= 0 {
		at.says = step + ": " + ends(w.places[at.from].p, at.p)
	}
	w.places = append(w.places, at)
	i := len(w.places) - 1
	w.known[key] = i
	if _, ok := w.met[at.p.State.String()]; !ok {
		w.met[at.p.State.String()] = i
	}
	return i
}

// appearance is what rules can see of a ticket, without its instants and counters.
type appearance struct {
	state, former                     ticket.State
	hold                              ticket.HoldReason
	category                          ticket.Category
	outcome                           ticket.ChildOutcome
	owned, triggered, unborn, awaited bool
	hasChild, hasParent, urgent       bool
	clocks                            string
}

func (w *world) appearance(p ticket.Process) appearance {
	clocks := make([]string, 0, len(p.Clocks))
	for _, k := range p.Clocks {
		clock := k.ID + " " + k.State.String()
		if k.Warn.IsZero() {
			clock += " late"
		}
		if k.Met.IsZero() {
			clock += " unmet"
		}
		clocks = append(clocks, clock)
	}
	slices.Sort(clocks)
	return appearance{
		state: p.State, former: p.Former, hold: p.Hold, category: p.Category, outcome: p.Child.Outcome,
		owned: p.Owner != "", triggered: p.Triggered, unborn: p.Revision == 0, awaited: p.Awaiting && w.s.NextResponse.Normal > 0,
		hasChild: p.Child.Number != 0, hasParent: p.Parent != 0, urgent: p.Priority == ticket.Urgent, clocks: strings.Join(clocks, ","),
	}
}

// story tells the shortest way to a place, step by step.
func (w *world) story(i int) []string {
	var out []string
	for ; i >= 0 && w.places[i].from >= 0; i = w.places[i].from {
		out = append(out, w.places[i].says)
	}
	slices.Reverse(out)
	return out
}

// storyOf tells the shortest way into a state; nil where none leads there.
func (w *world) storyOf(s ticket.State) []string {
	if i, ok := w.met[s.String()]; ok {
		return w.story(i)
	}
	return nil
}

func ends(before, after ticket.Process) string {
	switch {
	case before.State == after.State:
		return "it stays " + after.State.String()
	case after.State == ticket.NoState:
		return "it is in no state at all"
	}
	return "it is " + after.State.String()
}

// rest plays the running clocks until none is left, as if everybody had gone home; false: they never fall silent.
func (w *world) rest(p ticket.Process) (ticket.Process, []string, bool) {
	var told []string
	for range horizon {
		k, ok := p.Next()
		if !ok {
			return p, told, true
		}
		d := w.t.Apply(p, TimerCommand(p.Number, k), w.s)
		told = append(told, fmt.Sprintf("%s rings: %s", clockName(k.Kind), ends(p, d.Process)))
		if d.Answer != ticket.Applied {
			return p, told, false
		}
		p = d.Process
	}
	return p, told, false
}

func clockName(k ticket.ClockKind) string {
	return "the clock " + strings.ReplaceAll(k.String(), "_", " ")
}

// reaching returns the places from which some way leads into the state.
func (w *world) reaching(s ticket.State) map[int]bool {
	back := make([][]int, len(w.places))
	var todo []int
	reach := map[int]bool{}
	for i, at := range w.places {
		for _, j := range at.exits {
			back[j] = append(back[j], i)
		}
		if at.p.State == s {
			reach[i] = true
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[0]
		todo = todo[1:]
		for _, j := range back[i] {
			if !reach[j] {
				reach[j] = true
				todo = append(todo, j)
			}
		}
	}
	return reach
}

// nearest orders findings of the same kind: the shortest story first.
func nearest(a, b Finding) int { return cmp.Compare(len(a.Story), len(b.Story)) }
