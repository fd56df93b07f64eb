package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"duradesk/mail"
	"duradesk/ticket"
)

// TypeMessage is the type of what a channel is told.
const TypeMessage = "message"

// refusedForGood are answers of HTTP that another attempt would get too: the channel will not have this message.
var refusedForGood = []int{400, 410, 413, 415, 422}

// spoken is the body that a channel is told. The bytes are frozen before the first attempt.
type spoken struct {
	Type         string       `json:"type"`
	ID           string       `json:"id"` // the same however often it is sent: by it the channel knows what it has
	Channel      string       `json:"channel"`
	Conversation string       `json:"conversation"`
	To           spokenPerson `json:"to"`
	Ticket       int64        `json:"ticket"`
	At           time.Time    `json:"at"`
	Message      spokenText   `json:"message"`
}

type spokenPerson struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

type spokenText struct {
	ID          string       `json:"id,omitempty"` // in the ticket's timeline
	Kind        string       `json:"kind"`         // answer, interim, final, acknowledge, follow_up
	Automatic   bool         `json:"automatic"`
	By          string       `json:"by"`
	Text        string       `json:"text"`
	Markdown    string       `json:"markdown"`
	HTML        string       `json:"html"`
	Attachments []spokenFile `json:"attachments"`
}

type spokenFile struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int    `json:"size"`
	Data []byte `json:"data"` // base64
}

// tell tries once to tell a channel. It goes by the message's id, so that what may have arrived is told again without
// harm; only when it is given up does it matter that nobody knows.
func (d *Deliveries) tell(ctx context.Context, id string, a ticket.Attempt) (ticket.DeliveryState, error) {
	switch {
	case a.Channel.Removed:
		return d.Outbox.Finish(ctx, id, a.No, ends(a.Recipients, "failed", "the channel was taken away"), time.Time{})
	case a.Channel.Off:
		return d.tried(ctx, id, a, Posted{Error: "the channel is switched off"})
	}
	raw := a.Raw
	if raw == nil {
		composed, err := d.speak(a)
		if err != nil {
			return d.Outbox.Finish(ctx, id, a.No, ends(a.Recipients, "failed", "cannot be composed: "+err.Error()), time.Time{})
		}
		if raw, err = d.Outbox.Freeze(ctx, id, composed); err != nil {
			return ticket.DeliveryState{}, err
		}
	}
	if err := d.Outbox.Data(ctx, id, a.No); err != nil {
		return ticket.DeliveryState{}, err
	}
	answer := d.Poster.Post(ctx, a.Channel.URL, a.Mail.MailID, a.Channel.Secrets, raw)
	d.Crash("after_told")
	return d.tried(ctx, id, a, answer)
}

// tried writes down how an attempt ended.
func (d *Deliveries) tried(ctx context.Context, id string, a ticket.Attempt, answer Posted) (ticket.DeliveryState, error) {
	steady := context.WithoutCancel(ctx)
	if answer.Error == "" {
		return d.Outbox.Finish(steady, id, a.No, ends(a.Recipients, "accepted", ""), d.Now())
	}
	if slices.Contains(refusedForGood, answer.Status) {
		return d.Outbox.Finish(steady, id, a.No, ends(a.Recipients, "failed", answer.Error), time.Time{})
	}
	results, retry := d.schedule(a, ends(a.Recipients, "queued", answer.Error), false)
	if later := d.Now().Add(answer.Wait); later.After(retry) {
		retry = later
	}
	for i := range results {
		results[i].Doubt = answer.Unanswered
		if results[i].State == "failed" && (answer.Unanswered || a.Channel.Doubtful) {
			results[i].State = "uncertain"
		}
	}
	return d.Outbox.Finish(steady, id, a.No, results, retry)
}

// speak writes what the channel is told: the agent's own words, without the letter that a mail has around them.
func (d *Deliveries) speak(a ticket.Attempt) ([]byte, error) {
	m := a.Mail
	body, format := m.Body, mail.BodyFormat(m.Format)
	automatic := ticket.Automatic(m.Occasion)
	by := m.Agent
	if automatic {
		body, format, by = d.Say(m.Language, "channel."+m.Occasion, map[string]string{"number": fmt.Sprint(m.Number), "previous": fmt.Sprint(m.Previous)}), mail.FormatText, m.Desk
	}
	out := spoken{
		Type: TypeMessage, ID: m.MailID, Channel: a.Said.Channel, Conversation: a.Said.Conversation, To: spokenPerson{ID: a.Said.Person, Name: m.Client},
		Ticket: int64(m.Number), At: m.Date.UTC(), Message: spokenText{ID: a.Said.Message, Kind: m.Occasion, Automatic: automatic, By: by, Attachments: []spokenFile{}},
	}
	var err error
	if out.Message.Text, out.Message.Markdown, out.Message.HTML, err = mail.Spoken(body, format); err != nil {
		return nil, err
	}
	for _, f := range m.Files {
		out.Message.Attachments = append(out.Message.Attachments, spokenFile{Name: f.Name, Type: f.Type, Size: len(f.Data), Data: f.Data})
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write what a channel is told: %w", err)
	}
	return raw, nil
}
