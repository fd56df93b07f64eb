package api

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"duradesk/ticket"
)

func (f *fakeHouse) MailSettings(_ context.Context, id string) (ticket.MailSettings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, ok := f.mail[id]
	if !ok {
		return m, cmp.Or[error](f.away, none("mailbox"))
	}
	return m, f.away
}

func (f *fakeHouse) AddMailbox(_ context.Context, m ticket.MailSettings) (ticket.MailSettings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.ContainsFunc(f.boxes, func(b Mailbox) bool { return b.Address == m.Address }) {
		return m, &ticket.Error{Code: ticket.Conflict, Message: "taken"}
	}
	m.ID = "box-" + strconv.Itoa(len(f.boxes)+1)
	f.boxes = append(f.boxes, Mailbox{ID: m.ID, Desk: m.Desk, Address: m.Address, State: "waiting"})
	return f.keep(m), f.away
}

// keep stores settings as the record does: secrets go in and do not come out.
func (f *fakeHouse) keep(m ticket.MailSettings) ticket.MailSettings {
	l := &m.Login
	l.PasswordSet, l.ClientSecretSet, l.RefreshTokenSet = l.PasswordSet || l.Password != "", l.ClientSecretSet || l.ClientSecret != "", l.RefreshTokenSet || l.RefreshToken != ""
	f.secrets = append(f.secrets, l.Password.Reveal(), l.ClientSecret.Reveal(), l.RefreshToken.Reveal())
	l.Password, l.ClientSecret, l.RefreshToken = "", "", ""
	if m.DKIM.Renew {
		m.DKIM.Public = "k=rsa; p=" + strconv.Itoa(m.Version)
	}
	f.secrets = append(f.secrets, m.DKIM.Key.Reveal())
	m.DKIM.Key, m.DKIM.Renew = "", false
	m.Version++
	f.mail[m.ID] = m
	return m
}

func (f *fakeHouse) ChangeMailbox(_ context.Context, m ticket.MailSettings) (ticket.MailSettings, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mail[m.ID].Version != m.Version {
		return m, &ticket.Error{Code: ticket.Conflict, Message: "changed in the meantime"}
	}
	return f.keep(m), f.away
}

func (f *fakeHouse) RemoveMailbox(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.mail[id]; !ok {
		return none("mailbox")
	}
	delete(f.mail, id)
	f.boxes = slices.DeleteFunc(f.boxes, func(b Mailbox) bool { return b.ID == id })
	return f.away
}

func (f *fakeHouse) Undeliverable(_ context.Context, search, cursor string, limit int) ([]ticket.Undeliverable, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from, err := strconv.Atoi(cmp.Or(cursor, "0"))
	if err != nil {
		return nil, "", &ticket.Error{Code: ticket.Invalid, Message: "not a cursor"}
	}
	var found []ticket.Undeliverable
	for _, u := range f.muted {
		if strings.Contains(u.Address, search) {
			found = append(found, u)
		}
	}
	from = min(from, len(found))
	to := min(from+limit, len(found))
	next := ""
	if to < len(found) {
		next = strconv.Itoa(to)
	}
	return found[from:to], next, f.away
}

func (f *fakeHouse) ClearUndeliverable(_ context.Context, address string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.muted)
	f.muted = slices.DeleteFunc(f.muted, func(u ticket.Undeliverable) bool { return u.Address == address })
	if len(f.muted) == before {
		return none("address")
	}
	return f.away
}

// Watch, Try and Reconcile are the way out.

func (f *fake) Watch(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watched = append(f.watched, id)
	return nil
}

func (f *fake) Try(context.Context, string) (ticket.Connection, error) { return f.tried, f.away }

func (f *fake) Reconcile(context.Context, string) (ticket.Reconciled, error) {
	return f.compared, f.away
}
