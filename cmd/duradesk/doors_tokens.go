package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"duradesk/activities"
	"duradesk/mail/oauth"
	"duradesk/mail/send"
	"duradesk/ticket"
)

// grants joins the activities' port to the door of token servers.
type grants struct{ c oauth.Client }

func (g grants) Grant(ctx context.Context, t ticket.Token) (access, refresh ticket.Secret, lasts time.Duration, err error) {
	got, err := g.c.Token(ctx, oauth.Request{
		URL: t.URL, ClientID: t.ClientID, ClientSecret: t.ClientSecret.Reveal(), Refresh: t.Refresh.Reveal(), Scope: t.Scope,
	})
	var refused *oauth.Refused
	if errors.As(err, &refused) {
		return "", "", 0, fmt.Errorf("%w: %w", activities.ErrGrantRefused, err)
	}
	return ticket.Secret(got.Access), ticket.Secret(got.Refresh), got.Lasts, err
}

// loggedIn are the mail doors of mailboxes, with or without tokens.
func (d *desk) loggedIn() activities.LoggedIn {
	return activities.LoggedIn{
		Post: post{}, Sender: sender{send.Timeouts{Dot: d.SMTPAnswer}}, Tokens: &activities.Tokens{Record: d.queue, Grants: grants{}, Log: d.log, Now: time.Now},
	}
}
