package main

import (
	"context"
	"time"

	"duradesk/api"
	"duradesk/postgres"
	"duradesk/ticket"
)

// identity joins the API's port for sessions and credentials to the record.
type identity struct{ s *postgres.Store }

func holder(h postgres.Holder) api.Holder {
	return api.Holder{Person: api.Person(h.Person), Client: h.Client}
}

func (i identity) Credentials(ctx context.Context, login string) (api.Credentials, error) {
	c, err := i.s.Credentials(ctx, login)
	return api.Credentials(c), away(err)
}

func (i identity) SetPassword(ctx context.Context, agent, hash string) error {
	return away(i.s.SetPassword(ctx, agent, hash))
}

func (i identity) Attempt(ctx context.Context, brakes []api.Brake, now time.Time, most time.Duration) (time.Duration, error) {
	wait, err := i.s.Attempt(ctx, convert(brakes, func(b api.Brake) postgres.Brake { return postgres.Brake(b) }), now, most)
	return wait, away(err)
}

func (i identity) AttemptEnded(ctx context.Context, keys [][]byte, ok bool, now time.Time) error {
	return away(i.s.AttemptEnded(ctx, keys, ok, now))
}

func (i identity) AddSession(ctx context.Context, x api.Session, hash []byte) (api.Session, error) {
	added, err := i.s.AddSession(ctx, postgres.Session(x), hash)
	return api.Session(added), away(err)
}

func (i identity) BySession(ctx context.Context, hash []byte, now, idle time.Time) (api.Holder, api.Session, error) {
	h, x, err := i.s.BySession(ctx, hash, now, idle)
	return holder(h), api.Session(x), away(err)
}

func (i identity) Sessions(ctx context.Context, of string, now, idle time.Time) ([]api.Session, error) {
	list, err := i.s.Sessions(ctx, of, now, idle)
	return convert(list, func(x postgres.Session) api.Session { return api.Session(x) }), away(err)
}

func (i identity) Session(ctx context.Context, id string) (api.Session, error) {
	x, err := i.s.Session(ctx, id)
	return api.Session(x), away(err)
}

func (i identity) DropSession(ctx context.Context, id string) error {
	return away(i.s.DropSession(ctx, id))
}

func (i identity) DropSessions(ctx context.Context, of, spared string) error {
	return away(i.s.DropSessions(ctx, of, spared))
}

func (i identity) Client(ctx context.Context, id string) (ticket.Client, error) {
	c, err := i.s.Client(ctx, id)
	return c, away(err)
}

func (i identity) ClientByMail(ctx context.Context, address string) (ticket.Client, error) {
	c, err := i.s.ClientOf(ctx, address)
	return c, away(err)
}

func (i identity) SetAccess(ctx context.Context, id, access, organisation string) (ticket.Client, error) {
	c, err := i.s.SetAccess(ctx, id, access, organisation)
	return c, away(err)
}

func (i identity) Together(ctx context.Context, one, other string) (bool, error) {
	together, err := i.s.Together(ctx, one, other)
	return together, away(err)
}

func (i identity) NoteAudit(ctx context.Context, e api.AuditEntry) error {
	return away(i.s.NoteAudit(ctx, postgres.AuditEntry(e)))
}

func (i identity) Audit(ctx context.Context, q api.AuditQuery) ([]api.AuditEntry, error) {
	list, err := i.s.Audit(ctx, postgres.AuditQuery(q))
	return convert(list, func(e postgres.AuditEntry) api.AuditEntry { return api.AuditEntry(e) }), away(err)
}
