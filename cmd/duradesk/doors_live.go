package main

import (
	"context"
	"time"

	"duradesk/api"
	"duradesk/postgres"
	"duradesk/ticket"
)

// feed joins the API's port for what happens to the record.
type feed struct{ s *postgres.Store }

func (f feed) FeedEnd(ctx context.Context) (int64, error) {
	end, err := f.s.FeedEnd(ctx)
	return end, away(err)
}

func (f feed) Hints(ctx context.Context, after int64, limit int) ([]api.Hint, error) {
	list, err := f.s.Hints(ctx, after, limit)
	return convert(list, func(h postgres.Hint) api.Hint { return api.Hint(h) }), away(err)
}

func (f feed) Follow(ctx context.Context, fn func(api.Stir)) {
	f.s.Follow(ctx, func(s postgres.Stir) { fn(api.Stir(s)) })
}

func (f feed) Attend(ctx context.Context, n ticket.Number, agent, tab, doing string, lasts time.Duration) error {
	return away(f.s.Attend(ctx, n, agent, tab, doing, lasts))
}

func (f feed) Present(ctx context.Context, numbers []ticket.Number) ([]api.Presence, error) {
	list, err := f.s.Present(ctx, numbers)
	return convert(list, func(p postgres.Presence) api.Presence { return api.Presence(p) }), away(err)
}
