package main

import (
	"context"

	"duradesk/api"
	"duradesk/postgres"
)

func (r reader) Count(ctx context.Context, q api.Query) (int, bool, error) {
	n, capped, err := r.s.Count(ctx, postgres.Query(q))
	return n, capped, away(err)
}

// savedViews joins the API's port for kept lists to the record.
type savedViews struct{ s *postgres.Store }

func (v savedViews) SavedViews(ctx context.Context, agent string) ([]api.SavedView, error) {
	list, err := v.s.SavedViews(ctx, agent)
	return convert(list, func(v postgres.SavedView) api.SavedView { return api.SavedView(v) }), away(err)
}

func (v savedViews) SavedView(ctx context.Context, agent, key string) (api.SavedView, error) {
	one, err := v.s.SavedView(ctx, agent, key)
	return api.SavedView(one), away(err)
}

func (v savedViews) AddSavedView(ctx context.Context, add api.SavedView) (api.SavedView, error) {
	one, err := v.s.AddSavedView(ctx, postgres.SavedView(add))
	return api.SavedView(one), away(err)
}

func (v savedViews) ChangeSavedView(ctx context.Context, change api.SavedView) (api.SavedView, error) {
	one, err := v.s.ChangeSavedView(ctx, postgres.SavedView(change))
	return api.SavedView(one), away(err)
}

func (v savedViews) DropSavedView(ctx context.Context, key string) error {
	return away(v.s.DropSavedView(ctx, key))
}

// clients joins the API's port for client files to the record.
type clients struct{ s *postgres.Store }

func (c clients) Clients(ctx context.Context, q string, desks []string, after string, limit int) ([]api.ClientFile, string, error) {
	list, next, err := c.s.Clients(ctx, q, desks, after, limit)
	return convert(list, clientFile), next, away(err)
}

func (c clients) ClientFile(ctx context.Context, id string, desks []string) (api.ClientFile, error) {
	f, err := c.s.ClientFile(ctx, id, desks)
	return clientFile(f), away(err)
}

func clientFile(f postgres.ClientFile) api.ClientFile {
	return api.ClientFile{
		Client: f.Client, Organisation: f.Organisation, Language: f.Language, Notes: f.Notes, MergedInto: f.MergedInto, Tickets: f.Tickets, CreatedAt: f.CreatedAt,
		Identities: convert(f.Identities, func(i postgres.Identity) api.ClientIdentity { return api.ClientIdentity(i) }),
	}
}

func (c clients) ChangeClient(ctx context.Context, id string, change api.ClientChange) error {
	out := postgres.ClientChange{Name: change.Name, Email: change.Email, Phone: change.Phone, Number: change.Number, Language: change.Language, Notes: change.Notes}
	if change.Identities != nil {
		known := convert(*change.Identities, func(i api.ClientIdentity) postgres.Identity { return postgres.Identity(i) })
		out.Identities = &known
	}
	return away(c.s.ChangeClient(ctx, id, out))
}

func (c clients) MergeClients(ctx context.Context, from, into string) error {
	return away(c.s.MergeClients(ctx, from, into))
}
