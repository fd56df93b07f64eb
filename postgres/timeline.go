package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// entry is an item with what ties it to its mails.
type entry struct {
	ticket.Item
	eventID    int64
	deliveryID string // an event's own mail, which has no message of its own (an acknowledgement)
}

// Timeline returns items after the given position (0: from the start), oldest first, and the position to go on from
// (0: that was all). With notes false, internal notes are left out. ticket.NotFound where there is no such ticket.
//
// A position is a line's number in the ticket's timeline: given out under the ticket's lock, in the order in which
// things were applied, without gaps. So it stays good whatever is added.
func (s *Store) Timeline(ctx context.Context, n ticket.Number, after int64, limit int, notes bool) ([]ticket.Item, int64, error) {
	if limit < 1 || limit > highestLimit {
		return nil, 0, invalid("limit", "a limit of %d is not possible; use 1 to %d", limit, highestLimit)
	}
	items, err := s.items(ctx, s.pool, timelineTail, int64(n), after, notes, limit+1)
	if err != nil {
		return nil, 0, fmt.Errorf("read the timeline of ticket %d: %w", n, err)
	}
	if len(items) == 0 {
		return nil, 0, s.mustExist(ctx, n)
	}
	if len(items) > limit {
		return items[:limit], items[limit-1].Seq, nil
	}
	return items, 0, nil
}

// TimelineBefore returns the last items before the given position (0: of all), oldest first as well, and the position to
// go on backwards from (0: that was the beginning).
func (s *Store) TimelineBefore(ctx context.Context, n ticket.Number, before int64, limit int, notes bool) ([]ticket.Item, int64, error) {
	if limit < 1 || limit > highestLimit {
		return nil, 0, invalid("limit", "a limit of %d is not possible; use 1 to %d", limit, highestLimit)
	}
	if before == 0 {
		before = math.MaxInt64
	}
	items, err := s.items(ctx, s.pool, timelineBack, int64(n), before, notes, limit+1)
	if err != nil {
		return nil, 0, fmt.Errorf("read the timeline of ticket %d backwards: %w", n, err)
	}
	if len(items) == 0 {
		return nil, 0, s.mustExist(ctx, n)
	}
	slices.Reverse(items)
	if len(items) > limit {
		items = items[1:]
		return items, items[0].Seq, nil
	}
	return items, 0, nil
}

func (s *Store) mustExist(ctx context.Context, n ticket.Number) error {
	var exists bool
	if err := s.pool.QueryRow(ctx, `select exists (select from tickets where number = $1)`, int64(n)).Scan(&exists); err != nil {
		return fmt.Errorf("look for ticket %d: %w", n, err)
	}
	if !exists {
		return notFound("there is no ticket %d", n)
	}
	return nil
}

const (
	timelineQuery = `
		select e.id, e.n, e.revision, e.at, e.type, e.name, e.from_state, e.to_state, e.rule, e.why,
			e.data || coalesce(case when e.name in ('promised', 'feedback_given') then
				(select jsonb_strip_nulls(coalesce(c.params->'promise', c.params->'feedback')) from commands c where c.ticket = e.ticket and c.seq = e.seq) end, '{}'), e.command_id,
			e.by_kind, e.by_id, e.by_name,
			coalesce(m.id::text, ''), coalesce(m.body, ''), coalesce(m.body_format, ''), coalesce(m.html, ''),
			coalesce(m.raw is not null or exists (select from deliveries d where d.message = m.id and d.raw is not null and d.channel is null), false),
			case when m.mail_id is not null and m.by_kind = 'client' then (select jsonb_build_object('Why', l.evidence->>'why', 'Evidence', l.evidence->'evidence', 'MayBelongTo', coalesce(l.evidence->'may_belong_to', '0'))
				from ledger l where l.mail_id = m.mail_id and l.ticket = e.ticket and l.evidence ? 'why' limit 1) end
		from events e left join messages m on m.id = e.message and e.type in ('message', 'note') `
	timelineTail = `where e.ticket = $1 and e.n > $2 and ($3 or e.type <> 'note') order by e.n limit $4`
	timelineBack = `where e.ticket = $1 and e.n < $2 and ($3 or e.type <> 'note') order by e.n desc limit $4`
	filesQuery   = `select message::text, id::text, name, type, size from attachments where message = any($1::text[]::uuid[]) order by message, position`
	mailsQuery   = `
		select coalesce(d.message::text, ''), d.id::text, r.address, r.state, r.attempts, coalesce(r.reason, case when r.state <> 'accepted' then d.reason end, ''), coalesce(h.key, '')
		from deliveries d join recipients r on r.delivery = d.id left join channels h on h.id = d.channel
		where d.message = any($1::text[]::uuid[]) or d.id = any($2::text[]::uuid[])
		order by d.created_at, d.id, r.cc, r.address`
)

// items reads events e with their messages m, files and mails; tail is the rest of the statement, from "where" on.
func (s *Store) items(ctx context.Context, q querier, tail string, args ...any) ([]ticket.Item, error) {
	rows, err := q.Query(ctx, timelineQuery+tail, args...)
	if err != nil {
		return nil, err
	}
	entries, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return nil, err
	}
	if err := enclose(ctx, q, entries); err != nil {
		return nil, err
	}
	items := make([]ticket.Item, len(entries))
	for i, e := range entries {
		items[i] = e.Item
	}
	return items, nil
}

func scanEntry(cr pgx.CollectableRow) (entry, error) {
	var (
		e                  entry
		name, from, to, by string
		cause              ticket.Cause
		data, threading    []byte
	)
	err := cr.Scan(&e.eventID, &e.Seq, &e.Revision, &e.At, &e.Type, &name, &from, &to, &cause.Rule, &cause.Why, &data, &e.CommandID,
		&by, &e.By.ID, &e.By.Name, &e.MessageID, &e.Body, &e.Format, &e.HTML, &e.HasRaw, &threading)
	if err != nil {
		return entry{}, err
	}
	if err := e.By.Kind.UnmarshalText([]byte(by)); err != nil {
		return entry{}, fmt.Errorf("event %d: %w", e.eventID, err)
	}
	// A message goes by its own id, under which its source is found; what merely happened by that of its event.
	if e.ID = e.MessageID; e.ID == "" {
		e.ID = strconv.FormatInt(e.eventID, 10)
	}
	if e.Type == "event" || from != to {
		if e.Event, err = eventOf(name, from, to, cause, data); err != nil {
			return entry{}, fmt.Errorf("event %d: %w", e.eventID, err)
		}
	}
	if threading != nil {
		if err := json.Unmarshal(threading, &e.Threading); err != nil {
			return entry{}, fmt.Errorf("event %d: why its mail came here: %w", e.eventID, err)
		}
	}
	if e.Event != nil && e.MessageID == "" {
		if id, ok := e.Event.Data["delivery"].(string); ok && properUUID(id) {
			e.deliveryID = id
		}
	}
	return e, nil
}

func eventOf(name, from, to string, cause ticket.Cause, data []byte) (*ticket.Event, error) {
	out := &ticket.Event{Name: name, Cause: cause}
	if err := errors.Join(out.From.UnmarshalText([]byte(from)), out.To.UnmarshalText([]byte(to))); err != nil {
		return nil, err
	}
	if err := readJSON(data, &out.Data); err != nil {
		return nil, fmt.Errorf("its data: %w", err)
	}
	return out, nil
}

// enclose adds the files of messages and the honest states of mails, in one round trip.
func enclose(ctx context.Context, q querier, entries []entry) error {
	byMessage, byDelivery := map[string]*entry{}, map[string]*entry{}
	var messages, deliveries []string
	for i := range entries {
		e := &entries[i]
		if e.MessageID != "" {
			byMessage[e.MessageID] = e
			messages = append(messages, e.MessageID)
		}
		if e.deliveryID != "" {
			byDelivery[e.deliveryID] = e
			deliveries = append(deliveries, e.deliveryID)
		}
	}
	if len(messages)+len(deliveries) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	batch.Queue(filesQuery, messages).Query(func(rows pgx.Rows) error { return attach(rows, byMessage) })
	batch.Queue(mailsQuery, messages, deliveries).Query(func(rows pgx.Rows) error { return deliver(rows, byMessage, byDelivery) })
	if err := q.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("files and mails: %w", err)
	}
	return nil
}

func attach(rows pgx.Rows, byMessage map[string]*entry) error {
	var message string
	var a ticket.Attachment
	_, err := pgx.ForEachRow(rows, []any{&message, &a.ID, &a.Name, &a.Type, &a.Size}, func() error {
		e := byMessage[message]
		e.Attachments = append(e.Attachments, a)
		return nil
	})
	return err
}

func deliver(rows pgx.Rows, byMessage, byDelivery map[string]*entry) error {
	var message, delivery string
	var r ticket.Recipient
	_, err := pgx.ForEachRow(rows, []any{&message, &delivery, &r.Address, &r.State, &r.Attempts, &r.Reason, &r.Channel}, func() error {
		for _, e := range []*entry{byMessage[message], byDelivery[delivery]} {
			if e != nil {
				e.Delivery = append(e.Delivery, r)
			}
		}
		return nil
	})
	return err
}
