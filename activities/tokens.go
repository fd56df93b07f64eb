package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"duradesk/ticket"
)

// ErrStopped says that only a person can mend a mailbox's login: nothing is tried until its settings change.
var ErrStopped = errors.New("the mailbox has stopped until its settings are corrected")

// TokenRecord keeps the access tokens of mailboxes.
type TokenRecord interface {
	Token(ctx context.Context, mailbox string) (ticket.Token, error)
	// LeaseToken gives the caller alone the right to ask for another token, for a while.
	LeaseToken(ctx context.Context, mailbox string, lasts time.Duration) (t ticket.Token, leased bool, err error)
	// SaveToken keeps a new token before it is used. ticket.ErrOvertaken: the lease was lost.
	SaveToken(ctx context.Context, t ticket.Token) error
	DropLease(ctx context.Context, t ticket.Token) error
	// StopMailbox, by the holder of a lease, ends reading and sending until a person has changed the settings, and tells him why.
	StopMailbox(ctx context.Context, t ticket.Token, why string) error
}

// Grants asks a token server. ErrGrantRefused: asking again is of no use.
type Grants interface {
	Grant(ctx context.Context, t ticket.Token) (access, refresh ticket.Secret, lasts time.Duration, err error)
}

// ErrGrantRefused says that a token server gives no token with what it was given.
var ErrGrantRefused = errors.New("no token is granted")

// Tokens keeps the access tokens of mailboxes fresh: another is asked for when three quarters of the life of the last are
// over, or when a mail server refuses it; by one worker at a time, whoever comes first.
type Tokens struct {
	Record TokenRecord
	Grants Grants
	Log    *slog.Logger
	Now    func() time.Time
}

const (
	leaseFor  = 30 * time.Second // longer than an answer may take
	lookAgain = 100 * time.Millisecond
)

// Access returns a token that is good now. refused is the one that a mail server has just refused, "" for none: then
// another is asked for, unless somebody else has one already. ErrStopped: the token server refuses, a person must grant
// anew.
func (t *Tokens) Access(ctx context.Context, mailbox string, refused ticket.Secret) (ticket.Secret, error) {
	for {
		now, err := t.Record.Token(ctx, mailbox)
		if err != nil {
			return "", err
		}
		good := now.Access != "" && now.Access != refused && t.Now().Before(now.ExpiresAt)
		if good && t.Now().Before(dueAt(now)) {
			return now.Access, nil
		}
		if now.Stopped {
			if good {
				return now.Access, nil
			}
			return "", ErrStopped
		}
		held, leased, err := t.Record.LeaseToken(ctx, mailbox, leaseFor)
		if err != nil {
			return "", err
		}
		if leased {
			if held.Access != now.Access { // somebody was faster
				if err := t.Record.DropLease(ctx, held); err != nil {
					return "", err
				}
				continue
			}
			return t.renew(ctx, held, good)
		}
		if good {
			return now.Access, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(lookAgain): // whoever asks tells nobody; he has the lease for seconds only
		}
	}
}

// dueAt is when a token is to be replaced: early enough that nobody ever stands without one.
func dueAt(t ticket.Token) time.Time { return t.IssuedAt.Add(t.ExpiresAt.Sub(t.IssuedAt) * 3 / 4) }

// renew asks for another token. While the last one is still good, a token server that is away is no trouble.
func (t *Tokens) renew(ctx context.Context, held ticket.Token, good bool) (ticket.Secret, error) {
	access, refresh, lasts, err := t.Grants.Grant(ctx, held)
	keep := context.WithoutCancel(ctx) // what was granted must be kept: the old refresh token may be spent
	switch {
	case errors.Is(err, ErrGrantRefused):
		t.Log.ErrorContext(ctx, "a mailbox has stopped: no token is granted; correct its settings", "mailbox", held.Mailbox, "error", err)
		return "", errors.Join(fmt.Errorf("%w: %w", ErrStopped, err), t.Record.StopMailbox(keep, held, err.Error()))
	case err != nil:
		t.Log.WarnContext(ctx, "no token yet", "mailbox", held.Mailbox, "error", err)
		if dropped := t.Record.DropLease(keep, held); dropped != nil {
			return "", errors.Join(err, dropped)
		}
		if good {
			return held.Access, nil
		}
		return "", fmt.Errorf("refresh the token of mailbox %s: %w", held.Mailbox, err)
	}
	held.Access, held.Refresh, held.IssuedAt = access, refresh, t.Now()
	held.ExpiresAt = held.IssuedAt.Add(lasts)
	if err := t.Record.SaveToken(keep, held); err != nil && !errors.Is(err, ticket.ErrOvertaken) {
		return "", err
	}
	return access, nil
}

// LoggedIn is a Post and a Sender for mailboxes that log in by token.
type LoggedIn struct {
	Post   Post
	Sender Sender
	Tokens *Tokens
}

// Open opens a mailbox. A token that is refused is replaced once.
func (l LoggedIn) Open(ctx context.Context, a ticket.Account, folder string) (Box, error) {
	if a.Mechanism == "" {
		return l.Post.Open(ctx, a, folder)
	}
	var refused ticket.Secret
	for {
		token, err := l.Tokens.Access(ctx, a.Mailbox, refused)
		if err != nil {
			return nil, err
		}
		a.Password = token
		open, err := l.Post.Open(ctx, a, folder)
		if err == nil || !errors.Is(err, ErrAuth) || refused != "" {
			return open, err
		}
		refused = token
	}
}

// Send sends a mail. A login that is refused comes before anything of the mail, so that it is tried once more with
// another token. Where there is none, the mail waits, and with it all of the mailbox.
func (l LoggedIn) Send(ctx context.Context, a ticket.Account, e Envelope, raw []byte, before func(context.Context) error) ([]ticket.End, bool, error) {
	if a.Mechanism == "" {
		return l.Sender.Send(ctx, a, e, raw, before)
	}
	var refused ticket.Secret
	for {
		token, err := l.Tokens.Access(ctx, a.Mailbox, refused)
		if err != nil {
			return waiting(e.To, err), true, nil
		}
		a.Password = token
		results, slow, err := l.Sender.Send(ctx, a, e, raw, before)
		if !errors.Is(err, ErrAuth) {
			return results, slow, err
		}
		if refused != "" {
			return waiting(e.To, err), true, nil
		}
		refused = token
	}
}

// waiting says of every recipient that the mail was not handed over, for a reason that is the mailbox's.
func waiting(recipients []string, why error) []ticket.End {
	out := ends(recipients, "queued", why.Error())
	for i := range out {
		out[i].Account = true
	}
	return out
}
