package main

import (
	"context"
	"time"

	"duradesk/activities"
	"duradesk/api"
	"duradesk/postgres"
	"duradesk/ticket"
	"duradesk/webhook"
	hookpost "duradesk/webhook/post"
)

// poster joins the activities' port to the door of HTTP.
type poster struct{ c *hookpost.Client }

func newPoster(s settings) poster {
	return poster{hookpost.New(hookpost.Config{Allowed: webhook.Hosts(s.WebhookHosts)})}
}

func (p poster) Post(ctx context.Context, url, id string, secrets []ticket.Secret, body []byte) activities.Posted {
	a := p.c.Post(ctx, url, id, convert(secrets, ticket.Secret.Reveal), body)
	return activities.Posted{Status: a.Status, Error: a.Error, Unanswered: a.Unanswered, Wait: a.Wait, Took: a.Took}
}

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

// tells joins the API's port for the log and webhooks to the record.
type tells struct{ s *postgres.Store }

func (t tells) Log(ctx context.Context, q api.EventQuery) ([]ticket.Envelope, int64, error) {
	list, next, err := t.s.Log(ctx, postgres.EventQuery(q))
	return list, next, away(err)
}

func (t tells) Webhooks(ctx context.Context) ([]api.Webhook, error) {
	list, err := t.s.Webhooks(ctx)
	return convert(list, func(w postgres.Webhook) api.Webhook { return api.Webhook(w) }), away(err)
}

func (t tells) Webhook(ctx context.Context, id string) (api.Webhook, error) {
	w, err := t.s.Webhook(ctx, id)
	return api.Webhook(w), away(err)
}

func (t tells) AddWebhook(ctx context.Context, w api.Webhook, secret ticket.Secret) (api.Webhook, error) {
	added, err := t.s.AddWebhook(ctx, postgres.Webhook(w), secret)
	return api.Webhook(added), away(err)
}

func (t tells) ChangeWebhook(ctx context.Context, w api.Webhook) (api.Webhook, error) {
	changed, err := t.s.ChangeWebhook(ctx, postgres.Webhook(w))
	return api.Webhook(changed), away(err)
}

func (t tells) DropWebhook(ctx context.Context, id string) error {
	return away(t.s.DropWebhook(ctx, id))
}

func (t tells) RotateWebhook(ctx context.Context, id string, secret ticket.Secret, oldUntil time.Time) (api.Webhook, error) {
	w, err := t.s.RotateWebhook(ctx, id, secret, oldUntil)
	return api.Webhook(w), away(err)
}

func (t tells) PingWebhook(ctx context.Context, id string) (api.HookDelivery, error) {
	d, err := t.s.PingWebhook(ctx, id)
	return hookDelivery(d), away(err)
}

func (t tells) HookDeliveries(ctx context.Context, webhook, state string, before int64, limit int) ([]api.HookDelivery, error) {
	list, err := t.s.HookDeliveries(ctx, webhook, state, before, limit)
	return convert(list, hookDelivery), away(err)
}

func (t tells) Redeliver(ctx context.Context, webhook string, delivery int64) (api.HookDelivery, error) {
	d, err := t.s.Redeliver(ctx, webhook, delivery)
	return hookDelivery(d), away(err)
}

func hookDelivery(d postgres.HookDelivery) api.HookDelivery {
	return api.HookDelivery{
		ID: d.ID, Event: d.Event, Ticket: d.Ticket, Type: d.Type, MessageID: d.MessageID, State: d.State, NextAt: d.NextAt, CreatedAt: d.CreatedAt, DoneAt: d.DoneAt,
		Attempts: convert(d.Attempts, func(a postgres.HookAttempt) api.HookAttempt { return api.HookAttempt(a) }),
	}
}

// bulk joins the API's port for bulk jobs to the record.
type bulk struct{ q *postgres.Queue }

func (b bulk) AddBulk(ctx context.Context, job api.BulkJob, numbers []ticket.Number) (api.BulkJob, error) {
	added, err := b.q.AddBulk(ctx, postgres.Bulk(job), numbers)
	return api.BulkJob(added), away(err)
}

func (b bulk) BulkJob(ctx context.Context, id string) (api.BulkJob, error) {
	job, err := b.q.BulkJob(ctx, id)
	return api.BulkJob(job), away(err)
}

func (b bulk) BulkItems(ctx context.Context, job, outcome string, after, limit int) ([]api.BulkItem, error) {
	list, err := b.q.BulkItems(ctx, job, outcome, after, limit)
	return convert(list, func(i postgres.BulkItem) api.BulkItem { return api.BulkItem(i) }), away(err)
}

func (b bulk) SetBulk(ctx context.Context, job, state string) (api.BulkJob, error) {
	set, err := b.q.SetBulk(ctx, job, state)
	return api.BulkJob(set), away(err)
}

func (b bulk) UndoBulk(ctx context.Context, agent, request, job string) (api.BulkJob, error) {
	undo, err := b.q.UndoBulk(ctx, agent, request, job)
	return api.BulkJob(undo), away(err)
}
