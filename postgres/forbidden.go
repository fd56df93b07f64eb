package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ForbiddenWord is a word that must not stand in a mail to a client (N50).
type ForbiddenWord struct {
	ID, Desk, Word string // Desk "": of every desk
	Action         string // warn, block
	Note           string // what to write instead
}

// ForbiddenWords lists all, by desk and word.
func (s *Store) ForbiddenWords(ctx context.Context) ([]ForbiddenWord, error) {
	rows, err := s.pool.Query(ctx, `select id::text, coalesce(desk, ''), word, action, note from forbidden_words order by coalesce(desk, ''), word`)
	if err != nil {
		return nil, fmt.Errorf("list forbidden words: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ForbiddenWord])
	if err != nil {
		return nil, fmt.Errorf("list forbidden words: %w", err)
	}
	return list, nil
}

// PutForbiddenWord stores a new one (ID "") or changes one; a word that is listed already is a ticket.Conflict.
func (s *Store) PutForbiddenWord(ctx context.Context, w ForbiddenWord, by string) (ForbiddenWord, error) {
	sql := `update forbidden_words set desk = nullif($2, ''), word = $3, action = $4, note = $5 where id = uuid_of($1)`
	args := []any{w.ID, w.Desk, clean(w.Word), w.Action, clean(w.Note)}
	if w.ID == "" {
		w.ID = uuid.NewString()
		sql = `insert into forbidden_words (id, desk, word, action, note, created_by) values ($1, nullif($2, ''), $3, $4, $5, $6)`
		args = []any{w.ID, w.Desk, clean(w.Word), w.Action, clean(w.Note), by}
	}
	err := s.changeRow(ctx, notFound("there is no forbidden word %s", w.ID), sql, args...)
	_, state := violated(err)
	switch {
	case state == taken:
		return ForbiddenWord{}, conflict("/word", "this word is listed already")
	case state == foreignKey:
		return ForbiddenWord{}, invalid("/desk", "there is no desk %q", w.Desk)
	case err != nil:
		return ForbiddenWord{}, fmt.Errorf("store a forbidden word: %w", err)
	}
	return w, nil
}

// DropForbiddenWord takes one away.
func (s *Store) DropForbiddenWord(ctx context.Context, id string) error {
	return s.dropRow(ctx, "forbidden word", `delete from forbidden_words where id = uuid_of($1)`, id)
}

func (s *Store) dropRow(ctx context.Context, noun, sql, id string) error {
	if !readable(id) {
		return notFound("there is no %s %q", noun, id)
	}
	if err := s.changeRow(ctx, notFound("there is no %s %q", noun, id), sql, id); err != nil {
		return fmt.Errorf("take away the %s %s: %w", noun, id, err)
	}
	return nil
}
