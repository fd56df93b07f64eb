package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// firstText bounds what of a first message triggers look at, in characters.
const firstText = 100_000

// trigger asks the desk's triggers about a ticket that was just opened (N9). What they do are commands of their own:
// each has its row, its receipt and its line in the timeline, which names the trigger. They are answered next, each by
// itself: a trigger that goes wrong spoils no ticket.
func (a *applying) trigger(ctx context.Context, c stored) error {
	triggers, err := a.triggers(ctx)
	if err != nil || len(triggers) == 0 {
		return err
	}
	if err := a.flush(ctx); err != nil { // the labels that they look at
		return err
	}
	x, err := a.opened(ctx, c)
	if err != nil {
		return err
	}
	p := a.p
	for _, t := range triggers {
		why, holds := lifecycle.Holds(t.Trigger, x)
		if !holds {
			continue
		}
		for _, order := range lifecycle.Triggered(t.Trigger, t.key, p, x.Tags) {
			a.ask(c, order, t, why, &p, &x)
		}
		if t.Last {
			break
		}
	}
	return nil
}

// ask gives a trigger's command a row, and keeps in mind what it will have done when the next trigger is asked.
func (a *applying) ask(c stored, order ticket.Command, t namedTrigger, why []string, p *ticket.Process, x *ticket.Opened) {
	order.ID, order.At = fmt.Sprintf("trigger:%d:%s:%s", a.row.number, t.key, order.Kind), c.At
	if l := order.Params.Classify; l != nil && l.Tags != nil {
		order.ID += ":tags"
		x.Tags = *l.Tags
	}
	if l := order.Params.Classify; l != nil && l.Priority != ticket.NoPriority {
		p.Priority = l.Priority
	}
	if as := order.Params.Assign; as != nil {
		p.Group, p.Owner = orElse(deref(as.Group), p.Group), orElse(deref(as.Owner), p.Owner)
	}
	order.Seq = a.giveRow(order, t.Name)
	a.next = append(a.next, stored{Command: order, byName: t.Name, why: strings.Join(why, ", ")})
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// namedTrigger is a trigger with its key.
type namedTrigger struct {
	ticket.Trigger
	key string
}

// triggers reads those that are switched on, in their order; those of the desk before those of every desk. One that a
// newer program wrote is left to it. An owner who has left gets nothing.
func (a *applying) triggers(ctx context.Context) ([]namedTrigger, error) {
	rows, err := a.tx.Query(ctx, `select f.key, f.body, exists (select from agents g where g.key = f.body->'then'->>'owner' and g.disabled_at is null)
		from furniture f where f.kind = 'trigger' and f.desk in ('', $1) and (f.body->>'enabled')::boolean order by f.desk desc, f.position, f.key`, a.row.desk)
	if err != nil {
		return nil, fmt.Errorf("read the triggers of a desk: %w", err)
	}
	return pgx.CollectRows(rows, func(cr pgx.CollectableRow) (t namedTrigger, err error) {
		var body []byte
		var there bool
		if err := cr.Scan(&t.key, &body, &there); err != nil {
			return t, err
		}
		if err := json.Unmarshal(body, &t.Trigger); err != nil {
			return t, fmt.Errorf("trigger %s was written by a newer program: %w", t.key, err)
		}
		if !there {
			t.Then.Owner = ""
		}
		return t, nil
	})
}

// opened collects what triggers may look at.
func (a *applying) opened(ctx context.Context, c stored) (ticket.Opened, error) {
	x := ticket.Opened{Channel: a.p.Channel, Language: a.row.language, Priority: a.p.Priority, Title: a.row.title, Sender: FoldAddress(a.row.clientMail)}
	x.Working = a.policy.Calendar.Between(c.At, c.At.Add(1)) > 0
	err := a.tx.QueryRow(ctx, `select t.type, coalesce(t.reception_type, ''), t.tags, coalesce(left(coalesce(m.visible, m.body), $3), '')
		from tickets t left join messages m on m.id = nullif($2, '')::uuid where t.number = $1`, a.row.number, c.Message, firstText).
		Scan(&x.Type, &x.ReceptionType, &x.Tags, &x.Text)
	if err != nil {
		return x, fmt.Errorf("read what triggers look at: %w", err)
	}
	return x, nil
}
