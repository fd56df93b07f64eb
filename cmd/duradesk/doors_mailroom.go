package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"duradesk/activities"
	"duradesk/dispatch"
	"duradesk/mail/receive"
	"duradesk/mail/send"
	"duradesk/ticket"
)

// mailroom joins the API's way out to the mail doors and the clockwork.
type mailroom struct {
	d    *desk
	bell *dispatch.Bell
}

func (m mailroom) Watch(ctx context.Context, id string) error { return m.bell.RestartMailbox(ctx, id) }

// Reconcile compares a mailbox with its ledger. What keeps it from being read is told, as the mailbox's list tells it.
func (m mailroom) Reconcile(ctx context.Context, id string) (ticket.Reconciled, error) {
	r, err := (&activities.Mailboxes{Intake: m.d.queue, Post: m.d.loggedIn(), Now: time.Now}).Reconcile(ctx, id)
	var told *ticket.Error
	var server *receive.Error
	if errors.As(err, &told) && told.Code == ticket.NotFound {
		return r, &ticket.Error{Code: ticket.Conflict, Message: "the mailbox is switched off"}
	}
	if errors.As(err, &server) || errors.Is(err, activities.ErrStopped) {
		return r, &ticket.Error{Code: ticket.Conflict, Message: "the mailbox cannot be read now: " + oneLine(err)}
	}
	return r, away(err)
}

// Try logs in to both servers of a mailbox at the same time.
func (m mailroom) Try(ctx context.Context, id string) (ticket.Connection, error) {
	set, err := m.d.queue.Doors(ctx, id)
	if err != nil {
		return ticket.Connection{}, away(err)
	}
	var out ticket.Connection
	token, err := m.token(ctx, set.IMAP)
	if err != nil {
		failed := ticket.Checked{Code: "token", Detail: oneLine(err)}
		return ticket.Connection{IMAP: failed, SMTP: failed}, nil
	}
	if token != "" {
		set.IMAP.Password, set.SMTP.Password = token, token
	}
	done := make(chan struct{})
	go func() { defer close(done); out.SMTP = trySMTP(ctx, set.SMTP) }()
	out.IMAP = tryIMAP(ctx, set.IMAP, set.Folder)
	<-done
	return out, nil
}

func (m mailroom) token(ctx context.Context, a ticket.Account) (ticket.Secret, error) {
	if a.Mechanism == "" {
		return "", nil
	}
	return m.d.loggedIn().Tokens.Access(ctx, a.Mailbox, "")
}

func tryIMAP(ctx context.Context, a ticket.Account, folder string) ticket.Checked {
	m, err := receive.Dial(ctx, receive.Config{
		Addr: a.Addr, TLS: receive.TLSMode(a.TLS), Username: a.Username, Password: a.Password.Reveal(), TokenMechanism: a.Mechanism, Folder: folder,
	})
	if err != nil {
		return ticket.Checked{Code: imapCode(err, a), Detail: oneLine(err)}
	}
	defer func() { _ = m.Close() }()
	f, err := m.Select(ctx)
	if err != nil {
		return ticket.Checked{Code: imapCode(err, a), Detail: oneLine(err)}
	}
	out := ticket.Checked{OK: true, Code: "ok", Mails: int(f.Messages)}
	for _, ability := range []string{"IDLE", "MOVE", "UIDPLUS"} {
		if m.Can(ability) {
			out.Abilities = append(out.Abilities, ability)
		}
	}
	if f.Keywords {
		out.Abilities = append(out.Abilities, "keywords")
	}
	return out
}

func imapCode(err error, a ticket.Account) string {
	switch receive.TroubleOf(err) {
	case receive.TroubleAuth:
		return loginCode(a)
	case receive.TroubleConfig:
		return "tls"
	case receive.TroubleMissing:
		return "folder"
	case receive.TroubleBusy, receive.TroubleQuota:
		return "busy"
	case receive.TroubleRefused:
		return "refused"
	case receive.TroubleLink:
	}
	return "unreachable"
}

func loginCode(a ticket.Account) string {
	if a.Mechanism != "" {
		return "token"
	}
	return "login"
}

func trySMTP(ctx context.Context, a ticket.Account) ticket.Checked {
	t, err := transport(a, send.Timeouts{})
	if err != nil {
		return ticket.Checked{Code: "refused", Detail: oneLine(err)}
	}
	r, err := t.Check(ctx)
	switch {
	case err == nil && loginFor(a) == "" && a.Username != "" && !local(a.Addr):
		return ticket.Checked{OK: true, Code: "unprotected"}
	case err == nil:
		return ticket.Checked{OK: true, Code: "ok"}
	}
	return ticket.Checked{Code: smtpCode(r, a), Detail: oneLine(errors.New(r.String()))}
}

func smtpCode(r send.Reply, a ticket.Account) string {
	lower := strings.ToLower(r.Text)
	switch {
	case r.Phase == send.PhaseAuth && r.Code >= 500:
		return loginCode(a)
	case slices.ContainsFunc([]string{"starttls", "tls:", "x509", "certificate", "handshake"}, func(word string) bool { return strings.Contains(lower, word) }):
		return "tls"
	case r.Code >= 500:
		return "refused"
	case r.Code >= 400:
		return "busy"
	}
	return "unreachable"
}

// local reports whether an address is this very machine's.
func local(addr string) bool {
	return strings.HasPrefix(addr, "127.") || strings.HasPrefix(addr, "localhost:") || strings.HasPrefix(addr, "[::1]:")
}
