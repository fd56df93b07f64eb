package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Template is a desk's own text for mails of an occasion, in a language. Name "" is the one that mails are made by; one
// with another name is chosen by whoever writes.
type Template struct {
	ID, Desk, Occasion, Language, Name, Source string
	Version                                    int // rises with each change
	Enabled                                    bool
	ChangedBy                                  string
	UpdatedAt                                  time.Time
}

const templateColumns = `id::text, desk, occasion, language, name, source, version, enabled, coalesce(created_by, ''), updated_at`

func scanTemplate(cr pgx.CollectableRow) (t Template, err error) {
	return t, cr.Scan(&t.ID, &t.Desk, &t.Occasion, &t.Language, &t.Name, &t.Source, &t.Version, &t.Enabled, &t.ChangedBy, &t.UpdatedAt)
}

// Templates lists all.
func (s *Store) Templates(ctx context.Context) ([]Template, error) {
	rows, err := s.pool.Query(ctx, `select `+templateColumns+` from templates order by desk, occasion, language, name`)
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanTemplate)
	if err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	return list, nil
}

// PutTemplate stores a new template (ID ""), or the next version of one, which must have t's version: else somebody
// changed it meanwhile. A second one of the same desk, occasion, language and name is a ticket.Conflict.
func (s *Store) PutTemplate(ctx context.Context, t Template) (Template, error) {
	sql := `insert into templates (id, desk, occasion, language, name, source, enabled, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8) returning ` + templateColumns
	args := []any{t.ID, t.Desk, t.Occasion, t.Language, clean(t.Name), clean(t.Source), t.Enabled, t.ChangedBy}
	if t.ID == "" {
		args[0] = uuid.NewString()
	} else {
		sql = `update templates set name = $2, source = $3, enabled = $4, created_by = $5, version = version + 1, updated_at = clock_timestamp() where id::text = $1 and version = $6 returning ` + templateColumns
		args = []any{t.ID, clean(t.Name), clean(t.Source), t.Enabled, t.ChangedBy, t.Version}
	}
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return Template{}, fmt.Errorf("store a template: %w", err)
	}
	stored, err := pgx.CollectExactlyOneRow(rows, scanTemplate)
	_, state := violated(err)
	switch {
	case noRows(err):
		return Template{}, changedMeanwhile("template", t.ID)
	case state == taken:
		return Template{}, conflict("/name", "the desk %s has such a template already", t.Desk)
	case state == foreignKey:
		return Template{}, invalid("/desk", "there is no desk %q", t.Desk)
	case err != nil:
		return Template{}, fmt.Errorf("store a template: %w", err)
	}
	return stored, nil
}

// DropTemplate takes one away: mails read as the built-in text again.
func (s *Store) DropTemplate(ctx context.Context, id string) error {
	return s.dropRow(ctx, "template", `delete from templates where id::text = $1`, id)
}

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
	sql := `update forbidden_words set desk = nullif($2, ''), word = $3, action = $4, note = $5 where id::text = $1`
	args := []any{w.ID, w.Desk, clean(w.Word), w.Action, clean(w.Note)}
	if w.ID == "" {
		w.ID = uuid.NewString()
		sql = `insert into forbidden_words (id, desk, word, action, note, created_by) values ($1, nullif($2, ''), $3, $4, $5, $6)`
		args = []any{w.ID, w.Desk, clean(w.Word), w.Action, clean(w.Note), by}
	}
	tag, err := s.pool.Exec(ctx, sql, args...)
	_, state := violated(err)
	switch {
	case state == taken:
		return ForbiddenWord{}, conflict("/word", "this word is listed already")
	case state == foreignKey:
		return ForbiddenWord{}, invalid("/desk", "there is no desk %q", w.Desk)
	case err != nil:
		return ForbiddenWord{}, fmt.Errorf("store a forbidden word: %w", err)
	case tag.RowsAffected() == 0:
		return ForbiddenWord{}, notFound("there is no forbidden word %s", w.ID)
	}
	return w, nil
}

// DropForbiddenWord takes one away.
func (s *Store) DropForbiddenWord(ctx context.Context, id string) error {
	return s.dropRow(ctx, "forbidden word", `delete from forbidden_words where id::text = $1`, id)
}

func (s *Store) dropRow(ctx context.Context, noun, sql, id string) error {
	if !readable(id) {
		return notFound("there is no %s %q", noun, id)
	}
	tag, err := s.pool.Exec(ctx, sql, id)
	if err != nil {
		return fmt.Errorf("take away the %s %s: %w", noun, id, err)
	}
	if tag.RowsAffected() == 0 {
		return &ticket.Error{Code: ticket.NotFound, Message: fmt.Sprintf("there is no %s %q", noun, id)}
	}
	return nil
}
