package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// EventQuery asks for a part of the log. Empty fields don't filter.
type EventQuery struct {
	After int64    // a position; 0: from the start
	Limit int      // 1-200
	Desks []string // that the asker may see; nil: all
	Types []string
}

// Log returns events after a position in their final order, and the position to go on from: nothing that is committed
// later stands before it.
func (s *Store) Log(ctx context.Context, q EventQuery) (list []ticket.Envelope, next int64, err error) {
	end, err := s.FeedEnd(ctx) // before the events are read
	if err != nil {
		return nil, 0, err
	}
	rows, err := s.pool.Query(ctx, envelopes+`where f.position > $1 and f.position <= $2 and ($3::text[] is null or t.desk = any($3))
		and ($4::text[] is null or 'ticket.' || e.name = any($4)) order by f.position limit $5`, q.After, end, q.Desks, q.Types, q.Limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read the log: %w", err)
	}
	if list, err = pgx.CollectRows(rows, scanEnvelope); err != nil {
		return nil, 0, fmt.Errorf("read the log: %w", err)
	}
	if len(list) == q.Limit {
		return list, list[len(list)-1].ID, nil
	}
	return list, max(end, q.After), nil
}

const envelopes = `select f.position, e.name, e.at, e.ticket, t.desk, t.title, t.client, coalesce(r.process, '{}'::jsonb), e.revision,
		e.type, e.by_kind, e.by_id, e.by_name, e.from_state, e.to_state, e.rule, e.why, e.command_id, e.data, coalesce(m.id::text, ''), coalesce(m.body, ''), coalesce(m.body_format, '')
	from feed f join events e on e.id = f.event join tickets t on t.number = e.ticket
	left join revisions r on r.ticket = e.ticket and r.revision = e.revision
	left join messages m on m.id = e.message and e.type in ('message', 'note') `

func scanEnvelope(cr pgx.CollectableRow) (ticket.Envelope, error) {
	var (
		e             ticket.Envelope
		t             ticket.EnvelopeState
		d             ticket.EnvelopeData
		name          string
		process, data []byte
		cause         ticket.Cause
	)
	err := cr.Scan(&e.ID, &name, &e.At, &t.Number, &t.Desk, &t.Title, &t.Client, &process, &t.Revision,
		&d.Kind, &d.By.Kind, &d.By.ID, &d.By.Name, &d.From, &d.To, &cause.Rule, &cause.Why, &d.Command, &data, &d.Message, &d.Body, &d.Format)
	if err != nil {
		return e, err
	}
	var p ticket.Process
	if err := json.Unmarshal(process, &p); err != nil {
		return e, fmt.Errorf("event %d: its ticket as it stood: %w", e.ID, err)
	}
	if err := readJSON(data, &d.Details); err != nil {
		return e, fmt.Errorf("event %d: its details: %w", e.ID, err)
	}
	e.At, e.Type = e.At.UTC(), ticket.EventType(name)
	t.State, t.Owner, t.Group, t.Priority, t.Tier = p.State.String(), p.Owner, p.Group, p.Priority.String(), p.Tier
	if cause != (ticket.Cause{}) {
		d.Cause = &cause
	}
	e.Ticket, e.Data = &t, &d
	return e, nil
}
