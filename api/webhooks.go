package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
	"duradesk/webhook"
)

// oldSecretLasts is how long the secret before the last stays live unless the request says otherwise.
const oldSecretLasts = 24 * time.Hour

// ListWebhooks lists all, without their secrets.
func (s *server) ListWebhooks(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	found, err := s.Tells.Webhooks(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.WebhookList{Items: make([]openapi.Webhook, len(found)), Total: len(found)}
	for i, w := range found {
		out.Items[i] = hook(w)
	}
	answer(c, http.StatusOK, out)
}

func hook(w Webhook) openapi.Webhook {
	return openapi.Webhook{
		Id: w.ID, Url: w.URL, Events: orNone(w.Events), Desk: some(w.Desk), Enabled: w.Enabled, OffReason: some(openapi.WebhookOffReason(w.OffReason)), Failures: w.Failures,
		FailingSince: instant(w.FailingSince), OldSecretUntil: instant(w.OldUntil), Pending: w.Pending, CreatedBy: w.CreatedBy, CreatedAt: w.CreatedAt.UTC(),
	}
}

func newHook(w Webhook, secret string) openapi.NewWebhook {
	h := hook(w)
	return openapi.NewWebhook{
		Id: h.Id, Url: h.Url, Events: h.Events, Desk: h.Desk, Enabled: h.Enabled, OffReason: (*openapi.NewWebhookOffReason)(h.OffReason), Failures: h.Failures,
		FailingSince: h.FailingSince, OldSecretUntil: h.OldSecretUntil, Pending: h.Pending, CreatedBy: h.CreatedBy, CreatedAt: h.CreatedAt, Secret: secret,
	}
}

// CreateWebhook makes one and tells its secret once.
func (s *server) CreateWebhook(c *gin.Context) {
	w := Webhook{Enabled: true, CreatedBy: askerOf(c).Key}
	if !s.readWebhook(c, &w, true) {
		return
	}
	ctx, done := budget(c)
	defer done()
	secret := webhook.NewSecret()
	w, err := s.Tells.AddWebhook(ctx, w, ticket.Secret(secret))
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusCreated, newHook(w, secret))
}

// readWebhook reads what the body says over what there is; false where it was answered already.
func (s *server) readWebhook(c *gin.Context, w *Webhook, fresh bool) bool {
	return s.asked(c, func(o *object) {
		if address := o.text("url", rule{needed: fresh, min: 1, max: 2000, line: true}); address != "" {
			if err := webhook.CheckURL(address, s.WebhookHosts); err != nil {
				o.blame("url", "hook_address", map[string]string{"why": err.Error()})
			}
			w.URL = address
		}
		if o.fields["events"] != nil {
			w.Events = o.texts("events", 100, rule{min: 1, max: 100})
			for i, e := range w.Events {
				if !slices.Contains(eventTypes(), e) {
					o.blame("events", "event_type", map[string]string{"type": e, "index": itoa(i)})
				}
			}
		}
		if _, said := o.fields["desk"]; said {
			w.Desk = o.text("desk", keyRule)
		}
		o.flag("enabled", &w.Enabled)
		o.asked = append(o.asked, "events", "desk")
	})
}

// GetWebhook shows one.
func (s *server) GetWebhook(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	w, err := s.Tells.Webhook(ctx, id)
	s.sayWebhook(c, w, err)
}

// ChangeWebhook changes one; what is left out stays.
func (s *server) ChangeWebhook(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	w, err := s.Tells.Webhook(ctx, id)
	if err != nil {
		s.told(c, err)
		return
	}
	if !s.readWebhook(c, &w, false) {
		return
	}
	w, err = s.Tells.ChangeWebhook(ctx, w)
	s.sayWebhook(c, w, err)
}

func (s *server) sayWebhook(c *gin.Context, w Webhook, err error) {
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, hook(w))
}

// DeleteWebhook takes one away.
func (s *server) DeleteWebhook(c *gin.Context, id string) {
	s.remove(c, func(ctx context.Context) error { return s.Tells.DropWebhook(ctx, id) })
}

// RotateWebhook gives a new secret, told once; the old one stays live for a while.
func (s *server) RotateWebhook(c *gin.Context, id string) {
	lasts, ok := s.oldLasts(c)
	if !ok {
		return
	}
	ctx, done := budget(c)
	defer done()
	secret := webhook.NewSecret()
	w, err := s.Tells.RotateWebhook(ctx, id, ticket.Secret(secret), s.Now().Add(lasts))
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, newHook(w, secret))
}

// PingWebhook tries one.
func (s *server) PingWebhook(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	d, err := s.Tells.PingWebhook(ctx, id)
	s.sayDelivery(c, d, err)
}

// RedeliverHook has something told again.
func (s *server) RedeliverHook(c *gin.Context, id, delivery string) {
	n, err := strconv.ParseInt(delivery, 10, 64)
	if err != nil {
		s.fail(c, problem{kind: notFound})
		return
	}
	ctx, done := budget(c)
	defer done()
	d, err := s.Tells.Redeliver(ctx, id, n)
	s.sayDelivery(c, d, err)
}

func (s *server) sayDelivery(c *gin.Context, d HookDelivery, err error) {
	if err != nil {
		if ticket.CodeOf(err) == ticket.Conflict {
			s.fail(c, problem{kind: conflict, detail: "webhook_is_off"})
			return
		}
		s.told(c, err)
		return
	}
	answer(c, http.StatusAccepted, hookDelivery(d))
}

// ListHookDeliveries lists what a webhook was told and how, the newest first.
func (s *server) ListHookDeliveries(c *gin.Context, id string, q openapi.ListHookDeliveriesParams) {
	before, limit, ok := s.paged(c, q.Cursor, q.Limit)
	if !ok {
		return
	}
	ctx, done := budget(c)
	defer done()
	found, err := s.Tells.HookDeliveries(ctx, id, string(value(q.State)), before, limit+1)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.HookDeliveryList{}
	found, out.NextCursor = onePage(found, limit, func(d HookDelivery) int64 { return d.ID })
	out.Items = make([]openapi.HookDelivery, len(found))
	for i, d := range found {
		out.Items[i] = hookDelivery(d)
	}
	answer(c, http.StatusOK, out)
}

func hookDelivery(d HookDelivery) openapi.HookDelivery {
	out := openapi.HookDelivery{
		Id: strconv.FormatInt(d.ID, 10), Event: d.Event, Type: d.Type, WebhookId: d.MessageID, State: openapi.HookDeliveryState(d.State), NextAt: instant(d.NextAt), CreatedAt: d.CreatedAt.UTC(),
		DoneAt: instant(d.DoneAt), Attempts: make([]openapi.HookAttempt, len(d.Attempts)),
	}
	if d.Ticket != 0 {
		out.Ticket = ptr(int64(d.Ticket))
	}
	for i, a := range d.Attempts {
		out.Attempts[i] = openapi.HookAttempt{At: a.At.UTC(), TookMs: int(a.Took.Milliseconds()), Status: a.Status, Error: some(a.Error)}
	}
	return out
}
