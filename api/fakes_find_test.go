package api

import (
	"context"
	"maps"
	"slices"
	"sync"

	"duradesk/find"
	"duradesk/ticket"
)

// fakeViews keeps lists in memory.
type fakeViews struct {
	mu  sync.Mutex
	all map[string]SavedView
}

func (f *fakeViews) SavedViews(_ context.Context, agent string) ([]SavedView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []SavedView
	for _, key := range slices.Sorted(maps.Keys(f.all)) {
		if v := f.all[key]; v.Owner == agent || v.Shared {
			out = append(out, v)
		}
	}
	return out, nil
}

func (f *fakeViews) SavedView(_ context.Context, agent, key string) (SavedView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.all[key]
	if !ok || v.Owner != agent && !v.Shared {
		return v, none("view")
	}
	return v, nil
}

func (f *fakeViews) AddSavedView(ctx context.Context, v SavedView) (SavedView, error) {
	f.mu.Lock()
	_, taken := f.all[v.Key]
	f.mu.Unlock()
	if taken {
		return v, &ticket.Error{Code: ticket.Conflict, Message: "there is a view of that key already"}
	}
	return f.ChangeSavedView(ctx, v)
}

func (f *fakeViews) ChangeSavedView(_ context.Context, v SavedView) (SavedView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[string]SavedView{}
	}
	f.all[v.Key] = v
	return v, nil
}

func (f *fakeViews) DropSavedView(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, key)
	return nil
}

// Clients of the fake are those that can come in (fakeIdentity).
func (f *fakeIdentity) Clients(_ context.Context, _ string, _ []string, after string, limit int) ([]ClientFile, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []ClientFile
	for _, id := range slices.Sorted(maps.Keys(f.clients)) {
		if id > after && len(out) < limit {
			out = append(out, ClientFile{Client: f.clients[id], CreatedAt: f.now})
		}
	}
	next := ""
	if len(out) > 0 && len(out) == limit {
		next = out[limit-1].ID
	}
	return out, next, f.away
}

func (f *fakeIdentity) ClientFile(ctx context.Context, id string, _ []string) (ClientFile, error) {
	c, err := f.Client(ctx, id)
	return ClientFile{Client: c, Organisation: f.together[id], CreatedAt: f.now, Identities: []ClientIdentity{{"mail", "x@client.example"}}}, err
}

func (f *fakeIdentity) ChangeClient(ctx context.Context, id string, change ClientChange) error {
	c, err := f.Client(ctx, id)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if change.Name != nil {
		c.Name = *change.Name
	}
	f.clients[id] = c
	return nil
}

func (f *fakeIdentity) MergeClients(context.Context, string, string) error { return f.away }

func (f *fake) Count(ctx context.Context, q Query) (int, bool, error) {
	if until, bounded := ctx.Deadline(); f.wide != "" && q.Where.String() == f.wide && bounded {
		f.wideUntil = until
		return 0, false, ErrTooLong
	}
	q.Limit = 200
	page, err := f.List(ctx, q)
	return page.Total, false, err
}

// matches knows what the tests look for: states and owners.
func matches(rec ticket.Record, e find.Expr, viewer string) bool {
	switch e := e.(type) {
	case find.And:
		return !slices.ContainsFunc(e, func(p find.Expr) bool { return !matches(rec, p, viewer) })
	case find.Is:
		switch e.Field { //nolint:exhaustive // see above
		case find.State:
			return slices.Contains(e.Values, rec.Process.State.String())
		case find.Owner:
			return slices.Contains(e.Values, rec.Process.Owner) || slices.Contains(e.Values, find.Me) && rec.Process.Owner == viewer
		}
	}
	return true
}
