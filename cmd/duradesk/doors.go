package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/client"

	"duradesk/api"
	"duradesk/dispatch"
	"duradesk/postgres"
	"duradesk/ticket"
)

// away tells the API's door when the record cannot be reached, or takes too long for a list.
func away(err error) error {
	switch {
	case postgres.Away(err):
		return fmt.Errorf("%w: %w", api.ErrStoreAway, err)
	case errors.Is(err, postgres.ErrTooLong):
		return fmt.Errorf("%w: %w", api.ErrTooLong, err)
	}
	return err
}

// reader joins the API's reading port to the record.
type reader struct{ s *postgres.Store }

func (r reader) Ticket(ctx context.Context, n ticket.Number) (ticket.Record, error) {
	t, err := r.s.Ticket(ctx, n)
	return t, away(err)
}

func (r reader) TicketAt(ctx context.Context, n ticket.Number, at time.Time) (ticket.Record, error) {
	t, err := r.s.TicketAt(ctx, n, at)
	return t, away(err)
}

func (r reader) History(ctx context.Context, n ticket.Number) ([]api.Past, error) {
	past, err := r.s.History(ctx, n)
	return convert(past, func(p postgres.Past) api.Past { return api.Past(p) }), away(err)
}

func (r reader) List(ctx context.Context, q api.Query) (api.Page, error) {
	p, err := r.s.List(ctx, postgres.Query(q))
	return api.Page(p), away(err)
}

func (r reader) Timeline(ctx context.Context, n ticket.Number, after int64, limit int, notes bool) ([]ticket.Item, int64, error) {
	items, next, err := r.s.Timeline(ctx, n, after, limit, notes)
	return items, next, away(err)
}

func (r reader) TimelineBefore(ctx context.Context, n ticket.Number, before int64, limit int, notes bool) ([]ticket.Item, int64, error) {
	items, next, err := r.s.TimelineBefore(ctx, n, before, limit, notes)
	return items, next, away(err)
}

func (r reader) Views(ctx context.Context, agent string) ([]api.ViewCount, error) {
	v, err := r.s.Views(ctx, agent)
	return convert(v, func(c postgres.ViewCount) api.ViewCount { return api.ViewCount(c) }), away(err)
}

func (r reader) MessageTicket(ctx context.Context, id string) (ticket.Number, error) {
	n, err := r.s.MessageTicket(ctx, id)
	return n, away(err)
}

func (r reader) FileTicket(ctx context.Context, id string) (ticket.Number, bool, error) {
	n, note, err := r.s.FileTicket(ctx, id)
	return n, note, away(err)
}

func (r reader) Raw(ctx context.Context, id string) ([]byte, error) {
	raw, err := r.s.Raw(ctx, id)
	return raw, away(err)
}

func (r reader) File(ctx context.Context, id string) (ticket.Attachment, io.ReadSeekCloser, error) {
	a, content, err := r.s.File(ctx, id)
	return a, content, away(err)
}

func convert[A, B any](list []A, to func(A) B) []B {
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = to(a)
	}
	return out
}

// commands joins the API's queue port to the record.
type commands struct{ q *postgres.Queue }

func (c commands) Store(ctx context.Context, o ticket.Order) (ticket.Receipt, bool, error) {
	r, repeated, err := c.q.Store(ctx, o)
	return r, repeated, away(err)
}

func (c commands) Receipt(ctx context.Context, by ticket.Actor, id string) (ticket.Receipt, error) {
	r, err := c.q.Receipt(ctx, by, id)
	return r, away(err)
}

func (c commands) Await(ctx context.Context, r ticket.Receipt) (ticket.Receipt, error) {
	now, err := c.q.Await(ctx, r)
	return now, away(err)
}

func (c commands) Unseen(ctx context.Context, r ticket.Receipt, seen int64) ([]ticket.Item, string, error) {
	items, draft, err := c.q.Unseen(ctx, r, seen)
	return items, draft, away(err)
}

// people joins the API's staff port to the record.
type people struct{ s *postgres.Store }

func (p people) Agent(ctx context.Context, key string) (api.Person, error) {
	a, err := p.s.Agent(ctx, key)
	return api.Person(a), away(err)
}

func (p people) Agents(ctx context.Context) ([]api.Person, error) {
	list, err := p.s.Agents(ctx)
	return convert(list, func(a postgres.Person) api.Person { return api.Person(a) }), away(err)
}

func (p people) AddAgent(ctx context.Context, a api.Person, hash string) (api.Person, error) {
	added, err := p.s.AddAgent(ctx, postgres.Person(a), hash)
	return api.Person(added), away(err)
}

func (p people) ChangeAgent(ctx context.Context, a api.Person) (api.Person, error) {
	changed, err := p.s.ChangeAgent(ctx, postgres.Person(a))
	return api.Person(changed), away(err)
}

func (p people) DropAgent(ctx context.Context, key string) error {
	return away(p.s.DropAgent(ctx, key))
}

func (p people) OpenTickets(ctx context.Context, agent string) ([]ticket.Number, error) {
	list, err := p.s.OpenTickets(ctx, agent)
	return list, away(err)
}

func (p people) AddToken(ctx context.Context, t api.Token, hash []byte) (api.Token, error) {
	added, err := p.s.AddToken(ctx, postgres.Token(t), hash)
	return api.Token(added), away(err)
}

func (p people) ByToken(ctx context.Context, hash []byte, now time.Time) (api.Holder, api.Token, error) {
	h, t, err := p.s.ByToken(ctx, hash, now)
	return holder(h), api.Token(t), away(err)
}

func (p people) Tokens(ctx context.Context, agent string) ([]api.Token, error) {
	list, err := p.s.Tokens(ctx, agent)
	return convert(list, func(t postgres.Token) api.Token { return api.Token(t) }), away(err)
}

func (p people) Notices(ctx context.Context, agent string, before int64, limit int) ([]api.Notice, error) {
	list, err := p.s.Notices(ctx, agent, before, limit)
	return convert(list, func(n postgres.Notice) api.Notice { return api.Notice(n) }), away(err)
}

func (p people) ReadNotices(ctx context.Context, agent string, upTo int64, at time.Time) error {
	return away(p.s.ReadNotices(ctx, agent, upTo, at))
}

func (p people) DropToken(ctx context.Context, id string) error { return away(p.s.DropToken(ctx, id)) }

// bell joins the API's bell to Temporal. A crowded ticket is not rung for each command: the relay rings it once.
type bell struct{ b *dispatch.Bell }

func (b bell) Ring(ctx context.Context, n ticket.Number, kind ticket.Kind, r ticket.Ring) error {
	return b.b.Ring(ctx, n, kind.String(), r)
}

// health tells the API's readiness: database and schema are needed, Temporal is told.
type health struct {
	s *postgres.Store
	c client.Client
}

func (h health) Parts(ctx context.Context) []api.Part {
	return convert(partsOf(ctx, h.s, h.c, false), func(p part) api.Part { return api.Part(p) })
}

// part is one line of a health report.
type part struct {
	Name   string
	OK     bool
	Needed bool
	Detail string
}

// partsOf looks at the record and at Temporal at the same time: a database that hangs takes all that there is, and Temporal would
// be called away for it.
func partsOf(ctx context.Context, s *postgres.Store, c client.Client, needed bool) []part {
	temporal := make(chan part, 1)
	go func() { temporal <- temporalPart(ctx, c, needed) }()
	return append(recordParts(ctx, s), <-temporal)
}

func recordParts(ctx context.Context, s *postgres.Store) []part {
	parts := []part{told("database", true, s.Ping(ctx))}
	if parts[0].OK {
		parts = append(parts, told("schema", true, s.CheckSchema(ctx)))
	}
	return parts
}

func temporalPart(ctx context.Context, c client.Client, needed bool) part {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
	return told("temporal", needed, err)
}

func told(name string, needed bool, err error) part {
	if err != nil {
		return part{Name: name, Needed: needed, Detail: oneLine(err)}
	}
	return part{Name: name, OK: true, Needed: needed}
}
