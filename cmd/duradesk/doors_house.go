package main

import (
	"context"

	"duradesk/api"
	"duradesk/calendar"
	"duradesk/postgres"
	"duradesk/ticket"
)

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

func (h house) ChangeDesk(ctx context.Context, d api.Desk) (api.Desk, error) {
	changed, err := h.s.ChangeDesk(ctx, postgres.Desk(d))
	return api.Desk(changed), away(err)
}

func (h house) DropDesk(ctx context.Context, key string) error { return away(h.s.DropDesk(ctx, key)) }

func (h house) ChangeGroup(ctx context.Context, g api.Group) (api.Group, error) {
	changed, err := h.s.ChangeGroup(ctx, postgres.Group(g))
	return api.Group(changed), away(err)
}

func (h house) DropGroup(ctx context.Context, key string) error { return away(h.s.DropGroup(ctx, key)) }

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

func (h house) Pieces(ctx context.Context, kind string) ([]api.Piece, error) {
	list, err := h.s.Pieces(ctx, kind)
	return convert(list, func(p postgres.Piece) api.Piece { return api.Piece(p) }), away(err)
}

func (h house) PutPiece(ctx context.Context, p api.Piece) (api.Piece, error) {
	stored, err := h.s.PutPiece(ctx, postgres.Piece(p))
	return api.Piece(stored), away(err)
}

func (h house) DropPiece(ctx context.Context, kind, desk, key string) error {
	return away(h.s.DropPiece(ctx, kind, desk, key))
}

func (h house) ForbiddenWords(ctx context.Context) ([]api.ForbiddenWord, error) {
	list, err := h.s.ForbiddenWords(ctx)
	return convert(list, func(w postgres.ForbiddenWord) api.ForbiddenWord { return api.ForbiddenWord(w) }), away(err)
}

func (h house) PutForbiddenWord(ctx context.Context, w api.ForbiddenWord, by string) (api.ForbiddenWord, error) {
	stored, err := h.s.PutForbiddenWord(ctx, postgres.ForbiddenWord(w), by)
	return api.ForbiddenWord(stored), away(err)
}

func (h house) DropForbiddenWord(ctx context.Context, id string) error {
	return away(h.s.DropForbiddenWord(ctx, id))
}

func (h house) FindArticles(ctx context.Context, q ticket.ArticleQuery) ([]api.Piece, error) {
	list, err := h.s.FindArticles(ctx, q)
	return convert(list, func(p postgres.Piece) api.Piece { return api.Piece(p) }), away(err)
}

func (h house) ArticleVersions(ctx context.Context, desk, key string) ([]api.Piece, error) {
	list, err := h.s.ArticleVersions(ctx, desk, key)
	return convert(list, func(p postgres.Piece) api.Piece { return api.Piece(p) }), away(err)
}
