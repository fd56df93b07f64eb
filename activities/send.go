package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"duradesk/mail"
	"duradesk/ticket"
)

// NameSend is the activity's name. It reached histories: never changed.
const NameSend = "Send"

// Sender hands a mail to a server.
type Sender interface {
	// Send tries once. before is called right before DATA; its error stops the sending with certainty that nothing was
	// sent. The ends are complete for the recipients, whatever happens; slow asks for a longer pause.
	Send(ctx context.Context, a ticket.Account, e Envelope, raw []byte, before func(context.Context) error) (ends []ticket.End, slow bool, err error)
}

// Signer signs a mail, so that receivers know that its domain sent it (RFC 6376).
type Signer interface {
	Sign(raw []byte, key ticket.SigningKey) ([]byte, error)
}

// Envelope is who sends and who receives.
type Envelope struct {
	ID   string
	From string
	To   []string
}

// Deliveries are the hands of a mail's workflow.
type Deliveries struct {
	Outbox Outbox
	Sender Sender
	Poster Poster // of what is told to channels instead of mailed
	Signer Signer
	Bell   Bell
	Keys   mail.Keys
	Log    *slog.Logger
	Now    func() time.Time
	// GiveUp is how long after its making a mail is tried; 0: three days.
	GiveUp time.Duration
	// Say gives a text of the catalogs, for mail to staff and what channels are told automatically; ConsoleURL is where they find the ticket.
	Say        func(lang, key string, args map[string]string) string
	ConsoleURL string
	Crash      func(point string)
}

// Pauses between attempts.
const (
	firstPause = 5 * time.Second
	longPause  = 30 * time.Minute
	slowPause  = 5 * time.Minute // greylisting, rate limits
	giveUp     = 72 * time.Hour
)

// Send tries once to send a mail. Before the first attempt its bytes are frozen; before DATA a second mark is set, so
// that a death after it makes the mail uncertain and never sends it twice.
func (d *Deliveries) Send(ctx context.Context, id string) (ticket.DeliveryState, error) {
	stop := beat(ctx, 2*time.Second)
	defer stop()
	a, err := d.Outbox.Begin(ctx, id)
	if err != nil {
		return ticket.DeliveryState{}, d.failed(ctx, id, err)
	}
	if a.No == 0 {
		return discreet(d.ring(ctx, a.DeliveryState)), nil
	}
	state, err := d.attempt(ctx, id, a)
	if errors.Is(err, ticket.ErrOvertaken) {
		return ticket.DeliveryState{State: "attempted", NextAt: d.Now().Add(firstPause)}, nil
	}
	if err != nil {
		return ticket.DeliveryState{}, d.failed(ctx, id, err)
	}
	return discreet(d.ring(ctx, state)), nil
}

// discreet is what a history may know: a reason may quote an address, and the row has it.
func discreet(s ticket.DeliveryState) ticket.DeliveryState {
	s.Reason = ""
	return s
}

func (d *Deliveries) failed(ctx context.Context, id string, err error) error {
	d.Log.WarnContext(ctx, "mail not sent yet", "delivery", id, "error", err)
	return verdict(err)
}

// ring wakes the ticket where the end of a mail is a matter for a person. The stored command is the truth; where this
// bell is not heard, the relay rings.
func (d *Deliveries) ring(ctx context.Context, s ticket.DeliveryState) ticket.DeliveryState {
	if s.Number != 0 {
		if err := d.Bell.Ring(ctx, s.Number, ticket.SignalBell, ticket.Ring{}); err != nil {
			d.Log.DebugContext(ctx, "bell not heard", "ticket", s.Number, "error", err)
		}
	}
	return s
}

func (d *Deliveries) attempt(ctx context.Context, id string, a ticket.Attempt) (ticket.DeliveryState, error) {
	if a.Channel != nil {
		return d.tell(ctx, id, a)
	}
	raw := a.Raw
	if raw == nil {
		composed, err := d.compose(a.Mail)
		if err == nil && a.Sign.Key != "" {
			composed, err = d.Signer.Sign(composed, a.Sign)
		}
		if err != nil {
			// Nothing mends this by itself: the mail has failed, and a person sees why.
			return d.Outbox.Finish(ctx, id, a.No, ends(a.Recipients, "failed", "cannot be composed: "+err.Error()), time.Time{})
		}
		if raw, err = d.Outbox.Freeze(ctx, id, composed); err != nil {
			return ticket.DeliveryState{}, err
		}
	}
	results, slow, err := d.Sender.Send(ctx, a.SMTP, Envelope{ID: id, From: d.returnPath(id, a), To: a.Recipients}, raw,
		func(ctx context.Context) error { return d.Outbox.Data(ctx, id, a.No) })
	d.Crash("after_dot")
	if err != nil && errors.Is(err, ticket.ErrOvertaken) {
		return ticket.DeliveryState{}, err
	}
	if err != nil {
		results = ends(a.Recipients, "queued", err.Error())
	}
	for i := range results {
		results[i].Settings = a.SMTP.Settings
	}
	results, retry := d.schedule(a, results, slow)
	return d.Outbox.Finish(context.WithoutCancel(ctx), id, a.No, results, retry)
}

// returnPath is where reports about a mail come to: an address that we signed, which names the mail, where the mailbox
// takes such addresses. Automatic mail has none (RFC 3834).
func (d *Deliveries) returnPath(id string, a ticket.Attempt) string {
	if a.From == "" || a.Mail.ReplyTo == "" {
		return a.From
	}
	return orText(d.Keys.BounceAddress(a.From, id), a.From)
}

// schedule says when to try again, and gives up on a mail that is too old.
func (d *Deliveries) schedule(a ticket.Attempt, results []ticket.End, slow bool) ([]ticket.End, time.Time) {
	limit := d.GiveUp
	if limit == 0 {
		limit = giveUp
	}
	pause := min(firstPause<<min(a.No-1, 12), longPause)
	if slow {
		pause = max(pause, slowPause)
	}
	retry := d.Now().Add(pause)
	if retry.After(a.Mail.Date.Add(limit)) {
		for i := range results {
			if results[i].State == "queued" {
				results[i].State = "failed"
				results[i].Reason = fmt.Sprintf("given up after %s: %s", limit, results[i].Reason)
			}
		}
	}
	return results, retry
}

func ends(recipients []string, state, reason string) []ticket.End {
	out := make([]ticket.End, len(recipients))
	for i, r := range recipients {
		out[i] = ticket.End{Address: r, State: state, Reason: reason}
	}
	return out
}

// ratable are the mails whose templates may ask for a rating; its link holds for ratingLife.
var ratable = map[mail.Occasion]bool{mail.OccasionFinal: true, mail.OccasionClosed: true, mail.OccasionFeedback: true}

const ratingLife = 90 * 24 * time.Hour

// compose makes the mail: as mail.Letter writes it, answered to the address that names its ticket.
func (d *Deliveries) compose(m ticket.Mail) ([]byte, error) {
	if m.Occasion == ticket.OccasionNotice {
		out, err := d.staffLetter(m)
		if err != nil {
			return nil, err
		}
		return mail.Compose(out)
	}
	if ratable[mail.Occasion(m.Occasion)] && d.ConsoleURL != "" {
		m.Link = d.ConsoleURL + "/portal/rate?t=" + d.Keys.RatingToken(int64(m.Number), m.Date.Add(ratingLife))
	}
	out, err := mail.Letter(m)
	if err != nil {
		return nil, err
	}
	if m.ReplyTo != "" {
		out.ReplyTo = mail.Address{Name: m.From.Name, Addr: d.Keys.ReplyAddress(m.From.Address, m.ReplyTo)}
	}
	return mail.Compose(out)
}

// beat tells Temporal that the activity lives, from a goroutine of its own: a worker that died is then noticed within
// the heartbeat timeout, however long the activity waits.
func beat(ctx context.Context, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { cancel(); <-done }
}
