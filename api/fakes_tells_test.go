package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"duradesk/ticket"
)

// exampleHook is the webhook that every fake desk has: that of the document's examples.
const exampleHook = "01a20ef8-14dd-71dc-9cb8-f9020d5119b4"

// fakeTells is a log and webhooks in memory.
type fakeTells struct {
	mu      sync.Mutex
	log     []ticket.Envelope
	hooks   []Webhook
	secrets map[string][]string
	told    []HookDelivery
	away    error
}

func newTells(now time.Time) *fakeTells {
	f := &fakeTells{secrets: map[string][]string{}, hooks: []Webhook{{ID: exampleHook, URL: "https://hooks.example/x", Enabled: true, CreatedBy: "admin", CreatedAt: now}}}
	for i, desk := range []string{"support", "other", "support"} {
		f.log = append(f.log, ticket.Envelope{
			ID: int64(i + 1), Type: "ticket.resolved", At: now, Ticket: &ticket.EnvelopeState{Number: 1042, Desk: desk, State: "resolved", Priority: "normal", Tier: 1, Revision: 3},
			Data: &ticket.EnvelopeData{Kind: "event", By: ticket.EnvelopeBy{Kind: "agent", ID: "sato", Name: "Sato"}, From: "open", To: "resolved", Cause: &ticket.Cause{Rule: "open/resolve"}},
		})
	}
	for i := range int64(40) {
		f.told = append(f.told, HookDelivery{ID: 40 - i, Event: 3, Ticket: 1042, Type: "ticket.resolved", MessageID: "evt_3", State: "delivered", CreatedAt: now, DoneAt: &now, Attempts: []HookAttempt{{At: now, Took: time.Millisecond, Status: 200}}})
	}
	return f
}

func (f *fakeTells) Log(_ context.Context, q EventQuery) ([]ticket.Envelope, int64, error) {
	var out []ticket.Envelope
	for _, e := range f.log {
		if e.ID > q.After && (q.Desks == nil || slices.Contains(q.Desks, e.Ticket.Desk)) && (q.Types == nil || slices.Contains(q.Types, e.Type)) && len(out) < q.Limit {
			out = append(out, e)
		}
	}
	if len(out) == q.Limit {
		return out, out[len(out)-1].ID, f.away
	}
	return out, max(q.After, int64(len(f.log))), f.away
}

func (f *fakeTells) Webhooks(context.Context) ([]Webhook, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.hooks), f.away
}

func (f *fakeTells) find(id string) (int, error) {
	i := slices.IndexFunc(f.hooks, func(w Webhook) bool { return w.ID == id })
	if i < 0 {
		return 0, none("webhook")
	}
	return i, f.away
}

func (f *fakeTells) Webhook(_ context.Context, id string) (Webhook, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.find(id)
	if err != nil {
		return Webhook{}, err
	}
	return f.hooks[i], nil
}

func (f *fakeTells) AddWebhook(_ context.Context, w Webhook, secret ticket.Secret) (Webhook, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.ID = "w-" + itoa(len(f.hooks))
	f.hooks = append(f.hooks, w)
	f.secrets[w.ID] = []string{secret.Reveal()}
	return w, f.away
}

func (f *fakeTells) ChangeWebhook(_ context.Context, w Webhook) (Webhook, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.find(w.ID)
	if err == nil {
		f.hooks[i] = w
	}
	return w, err
}

func (f *fakeTells) DropWebhook(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.find(id)
	if err == nil {
		f.hooks = slices.Delete(f.hooks, i, i+1)
	}
	return err
}

func (f *fakeTells) RotateWebhook(ctx context.Context, id string, secret ticket.Secret, oldUntil time.Time) (Webhook, error) {
	w, err := f.Webhook(ctx, id)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secrets[id] = append(f.secrets[id], secret.Reveal())
	w.OldUntil = &oldUntil
	return w, err
}

func (f *fakeTells) PingWebhook(ctx context.Context, id string) (HookDelivery, error) {
	w, err := f.Webhook(ctx, id)
	if err == nil && !w.Enabled {
		err = &ticket.Error{Code: ticket.Conflict, Message: "off"}
	}
	return HookDelivery{ID: 50, Type: ticket.TypePing, MessageID: "ping_1", State: "pending", CreatedAt: w.CreatedAt, NextAt: &w.CreatedAt}, err
}

func (f *fakeTells) HookDeliveries(ctx context.Context, webhook, state string, before int64, limit int) ([]HookDelivery, error) {
	_, err := f.Webhook(ctx, webhook)
	var out []HookDelivery
	for _, d := range f.told {
		if (before == 0 || d.ID < before) && (state == "" || d.State == state) && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, err
}

func (f *fakeTells) Redeliver(ctx context.Context, webhook string, delivery int64) (HookDelivery, error) {
	w, err := f.Webhook(ctx, webhook)
	if err != nil {
		return HookDelivery{}, err
	}
	if !w.Enabled {
		return HookDelivery{}, &ticket.Error{Code: ticket.Conflict, Message: "off"}
	}
	for _, d := range f.told {
		if d.ID == delivery {
			d.State, d.NextAt, d.DoneAt = "pending", &d.CreatedAt, nil
			return d, nil
		}
	}
	return HookDelivery{}, none("delivery")
}
