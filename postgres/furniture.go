package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Piece is one document that a desk is furnished with: a reception type, template, macro, text module or trigger
// (ticket/furniture.go), or an article.
type Piece struct {
	Kind, Desk, Key string // Desk "": for every desk
	Position        int
	Body            json.RawMessage
	Revision        int64 // rises with each change
	ChangedBy       string
	ChangedAt       time.Time
}

const pieceColumns = `kind, desk, key, position, body, revision, changed_by, changed_at`

func scanPiece(cr pgx.CollectableRow) (p Piece, err error) {
	return p, cr.Scan(&p.Kind, &p.Desk, &p.Key, &p.Position, &p.Body, &p.Revision, &p.ChangedBy, &p.ChangedAt)
}

// Pieces lists those of a kind, in their order.
func (s *Store) Pieces(ctx context.Context, kind string) ([]Piece, error) {
	rows, err := s.pool.Query(ctx, `select `+pieceColumns+` from furniture where kind = $1 order by desk, position, key`, kind)
	if err != nil {
		return nil, fmt.Errorf("list furniture %s: %w", kind, err)
	}
	pieces, err := pgx.CollectRows(rows, scanPiece)
	if err != nil {
		return nil, fmt.Errorf("list furniture %s: %w", kind, err)
	}
	return pieces, nil
}

// PutPiece writes a document. With revision 0 it is a new one, and one that is there already is a ticket.Conflict;
// else it must have that revision, or somebody changed it meanwhile: a ticket.Conflict too.
func (s *Store) PutPiece(ctx context.Context, p Piece) (Piece, error) {
	sql := `insert into furniture (kind, desk, key, position, body, changed_by) values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning ` + pieceColumns
	args := []any{p.Kind, p.Desk, p.Key, p.Position, p.Body, p.ChangedBy}
	if p.Revision > 0 {
		sql = `update furniture set position = $4, body = $5, changed_by = $6, changed_at = clock_timestamp(), revision = revision + 1
			where kind = $1 and desk = $2 and key = $3 and revision = $7 returning ` + pieceColumns
		args = append(args, p.Revision)
	}
	var stored Piece
	err := s.change(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		if stored, err = pgx.CollectExactlyOneRow(rows, scanPiece); err != nil {
			return err
		}
		return keepArticle(ctx, tx, stored)
	})
	switch {
	case noRows(err) && p.Revision > 0:
		return Piece{}, changedMeanwhile(p.Kind, p.Key)
	case noRows(err):
		return Piece{}, conflict("/key", "there is already a %s %q", p.Kind, p.Key)
	case err != nil:
		return Piece{}, fmt.Errorf("store %s %s: %w", p.Kind, p.Key, err)
	}
	return stored, nil
}

// DropPiece takes one away; ticket.NotFound where there is none.
func (s *Store) DropPiece(ctx context.Context, kind, desk, key string) error {
	err := s.changeRow(ctx, notFound("there is no %s %q", kind, key), `with words as (delete from article_words where $1 = 'article' and desk = $2 and key = $3),
			versions as (delete from article_versions where $1 = 'article' and desk = $2 and key = $3)
		delete from furniture where kind = $1 and desk = $2 and key = $3`, kind, desk, key)
	if err != nil {
		return fmt.Errorf("take away %s %s: %w", kind, key, err)
	}
	return nil
}
