package postgres

import (
	"time"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// saveRow mirrors the process into the columns that lists read.
func (a *applying) saveRow() {
	p, r := a.p, &a.row
	hold, closes, nextDue, due := deadlines(p)
	if p.State != ticket.OnHold {
		hold = nil
	}
	a.writes.Queue(`update tickets set process = $2, revision = $3, applied_seq = $4, state = $5, hold_reason = $6, hold_until = $7, category = $8,
		owner = nullif($9, ''), group_key = nullif($10, ''), tier = $11, priority = $12, breached = $13, failed = $14, next_due_at = $15, due_at = $16,
		updated_at = greatest(updated_at, $17), resolved_at = $18, closes_at = $19, closed_at = $20,
		last_by = $21, last_name = $22, last_kind = $23, last_at_message = $24, last_excerpt = $25, client_spoke_last = $26, items = $27, seq = $28, waiting_since = $29
		where number = $1`,
		r.number, p, p.Revision, p.Seq, p.State.String(), p.Hold.String(), hold, p.Category.String(),
		p.Owner, p.Group, p.Tier, int(p.Priority), p.Breached, p.Failed, nextDue, due,
		a.changed, instantOrNil(p.Resolved), closes, instantOrNil(p.Closed),
		r.last.By.String(), r.last.Name, r.last.Kind, instantOrNil(r.last.At), r.last.Excerpt, r.spokeLast, r.items, r.seq, r.waiting)
}

// waitingFrom tells since when the client has been waiting, after words at an instant.
func (r *ticketRow) waitingFrom(at time.Time) *time.Time {
	if !r.spokeLast {
		return nil
	}
	if r.waiting != nil {
		return r.waiting
	}
	return &at
}

// deadlines reads the clocks: wake time, auto-close, the earliest timer wanted, and the nearest promise to the client
// that still can be kept.
func deadlines(p ticket.Process) (hold, closes, next, due *time.Time) {
	for _, k := range p.Clocks {
		if k.State != ticket.Running {
			continue
		}
		at, rings := k.Due, k.Rings()
		next = earlier(next, &rings)
		switch k.Kind {
		case ticket.Wake:
			hold = &at
		case ticket.AutoClose:
			closes = &at
		case ticket.FirstResponse, ticket.NextResponse, ticket.Resolution, ticket.Promised:
			due = earlier(due, &at)
		case ticket.Retention, ticket.HandOver, ticket.NoClock:
		}
	}
	return hold, closes, next, due
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b.Before(*a) {
		return b
	}
	return a
}

func instantOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// event appends a line to the record. Its number is its place in the ticket's timeline, without gaps.
func (a *applying) event(c stored, h lifecycle.Happening, rule string, data map[string]any) {
	a.row.items++
	by := ticket.By{Kind: c.By.Kind, ID: c.By.ID, Name: c.byName}
	if c.By.Kind == ticket.ActorSystem {
		by.Name = "Duradesk"
	}
	if c.Params.Trigger != "" { // the cause that people ask for is the trigger, not the line of the table
		rule, h.Why, by.Name = "trigger/"+c.Params.Trigger, orElse(h.Why, c.why), c.byName
	}
	var message *string
	if h.Type != "event" {
		message = &c.Message
		by = authorOf(c, by)
	}
	a.writes.Queue(`insert into events (ticket, revision, n, seq, at, type, name, from_state, to_state, by_kind, by_id, by_name, command_id, message, rule, why, data, rules_hash)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		a.row.number, a.p.Revision, a.row.items, c.Seq, c.At, h.Type, h.Name, h.From.String(), h.To.String(),
		by.Kind.String(), by.ID, by.Name, c.ID, message, rule, h.Why, orMap(data), a.table.Hash())
}

// authorOf is who wrote a message: an agent may have logged what a client said.
func authorOf(c stored, by ticket.By) ticket.By {
	var k ticket.ActorKind
	if err := k.UnmarshalText([]byte(c.authorKind)); err != nil || k == ticket.NoActor {
		return by
	}
	return ticket.By{Kind: k, ID: c.authorID, Name: c.authorName}
}

// eventData is what an event tells beside its name.
func eventData(c stored) map[string]any {
	data := map[string]any{}
	if c.reasonText != "" {
		data["reason"] = c.reasonText
	}
	switch p := c.Params; {
	case p.Hold != nil:
		data["hold"] = p.Hold
	case p.Resolve != nil && p.Resolve.Category != ticket.NoCategory:
		data["category"] = p.Resolve.Category
	case p.Escalate != nil && p.Escalate.Group != "":
		data["group"] = p.Escalate.Group
	case p.Assign != nil:
		data["assign"] = p.Assign
	case p.Trigger != "" && p.Classify != nil:
		data["classify"] = p.Classify
	case p.Timer != nil:
		data["clock"], data["due"] = p.Timer.Clock, p.Timer.Due
	case p.Failed != nil:
		data["delivery"], data["state"] = p.Failed.Delivery, p.Failed.State
	case p.Automatic != nil:
		data["class"] = p.Automatic.Class
	case p.Name != "":
		data["signal"] = p.Name
	}
	return data
}
