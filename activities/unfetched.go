package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"duradesk/ticket"
)

// ErrUnfetched says that the server did not hand out mails that lie in the mailbox, or hung up over them.
var ErrUnfetched = errors.New("the server does not hand out a mail")

// suspect notes which mails of those asked for did not come, so that they are asked for one by one from now on, behind all
// others: one that the server can never hand out must not stop those behind it. fetched is how the fetching ended; an
// error that is not about the mails, and one after which the connection is of no use, is returned.
func (m *Mailboxes) suspect(ctx context.Context, box ticket.Mailbox, asked, came []uint32, fetched error) error {
	if fetched != nil && (!errors.Is(fetched, ErrUnfetched) || ctx.Err() != nil) {
		return fetched
	}
	var missing []uint32
	for _, uid := range asked {
		if !slices.Contains(came, uid) {
			missing = append(missing, uid)
		}
	}
	if len(missing) == 0 {
		return fetched
	}
	m.Log.WarnContext(ctx, "mails were not handed out; they are asked for one by one", "mailbox", box.ID, "mails", len(missing))
	return errors.Join(m.Intake.Suspect(ctx, box.ID, box.UIDValidity, missing), fetched)
}

// askAlone asks for each suspect alone. One that does not come is set apart at the third time; an agent who takes it out
// of the quarantine has it asked for again.
func (m *Mailboxes) askAlone(ctx context.Context, open Box, box *ticket.Mailbox, suspects []uint32) (unmarked, err error) {
	for _, uid := range suspects {
		marked, err := m.takeIn(ctx, open, box, []uint32{uid})
		unmarked = errors.Join(unmarked, marked)
		if err != nil && (!errors.Is(err, ErrUnfetched) || ctx.Err() != nil) {
			return unmarked, err
		}
		if counted := m.count(ctx, open, *box, uid); counted != nil || err != nil {
			return unmarked, errors.Join(counted, err)
		}
	}
	return unmarked, nil
}

// count notes that a mail which was asked for alone did not come, where it did not. One that a person took away in the
// meantime is no trouble.
func (m *Mailboxes) count(ctx context.Context, open Box, box ticket.Mailbox, uid uint32) error {
	times, err := m.Intake.Unfetched(ctx, box.ID, box.UIDValidity, uid)
	if err != nil || times == 0 {
		return err
	}
	fate, because := "quarantined", "the server cannot hand it out"
	if lying, err := open.UIDs(ctx, uid); err == nil && !slices.Contains(lying, uid) {
		fate, because = "ignored", "it is gone from the server"
	} else if times < poisoned {
		return nil
	}
	m.Log.WarnContext(ctx, "a mail was never handed out", "mailbox", box.ID, "uid", uid, "fate", fate, "because", because)
	if err := m.Intake.SetApart(ctx, box.ID, box.UIDValidity, uid, fate, because); err != nil {
		return fmt.Errorf("set a mail apart: %w", err)
	}
	return nil
}
