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

func (i identity) NewPassword(ctx context.Context, agent, hash, spared string) error {
	return away(i.s.NewPassword(ctx, agent, hash, spared))
}

func (i identity) Attempt(ctx context.Context, brakes []api.Brake, now time.Time, most time.Duration) (time.Duration, error) {
	wait, err := i.s.Attempt(ctx, convert(brakes, func(b api.Brake) postgres.Brake { return postgres.Brake(b) }), now, most)
	return wait, away(err)
}

func (i identity) AttemptEnded(ctx context.Context, keys [][]byte, ok bool, now time.Time) error {
	return away(i.s.AttemptEnded(ctx, keys, ok, now))
}

func (i identity) AddSession(ctx context.Context, x api.Session, hash []byte, old string) (api.Session, error) {
	added, err := i.s.AddSession(ctx, postgres.Session(x), hash, old)
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

func (i identity) AddLink(ctx context.Context, l api.Link, hash []byte) error {
	return away(i.s.AddLink(ctx, postgres.Link(l), hash))
}

func (i identity) UseLink(ctx context.Context, purpose string, hash []byte, now time.Time) (api.Holder, error) {
	h, err := i.s.UseLink(ctx, purpose, hash, now)
	return holder(h), away(err)
}

func (i identity) Factor(ctx context.Context, agent string) (api.Factor, error) {
	f, err := i.s.Factor(ctx, agent)
	return api.Factor(f), away(err)
}

func (i identity) BeginFactor(ctx context.Context, agent string, secret ticket.Secret) error {
	return away(i.s.BeginFactor(ctx, agent, secret))
}

func (i identity) ConfirmFactor(ctx context.Context, agent string, step int64, codes [][]byte, spared string, now time.Time) error {
	return away(i.s.ConfirmFactor(ctx, agent, step, codes, spared, now))
}

func (i identity) RenewCodes(ctx context.Context, agent string, codes [][]byte) error {
	return away(i.s.RenewCodes(ctx, agent, codes))
}

func (i identity) UseStep(ctx context.Context, agent string, step int64) (bool, error) {
	fresh, err := i.s.UseStep(ctx, agent, step)
	return fresh, away(err)
}

func (i identity) UseRecoveryCode(ctx context.Context, agent string, hash []byte, now time.Time) (bool, error) {
	right, err := i.s.UseRecoveryCode(ctx, agent, hash, now)
	return right, away(err)
}

func (i identity) DropFactor(ctx context.Context, agent string) error {
	return away(i.s.DropFactor(ctx, agent))
}

func (i identity) AddFlow(ctx context.Context, f api.Flow, state []byte, now time.Time) error {
	return away(i.s.AddFlow(ctx, postgres.Flow(f), state, now))
}

func (i identity) TakeFlow(ctx context.Context, state []byte, now time.Time) (api.Flow, error) {
	f, err := i.s.TakeFlow(ctx, state, now)
	return api.Flow(f), away(err)
}

func (i identity) OIDCAccount(ctx context.Context, issuer, subject string) (string, error) {
	agent, err := i.s.OIDCAccount(ctx, issuer, subject)
	return agent, away(err)
}

func (i identity) LinkOIDC(ctx context.Context, issuer, subject, agent string, now time.Time) error {
	return away(i.s.LinkOIDC(ctx, issuer, subject, agent, now))
}

func (i identity) NoteAudit(ctx context.Context, e ticket.AuditEntry) error {
	return away(i.s.NoteAudit(ctx, e))
}

func (i identity) Audit(ctx context.Context, q ticket.AuditQuery) ([]ticket.AuditEntry, error) {
	list, err := i.s.Audit(ctx, q)
	return list, away(err)
}
