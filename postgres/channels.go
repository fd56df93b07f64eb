package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Channel is a program that brings conversations and is told the answers; its secrets are told once, at their making.
type Channel struct {
	ID        string
	Key       string // of whom is known by it, for ever
	Name      string
	Desk      string
	Kind      string   // external, chat: the channel of its tickets
	URL       string   // where answers go; "": they go by mail
	Verified  []string // what it proves about people: email, phone
	Enabled   bool
	OldUntil  *time.Time // until when the secret before the last is live too
	Pending   int        // messages that it has not taken yet
	CreatedBy string
	CreatedAt time.Time
}

const channelColumns = `h.id::text, h.key, h.name, h.desk, h.kind, h.url, h.verified, h.enabled, case when h.old_until > clock_timestamp() then h.old_until end,
	(select count(*) from deliveries d join conversations v on v.id = d.conversation where v.channel = h.id and d.finished_at is null and d.conversation is not null), h.created_by, h.created_at`

// Channels lists all, by key.
func (s *Store) Channels(ctx context.Context) ([]Channel, error) {
	rows, err := s.pool.Query(ctx, `select `+channelColumns+` from channels h where h.removed_at is null order by h.key`)
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Channel])
	if err != nil {
		return nil, fmt.Errorf("list channels: %w", err)
	}
	return out, nil
}

func noChannel(key string) error { return notFound("there is no channel %q", key) }

// Channel returns one; ticket.NotFound where there is none, or none any more.
func (s *Store) Channel(ctx context.Context, key string) (Channel, error) {
	if !readable(key) {
		return Channel{}, noChannel(key)
	}
	rows, err := s.pool.Query(ctx, `select `+channelColumns+` from channels h where h.key = $1 and h.removed_at is null`, key)
	if err != nil {
		return Channel{}, fmt.Errorf("read a channel: %w", err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Channel])
	if noRows(err) {
		return c, noChannel(key)
	}
	if err != nil {
		return c, fmt.Errorf("read a channel: %w", err)
	}
	return c, nil
}

// AddChannel stores a new one. A key that was used before is a ticket.Conflict: whom the earlier channel knew must not be
// whom this one names.
func (s *Store) AddChannel(ctx context.Context, c Channel, secret ticket.Secret) (Channel, error) {
	id := uuid.Must(uuid.NewV7()).String()
	sealed, err := s.sealer.Seal([]byte(secret.Reveal()), channelContext(id))
	if err != nil {
		return Channel{}, err
	}
	err = s.changeRow(ctx, nil, `insert into channels (id, key, name, desk, kind, url, verified, secret, enabled, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, c.Key, clean(c.Name), c.Desk, c.Kind, clean(c.URL), orEmpty(c.Verified), sealed, c.Enabled, c.CreatedBy)
	switch name, state := violated(err); {
	case name == "channels_key_key":
		return Channel{}, conflict("/key", "there is or was a channel %q", c.Key)
	case state == foreignKey:
		return Channel{}, invalid("/desk", "there is no desk %q", c.Desk)
	case err != nil:
		return Channel{}, fmt.Errorf("add a channel: %w", err)
	}
	return s.Channel(ctx, c.Key)
}

// ChangeChannel stores all but the key and the kind.
func (s *Store) ChangeChannel(ctx context.Context, c Channel) (Channel, error) {
	err := s.changeRow(ctx, noChannel(c.Key), `update channels set name = $2, desk = $3, url = $4, verified = $5, enabled = $6 where key = $1 and removed_at is null`,
		c.Key, clean(c.Name), c.Desk, clean(c.URL), orEmpty(c.Verified), c.Enabled)
	if _, state := violated(err); state == foreignKey {
		return Channel{}, invalid("/desk", "there is no desk %q", c.Desk)
	}
	if err != nil {
		return Channel{}, fmt.Errorf("change a channel: %w", err)
	}
	return s.Channel(ctx, c.Key)
}

// DropChannel takes one away. Its conversations stay with their tickets, which are answered by mail from now on.
func (s *Store) DropChannel(ctx context.Context, key string) error {
	if !readable(key) {
		return noChannel(key)
	}
	err := s.changeRow(ctx, noChannel(key), `update channels set removed_at = clock_timestamp(), enabled = false, old_secret = null, old_until = null where key = $1 and removed_at is null`, key)
	if err != nil {
		return fmt.Errorf("take a channel away: %w", err)
	}
	return nil
}

// RotateChannel gives a new secret; the one before stays live until then, and what was before that one no more.
func (s *Store) RotateChannel(ctx context.Context, key string, secret ticket.Secret, oldUntil time.Time) (Channel, error) {
	c, err := s.Channel(ctx, key)
	if err != nil {
		return Channel{}, err
	}
	sealed, err := s.sealer.Seal([]byte(secret.Reveal()), channelContext(c.ID))
	if err != nil {
		return Channel{}, err
	}
	err = s.changeRow(ctx, noChannel(key), `update channels set old_secret = secret, old_until = $3, secret = $2 where id = $1`, c.ID, sealed, oldUntil)
	if err != nil {
		return Channel{}, fmt.Errorf("change the secret of a channel: %w", err)
	}
	return s.Channel(ctx, key)
}

// ChannelSecrets returns one that is switched on, with the secrets that live; ticket.NotFound where there is none.
func (s *Store) ChannelSecrets(ctx context.Context, key string) (Channel, []ticket.Secret, error) {
	c, err := s.Channel(ctx, key)
	if err == nil && !c.Enabled {
		err = noChannel(key)
	}
	if err != nil {
		return Channel{}, nil, err
	}
	var secret, old []byte
	err = s.pool.QueryRow(ctx, `select secret, case when old_until > clock_timestamp() then old_secret end from channels where id = $1`, c.ID).Scan(&secret, &old)
	if err != nil {
		return Channel{}, nil, fmt.Errorf("read the secrets of a channel: %w", err)
	}
	secrets, err := s.openSecrets(channelContext(c.ID), secret, old)
	return c, secrets, err
}
