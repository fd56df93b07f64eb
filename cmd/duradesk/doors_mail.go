package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"duradesk/activities"
	"duradesk/mail/receive"
	"duradesk/mail/send"
	"duradesk/ticket"
)

// sender joins the activities' port to the SMTP door.
type sender struct{ timeouts send.Timeouts }

func (s sender) Send(ctx context.Context, a ticket.Account, e activities.Envelope, raw []byte, before func(context.Context) error) ([]ticket.End, bool, error) {
	t, err := transport(a, s.timeouts)
	if err != nil {
		return nil, false, err
	}
	result, err := t.Send(ctx, send.Envelope{ID: e.ID, From: e.From, To: e.To}, raw, before)
	if err != nil {
		return nil, false, err
	}
	if a.Mechanism != "" && refusedLogin(result.Replies) {
		return nil, false, fmt.Errorf("%w: %s", activities.ErrAuth, result.Replies[0])
	}
	var ends []ticket.End
	slow := false
	for _, r := range result.Replies {
		ends = append(ends, ticket.End{Address: r.Recipient, State: stateOf(r.Outcome), Reason: reasonOf(r), Account: r.Outcome == send.Temporary && r.Scope == send.ScopeAccount})
		slow = slow || r.Slow
	}
	return ends, slow, nil
}

func transport(a ticket.Account, timeouts send.Timeouts) (*send.Transport, error) {
	return send.New(send.Config{Addr: a.Addr, TLS: send.TLSMode(a.TLS), Username: loginFor(a), Password: a.Password.Reveal(), TokenMechanism: a.Mechanism, Timeouts: timeouts})
}

// refusedLogin reports that the server let nobody in, so that nothing of the mail was handed over.
func refusedLogin(replies []send.Reply) bool {
	return len(replies) > 0 && replies[0].Phase == send.PhaseAuth && replies[0].Code >= 500
}

// loginFor leaves out the login where the connection is not protected: a password is not sent in the clear. A server
// that asks for one anyway refuses, and the reason is shown.
func loginFor(a ticket.Account) string {
	if a.TLS == "none" {
		return ""
	}
	return a.Username
}

func stateOf(o send.Outcome) string {
	switch o {
	case send.Accepted:
		return "accepted"
	case send.Temporary:
		return "queued"
	case send.Permanent:
		return "failed"
	case send.Uncertain:
		return "uncertain"
	}
	return "queued"
}

func reasonOf(r send.Reply) string {
	if r.Outcome == send.Accepted {
		return ""
	}
	return r.String()
}

// post joins the activities' port to the IMAP door.
type post struct{}

func (post) Open(ctx context.Context, a ticket.Account, folder string) (activities.Box, error) {
	m, err := receive.Dial(ctx, receive.Config{Addr: a.Addr, TLS: receive.TLSMode(a.TLS), Username: a.Username, Password: a.Password.Reveal(), TokenMechanism: a.Mechanism, Folder: folder})
	if err != nil {
		return nil, troubled(err)
	}
	f, err := m.Select(ctx)
	if err != nil {
		_ = m.Close()
		return nil, troubled(err)
	}
	return &box{m, f}, nil
}

func troubled(err error) error {
	if receive.TroubleOf(err) == receive.TroubleAuth {
		return fmt.Errorf("%w: %w", activities.ErrAuth, err)
	}
	return err
}

type box struct {
	m *receive.Mailbox
	f receive.Folder
}

func (b *box) Folder() (uint32, uint32) { return b.f.UIDValidity, b.f.UIDNext }

func (b *box) UIDs(ctx context.Context, from uint32) ([]uint32, error) {
	list, err := b.m.List(ctx, from)
	uids := make([]uint32, len(list))
	for i, l := range list {
		uids[i] = l.UID
	}
	return uids, err
}

func (b *box) Fetch(ctx context.Context, uids []uint32, fn func(uint32, []byte) error) error {
	var ours error
	err := b.m.Fetch(ctx, uids, func(m receive.Mail) error { ours = fn(m.UID, m.Raw); return ours })
	if err == nil || ours != nil || ctx.Err() != nil || receive.TroubleOf(err) == receive.TroubleBusy {
		return err
	}
	return fmt.Errorf("%w: %w", activities.ErrUnfetched, err)
}

func (b *box) Mark(ctx context.Context, uids []uint32) error {
	_, err := b.m.Mark(ctx, receive.Done, uids...)
	return err
}

func (b *box) File(ctx context.Context, uid uint32, after ticket.After) error {
	var err error
	switch after.Mode {
	case "seen":
		_, err = b.m.Mark(ctx, `\Seen`, uid)
	case "move":
		err = b.m.Move(ctx, uid, after.Folder)
	case "delete":
		err = b.m.Delete(ctx, uid)
	}
	if errors.Is(err, receive.ErrNotExpunged) { // marked as deleted: the server cannot do more for one mail alone
		return nil
	}
	return err
}

func (b *box) Copy(ctx context.Context, folder, mailID string, raw []byte) error {
	return b.m.AppendOnce(ctx, folder, mailID, raw, `\Seen`)
}

func (b *box) Wait(ctx context.Context, most time.Duration) error { return b.m.Wait(ctx, most) }

func (b *box) Close() error { return b.m.Close() }
