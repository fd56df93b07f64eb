package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Token is an API token as lists show it; the secret is told once, at its making, and only its hash is kept.
type Token struct {
	ID        string
	Agent     string
	Scopes    []string
	ExpiresAt *time.Time
	CreatedAt time.Time
	LastUsed  *time.Time
}

const tokenColumns = `t.id::text, t.agent, t.scopes, t.expires_at, t.created_at, t.last_used`

func (t *Token) fields() []any {
	return []any{&t.ID, &t.Agent, &t.Scopes, &t.ExpiresAt, &t.CreatedAt, &t.LastUsed}
}

func scanToken(cr pgx.CollectableRow) (t Token, err error) { return t, cr.Scan(t.fields()...) }

// AddToken stores the hash of a new token; an unknown agent is ticket.Invalid, a hash or id that is taken a
// ticket.Conflict.
func (s *Store) AddToken(ctx context.Context, t Token, hash []byte) (Token, error) {
	if t.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return Token{}, fmt.Errorf("name a token: %w", err)
		}
		t.ID = id.String()
	}
	if t.Scopes == nil {
		t.Scopes = []string{}
	}
	var stored Token
	err := s.pool.QueryRow(ctx, `
		insert into tokens as t (id, agent, hash, scopes, expires_at, created_at)
		values ($1, $2, $3, $4, $5, coalesce($6, now())) returning `+tokenColumns,
		t.ID, t.Agent, hash, t.Scopes, t.ExpiresAt, orNil(t.CreatedAt)).Scan(stored.fields()...)
	switch _, state := violated(err); state {
	case foreignKey:
		return Token{}, invalid("/agent", "there is no agent %q", t.Agent)
	case taken:
		return Token{}, conflict("", "there is already such a token")
	}
	if err != nil {
		return Token{}, fmt.Errorf("add a token of %s: %w", t.Agent, err)
	}
	return stored, nil
}

// ByToken returns whose token has that hash and its scopes, and notes the use (at most once a minute);
// ticket.NotFound for unknown or expired ones.
func (s *Store) ByToken(ctx context.Context, hash []byte, now time.Time) (Person, Token, error) {
	var p Person
	var t Token
	var role string
	err := s.pool.QueryRow(ctx, `
		select `+tokenColumns+`, `+personColumns+` from tokens t join agents a on a.key = t.agent
		where t.hash = $1 and (t.expires_at is null or t.expires_at > $2) and a.disabled_at is null`, hash, now).
		Scan(append(t.fields(), p.fields(&role)...)...)
	if noRows(err) {
		return Person{}, Token{}, notFound("there is no such token, or it has expired")
	}
	if err != nil {
		return Person{}, Token{}, fmt.Errorf("look up a token: %w", err)
	}
	if p.Role, err = ticket.ParseRole(role); err != nil {
		return Person{}, Token{}, fmt.Errorf("agent %s: %w", p.Key, err)
	}
	if t.LastUsed == nil || now.Sub(*t.LastUsed) >= time.Minute {
		s.noteUse(ctx, &t, now)
	}
	return p, t, nil
}

// noteUse never makes a caller wait for another or fail: the note is a courtesy.
func (s *Store) noteUse(ctx context.Context, t *Token, now time.Time) {
	_, err := s.pool.Exec(ctx, `
		update tokens set last_used = $2::timestamptz where id = (
			select id from tokens where id = $1 and (last_used is null or last_used <= $2::timestamptz - interval '1 minute') for no key update skip locked)`, t.ID, now)
	if err != nil {
		s.log.WarnContext(ctx, "the use of a token was not noted", slog.String("token", t.ID), slog.Any("error", err))
		return
	}
	t.LastUsed = &now
}

// Tokens returns an agent's tokens, or everybody's for "", oldest first.
func (s *Store) Tokens(ctx context.Context, agent string) ([]Token, error) {
	if !readable(agent) {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, `select `+tokenColumns+` from tokens t where $1 = '' or t.agent = $1 order by t.created_at, t.id`, agent)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	tokens, err := pgx.CollectRows(rows, scanToken)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return tokens, nil
}

// DropToken ends a token at once; ticket.NotFound where there is none.
func (s *Store) DropToken(ctx context.Context, id string) error {
	if !properUUID(id) {
		return notFound("there is no token %q", id)
	}
	tag, err := s.pool.Exec(ctx, `delete from tokens where id = $1`, id)
	if err != nil {
		return fmt.Errorf("drop token %s: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return notFound("there is no token %q", id)
	}
	return nil
}

// SQLSTATEs of broken constraints.
const (
	foreignKey = "23503"
	taken      = "23505"
)

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
