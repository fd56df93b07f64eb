package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Credentials are what an agent proves himself by.
type Credentials struct {
	Agent    string
	Password string // its hash; "": he has none
	Factor   bool   // a second factor is set up
}

// Credentials returns those of the agent with that key or mail address; ticket.NotFound for nobody, and for who may not
// come in.
func (s *Store) Credentials(ctx context.Context, login string) (Credentials, error) {
	var c Credentials
	if !readable(login) {
		return c, notFound("there is nobody with that login")
	}
	err := s.pool.QueryRow(ctx, `select key, coalesce(password_hash, ''), totp_since is not null from agents
		where (key = $1 or lower(email) = lower($1)) and disabled_at is null order by key <> $1 limit 1`, login).Scan(&c.Agent, &c.Password, &c.Factor)
	if noRows(err) {
		return Credentials{}, notFound("there is nobody with that login")
	}
	if err != nil {
		return Credentials{}, fmt.Errorf("look up a login: %w", err)
	}
	return c, nil
}

// SetPassword keeps another hash of an agent's password.
func (s *Store) SetPassword(ctx context.Context, agent, hash string) error {
	err := s.changeRow(ctx, notFound("there is no agent %q", agent), `update agents set password_hash = nullif($2, '') where key = $1`, agent, hash)
	if err != nil {
		return fmt.Errorf("keep the password of %s: %w", agent, err)
	}
	return nil
}

// NewPassword does so because he chose another one, and ends all his sessions but one ("": none is spared).
func (s *Store) NewPassword(ctx context.Context, agent, hash, spared string) error {
	err := s.change(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, `update agents set password_hash = $2 where key = $1`, agent, hash)
		if err == nil && done.RowsAffected() == 0 {
			return notFound("there is no agent %q", agent)
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, endSessions, agent, spared)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the new password of %s: %w", agent, err)
	}
	return nil
}

// FirstPassword keeps the hash of the password of an agent who has none yet.
func (s *Store) FirstPassword(ctx context.Context, agent, hash string) error {
	if _, err := s.pool.Exec(ctx, `update agents set password_hash = $2 where key = $1 and password_hash is null`, agent, hash); err != nil {
		return fmt.Errorf("keep the first password of %s: %w", agent, err)
	}
	return nil
}

// Brake is how failures at one key slow down what follows: after Free failures each try waits Step, doubled with every
// further failure up to Most. Queued: tries stand in a row, so that many at once are not faster than one by one.
type Brake struct {
	Key    []byte
	Free   int
	Step   time.Duration
	Most   time.Duration
	Queued bool
}

func (b Brake) delay(failures int) time.Duration {
	if failures < b.Free {
		return 0
	}
	return min(b.Most, b.Step<<min(failures-b.Free, 20))
}

// attemptsForgotten is after how much quiet the failures at a key count no more.
const attemptsForgotten = time.Hour

// Attempt takes a place in the row for a login and tells how long to wait for it. Where that is longer than most, no
// place is taken: the caller is to come again later.
func (s *Store) Attempt(ctx context.Context, brakes []Brake, now time.Time, most time.Duration) (time.Duration, error) {
	var wait time.Duration
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		wait, err = reserve(ctx, tx, brakes, now, most)
		return err
	})
	if errors.Is(err, errRowIsFull) {
		return wait, nil
	}
	if err != nil {
		return 0, fmt.Errorf("take a place for a login: %w", err)
	}
	return wait, nil
}

var errRowIsFull = errors.New("too many wait already")

func reserve(ctx context.Context, tx pgx.Tx, brakes []Brake, now time.Time, most time.Duration) (wait time.Duration, err error) {
	brakes = slices.SortedFunc(slices.Values(brakes), func(a, b Brake) int { return slices.Compare(a.Key, b.Key) }) // one order: nobody waits in a ring
	for _, b := range brakes {
		var failures int
		var next, last time.Time
		err := tx.QueryRow(ctx, `insert into login_attempts (key, next_at, last_at) values ($1, $2, $2)
			on conflict (key) do update set key = excluded.key returning failures, next_at, last_at`, b.Key, now).Scan(&failures, &next, &last)
		if err != nil {
			return 0, err
		}
		if now.Sub(last) > attemptsForgotten {
			failures = 0
		}
		slot := now.Add(b.delay(failures))
		if b.Queued { // next is the last place that was given
			slot = later(now, next.Add(b.delay(failures)))
		}
		wait = max(wait, slot.Sub(now))
		if wait > most {
			return wait, errRowIsFull
		}
		if _, err := tx.Exec(ctx, `update login_attempts set next_at = $2, failures = $3 where key = $1`, b.Key, slot, failures); err != nil {
			return 0, err
		}
	}
	return wait, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// AttemptEnded counts a failure at each key, or forgets those of a success. Keys that were quiet for long are swept out.
func (s *Store) AttemptEnded(ctx context.Context, keys [][]byte, ok bool, now time.Time) error {
	err := s.change(ctx, func(tx pgx.Tx) error {
		if ok {
			_, err := tx.Exec(ctx, `delete from login_attempts where key = any($1)`, keys)
			return err
		}
		_, err := tx.Exec(ctx, `insert into login_attempts (key, failures, next_at, last_at) select k, 1, $2, $2 from unnest($1::bytea[]) k order by k
			on conflict (key) do update set failures = least(login_attempts.failures + 1, 1000), last_at = excluded.last_at`, keys, now)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `delete from login_attempts where key in (select key from login_attempts where last_at < $1 limit 20 for update skip locked)`, now.Add(-24*time.Hour))
		return err
	})
	if err != nil {
		return fmt.Errorf("note how a login ended: %w", err)
	}
	return nil
}
