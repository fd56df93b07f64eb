package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// change runs fn in a transaction of its own. The line that ctx carries (ticket.Noting) is written in it, unless it is
// written already: every change that the audit log speaks of goes this way.
func (s *Store) change(ctx context.Context, fn func(tx pgx.Tx) error) error {
	e, _ := ctx.Value(ticket.Noting{}).(*ticket.AuditEntry)
	if e == nil || e.ID != 0 {
		return pgx.BeginFunc(ctx, s.pool, fn)
	}
	var id int64
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if err = fn(tx); err == nil {
			id, err = note(ctx, tx, *e)
		}
		return err
	})
	if err == nil {
		e.ID = id
	}
	return err
}

// changeRow runs one statement as change does. Where it changes no row the error is missing, and nothing is noted; with
// missing nil that is no error.
func (s *Store) changeRow(ctx context.Context, missing error, sql string, args ...any) error {
	return s.change(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, sql, args...)
		if err == nil && done.RowsAffected() == 0 {
			return missing
		}
		return err
	})
}

func note(ctx context.Context, db queryRower, e ticket.AuditEntry) (id int64, err error) {
	err = db.QueryRow(ctx, `insert into audit (actor, action, subject, address, detail) values ($1, $2, $3, $4, $5) returning id`,
		clean(e.Actor), e.Action, clean(e.Subject), clean(e.Address), orMap(e.Detail)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("write %s into the audit log: %w", e.Action, err)
	}
	return id, nil
}

// NoteAudit writes a line about what changed nothing in the record.
func (s *Store) NoteAudit(ctx context.Context, e ticket.AuditEntry) error {
	_, err := note(ctx, s.pool, e)
	return err
}

// Audit returns lines, newest first.
func (s *Store) Audit(ctx context.Context, q ticket.AuditQuery) ([]ticket.AuditEntry, error) {
	rows, err := s.pool.Query(ctx, `select id, at, actor, action, subject, address, detail from audit
		where ($1 = '' or actor = $1) and ($2 = '' or action = $2) and ($3 = '' or subject = $3) and ($4 = 0 or id < $4)
		order by id desc limit $5`, q.Actor, q.Action, q.Subject, q.Before, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(cr pgx.CollectableRow) (e ticket.AuditEntry, err error) {
		return e, cr.Scan(&e.ID, &e.At, &e.Actor, &e.Action, &e.Subject, &e.Address, &e.Detail)
	})
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return list, nil
}
