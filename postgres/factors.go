package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Factor is an agent's second factor (TOTP, RFC 6238).
type Factor struct {
	Secret ticket.Secret // base32; "": none was begun
	Since  *time.Time    // from when on it is asked for; nil: it is being set up
	Codes  int           // recovery codes that are left
}

var errFactorThere = &ticket.Error{Code: ticket.Conflict, Key: "factor_there", Message: "there is a second factor: remove it first"}

func factorContext(agent string) string { return "totp " + agent }

// Factor returns that of an agent; an empty one where he has none.
func (s *Store) Factor(ctx context.Context, agent string) (Factor, error) {
	var f Factor
	var sealed []byte
	err := s.pool.QueryRow(ctx, `select totp_secret, totp_since, (select count(*) from recovery_codes where agent = key and used_at is null) from agents where key = $1`, agent).
		Scan(&sealed, &f.Since, &f.Codes)
	if noRows(err) {
		return Factor{}, notFound("there is no agent %q", agent)
	}
	if err != nil {
		return Factor{}, fmt.Errorf("read the second factor of %s: %w", agent, err)
	}
	if sealed == nil {
		return Factor{}, nil
	}
	secret, err := s.sealer.Open(sealed, factorContext(agent))
	if err != nil {
		return Factor{}, fmt.Errorf("read the second factor of %s: %w", agent, err)
	}
	f.Secret = ticket.Secret(secret)
	return f, nil
}

// BeginFactor keeps the seed of a factor that is being set up; a ticket.Conflict where one is in use.
func (s *Store) BeginFactor(ctx context.Context, agent string, secret ticket.Secret) error {
	sealed, err := s.sealer.Seal([]byte(secret.Reveal()), factorContext(agent))
	if err != nil {
		return err
	}
	err = s.changeRow(ctx, errFactorThere, `update agents set totp_secret = $2 where key = $1 and totp_since is null`, agent, sealed)
	if err != nil {
		return fmt.Errorf("begin the second factor of %s: %w", agent, err)
	}
	return nil
}

// ConfirmFactor asks for the factor from now on, with these recovery codes (hashes); step is that of the code that proved it.
// All sessions but one end.
func (s *Store) ConfirmFactor(ctx context.Context, agent string, step int64, codes [][]byte, spared string, now time.Time) error {
	err := s.change(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update agents set totp_since = $2, totp_step = $3 where key = $1 and totp_secret is not null and totp_since is null`, agent, now, step)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errFactorThere
		}
		if _, err := tx.Exec(ctx, endSessions, agent, spared); err != nil {
			return err
		}
		return renewCodes(ctx, tx, agent, codes)
	})
	if err != nil {
		return fmt.Errorf("confirm the second factor of %s: %w", agent, err)
	}
	return nil
}

func renewCodes(ctx context.Context, tx pgx.Tx, agent string, codes [][]byte) error {
	if _, err := tx.Exec(ctx, `delete from recovery_codes where agent = $1`, agent); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `insert into recovery_codes (agent, hash) select $1, unnest($2::bytea[])`, agent, codes)
	return err
}

// RenewCodes takes other recovery codes in the place of all there were.
func (s *Store) RenewCodes(ctx context.Context, agent string, codes [][]byte) error {
	if err := s.change(ctx, func(tx pgx.Tx) error { return renewCodes(ctx, tx, agent, codes) }); err != nil {
		return fmt.Errorf("renew the recovery codes of %s: %w", agent, err)
	}
	return nil
}

// UseStep takes note of a code that was given; false where it, or a later one, was given before (RFC 6238 §5.2).
func (s *Store) UseStep(ctx context.Context, agent string, step int64) (bool, error) {
	tag, err := s.pool.Exec(ctx, `update agents set totp_step = $2 where key = $1 and totp_step < $2`, agent, step)
	if err != nil {
		return false, fmt.Errorf("use a code of %s: %w", agent, err)
	}
	return tag.RowsAffected() == 1, nil
}

// UseRecoveryCode uses a code up, once; false where it is none of his.
func (s *Store) UseRecoveryCode(ctx context.Context, agent string, hash []byte, now time.Time) (bool, error) {
	tag, err := s.pool.Exec(ctx, `update recovery_codes set used_at = $3 where agent = $1 and hash = $2 and used_at is null`, agent, hash, now)
	if err != nil {
		return false, fmt.Errorf("use a recovery code of %s: %w", agent, err)
	}
	return tag.RowsAffected() == 1, nil
}

// DropFactor takes the second factor away.
func (s *Store) DropFactor(ctx context.Context, agent string) error {
	err := s.change(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update agents set totp_secret = null, totp_since = null where key = $1`, agent)
		if err == nil && tag.RowsAffected() == 0 {
			return notFound("there is no agent %q", agent)
		}
		if err != nil {
			return err
		}
		return renewCodes(ctx, tx, agent, nil)
	})
	if err != nil {
		return fmt.Errorf("remove the second factor of %s: %w", agent, err)
	}
	return nil
}
