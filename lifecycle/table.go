package lifecycle

import (
	"sync"

	"duradesk/ticket"
)

// Table is one process: what each state answers to each command, and which clocks run where. A desk names the one it
// works by. Tables are values and are not changed while in use.
type Table struct {
	Name   string
	Rules  map[ticket.State]Row
	Clocks map[ticket.State]ClockRow

	once sync.Once // for hash
	hash string
}

// Row answers every kind of command in one state.
type Row map[ticket.Kind]Cell

// Cell answers one kind in one state: the first case whose guard holds. The last case has no guard.
type Cell []Case

// Case is an answer under a condition; a nil guard always holds.
type Case struct {
	Guard  *Guard
	Answer Answer
}

// Verb is the kind of an answer.
type Verb uint8

// The verbs. VerbUnanswered is a hole in the table; the proofs find it.
const (
	VerbUnanswered Verb = iota
	VerbMove            // leave the state and enter another: its clocks start
	VerbAgain           // leave and enter the same state: its clocks start again
	VerbStay            // act within the state: clocks go on
	VerbIgnore          // nothing to do, and nobody waits for a word about it
	VerbRefuse          // no, for a reason that the asker is told
	VerbAlready         // it is so already
)

var verbNames = []string{"unanswered", "move", "again", "stay", "ignore", "refuse", "already"}

func (v Verb) String() string { return verbNames[v] }

// Answer is what a case says: where to, what else to do, or why not.
type Answer struct {
	Verb   Verb
	To     ticket.State
	Former bool // go back to where the ticket was before the spam box or the merge
	Undone bool // go back to where the ticket was before a message that is taken back
	Do     []Effect
	Reason string // catalog key, for Refuse and Ignore
}

// outcome is what an answer makes of a command.
func (a Answer) outcome() ticket.Outcome {
	switch a.Verb {
	case VerbMove, VerbAgain, VerbStay:
		return ticket.Applied
	case VerbAlready, VerbIgnore:
		return ticket.Already
	case VerbUnanswered, VerbRefuse:
	}
	return ticket.Refused
}

func move(to ticket.State, do ...Effect) Cell { return always(Answer{Verb: VerbMove, To: to, Do: do}) }

func back(do ...Effect) Cell    { return always(Answer{Verb: VerbMove, Former: true, Do: do}) }
func undo(do ...Effect) Cell    { return always(Answer{Verb: VerbMove, Undone: true, Do: do}) }
func again(do ...Effect) Cell   { return always(Answer{Verb: VerbAgain, Do: do}) }
func stay(do ...Effect) Cell    { return always(Answer{Verb: VerbStay, Do: do}) }
func ignore(reason string) Cell { return always(Answer{Verb: VerbIgnore, Reason: reason}) }

func refuse(reason string) Cell { return always(Answer{Verb: VerbRefuse, Reason: reason}) }

func already(reason string) Cell { return always(Answer{Verb: VerbAlready, Reason: reason}) }

func always(a Answer) Cell { return Cell{{Answer: a}} }

// when puts a guard before an answer; chain further cases with orWhen and end with otherwise.
func when(g Guard, c Cell) Cell { return Cell{{Guard: &g, Answer: c[0].Answer}} }

func (c Cell) orWhen(g Guard, next Cell) Cell {
	return append(c[:len(c):len(c)], Case{Guard: &g, Answer: next[0].Answer})
}

func (c Cell) otherwise(last Cell) Cell { return append(c[:len(c):len(c)], last...) }

// variant is a process that differs from another in the lines given.
func variant(name string, of *Table, differs map[ticket.State]Row) *Table {
	t := &Table{Name: name, Rules: map[ticket.State]Row{}, Clocks: of.Clocks}
	for s, r := range of.Rules {
		t.Rules[s] = Row{}
		for k, c := range r {
			t.Rules[s][k] = c
		}
		for k, c := range differs[s] {
			t.Rules[s][k] = c
		}
	}
	return t
}

// answer returns the first case that holds.
func (c Cell) answer(x facts) (Answer, *Guard) {
	for _, k := range c {
		if k.Guard == nil || k.Guard.Holds(x) {
			return k.Answer, k.Guard
		}
	}
	return Answer{}, nil
}
