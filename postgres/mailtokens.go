package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// The contexts that tie the sealed parts of a login by token to their mailbox and to what they are.
func clientContext(address string) string  { return "client secret of mailbox " + address }
func refreshContext(address string) string { return "refresh token of mailbox " + address }
func accessContext(address string) string  { return "access token of mailbox " + address }

// Token returns the access token of a mailbox and how another is asked for; ticket.NotFound where there is no such
// mailbox.
func (q *Queue) Token(ctx context.Context, mailbox string) (ticket.Token, error) {
	if !properUUID(mailbox) {
		return ticket.Token{}, notFound("there is no mailbox %q", mailbox)
	}
	t, err := q.token(ctx, mailbox, `select `+accessColumns+` from mailboxes where id = $1 and removed_at is null`)
	if noRows(err) {
		return t, notFound("there is no mailbox %q", mailbox)
	}
	if err != nil {
		return t, fmt.Errorf("read the token of mailbox %s: %w", mailbox, err)
	}
	return t, nil
}

// LeaseToken gives the caller alone the right to ask for another token, for a while; leased is false where somebody else
// has it. Whoever dies with it only lets the others wait until it ends.
func (q *Queue) LeaseToken(ctx context.Context, mailbox string, lasts time.Duration) (t ticket.Token, leased bool, err error) {
	t, err = q.token(ctx, mailbox, `update mailboxes set token_lease_until = clock_timestamp() + $2 * interval '1 second'
		where id = $1 and removed_at is null and coalesce(token_lease_until < clock_timestamp(), true) returning `+accessColumns, lasts.Seconds())
	if noRows(err) {
		return t, false, nil
	}
	if err != nil {
		return t, false, fmt.Errorf("lease the token of mailbox %s: %w", mailbox, err)
	}
	return t, true, nil
}

const accessColumns = `address, token_url, token_client, token_scope, token_secret, token_refresh, token_access, token_issued_at, token_expires_at, token_lease_until, troubles`

func (q *Queue) token(ctx context.Context, mailbox, sql string, more ...any) (ticket.Token, error) {
	rows, err := q.s.pool.Query(ctx, sql, append([]any{mailbox}, more...)...)
	if err != nil {
		return ticket.Token{}, err
	}
	return pgx.CollectExactlyOneRow(rows, func(cr pgx.CollectableRow) (ticket.Token, error) {
		t := ticket.Token{Mailbox: mailbox}
		var address string
		var secret, refresh, access []byte
		var issued, expires, lease *time.Time
		var troubles int
		if err := cr.Scan(&address, &t.URL, &t.ClientID, &t.Scope, &secret, &refresh, &access, &issued, &expires, &lease, &troubles); err != nil {
			return t, err
		}
		t.IssuedAt, t.ExpiresAt, t.LeasedUntil = orZero(issued), orZero(expires), orZero(lease)
		t.Stopped = troubles >= ticket.LoginsRefused
		for _, part := range []struct {
			to      *ticket.Secret
			sealed  []byte
			context string
		}{{&t.ClientSecret, secret, clientContext(address)}, {&t.Refresh, refresh, refreshContext(address)}, {&t.Access, access, accessContext(address)}} {
			if part.sealed == nil {
				continue
			}
			plain, err := q.s.sealer.Open(part.sealed, part.context)
			if err != nil {
				return t, fmt.Errorf("a part of the login by token: %w", err)
			}
			*part.to = ticket.Secret(plain)
		}
		return t, nil
	})
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// SaveToken keeps what the holder of the lease was given, before it is used, and ends the lease. A refresh token that
// was replaced is no longer good, so that it is kept with the access token or not at all. ticket.ErrOvertaken: the lease
// was lost, or other settings came.
func (q *Queue) SaveToken(ctx context.Context, t ticket.Token) error {
	err := pgx.BeginFunc(ctx, q.s.pool, func(tx pgx.Tx) error {
		var address string
		err := tx.QueryRow(ctx, `select address from mailboxes where id = $1 and token_lease_until = $2 for no key update`, t.Mailbox, t.LeasedUntil).Scan(&address)
		if noRows(err) {
			return ticket.ErrOvertaken
		}
		if err != nil {
			return err
		}
		access, err := q.s.sealer.Seal([]byte(t.Access.Reveal()), accessContext(address))
		if err != nil {
			return err
		}
		refresh, err := q.s.sealer.Seal([]byte(t.Refresh.Reveal()), refreshContext(address))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update mailboxes set token_access = $2, token_refresh = $3, token_issued_at = $4, token_expires_at = $5, token_lease_until = null where id = $1`,
			t.Mailbox, access, refresh, t.IssuedAt, t.ExpiresAt)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the token of mailbox %s: %w", t.Mailbox, err)
	}
	return nil
}

// DropLease ends a lease that brought no token.
func (q *Queue) DropLease(ctx context.Context, t ticket.Token) error {
	if _, err := q.s.pool.Exec(ctx, `update mailboxes set token_lease_until = null where id = $1 and token_lease_until = $2`, t.Mailbox, t.LeasedUntil); err != nil {
		return fmt.Errorf("end the lease of a token: %w", err)
	}
	return nil
}

// StopMailbox ends the reading of a mailbox and lets its mail rest until its settings are changed, and tells operators
// why: nothing but a person can mend it. Only the holder of the lease finds that out; who lost it to other settings found
// out nothing about those.
func (q *Queue) StopMailbox(ctx context.Context, t ticket.Token, why string) error {
	_, err := q.s.pool.Exec(ctx, `update mailboxes set state = 'stopped', troubles = greatest(troubles, $3), alert = $2, alert_at = clock_timestamp(),
		last_error = $2, last_seen_at = clock_timestamp(), token_lease_until = null where id = $1 and token_lease_until = $4`, t.Mailbox, clean(why)+"; reading has stopped until the settings are corrected", ticket.LoginsRefused, t.LeasedUntil)
	if err != nil {
		return fmt.Errorf("stop mailbox %s: %w", t.Mailbox, err)
	}
	return nil
}
