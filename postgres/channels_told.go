package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// ChannelDelivery is one thing told, or to be told, to a channel.
type ChannelDelivery struct {
	ID           string // under which it is sent
	Ticket       ticket.Number
	Conversation string // the channel's own id
	Kind         string // answer, interim, final, acknowledge, follow_up
	State        string // queued, attempted, accepted, uncertain, failed
	Attempts     int
	Reason       string // what the last attempt met with
	NextAt       *time.Time
	CreatedAt    time.Time
	DoneAt       *time.Time
}

// toldMark is the content of a cursor through what a channel was told.
type toldMark struct {
	Channel string `json:"c"`
	At      int64  `json:"t"`
	ID      string `json:"i"`
}

// ChannelDeliveries pages through what a channel was told, the newest first. It returns the cursor of the next page, ""
// on the last; ticket.NotFound where there is no such channel.
func (s *Store) ChannelDeliveries(ctx context.Context, key, cursor string, limit int) ([]ChannelDelivery, string, error) {
	if limit < 1 || limit > highestLimit {
		return nil, "", invalid("limit", "a limit of %d is not possible; use 1 to %d", limit, highestLimit)
	}
	c, err := s.Channel(ctx, key)
	if err != nil {
		return nil, "", err
	}
	f := &filter{}
	f.where("d.channel = %s::uuid", c.ID)
	if cursor != "" {
		var at toldMark
		if err := unpack(cursor, &at); err != nil {
			return nil, "", err
		}
		if !properUUID(at.ID) || at.Channel != c.ID {
			return nil, "", errBadCursor
		}
		f.where("(d.created_at, d.id) < (%s::timestamptz, %s::uuid)", time.UnixMicro(at.At).UTC(), at.ID)
	}
	rows, err := s.pool.Query(ctx, `
		select d.mail_id, d.ticket, v.key, d.occasion, d.state, d.attempt, coalesce(d.reason, ''), case when d.finished_at is null then d.next_at end, d.created_at, d.finished_at
		from deliveries d join conversations v on v.id = d.conversation where `+f.sql()+` order by d.created_at desc, d.id desc limit `+f.arg(limit+1), f.args...)
	if err != nil {
		return nil, "", fmt.Errorf("list what a channel was told: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ChannelDelivery])
	if err != nil {
		return nil, "", fmt.Errorf("list what a channel was told: %w", err)
	}
	if len(found) <= limit {
		return found, "", nil
	}
	last := found[limit-1]
	return found[:limit], pack(toldMark{Channel: c.ID, At: last.CreatedAt.UnixMicro(), ID: strings.TrimPrefix(last.ID, channelMessageID(""))}), nil
}
