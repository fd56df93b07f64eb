package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// AuditEntry is one line of the book: who did what to whom, from where. Lines are never changed.
type AuditEntry struct {
	ID      int64
	At      time.Time
	Actor   string // agent:sato, client:c_…, or nobody
	Action  string
	Subject string
	Address string
	Detail  map[string]any
}

// NoteAudit writes a line into the book, at this instant.
func (s *Store) NoteAudit(ctx context.Context, e AuditEntry) error {
	_, err := s.pool.Exec(ctx, `insert into audit (actor, action, subject, address, detail) values ($1, $2, $3, $4, $5)`,
		clean(e.Actor), e.Action, clean(e.Subject), clean(e.Address), orMap(e.Detail))
	if err != nil {
		return fmt.Errorf("write %s into the audit log: %w", e.Action, err)
	}
	return nil
}

// AuditQuery narrows the book; what is empty does not.
type AuditQuery struct {
	Actor, Action, Subject string
	Before                 int64 // lines with a smaller id; 0: from the newest
	Limit                  int
}

// Audit returns lines, newest first.
func (s *Store) Audit(ctx context.Context, q AuditQuery) ([]AuditEntry, error) {
	rows, err := s.pool.Query(ctx, `select id, at, actor, action, subject, address, detail from audit
		where ($1 = '' or actor = $1) and ($2 = '' or action = $2) and ($3 = '' or subject = $3) and ($4 = 0 or id < $4)
		order by id desc limit $5`, q.Actor, q.Action, q.Subject, q.Before, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(cr pgx.CollectableRow) (e AuditEntry, err error) {
		return e, cr.Scan(&e.ID, &e.At, &e.Actor, &e.Action, &e.Subject, &e.Address, &e.Detail)
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return list, nil
}
