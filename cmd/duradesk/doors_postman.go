package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"duradesk/activities"
	"duradesk/api"
	"duradesk/mail"
)

// postman sends what belongs to no ticket, such as a one-time link, from the first mailbox that can.
type postman struct{ d *desk }

// Post hands the letter to the mail server. The error never holds the letter.
func (p postman) Post(ctx context.Context, l api.Letter) error {
	accounts, err := p.d.store.Accounts(ctx)
	if err != nil {
		return away(err)
	}
	if len(accounts) == 0 {
		return errors.New("there is no mailbox to send from: add one")
	}
	doors, err := p.d.queue.Doors(ctx, accounts[0].ID)
	if err != nil {
		return away(err)
	}
	id := uuid.NewString()
	from := accounts[0].Address
	_, domain, _ := strings.Cut(from, "@")
	raw, err := mail.Compose(mail.Outgoing{
		MessageID: p.d.keys.MessageID(mail.KindAck, id, domain), Date: time.Now(), From: mail.Address{Addr: from}, To: []mail.Address{{Name: l.Name, Addr: l.To}},
		Subject: l.Subject, Body: l.Body, Format: mail.FormatText, Automatic: true, Triggered: true, Language: l.Language, TextOnly: true,
	})
	if err != nil {
		return fmt.Errorf("write a letter: %w", err)
	}
	if doors.Sign.Key != "" {
		if raw, err = (signer{}).Sign(raw, doors.Sign); err != nil {
			return fmt.Errorf("sign a letter: %w", err)
		}
	}
	ends, _, err := p.d.loggedIn().Send(ctx, doors.SMTP, activities.Envelope{ID: id, From: from, To: []string{l.To}}, raw, func(context.Context) error { return nil })
	if err != nil {
		return fmt.Errorf("send a letter: %w", err)
	}
	for _, e := range ends {
		if e.State != deliveryAccepted {
			return fmt.Errorf("send a letter: the mail server answered: %s", e.Reason)
		}
	}
	return nil
}

const deliveryAccepted = "accepted"
