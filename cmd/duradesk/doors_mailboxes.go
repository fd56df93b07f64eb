package main

import (
	"context"

	"duradesk/ticket"
)

func (h house) MailSettings(ctx context.Context, id string) (ticket.MailSettings, error) {
	m, err := h.s.MailSettings(ctx, id)
	return m, away(err)
}

func (h house) AddMailbox(ctx context.Context, m ticket.MailSettings) (ticket.MailSettings, error) {
	m, err := withKey(m)
	if err != nil {
		return m, err
	}
	added, err := h.s.AddMailbox(ctx, m)
	return added, away(err)
}

func (h house) ChangeMailbox(ctx context.Context, m ticket.MailSettings) (ticket.MailSettings, error) {
	m, err := withKey(m)
	if err != nil {
		return m, err
	}
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
