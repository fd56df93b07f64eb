package api

import (
	"context"
	"time"

	"duradesk/ticket"
)

// Channel is a program that brings conversations and is told the answers.
type Channel struct {
	ID        string
	Key       string
	Name      string
	Desk      string
	Kind      string   // external, chat
	URL       string   // where answers go; "": they go by mail
	Verified  []string // what it proves about people: email, phone
	Enabled   bool
	OldUntil  *time.Time // until when the secret before the last is live too
	Pending   int
	CreatedBy string
	CreatedAt time.Time
}

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

// Channels keeps channels and takes in what they bring.
type Channels interface {
	Channels(ctx context.Context) ([]Channel, error)
	// Channel returns one by key; ticket.NotFound where there is none.
	Channel(ctx context.Context, key string) (Channel, error)
	// AddChannel stores a new one; a key that is or was taken is a ticket.Conflict, an unknown desk ticket.Invalid.
	AddChannel(ctx context.Context, c Channel, secret ticket.Secret) (Channel, error)
	// ChangeChannel writes all but the key and the kind.
	ChangeChannel(ctx context.Context, c Channel) (Channel, error)
	DropChannel(ctx context.Context, key string) error
	// RotateChannel gives a new secret; the one before stays live until then.
	RotateChannel(ctx context.Context, key string, secret ticket.Secret, oldUntil time.Time) (Channel, error)
	// ChannelDeliveries pages through what a channel was told, the newest first; "" is the cursor of the first page, and
	// follows the last one. ticket.NotFound where there is no such channel.
	ChannelDeliveries(ctx context.Context, key, cursor string, limit int) ([]ChannelDelivery, string, error)
	// ChannelSecrets returns one that is switched on with the secrets that live; ticket.NotFound where there is none.
	ChannelSecrets(ctx context.Context, key string) (Channel, []ticket.Secret, error)
	// TakeIn stores what a channel brings. The same id again gives the first answer, with another fingerprint it is a
	// ticket.Conflict.
	TakeIn(ctx context.Context, in ticket.Inbound) (ticket.TakenIn, error)
}
