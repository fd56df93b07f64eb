package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"duradesk/ticket"
)

// exampleSecret signs the document's example of what a channel brings.
const exampleSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// fakeChannels is the channels of a desk in memory; what they bring is kept.
type fakeChannels struct {
	mu      sync.Mutex
	now     time.Time
	list    []Channel
	secrets map[string][]ticket.Secret
	brought []ticket.Inbound
	audit   []ticket.AuditEntry
	told    []ChannelDelivery // to every channel, the newest first
}

func newChannels(now time.Time) *fakeChannels {
	return &fakeChannels{
		now: now, list: []Channel{{ID: "c-0", Key: "line", Name: "LINE", Desk: "support", Kind: "chat", URL: "https://bridge.example/answers", Enabled: true, CreatedBy: "admin", CreatedAt: now}},
		secrets: map[string][]ticket.Secret{"line": {exampleSecret}},
	}
}

func (f *fakeChannels) find(key string) (int, error) {
	i := slices.IndexFunc(f.list, func(c Channel) bool { return c.Key == key })
	if i < 0 {
		return 0, none("channel")
	}
	return i, nil
}

func (f *fakeChannels) Channels(context.Context) ([]Channel, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list), nil
}

func (f *fakeChannels) Channel(_ context.Context, key string) (Channel, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.find(key)
	if err != nil {
		return Channel{}, err
	}
	return f.list[i], nil
}

func (f *fakeChannels) AddChannel(ctx context.Context, c Channel, secret ticket.Secret) (Channel, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	if _, err := f.find(c.Key); err == nil {
		return c, &ticket.Error{Code: ticket.Conflict, Message: "taken"}
	}
	c.ID, c.CreatedAt = "c-"+itoa(len(f.list)), f.now
	f.list = append(f.list, c)
	f.secrets[c.Key] = []ticket.Secret{secret}
	return c, nil
}

func (f *fakeChannels) ChangeChannel(ctx context.Context, c Channel) (Channel, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	i, err := f.find(c.Key)
	if err == nil {
		f.list[i] = c
	}
	return c, err
}

func (f *fakeChannels) DropChannel(ctx context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	i, err := f.find(key)
	if err == nil {
		f.list = slices.Delete(f.list, i, i+1)
	}
	return err
}

func (f *fakeChannels) RotateChannel(ctx context.Context, key string, secret ticket.Secret, oldUntil time.Time) (Channel, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	noted(ctx, &f.audit)
	i, err := f.find(key)
	if err != nil {
		return Channel{}, err
	}
	f.list[i].OldUntil = &oldUntil
	f.secrets[key] = append([]ticket.Secret{secret}, f.secrets[key][0])
	return f.list[i], nil
}

func (f *fakeChannels) ChannelDeliveries(_ context.Context, key, cursor string, limit int) ([]ChannelDelivery, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.find(key); err != nil {
		return nil, "", err
	}
	from, next := 0, ""
	if cursor != "" {
		if from = slices.IndexFunc(f.told, func(d ChannelDelivery) bool { return d.ID == cursor }) + 1; from == 0 {
			return nil, "", &ticket.Error{Code: ticket.Invalid, Field: "cursor", Message: "none of this list's"}
		}
	}
	page := f.told[from:]
	if len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, nil
}

func (f *fakeChannels) ChannelSecrets(_ context.Context, key string) (Channel, []ticket.Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i, err := f.find(key)
	if err != nil || !f.list[i].Enabled {
		return Channel{}, nil, none("channel")
	}
	return f.list[i], f.secrets[key], nil
}

func (f *fakeChannels) TakeIn(_ context.Context, in ticket.Inbound) (ticket.TakenIn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.brought {
		if b.Channel == in.Channel && b.ID == in.ID && b.Fingerprint != in.Fingerprint {
			return ticket.TakenIn{}, &ticket.Error{Code: ticket.Conflict, Message: "another"}
		}
		if b.Channel == in.Channel && b.ID == in.ID {
			return ticket.TakenIn{Number: 1042, At: f.now, Repeated: true}, nil
		}
	}
	f.brought = append(f.brought, in)
	return ticket.TakenIn{Number: 1042, At: f.now, Kind: in.Order.Kind, Ring: ticket.Ring{ID: in.Order.ID, Seq: 1}}, nil
}
