package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Flow is a sign-in that has gone out to the identity provider (OpenID Connect) and has not come back.
type Flow struct {
	Nonce     string
	Verifier  ticket.Secret // of PKCE (RFC 7636)
	BackTo    string        // path in the desk
	ExpiresAt time.Time
}

const flowContext = "oidc flow"

// AddFlow keeps a flow under the hash of its state. Those that never came back are swept out.
func (s *Store) AddFlow(ctx context.Context, f Flow, state []byte, now time.Time) error {
	sealed, err := s.sealer.Seal([]byte(f.Verifier.Reveal()), flowContext)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(`delete from oidc_flows where state in (select state from oidc_flows where expires_at < $1 limit 100 for update skip locked)`, now)
	b.Queue(`insert into oidc_flows (state, nonce, verifier, back_to, expires_at) values ($1, $2, $3, $4, $5)`, state, f.Nonce, sealed, f.BackTo, f.ExpiresAt)
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("begin a sign-in elsewhere: %w", err)
	}
	return nil
}

// TakeFlow ends a flow, once; ticket.NotFound where there is none, or it took too long.
func (s *Store) TakeFlow(ctx context.Context, state []byte, now time.Time) (Flow, error) {
	var f Flow
	var sealed []byte
	err := s.pool.QueryRow(ctx, `delete from oidc_flows where state = $1 and expires_at > $2 returning nonce, verifier, back_to, expires_at`, state, now).
		Scan(&f.Nonce, &sealed, &f.BackTo, &f.ExpiresAt)
	if noRows(err) {
		return Flow{}, notFound("there is no such sign-in under way")
	}
	if err != nil {
		return Flow{}, fmt.Errorf("end a sign-in elsewhere: %w", err)
	}
	verifier, err := s.sealer.Open(sealed, flowContext)
	f.Verifier = ticket.Secret(verifier)
	return f, err
}

// OIDCAccount returns the agent to whom an account at an identity provider belongs; ticket.NotFound where to nobody, or to
// one who may not come in.
func (s *Store) OIDCAccount(ctx context.Context, issuer, subject string) (string, error) {
	var agent string
	err := s.pool.QueryRow(ctx, `select o.agent from oidc_accounts o join agents a on a.key = o.agent and a.disabled_at is null where o.issuer = $1 and o.subject = $2`,
		issuer, clean(subject)).Scan(&agent)
	if noRows(err) {
		return "", notFound("this account belongs to nobody")
	}
	if err != nil {
		return "", fmt.Errorf("look up an account: %w", err)
	}
	return agent, nil
}

// LinkOIDC makes an account at an identity provider an agent's own.
func (s *Store) LinkOIDC(ctx context.Context, issuer, subject, agent string, now time.Time) error {
	err := s.changeRow(ctx, nil, `insert into oidc_accounts (issuer, subject, agent, created_at) values ($1, $2, $3, $4)`, issuer, clean(subject), agent, now)
	if _, state := violated(err); state == taken {
		return conflict("", "this account belongs to somebody")
	}
	if err != nil {
		return fmt.Errorf("link an account to %s: %w", agent, err)
	}
	return nil
}
