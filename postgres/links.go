package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Link is a one-time link: for a new password of an agent, or to let a client in.
type Link struct {
	Purpose   string // password, sign_in
	Agent     string
	Client    string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// AddLink keeps a link under the hash of its secret. Links that ended long ago are swept out on the way.
func (s *Store) AddLink(ctx context.Context, l Link, hash []byte) error {
	b := &pgx.Batch{}
	b.Queue(`delete from one_time_links where hash in (select hash from one_time_links where expires_at < $1 limit 100 for update skip locked)`, l.CreatedAt.Add(-24*time.Hour))
	b.Queue(`insert into one_time_links (hash, purpose, agent, client, created_at, expires_at) values ($1, $2, nullif($3, ''), nullif($4, ''), $5, $6)`,
		hash, l.Purpose, l.Agent, l.Client, l.CreatedAt, l.ExpiresAt)
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("keep a one-time link: %w", err)
	}
	return nil
}

// UseLink uses a link up, whoever comes first; ticket.NotFound for one that is unknown, used, expired or for something
// else, and where its holder may not come in.
func (s *Store) UseLink(ctx context.Context, purpose string, hash []byte, now time.Time) (Holder, error) {
	var h holderRow
	err := s.pool.QueryRow(ctx, `
		with l as (update one_time_links set used_at = $3 where hash = $1 and purpose = $2 and used_at is null and expires_at > $3 returning agent, client)
		select `+holderColumns+` from l `+holderJoins("l")+` where `+holderComesIn, hash, purpose, now).Scan(h.fields()...)
	if noRows(err) {
		return Holder{}, notFound("there is no such link, or it was used")
	}
	if err != nil {
		return Holder{}, fmt.Errorf("use a one-time link: %w", err)
	}
	return h.holder()
}
