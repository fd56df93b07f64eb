package activities

import (
	"context"
	"time"

	"duradesk/ticket"
)

// Desk is the record as a ticket's workflow needs it.
type Desk interface {
	// Apply takes every unapplied command and due timer of a ticket through the rules in one transaction (HOUSE, "The
	// heart", step 4).
	Apply(ctx context.Context, in ticket.ApplyInput) (ticket.ApplyResult, error)
	// Started notes that the workflows of these deliveries run.
	Started(ctx context.Context, deliveries []string) error
}

// Bell wakes and starts workflows.
type Bell interface {
	// Ring signals a ticket's workflow, starting it where it does not run.
	Ring(ctx context.Context, n ticket.Number, name string, r ticket.Ring) error
	// StartDelivery starts the workflow that sends a mail; one that runs already is enough.
	StartDelivery(ctx context.Context, delivery string) error
}

// Outbox is the record as a delivery needs it. Every change is a compare-and-set on the attempt's number.
type Outbox interface {
	// Begin opens the next attempt, or tells that nothing is left to do. An earlier attempt that had reached DATA and
	// told no end makes the mail uncertain: it is never sent again by itself (PRODUCT rule 4).
	Begin(ctx context.Context, delivery string) (ticket.Attempt, error)
	// Freeze keeps the bytes of the first attempt and returns those that were kept.
	Freeze(ctx context.Context, delivery string, raw []byte) ([]byte, error)
	// Data is the second mark, right before DATA. ErrOvertaken: another attempt has begun, stop here.
	Data(ctx context.Context, delivery string, attempt int) error
	// Finish records how an attempt ended, for each recipient, and stores the delivery-failed command where a person
	// must look; the state's Number is then the ticket to ring.
	Finish(ctx context.Context, delivery string, attempt int, ends []ticket.End, retry time.Time) (ticket.DeliveryState, error)
}

// Intake is the record as a mailbox needs it.
type Intake interface {
	// Mailbox returns the settings and the cursor of a mailbox; ticket.NotFound where it is gone or switched off.
	Mailbox(ctx context.Context, id string) (ticket.Mailbox, error)
	// Receive keeps the sources of mails before anything is done with them, in one transaction, and tells of each how it
	// stands.
	Receive(ctx context.Context, mails []ticket.Received) ([]ticket.Begun, error)
	// Unbegun takes a mail's beginning back that an error has ended which says nothing of the mail, as a database that is away
	// does: it is no sign that workers die at it.
	Unbegun(ctx context.Context, mail ticket.Received, because error) error
	// Find looks up what a mail's headers may refer to.
	Find(ctx context.Context, t ticket.Traces) (ticket.Found, error)
	// NoticeMailed returns whom one of our mails to staff was for; ticket.NotFound where the delivery is none.
	NoticeMailed(ctx context.Context, delivery string) (ticket.NoticeMailed, error)
	// Settle gives a mail its one fate and stores the command that goes with it, in one transaction.
	Settle(ctx context.Context, f ticket.Fate) (ticket.Settled, error)
	// Begun notes the UIDVALIDITY at first contact and the last UID that is not taken in.
	Begun(ctx context.Context, mailbox string, uidvalidity, lastUID uint32) error
	// Marked notes that the server shows the mails as done, and moves the cursor.
	Marked(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) error
	// Known returns those of the UIDs for which nothing is left to do.
	Known(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) (map[uint32]bool, error)
	// Again lists mails that were kept and have no fate, such as those that an agent took out of the quarantine.
	Again(ctx context.Context, mailbox string) ([]ticket.Received, error)
	// Refused notes a refused login, and returns how many there were since the last that went well.
	Refused(ctx context.Context, mailbox string, settings int, problem string) (int, error)
	// Copies lists sent mails that are still to be stored in the mailbox, and Copied notes that they are.
	Copies(ctx context.Context, mailbox string) ([]ticket.Copy, error)
	Source(ctx context.Context, delivery string) ([]byte, error)
	Copied(ctx context.Context, delivery string) error
	// Unknown returns those of the UIDs that have no line in the ledger, and those that have one without a fate.
	Unknown(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) (missing, unsettled []uint32, err error)
	// MailboxVersion counts the changes of a mailbox's settings; 0 where it is gone or switched off.
	MailboxVersion(ctx context.Context, id string) (int, error)
	// Suspect notes mails that the server did not hand out, and Unfetched counts how often it did not hand out one that was
	// asked for alone. Suspects lists them, fewest failures first, whatever the cursor says.
	Suspect(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) error
	Unfetched(ctx context.Context, mailbox string, uidvalidity, uid uint32) (times int, err error)
	Suspects(ctx context.Context, mailbox string, uidvalidity uint32) ([]uint32, error)
	// SetApart gives a mail that never came its fate: quarantined, or ignored.
	SetApart(ctx context.Context, mailbox string, uidvalidity, uid uint32, fate, because string) error
	// Seen notes how the mailbox stands: polling, or failed with an error that names no secret.
	Seen(ctx context.Context, mailbox, state, problem string) error
}
