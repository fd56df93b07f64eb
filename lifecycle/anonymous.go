package lifecycle

import (
	"fmt"
	"slices"

	"duradesk/calendar"
	"duradesk/ticket"
)

// Anonymous is a recorded life in which nobody and nothing can be known again: people, desks, groups, tickets and
// messages have numbers in the order in which they appear, words are gone where the rules look only at whether there are
// any. Instants stay: deadlines go by them, and so does the calendar. What the rules decide by is kept, so that they
// answer as they did; every part is copied by name, so that a new one is left out until somebody adds it here.
func (r Recorded) Anonymous() Recorded {
	m := mask{seen: map[string]string{}, counted: map[string]int{}, numbers: map[ticket.Number]ticket.Number{}}
	out := Recorded{Process: r.Process, Settings: r.Settings, Opening: m.process(r.Opening)}
	if r.Calendar != nil {
		spec := nameless(*r.Calendar)
		out.Calendar, out.Settings.Calendar = &spec, spec.Key
	}
	for _, s := range r.Steps {
		step := Step{Command: m.command(s.Command), Answer: s.Answer, Reason: s.Reason}
		if s.After != nil {
			after := m.process(*s.After)
			step.After = &after
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}

// nameless is a calendar without what its days are called.
func nameless(c calendar.Spec) calendar.Spec {
	c.Key = "calendar"
	c.Holidays, c.Closed, c.Open = slices.Clone(c.Holidays), slices.Clone(c.Closed), slices.Clone(c.Open)
	for i := range c.Holidays {
		c.Holidays[i].Name = ""
	}
	for i := range c.Closed {
		c.Closed[i].Name = ""
	}
	for i := range c.Open {
		c.Open[i].Name = ""
	}
	return c
}

// mask gives the same stranger the same name.
type mask struct {
	seen    map[string]string
	counted map[string]int
	numbers map[ticket.Number]ticket.Number
}

func (m *mask) name(kind, id string) string {
	if id == "" {
		return ""
	}
	key := kind + " " + id
	if m.seen[key] == "" {
		m.counted[kind]++
		m.seen[key] = fmt.Sprintf("%s%d", kind, m.counted[kind])
	}
	return m.seen[key]
}

func (m *mask) number(n ticket.Number) ticket.Number {
	if n == 0 {
		return 0
	}
	if m.numbers[n] == 0 {
		m.numbers[n] = ticket.Number(1001 + len(m.numbers))
	}
	return m.numbers[n]
}

func (m *mask) actor(a ticket.Actor) ticket.Actor {
	if a.Kind == ticket.ActorAgent || a.Kind == ticket.ActorClient {
		a.ID = m.name(a.Kind.String(), a.ID)
	}
	return a
}

func (m *mask) process(p ticket.Process) ticket.Process {
	out := ticket.Process{
		Number: m.number(p.Number), Ticket: m.name("ticket", p.Ticket), Desk: m.name("desk", p.Desk), State: p.State, Former: p.Former, Hold: p.Hold, Category: p.Category,
		Owner: m.name(ticket.ActorAgent.String(), p.Owner), Group: m.name("group", p.Group), Triggered: p.Triggered, Tier: p.Tier, Priority: p.Priority, Channel: p.Channel,
		Breached: p.Breached, Revision: p.Revision, Seq: p.Seq, Policy: p.Policy, Opened: p.Opened, Resolved: p.Resolved, Closed: p.Closed, Generation: p.Generation,
		Failed: p.Failed, Awaiting: p.Awaiting, Parent: m.number(p.Parent), Child: ticket.Child{Number: m.number(p.Child.Number), Outcome: p.Child.Outcome},
		Survivor: m.number(p.Survivor), Calendar: p.Calendar,
	}
	for _, k := range p.Clocks {
		out.Clocks = append(out.Clocks, ticket.Clock{ID: k.ID, Kind: k.Kind, State: k.State, Due: k.Due, Generation: k.Generation, Met: k.Met, Warn: k.Warn, Used: k.Used})
	}
	for _, s := range p.Spoke {
		out.Spoke = append(out.Spoke, ticket.Spoke{By: m.writer(s.By), Revision: s.Revision})
	}
	return out
}

// writer is an actor's key as a process remembers it.
func (m *mask) writer(key string) string {
	for _, kind := range []ticket.ActorKind{ticket.ActorAgent, ticket.ActorClient} {
		if prefix := kind.String() + ":"; len(key) > len(prefix) && key[:len(prefix)] == prefix {
			return m.actor(ticket.Actor{Kind: kind, ID: key[len(prefix):]}).Key()
		}
	}
	return key
}
