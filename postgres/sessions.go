package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// Session is one signed-in browser of an agent or a client.
type Session struct {
	ID        string
	Agent     string // key; "" for a client's
	Client    string // id; "" for an agent's
	State     string // active, or what is still owed: second_factor, enrol
	Via       string // how he came in: password, link, oidc
	Address   string
	Browser   string
	CreatedAt time.Time
	LastUsed  time.Time
	ExpiresAt time.Time
}

const sessionColumns = `s.id::text, coalesce(s.agent, ''), coalesce(s.client, ''), s.state, s.via, s.address, s.browser, s.created_at, s.last_used, s.expires_at`

func (x *Session) fields() []any {
	return []any{&x.ID, &x.Agent, &x.Client, &x.State, &x.Via, &x.Address, &x.Browser, &x.CreatedAt, &x.LastUsed, &x.ExpiresAt}
}

func scanSession(cr pgx.CollectableRow) (x Session, err error) { return x, cr.Scan(x.fields()...) }

// AddSession keeps a new session, which has its id already, under the hash of its token, in the place of another one
// ("": of none). Sessions that ended long ago are swept out on the way.
func (s *Store) AddSession(ctx context.Context, x Session, hash []byte, old string) (Session, error) {
	var stored Session
	err := s.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `delete from sessions where id = uuid_of($1)`, old); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from sessions where id in (select id from sessions where expires_at < $1 limit 100 for update skip locked)`, x.CreatedAt); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `
			insert into sessions as s (id, hash, agent, client, state, via, address, browser, created_at, last_used, expires_at)
			values ($1, $2, nullif($3, ''), nullif($4, ''), $5, $6, $7, $8, $9, $9, $10) returning `+sessionColumns,
			x.ID, hash, x.Agent, x.Client, x.State, x.Via, clean(x.Address), clean(x.Browser), x.CreatedAt, x.ExpiresAt).Scan(stored.fields()...)
	})
	if err != nil {
		return Session{}, fmt.Errorf("begin a session: %w", err)
	}
	return stored, nil
}

// BySession returns the session with that hash and its holder, and notes the use (at most once a minute);
// ticket.NotFound for one that has ended, or was not used since idle.
func (s *Store) BySession(ctx context.Context, hash []byte, now, idle time.Time) (Holder, Session, error) {
	var h holderRow
	var x Session
	err := s.pool.QueryRow(ctx, `
		select `+sessionColumns+`, `+holderColumns+` from sessions s `+holderJoins("s")+`
		where s.hash = $1 and s.expires_at > $2 and s.last_used > $3 and `+holderComesIn, hash, now, idle).
		Scan(append(x.fields(), h.fields()...)...)
	if noRows(err) {
		return Holder{}, Session{}, notFound("there is no such session, or it has ended")
	}
	if err != nil {
		return Holder{}, Session{}, fmt.Errorf("look up a session: %w", err)
	}
	holder, err := h.holder()
	if err != nil {
		return Holder{}, Session{}, fmt.Errorf("look up a session: %w", err)
	}
	if now.Sub(x.LastUsed) >= time.Minute {
		_, err := s.pool.Exec(ctx, `
			update sessions set last_used = $2 where id = (select id from sessions where id = $1 and last_used < $2 for no key update skip locked)`, x.ID, now)
		if err != nil {
			s.log.WarnContext(ctx, "the use of a session was not noted", slog.String("session", x.ID), slog.Any("error", err))
		}
	}
	return holder, x, nil
}

// Sessions lists those of an agent, or of a client by his id, that have not ended; the last used first.
func (s *Store) Sessions(ctx context.Context, holder string, now, idle time.Time) ([]Session, error) {
	if !readable(holder) {
		return nil, nil
	}
	rows, err := s.pool.Query(ctx, `select `+sessionColumns+` from sessions s
		where (s.agent = $1 or s.client = $1) and s.expires_at > $2 and s.last_used > $3 order by s.last_used desc, s.id`, holder, now, idle)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanSession)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return list, nil
}

// Session returns one by its id; ticket.NotFound where there is none.
func (s *Store) Session(ctx context.Context, id string) (Session, error) {
	var x Session
	if !properUUID(id) {
		return x, notFound("there is no session %q", id)
	}
	err := s.pool.QueryRow(ctx, `select `+sessionColumns+` from sessions s where s.id = $1`, id).Scan(x.fields()...)
	if noRows(err) {
		return Session{}, notFound("there is no session %q", id)
	}
	if err != nil {
		return Session{}, fmt.Errorf("read session %s: %w", id, err)
	}
	return x, nil
}

// DropSession ends one; that it has ended already is no error.
func (s *Store) DropSession(ctx context.Context, id string) error {
	if !properUUID(id) {
		return notFound("there is no session %q", id)
	}
	if err := s.changeRow(ctx, nil, `delete from sessions where id = $1`, id); err != nil {
		return fmt.Errorf("end session %s: %w", id, err)
	}
	return nil
}

// endSessions ends those of a holder, $1, but one, $2.
const endSessions = `delete from sessions where (agent = $1 or client = $1) and id::text <> $2`

// DropSessions ends all sessions of an agent, or of a client by his id, but one (""; none is spared).
func (s *Store) DropSessions(ctx context.Context, holder, spared string) error {
	if err := s.changeRow(ctx, nil, endSessions, holder, spared); err != nil {
		return fmt.Errorf("end the sessions of %s: %w", holder, err)
	}
	return nil
}
