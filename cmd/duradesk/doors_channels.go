package main

import (
	"context"
	"time"

	"duradesk/api"
	"duradesk/postgres"
	"duradesk/ticket"
)

// channels joins the API's port for channels to the record.
type channels struct {
	s *postgres.Store
	q *postgres.Queue
}

func (c channels) Channels(ctx context.Context) ([]api.Channel, error) {
	list, err := c.s.Channels(ctx)
	return convert(list, func(h postgres.Channel) api.Channel { return api.Channel(h) }), away(err)
}

func (c channels) Channel(ctx context.Context, key string) (api.Channel, error) {
	h, err := c.s.Channel(ctx, key)
	return api.Channel(h), away(err)
}

func (c channels) AddChannel(ctx context.Context, h api.Channel, secret ticket.Secret) (api.Channel, error) {
	added, err := c.s.AddChannel(ctx, postgres.Channel(h), secret)
	return api.Channel(added), away(err)
}

func (c channels) ChangeChannel(ctx context.Context, h api.Channel) (api.Channel, error) {
	changed, err := c.s.ChangeChannel(ctx, postgres.Channel(h))
	return api.Channel(changed), away(err)
}

func (c channels) DropChannel(ctx context.Context, key string) error {
	return away(c.s.DropChannel(ctx, key))
}

func (c channels) RotateChannel(ctx context.Context, key string, secret ticket.Secret, oldUntil time.Time) (api.Channel, error) {
	h, err := c.s.RotateChannel(ctx, key, secret, oldUntil)
	return api.Channel(h), away(err)
}

func (c channels) ChannelDeliveries(ctx context.Context, key, cursor string, limit int) ([]api.ChannelDelivery, string, error) {
	list, next, err := c.s.ChannelDeliveries(ctx, key, cursor, limit)
	return convert(list, func(d postgres.ChannelDelivery) api.ChannelDelivery { return api.ChannelDelivery(d) }), next, away(err)
}

func (c channels) ChannelSecrets(ctx context.Context, key string) (api.Channel, []ticket.Secret, error) {
	h, secrets, err := c.s.ChannelSecrets(ctx, key)
	return api.Channel(h), secrets, away(err)
}

func (c channels) TakeIn(ctx context.Context, in ticket.Inbound) (ticket.TakenIn, error) {
	taken, err := c.q.TakeIn(ctx, in)
	return taken, away(err)
}
