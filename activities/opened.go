package activities

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"duradesk/mail"
	"duradesk/ticket"
)

// opened is a mail whose source is kept, on its way to its fate.
type opened struct {
	got      ticket.Received
	attempts int // how often it was begun
	parsed   mail.Message
	warnings []mail.Warning
	keys     []string // by what it may be known to another mail that comes with it
	broken   string   // why it cannot be read
}

// parse reads the mail, unless it has been begun too often. A defect of ours in doing so puts the mail into the quarantine,
// where agents see it, and never stops the next one.
func (m *Mailboxes) parse(ctx context.Context, box ticket.Mailbox, got ticket.Received, attempts int) (l opened) {
	l = opened{got: got, attempts: attempts, keys: []string{"source " + string(got.Digest[:])}}
	if attempts > poisoned {
		return l
	}
	defer func() {
		if v := recover(); v != nil {
			l.broken = m.unreadable(ctx, got, v)
		}
	}()
	l.parsed, l.warnings = mail.Parse(got.Raw, mail.Limits{})
	l.keys = append(l.keys, m.keysOf(l.parsed, got.Raw, box.Self)...)
	return l
}

func (m *Mailboxes) unreadable(ctx context.Context, got ticket.Received, v any) string {
	m.Log.ErrorContext(ctx, "a mail could not be read", "mailbox", got.Mailbox, "uid", got.UID, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	return "it could not be read: " + fmt.Sprint(v)
}

// keysOf names what two mails may share that must not be settled at the same time: the words, which make the second one a
// duplicate; the writer, who becomes a client once and whose letters keep their order; the other's Message-ID, and whatever
// both of them answer.
func (m *Mailboxes) keysOf(parsed mail.Message, raw []byte, self []string) []string {
	content := mail.Fingerprint(raw)
	keys := []string{"content " + string(content[:]), "writer " + strings.ToLower(sender(parsed).Addr)}
	if id := mail.LookupID(parsed.MessageID); id != "" {
		keys = append(keys, "id "+id)
	}
	hints := mail.FindHints(parsed, m.Keys, self)
	for _, id := range hints.Foreign {
		keys = append(keys, "id "+id)
	}
	for _, own := range hints.Own {
		keys = append(keys, "own "+own.UUID)
	}
	for _, token := range hints.Tokens {
		keys = append(keys, "token "+token)
	}
	for _, n := range hints.Numbers {
		keys = append(keys, "number "+strconv.FormatInt(n, 10))
	}
	return keys
}

// read classifies and threads a mail.
func (m *Mailboxes) read(ctx context.Context, box ticket.Mailbox, l opened) (fate ticket.Fate, err error) {
	quarantined := func(because string) ticket.Fate {
		return ticket.Fate{Received: l.got, Fate: "quarantined", Evidence: map[string]any{"because": because}}
	}
	defer func() {
		if v := recover(); v != nil {
			fate, err = quarantined(m.unreadable(ctx, l.got, v)), nil
		}
	}()
	if l.broken != "" {
		return quarantined(l.broken), nil
	}
	if fate, err = m.decide(ctx, box, l.got, l.parsed, l.warnings); err != nil {
		return fate, err
	}
	if l.parsed.MessageID != "" || !l.parsed.Date.IsZero() { // without either, two people may have written the same
		fate.Content = mail.Fingerprint(l.got.Raw)
	}
	return fate, nil
}
