package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Token is an API token as lists show it; the secret is told once, at its making, and only its hash is kept.
type Token struct {
	ID        string
	Agent     string
	Scopes    []string
	ExpiresAt *time.Time
	CreatedAt time.Time
	LastUsed  *time.Time
	Client    string // whose it is, where it is no agent's
}

const tokenColumns = `t.id::text, coalesce(t.agent, ''), t.scopes, t.expires_at, t.created_at, t.last_used, coalesce(t.client, '')`

func (t *Token) fields() []any {
	return []any{&t.ID, &t.Agent, &t.Scopes, &t.ExpiresAt, &t.CreatedAt, &t.LastUsed, &t.Client}
}

func scanToken(cr pgx.CollectableRow) (t Token, err error) { return t, cr.Scan(t.fields()...) }

// AddToken stores the hash of a new token; an unknown agent or client is ticket.Invalid, a hash or id that is taken a
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
	err := s.change(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			insert into tokens as t (id, agent, hash, scopes, expires_at, created_at, client)
			values ($1, nullif($2, ''), $3, $4, $5, coalesce($6, now()), nullif($7, '')) returning `+tokenColumns,
			t.ID, t.Agent, hash, t.Scopes, t.ExpiresAt, orNil(t.CreatedAt), t.Client).Scan(stored.fields()...)
	})
	switch _, state := violated(err); state {
	case foreignKey:
		if t.Client != "" {
			return Token{}, invalid("/client", "there is no client %q", t.Client)
		}
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
// ticket.NotFound for unknown or expired ones, and for those of who may not come in.
func (s *Store) ByToken(ctx context.Context, hash []byte, now time.Time) (Holder, Token, error) {
	var h holderRow
	var t Token
	err := s.pool.QueryRow(ctx, `
		select `+tokenColumns+`, `+holderColumns+` from tokens t `+holderJoins("t")+`
		where t.hash = $1 and (t.expires_at is null or t.expires_at > $2) and `+holderComesIn, hash, now).
		Scan(append(t.fields(), h.fields()...)...)
	if noRows(err) {
		return Holder{}, Token{}, notFound("there is no such token, or it has expired")
	}
	if err != nil {
		return Holder{}, Token{}, fmt.Errorf("look up a token: %w", err)
	}
	holder, err := h.holder()
	if err != nil {
		return Holder{}, Token{}, fmt.Errorf("look up a token: %w", err)
	}
	if t.LastUsed == nil || now.Sub(*t.LastUsed) >= time.Minute {
		s.noteUse(ctx, &t, now)
	}
	return holder, t, nil
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

// Tokens returns the tokens of an agent, or of a client by his id, or everybody's for "", oldest first.
func (s *Store) Tokens(ctx context.Context, agent string) ([]Token, error) {
	if !readable(agent) {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, `select `+tokenColumns+` from tokens t where $1 = '' or t.agent = $1 or t.client = $1 order by t.created_at, t.id`, agent)
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
	if err := s.changeRow(ctx, notFound("there is no token %q", id), `delete from tokens where id = $1`, id); err != nil {
		return fmt.Errorf("drop token %s: %w", id, err)
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
