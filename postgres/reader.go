package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// recordColumns and recordJoins read a ticket.Record off a relation t with the columns of tickets. A ticket without
// a pinned policy goes by its desk's present one.
const (
	recordColumns = `t.number, t.id::text, t.desk, t.process, t.title, t.type, t.language, coalesce(t.reception_type, ''), t.tags, t.fields,
	t.hold_until, t.created_at, t.updated_at, t.resolved_at, t.closes_at, t.due_at,
	t.last_by, t.last_name, t.last_kind, t.last_at_message, t.last_excerpt,
	c.id, c.name, coalesce(c.email, ''), coalesce(c.phone, ''), coalesce(c.number, ''), c.access, p.settings, cal.spec, d.process, coalesce(t.solution, ''), coalesce(h.key, ''), coalesce(v.key, ''),
	(select json_agg(json_build_object('kind', l.kind, 'number', l.other) order by l.created_at, l.kind, l.other) from links l where l.ticket = t.number)`
	recordJoins = `join clients c on c.id = t.client
	join desks d on d.key = t.desk
	left join policies p on p.desk = t.desk and p.version = coalesce(nullif((t.process->>'policy')::int, 0), d.policy)
	left join calendars cal on cal.key = p.settings->>'calendar' and cal.version = (t.process->>'calendar')::int
	left join conversations v on v.id = t.conversation
	left join channels h on h.id = v.channel`
)

// Ticket returns the record with that number; ticket.NotFound where there is none.
func (s *Store) Ticket(ctx context.Context, n ticket.Number) (ticket.Record, error) {
	rows, err := s.pool.Query(ctx, `select `+recordColumns+` from tickets t `+recordJoins+` where t.number = $1`, int64(n))
	if err != nil {
		return ticket.Record{}, fmt.Errorf("read ticket %d: %w", n, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, (&recordReader{}).read)
	if noRows(err) {
		return ticket.Record{}, notFound("there is no ticket %d", n)
	}
	if err != nil {
		return ticket.Record{}, fmt.Errorf("read ticket %d: %w", n, err)
	}
	return r, nil
}

// lent are the bytes of a column as they lie before the reader: good until the next row is asked for.
type lent []byte

// ScanBytes implements pgtype.BytesScanner.
func (l *lent) ScanBytes(b []byte) error {
	*l = b
	return nil
}

// recordReader reads the rows of one statement. The tickets of a page go by one policy or two: each is understood once.
type recordReader struct {
	settings  map[string]ticket.Settings // by their text
	calendars map[string][]byte
}

func (rr *recordReader) read(cr pgx.CollectableRow) (ticket.Record, error) {
	var (
		r                              ticket.Record
		number                         int64
		id, desk                       string
		process, settings, spec, links lent
		lastBy                         string
		lastAt                         *time.Time
		last                           ticket.LastMessage
		spoken                         ticket.Conversation
	)
	err := cr.Scan(&number, &id, &desk, &process, &r.Title, &r.Type, &r.Language, &r.ReceptionType, &r.Tags, &r.Fields,
		&r.HoldUntil, &r.CreatedAt, &r.UpdatedAt, &r.ResolvedAt, &r.ClosesAt, &r.DueAt,
		&lastBy, &last.Name, &last.Kind, &lastAt, &last.Excerpt,
		&r.Client.ID, &r.Client.Name, &r.Client.Email, &r.Client.Phone, &r.Client.Number, &r.Client.Access, &settings, &spec, &r.Rules, &r.Solution, &spoken.Channel, &spoken.ID, &links)
	if err != nil {
		return ticket.Record{}, err
	}
	if err := rr.decode(&r, process, settings, spec, links); err != nil {
		return ticket.Record{}, fmt.Errorf("row of ticket %d: %w", number, err)
	}
	r.Process.Number, r.Process.Ticket, r.Process.Desk = ticket.Number(number), id, desk
	if spoken.Channel != "" {
		r.Conversation = &spoken
	}
	if lastAt != nil {
		last.At = *lastAt
		if err := last.By.UnmarshalText([]byte(lastBy)); err != nil {
			return ticket.Record{}, fmt.Errorf("row of ticket %d: %w", number, err)
		}
		r.Last = &last
	}
	return r, nil
}

func (rr *recordReader) decode(r *ticket.Record, process, settings, spec, links lent) (err error) {
	if err := json.Unmarshal(process, &r.Process); err != nil {
		return fmt.Errorf("its process: %w", err)
	}
	if settings == nil {
		return fmt.Errorf("its desk has no policy of version %d", r.Process.Policy)
	}
	if r.Settings, err = rr.understood(settings); err != nil {
		return fmt.Errorf("its desk's policy: %w", err)
	}
	r.Calendar = rr.calendar(spec)
	if links == nil {
		return nil
	}
	if err := json.Unmarshal(links, &r.Links); err != nil {
		return fmt.Errorf("its links: %w", err)
	}
	return nil
}

func (rr *recordReader) understood(settings lent) (ticket.Settings, error) {
	if known, ok := rr.settings[string(settings)]; ok {
		return known, nil
	}
	var s ticket.Settings
	if err := json.Unmarshal(settings, &s); err != nil {
		return s, err
	}
	if rr.settings == nil {
		rr.settings = map[string]ticket.Settings{}
	}
	rr.settings[string(settings)] = s
	return s, nil
}

// calendar is a spec of its own, which the tickets share; nil where there is none.
func (rr *recordReader) calendar(spec lent) []byte {
	if spec == nil {
		return nil
	}
	if known, ok := rr.calendars[string(spec)]; ok {
		return known
	}
	if rr.calendars == nil {
		rr.calendars = map[string][]byte{}
	}
	own := bytes.Clone(spec)
	rr.calendars[string(own)] = own
	return own
}

// Raw returns the source of a mail as it came, or as it was frozen at its first sending; ticket.NotFound where the
// message did not travel by mail or is not part of its ticket's conversation (yet).
func (s *Store) Raw(ctx context.Context, message string) ([]byte, error) {
	none := notFound("there is no mail source for message %q", message)
	if !properUUID(message) {
		return nil, none
	}
	var raw []byte
	err := s.pool.QueryRow(ctx, `
		select coalesce(b.data, (select d.raw from deliveries d where d.message = m.id and d.raw is not null and d.channel is null order by d.created_at limit 1))
		from messages m left join blobs b on b.hash = m.raw
		where m.id = $1 and m.applied`, message).Scan(&raw)
	if noRows(err) || err == nil && raw == nil {
		return nil, none
	}
	if err != nil {
		return nil, fmt.Errorf("read the source of a mail: %w", err)
	}
	return raw, nil
}

// File returns an attachment with its content, which the caller closes; ticket.NotFound where there is none.
func (s *Store) File(ctx context.Context, id string) (ticket.Attachment, *Content, error) {
	none := notFound("there is no attachment %q", id)
	if !properUUID(id) {
		return ticket.Attachment{}, nil, none
	}
	var a ticket.Attachment
	var hash []byte
	err := s.pool.QueryRow(ctx, `
		select a.id::text, a.name, a.type, a.size, a.blob from attachments a join messages m on m.id = a.message
		where a.id = $1 and m.applied`, id).Scan(&a.ID, &a.Name, &a.Type, &a.Size, &hash)
	if noRows(err) {
		return ticket.Attachment{}, nil, none
	}
	if err != nil {
		return ticket.Attachment{}, nil, fmt.Errorf("read an attachment: %w", err)
	}
	c, err := s.content(ctx, hash, a.Size)
	return a, c, err
}

// MessageTicket tells to which ticket a message belongs, so that rights can be asked before its source is read.
func (s *Store) MessageTicket(ctx context.Context, message string) (ticket.Number, error) {
	n, _, err := s.owner(ctx, "message", message, `select ticket, note from messages where id = $1 and applied`)
	return n, err
}

// FileTicket tells to which ticket an attachment belongs, and whether to a note of it.
func (s *Store) FileTicket(ctx context.Context, id string) (n ticket.Number, note bool, err error) {
	return s.owner(ctx, "attachment", id, `select m.ticket, m.note from attachments a join messages m on m.id = a.message where a.id = $1 and m.applied`)
}

func (s *Store) owner(ctx context.Context, what, id, query string) (n ticket.Number, note bool, err error) {
	if !properUUID(id) {
		return 0, false, notFound("there is no %s %q", what, id)
	}
	err = s.pool.QueryRow(ctx, query, id).Scan(&n, &note)
	if noRows(err) {
		return 0, false, notFound("there is no %s %q", what, id)
	}
	if err != nil {
		return 0, false, fmt.Errorf("read the ticket of a %s: %w", what, err)
	}
	return n, note, nil
}

// properUUID asks for the form in which ids are given out; Postgres would not read every other one, and not even take some as
// text (a NUL). What has passed a door that asks for that is left to uuid_of in the database.
func properUUID(id string) bool { return len(id) == 36 && uuid.Validate(id) == nil }
