package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// TicketAt returns a ticket as it stood at an instant: state, owner, clocks, last words. What people wrote since is
// left out; labels are as they are now. ticket.NotFound where it did not exist yet.
func (s *Store) TicketAt(ctx context.Context, n ticket.Number, at time.Time) (ticket.Record, error) {
	r, err := s.Ticket(ctx, n)
	if err != nil {
		return r, err
	}
	var process ticket.Process
	var updated time.Time
	err = s.pool.QueryRow(ctx, `select process, at from revisions where ticket = $1 and at <= $2 order by revision desc limit 1`, n, at).Scan(&process, &updated)
	if noRows(err) {
		return ticket.Record{}, notFound("ticket %d did not exist yet at %s", n, at.UTC().Format(time.RFC3339))
	}
	if err != nil {
		return ticket.Record{}, fmt.Errorf("read the ticket as it was: %w", err)
	}
	r.Process, r.UpdatedAt = process, updated
	r.ResolvedAt = instantOrNil(process.Resolved)
	r.HoldUntil, r.ClosesAt, _, r.DueAt = deadlines(process)
	r.Last, err = s.lastWords(ctx, n, process.Revision)
	return r, err
}

// Past is a ticket's process as one of its commands left it.
type Past struct {
	At      time.Time
	Process ticket.Process
}

// History returns the process after each revision, oldest first.
func (s *Store) History(ctx context.Context, n ticket.Number) ([]Past, error) {
	rows, err := s.pool.Query(ctx, `select at, process from revisions where ticket = $1 order by revision`, n)
	if err != nil {
		return nil, fmt.Errorf("read revisions: %w", err)
	}
	past, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Past])
	if err != nil {
		return nil, fmt.Errorf("read revisions: %w", err)
	}
	return past, nil
}

// lastWords is the end of the conversation as it was at a revision.
func (s *Store) lastWords(ctx context.Context, n ticket.Number, revision int64) (*ticket.LastMessage, error) {
	var l ticket.LastMessage
	var by, kind string
	err := s.pool.QueryRow(ctx, `select e.by_kind, e.by_name, e.type, e.at, left(coalesce(m.visible, m.body), 400) from events e join messages m on m.id = e.message
		where e.ticket = $1 and e.revision <= $2 and e.type <> 'event' order by e.n desc limit 1`, n, revision).Scan(&by, &l.Name, &kind, &l.At, &l.Excerpt)
	if noRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the last words: %w", err)
	}
	l.Kind, l.Excerpt = "public", excerpt(l.Excerpt)
	if kind == "note" {
		l.Kind = "note"
	}
	return &l, l.By.UnmarshalText([]byte(by))
}

// Notice is a word to a member of staff.
type Notice struct {
	ID       int64
	Agent    string
	Number   ticket.Number
	Name     string // of the event that it is about
	Audience string // why this person: owner, group, leads
	At       time.Time
	ReadAt   *time.Time
}

// Notices lists a person's, newest first, before an id (0: from the newest).
func (s *Store) Notices(ctx context.Context, agent string, before int64, limit int) ([]Notice, error) {
	rows, err := s.pool.Query(ctx, `select id, agent, ticket, name, audience, at, read_at from notices where agent = $1 and ($2 = 0 or id < $2) order by id desc limit $3`, agent, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	defer rows.Close()
	list := []Notice{}
	for rows.Next() {
		var n Notice
		if err := rows.Scan(&n.ID, &n.Agent, &n.Number, &n.Name, &n.Audience, &n.At, &n.ReadAt); err != nil {
			return nil, fmt.Errorf("list notices: %w", err)
		}
		list = append(list, n)
	}
	return list, rows.Err()
}

// ReadNotices notes that a person has seen his notices up to an id.
func (s *Store) ReadNotices(ctx context.Context, agent string, upTo int64, at time.Time) error {
	_, err := s.pool.Exec(ctx, `update notices set read_at = $3 where agent = $1 and id <= $2 and read_at is null`, agent, upTo, at)
	if err != nil {
		return fmt.Errorf("note read notices: %w", err)
	}
	return nil
}
