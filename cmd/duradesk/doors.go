package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"duradesk/api"
	"duradesk/calendar"
	"duradesk/dispatch"
	"duradesk/postgres"
	"duradesk/ticket"
)

// away tells the API's door when the record cannot be reached.
func away(err error) error {
	if postgres.Away(err) {
		return fmt.Errorf("%w: %w", api.ErrStoreAway, err)
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

func (r reader) Views(ctx context.Context, agent string) ([]api.ViewCount, error) {
	v, err := r.s.Views(ctx, agent)
	return convert(v, func(c postgres.ViewCount) api.ViewCount { return api.ViewCount(c) }), away(err)
}

func (r reader) MessageTicket(ctx context.Context, id string) (ticket.Number, error) {
	n, err := r.s.MessageTicket(ctx, id)
	return n, away(err)
}

func (r reader) FileTicket(ctx context.Context, id string) (ticket.Number, error) {
	n, err := r.s.FileTicket(ctx, id)
	return n, away(err)
}

func (r reader) Raw(ctx context.Context, id string) ([]byte, error) {
	raw, err := r.s.Raw(ctx, id)
	return raw, away(err)
}

func (r reader) File(ctx context.Context, id string) (ticket.Attachment, []byte, error) {
	a, data, err := r.s.File(ctx, id)
	return a, data, away(err)
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

func (p people) AddToken(ctx context.Context, t api.Token, hash []byte) (api.Token, error) {
	added, err := p.s.AddToken(ctx, postgres.Token(t), hash)
	return api.Token(added), away(err)
}

func (p people) ByToken(ctx context.Context, hash []byte, now time.Time) (api.Person, api.Token, error) {
	a, t, err := p.s.ByToken(ctx, hash, now)
	return api.Person(a), api.Token(t), away(err)
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

// house joins the API's port for desks, groups and mailboxes to the record.
type house struct{ s *postgres.Store }

func (h house) Desks(ctx context.Context) ([]api.Desk, error) {
	list, err := h.s.Desks(ctx)
	return convert(list, func(d postgres.Desk) api.Desk { return api.Desk(d) }), away(err)
}

func (h house) AddDesk(ctx context.Context, d api.Desk) (api.Desk, error) {
	added, err := h.s.AddDesk(ctx, postgres.Desk(d))
	return api.Desk(added), away(err)
}

func (h house) Groups(ctx context.Context) ([]api.Group, error) {
	list, err := h.s.Groups(ctx)
	return convert(list, func(g postgres.Group) api.Group { return api.Group(g) }), away(err)
}

func (h house) AddGroup(ctx context.Context, g api.Group) (api.Group, error) {
	added, err := h.s.AddGroup(ctx, postgres.Group(g))
	return api.Group(added), away(err)
}

func (h house) Calendars(ctx context.Context) ([]calendar.Spec, error) {
	list, err := h.s.Calendars(ctx)
	return list, away(err)
}

func (h house) AddCalendar(ctx context.Context, spec calendar.Spec) (calendar.Spec, error) {
	added, err := h.s.AddCalendar(ctx, spec)
	return added, away(err)
}

func (h house) Policy(ctx context.Context, desk string) (ticket.Settings, error) {
	settings, err := h.s.Policy(ctx, desk)
	return settings, away(err)
}

func (h house) AddPolicy(ctx context.Context, desk string, settings ticket.Settings) (ticket.Settings, error) {
	added, err := h.s.AddPolicy(ctx, desk, settings)
	return added, away(err)
}

func (h house) Mailboxes(ctx context.Context) ([]api.Mailbox, error) {
	list, err := h.s.Mailboxes(ctx)
	return convert(list, func(m postgres.Mailbox) api.Mailbox { return api.Mailbox(m) }), away(err)
}

func (h house) MailSettings(ctx context.Context, id string) (ticket.MailSettings, error) {
	m, err := h.s.MailSettings(ctx, id)
	return m, away(err)
}

func (h house) AddMailbox(ctx context.Context, m ticket.MailSettings) (ticket.MailSettings, error) {
	added, err := h.s.AddMailbox(ctx, m)
	return added, away(err)
}

func (h house) ChangeMailbox(ctx context.Context, m ticket.MailSettings) (ticket.MailSettings, error) {
	changed, err := h.s.ChangeMailbox(ctx, m)
	return changed, away(err)
}

func (h house) RemoveMailbox(ctx context.Context, id string) error {
	return away(h.s.RemoveMailbox(ctx, id))
}

func (h house) Undeliverable(ctx context.Context, search, cursor string, limit int) ([]ticket.Undeliverable, string, error) {
	list, next, err := h.s.Undeliverable(ctx, search, cursor, limit)
	return list, next, away(err)
}

func (h house) ClearUndeliverable(ctx context.Context, address string) error {
	return away(h.s.ClearUndeliverable(ctx, address))
}

func (h house) Ledger(ctx context.Context, mailbox string, quarantine bool, cursor string, limit int) ([]api.Fate, string, error) {
	list, next, err := h.s.Ledger(ctx, mailbox, quarantine, cursor, limit)
	return convert(list, func(f postgres.Fate) api.Fate { return api.Fate(f) }), next, away(err)
}

func (h house) FateSource(ctx context.Context, mailbox string, uidvalidity, uid uint32) ([]byte, error) {
	raw, err := h.s.FateSource(ctx, mailbox, uidvalidity, uid)
	return raw, away(err)
}

func (h house) Retry(ctx context.Context, mailbox string, uidvalidity, uid uint32) error {
	return away(h.s.Retry(ctx, mailbox, uidvalidity, uid))
}

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
	parts := convert(recordParts(ctx, h.s), func(p part) api.Part { return api.Part(p) })
	return append(parts, api.Part(temporalPart(ctx, h.c, false)))
}

// part is one line of a health report.
type part struct {
	Name   string
	OK     bool
	Needed bool
	Detail string
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
