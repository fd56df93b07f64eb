package activities

import (
	"context"
	"crypto/sha256"

	"duradesk/ticket"
)

// settle gives one mail its fate.
func (m *Mailboxes) settle(ctx context.Context, box ticket.Mailbox, uid uint32, raw []byte) (ticket.Settled, error) {
	got := ticket.Received{Mailbox: box.ID, UIDValidity: box.UIDValidity, UID: uid, Digest: sha256.Sum256(raw), Raw: raw}
	return m.settleKept(ctx, box, got)
}

func (m *Mailboxes) settleKept(ctx context.Context, box ticket.Mailbox, got ticket.Received) (ticket.Settled, error) {
	done, attempts, err := m.Intake.Receive(ctx, got)
	if err != nil || done {
		return ticket.Settled{}, err
	}
	fate := ticket.Fate{Received: got, Fate: "quarantined", Evidence: map[string]any{"because": "begun three times without an end"}}
	if attempts <= poisoned {
		if fate, err = m.read(ctx, box, got); err != nil {
			return ticket.Settled{}, err
		}
	}
	s, err := m.Intake.Settle(ctx, fate)
	if code := ticket.CodeOf(err); code != "" && code != ticket.Newer { // the record refuses it for good: kept, shown, the next mail goes on
		fate = ticket.Fate{Received: got, Fate: "quarantined", MailID: fate.MailID, Evidence: map[string]any{"because": err.Error()}}
		s, err = m.Intake.Settle(ctx, fate)
	}
	return s, err
}

// ring wakes the ticket of a mail that was settled. What is not heard, the relay rings again.
func (m *Mailboxes) ring(ctx context.Context, s ticket.Settled) {
	if s.Number == 0 || s.Ring.ID == "" {
		return
	}
	if err := m.Bell.Ring(ctx, s.Number, s.Kind.String(), s.Ring); err != nil {
		m.Log.DebugContext(ctx, "bell not heard; the relay rings", "ticket", s.Number, "error", err)
	}
}

// ringsAtOnce bounds the bells on their way: starting a ticket's workflow takes about as long as settling its mail, and
// the next mail need not wait for it. The order of bells says nothing: the rows have it.
const ringsAtOnce = 8
