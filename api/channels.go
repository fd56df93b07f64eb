package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
	"duradesk/webhook"
)

var (
	channelKinds = []string{ticket.ChannelExternal.String(), ticket.ChannelChat.String()}
	provables    = []string{provesEmail, provesPhone}
)

// What a channel may prove about people.
const (
	provesEmail = "email"
	provesPhone = "phone"
)

// ListChannels lists all, without their secrets.
func (s *server) ListChannels(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	found, err := s.Channels.Channels(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.ExternalChannelList{Items: make([]openapi.ExternalChannel, len(found)), Total: len(found)}
	for i, one := range found {
		out.Items[i] = channelOf(one)
	}
	answer(c, http.StatusOK, out)
}

func channelOf(o Channel) openapi.ExternalChannel {
	verified := make([]openapi.ExternalChannelVerified, len(o.Verified))
	for i, v := range o.Verified {
		verified[i] = openapi.ExternalChannelVerified(v)
	}
	return openapi.ExternalChannel{
		Key: o.Key, Name: o.Name, Desk: o.Desk, Kind: openapi.ExternalChannelKind(o.Kind), Url: some(o.URL), Verified: verified, Enabled: o.Enabled,
		OldSecretUntil: instant(o.OldUntil), Pending: o.Pending, CreatedBy: o.CreatedBy, CreatedAt: o.CreatedAt.UTC(),
	}
}

func newChannel(o Channel, secret string) openapi.NewExternalChannel {
	h := channelOf(o)
	verified := make([]openapi.NewExternalChannelVerified, len(h.Verified))
	for i, v := range h.Verified {
		verified[i] = openapi.NewExternalChannelVerified(v)
	}
	return openapi.NewExternalChannel{
		Key: h.Key, Name: h.Name, Desk: h.Desk, Kind: openapi.NewExternalChannelKind(h.Kind), Url: h.Url, Verified: verified, Enabled: h.Enabled,
		OldSecretUntil: h.OldSecretUntil, Pending: h.Pending, CreatedBy: h.CreatedBy, CreatedAt: h.CreatedAt, Secret: secret,
	}
}

// CreateChannel makes one and tells its secret once.
func (s *server) CreateChannel(c *gin.Context) {
	o := Channel{Enabled: true, CreatedBy: askerOf(c).Key}
	if !s.readChannel(c, &o, true) {
		return
	}
	ctx, done := budget(c)
	defer done()
	secret := webhook.NewSecret()
	detail(ctx, "channel "+o.Key, nil)
	o, err := s.Channels.AddChannel(ctx, o, ticket.Secret(secret))
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusCreated, newChannel(o, secret))
}

// readChannel reads what the body says over what there is; false where it was answered already.
func (s *server) readChannel(c *gin.Context, to *Channel, fresh bool) bool {
	return s.asked(c, func(o *object) {
		if fresh {
			to.Key = o.text("key", keyRule.must())
			if to.Kind = o.word("kind", false, channelKinds); to.Kind == "" {
				to.Kind = channelKinds[0]
			}
			to.Desk = o.text("desk", keyRule.must())
		} else if desk := o.text("desk", keyRule); desk != "" {
			to.Desk = desk
		}
		if name := o.text("name", rule{min: 1, max: 100, line: true}); name != "" {
			to.Name = name
		}
		if _, said := o.fields["url"]; said {
			to.URL = o.text("url", rule{min: 1, max: 2000, line: true})
			if err := webhook.CheckURL(to.URL, s.WebhookHosts); to.URL != "" && err != nil {
				o.blame("url", "hook_address", map[string]string{"why": err.Error()})
			}
		}
		if o.fields["verified"] != nil {
			to.Verified = slices.Compact(sorted(o.texts("verified", len(provables), rule{min: 1, max: 10})))
			if slices.ContainsFunc(to.Verified, func(v string) bool { return !slices.Contains(provables, v) }) {
				o.blame("verified", "enum", map[string]string{"allowed": "email, phone"})
			}
		}
		o.flag("enabled", &to.Enabled)
		o.asked = append(o.asked, "url", "verified")
	})
}

// GetChannel shows one.
func (s *server) GetChannel(c *gin.Context, key string) {
	ctx, done := budget(c)
	defer done()
	o, err := s.Channels.Channel(ctx, key)
	s.sayChannel(c, o, err)
}

// ChangeChannel changes one; what is left out stays.
func (s *server) ChangeChannel(c *gin.Context, key string) {
	ctx, done := budget(c)
	defer done()
	o, err := s.Channels.Channel(ctx, key)
	if err != nil {
		s.told(c, err)
		return
	}
	if !s.readChannel(c, &o, false) {
		return
	}
	o, err = s.Channels.ChangeChannel(ctx, o)
	s.sayChannel(c, o, err)
}

func (s *server) sayChannel(c *gin.Context, o Channel, err error) {
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, channelOf(o))
}

// DeleteChannel takes one away.
func (s *server) DeleteChannel(c *gin.Context, key string) {
	s.remove(c, func(ctx context.Context) error { return s.Channels.DropChannel(ctx, key) })
}

// RotateChannel gives a new secret, told once; the old one stays live for a while.
func (s *server) RotateChannel(c *gin.Context, key string) {
	lasts, ok := s.oldLasts(c)
	if !ok {
		return
	}
	ctx, done := budget(c)
	defer done()
	secret := webhook.NewSecret()
	o, err := s.Channels.RotateChannel(ctx, key, ticket.Secret(secret), s.Now().Add(lasts))
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, newChannel(o, secret))
}

// ListChannelDeliveries lists what a channel was told and how it went, the newest first.
func (s *server) ListChannelDeliveries(c *gin.Context, key string, q openapi.ListChannelDeliveriesParams) {
	ctx, done := budget(c)
	defer done()
	found, next, err := s.Channels.ChannelDeliveries(ctx, key, value(q.Cursor), asLong(q.Limit))
	if err != nil {
		s.toldQuery(c, err)
		return
	}
	out := openapi.ChannelDeliveryList{Items: make([]openapi.ChannelDelivery, len(found)), NextCursor: some(next)}
	for i, d := range found {
		out.Items[i] = openapi.ChannelDelivery{
			Id: d.ID, Ticket: int64(d.Ticket), Conversation: d.Conversation, Kind: d.Kind, State: openapi.ChannelDeliveryState(d.State), Attempts: d.Attempts,
			Reason: some(d.Reason), NextAt: instant(d.NextAt), CreatedAt: d.CreatedAt.UTC(), DoneAt: instant(d.DoneAt),
		}
	}
	answer(c, http.StatusOK, out)
}

// oldLasts reads for how long a secret stays live beside the new one; false where it was answered already.
func (s *server) oldLasts(c *gin.Context) (lasts time.Duration, ok bool) {
	lasts = oldSecretLasts
	ok = s.asked(c, func(o *object) {
		if minutes, said := o.whole("old_lasts_minutes", false, 0, 7*24*60); said {
			lasts = time.Duration(minutes) * time.Minute
		}
	})
	return lasts, ok
}
