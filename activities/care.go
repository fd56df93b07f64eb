package activities

import (
	"context"
	"fmt"

	"duradesk/ticket"
)

// again settles what was kept and has no fate, without asking the server: what an agent took out of the quarantine, and
// what a worker had begun when it died and a person has since removed from the mailbox.
func (m *Mailboxes) again(ctx context.Context, box ticket.Mailbox) error {
	kept, err := m.Intake.Again(ctx, box.ID)
	if err != nil {
		return err
	}
	for _, got := range kept {
		begun, err := m.Intake.Receive(ctx, []ticket.Received{got})
		if err != nil {
			return err
		}
		if begun[0].Done {
			continue
		}
		s, err := m.settle(ctx, box, m.parse(ctx, box, got, begun[0].Attempts))
		if err != nil {
			return err
		}
		m.ring(ctx, s)
	}
	return nil
}

// copies stores what was sent in the mailbox's folder for it. The leader of the mailbox does so, with the connection it
// has: once, because a mail that lies there is known by its Message-ID.
func (m *Mailboxes) copies(ctx context.Context, open Box, mailbox string) error {
	waiting, err := m.Intake.Copies(ctx, mailbox)
	if err != nil {
		return err
	}
	for _, c := range waiting {
		raw, err := m.Intake.Source(ctx, c.Delivery)
		if err != nil {
			return err
		}
		if err := open.Copy(ctx, c.Folder, c.MailID, raw); err != nil {
			return fmt.Errorf("store a copy of what was sent: %w", err)
		}
		if err := m.Intake.Copied(ctx, c.Delivery); err != nil {
			return err
		}
	}
	return nil
}

// Reconcile proves that mailbox and ledger say the same: every mail on the server, from the first contact on, has
// exactly one fate. It changes nothing.
func (m *Mailboxes) Reconcile(ctx context.Context, id string) (ticket.Reconciled, error) {
	box, err := m.Intake.Mailbox(ctx, id)
	if err != nil {
		return ticket.Reconciled{}, err
	}
	open, err := m.Post.Open(ctx, box.IMAP, box.Folder)
	if err != nil {
		return ticket.Reconciled{}, err
	}
	defer func() { _ = open.Close() }()
	from := box.FirstUID + 1
	validity, _ := open.Folder()
	if validity != box.UIDValidity { // made anew and not looked at since: nothing of it is known
		from = 1
	}
	uids, err := open.UIDs(ctx, from)
	if err != nil {
		return ticket.Reconciled{}, err
	}
	out := ticket.Reconciled{Mailbox: box.Address, OnServer: len(uids)}
	out.Missing, out.Unsettled, err = m.Intake.Unknown(ctx, id, validity, uids)
	return out, err
}
