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
	Apply(ctx context.Context, in ApplyInput) (ApplyResult, error)
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

// ApplyInput is what a ticket's workflow knows when it wakes.
type ApplyInput struct {
	Number   ticket.Number `json:"number"`
	Revision int64         `json:"revision"`           // of the process it holds; 0: none
	FirstRun string        `json:"first_run"`          // names commands that came by hand
	Fired    []Fired       `json:"fired,omitempty"`    // timers
	Heard    []Heard       `json:"heard,omitempty"`    // signals
	Canceled string        `json:"canceled,omitempty"` // the run that an operator cancelled, once
}

// Fired is a timer that rang.
type Fired struct {
	Clock      string    `json:"clock"`
	Due        time.Time `json:"due"`
	Generation int       `json:"generation"`
}

// Heard is one signal: a ring for a stored row, or something that came by hand.
type Heard struct {
	Count   int         `json:"count"` // of signals heard by this workflow, over all its runs
	Name    string      `json:"name"`
	Ring    ticket.Ring `json:"ring,omitzero"`
	Problem string      `json:"problem,omitempty"` // "malformed" where the payload could not be read
}

// ApplyResult is all that goes into the history: small, whatever the batch.
type ApplyResult struct {
	Process       ticket.Process `json:"process"`
	Wanted        []Wanted       `json:"wanted,omitempty"`
	Effects       []Effect       `json:"effects,omitempty"`
	More          bool           `json:"more,omitempty"`           // call again: the batch was full
	Final         bool           `json:"final,omitempty"`          // nothing runs and nothing is unapplied
	ContinueAfter int            `json:"continue_after,omitempty"` // history events
}

// Wanted is a timer that must be armed.
type Wanted struct {
	Clock      string           `json:"clock"`
	Kind       ticket.ClockKind `json:"kind"`
	Due        time.Time        `json:"due"`
	Generation int              `json:"generation"`
}

// Effect is work that must be started: a delivery's workflow, or a ring at another ticket's door.
type Effect struct {
	Delivery string        `json:"delivery,omitempty"`
	Ring     ticket.Number `json:"ring,omitempty"`
}

// Outbox is the record as a delivery needs it. Every change is a compare-and-set on the attempt's number.
type Outbox interface {
	// Begin opens the next attempt, or tells that nothing is left to do. An earlier attempt that had reached DATA and
	// told no end makes the mail uncertain: it is never sent again by itself (PRODUCT rule 4).
	Begin(ctx context.Context, delivery string) (Attempt, error)
	// Freeze keeps the bytes of the first attempt and returns those that were kept.
	Freeze(ctx context.Context, delivery string, raw []byte) ([]byte, error)
	// Data is the second mark, right before DATA. ErrOvertaken: another attempt has begun, stop here.
	Data(ctx context.Context, delivery string, attempt int) error
	// Finish records how an attempt ended, for each recipient, and stores the delivery-failed command where a person
	// must look. It returns the ticket to ring, or 0.
	Finish(ctx context.Context, delivery string, attempt int, ends []End, retry time.Time) (DeliveryState, ticket.Number, error)
}

// Attempt is one try at sending a mail.
type Attempt struct {
	DeliveryState
	No         int
	Raw        []byte // frozen bytes; nil at the first attempt
	Mail       Mail
	From       string   // envelope sender; "" is the null sender
	Recipients []string // those that have no final state yet
	SMTP       Account
}

// DeliveryState is how a mail stands.
type DeliveryState struct {
	State    string    `json:"state"` // queued, attempted, accepted, uncertain, failed, bounced
	Finished bool      `json:"finished"`
	NextAt   time.Time `json:"next_at,omitzero"` // not before
	Attempt  int       `json:"attempt"`
	Reason   string    `json:"reason,omitempty"` // no address, no text
	// Number is the ticket that must be rung, 0 where none.
	Number ticket.Number `json:"number,omitempty"`
}

// Mail is what a mail is composed from.
type Mail struct {
	Occasion   string // acknowledge, answer, interim, final
	Number     ticket.Number
	Title      string
	Language   string
	MailID     string // Message-ID, fixed before the first attempt
	Date       time.Time
	From       Address
	ReplyTo    string
	To, Cc     []Address
	InReplyTo  string
	References []string
	Body       string // the agent's text; "" where a template says all
	Format     string // text, markdown, html
	Agent      string
	Client     string
	Desk       string
	Files      []ticket.NewFile
}

// Address is a mail address with the name before it.
type Address struct{ Name, Address string }

// Account is a door to send or fetch mail through.
type Account struct {
	Addr     string
	TLS      string // none, starttls, tls
	Username string
	Password Secret
}

// Secret is a password that never shows itself.
type Secret string

// String hides the secret.
func (Secret) String() string { return "(hidden)" }

// GoString hides the secret.
func (Secret) GoString() string { return "(hidden)" }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// End is how an attempt ended for one recipient.
type End struct {
	Address string
	State   string // accepted, uncertain, failed, queued (to be tried again)
	Reason  string
}

// Intake is the record as a mailbox needs it.
type Intake interface {
	// Mailbox returns the settings and the cursor of a mailbox; ticket.NotFound where it is gone or switched off.
	Mailbox(ctx context.Context, id string) (Mailbox, error)
	// Receive keeps the source of a mail before anything is done with it. done: it has its fate already.
	Receive(ctx context.Context, m Received) (done bool, attempts int, err error)
	// Find looks up what a mail's headers may refer to.
	Find(ctx context.Context, mailbox string, q Traces) (Found, error)
	// Settle gives a mail its one fate and stores the command that goes with it, in one transaction.
	Settle(ctx context.Context, f Fate) (Settled, error)
	// Marked notes that the server shows the mail as done, and moves the cursor.
	Marked(ctx context.Context, mailbox string, uidvalidity, uid uint32) error
	// Seen notes how the mailbox stands: polling, or failed with an error that names no secret.
	Seen(ctx context.Context, mailbox string, uidvalidity uint32, state, problem string) error
	// Unsettled lists UIDs that were received but have no fate or are not marked yet.
	Unsettled(ctx context.Context, mailbox string, uidvalidity uint32) ([]uint32, error)
	// Known returns which of these UIDs have their fate.
	Known(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) (map[uint32]bool, error)
}

// Mailbox is one polled mailbox.
type Mailbox struct {
	ID          string
	Desk        string
	Address     string
	Self        []string // every address that is ours
	Folder      string
	IMAP        Account
	UIDValidity uint32
	LastUID     uint32
	FromStart   bool // read from its first message; else from what comes after the first contact
}

// Received is a mail as it lay in the mailbox.
type Received struct {
	Mailbox     string
	UIDValidity uint32
	UID         uint32
	Digest      [32]byte
	Raw         []byte
}

// Traces are what a mail's headers say about where it belongs.
type Traces struct {
	Deliveries []string        // ids of our own mails whose Message-IDs were verified
	Tokens     []string        // reply tokens whose signature was verified
	MailIDs    []string        // foreign Message-IDs
	Numbers    []ticket.Number // from the subject
	From       string
}

// Found is what the record says to Traces, in the order asked.
type Found struct {
	Tickets map[string]FoundTicket // by delivery id, token, mail id, or "#1042"
}

// FoundTicket is a ticket that a trace leads to, and whether the writer takes part in it.
type FoundTicket struct {
	Number      ticket.Number
	Desk        string
	Participant bool
}

// Fate is the end of a mail in the ledger.
type Fate struct {
	Received
	Fate     string // message, duplicate, automatic, bounce, quarantined, ignored
	MailID   string
	Evidence map[string]any // no texts, no addresses of people beyond what the ledger needs
	Order    *ticket.Order
	Bounces  []Bounce
}

// Bounce is what a delivery status report says about one recipient of one of our mails.
type Bounce struct {
	Delivery string
	Address  string
	Action   string // failed, delayed
	Status   string // RFC 3463
	Reason   string
}

// Settled is what came of a fate.
type Settled struct {
	Fate   string
	Number ticket.Number
	Ring   ticket.Ring
	Kind   ticket.Kind
}
