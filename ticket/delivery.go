package ticket

import (
	"errors"
	"time"
)

// Attempt is one try at sending a mail.
type Attempt struct {
	DeliveryState
	No         int
	Raw        []byte // frozen bytes; nil at the first attempt
	Mail       Mail
	From       string   // envelope sender; "" is the null sender
	Recipients []string // those that have no final state yet
	SMTP       Account
	Channel    *ChannelTarget // told to a channel instead of mailed
	Said       ChannelMessage
	Sign       SigningKey
}

// DeliveryState is how a mail stands.
type DeliveryState struct {
	State    string    `json:"state"` // queued, attempted, accepted, uncertain, failed, bounced
	Finished bool      `json:"finished"`
	NextAt   time.Time `json:"next_at,omitzero"` // not before
	Attempt  int       `json:"attempt"`
	Reason   string    `json:"reason,omitempty"` // no address, no text
	// Number is the ticket that must be rung, 0 where none.
	Number Number `json:"number,omitempty"`
}

// ErrOvertaken says that another attempt at the same delivery has begun.
var ErrOvertaken = errors.New("another attempt has begun")

// Mail is what a mail is composed from.
type Mail struct {
	Occasion   string // acknowledge, answer, interim, final
	Number     Number
	Previous   Number // the closed ticket that this one follows up, 0: none
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
	Files      []NewFile
	Template   string        // the desk's own text for the occasion; "": the built-in one
	Signature  string        // of the desk
	Layout     Layout        // in which parts it leaves
	Link       string        // under which the client may rate without signing in; "": there is none
	CloseDays  int           // after which a resolved ticket closes by itself; 0: that is not said
	Undo       time.Duration // for how long it can be taken back; only where it is not written yet
	Spoken     string        // the channel's own id of the conversation
	Channel    string        // key; told to a channel instead, so that it has neither addresses nor layout
	Notices    []NoticeLine  // of a mail to staff, which has nothing else to say
}

// Automatic reports whether no person writes a mail of that occasion (RFC 3834).
func Automatic(occasion string) bool {
	switch occasion {
	case "acknowledge", "follow_up", string(CloseMailClosed), string(CloseMailFeedback), OccasionNotice:
		return true
	}
	return false
}

// Address is a mail address with the name before it.
type Address struct{ Name, Address string }

// Account is a door to send or fetch mail through.
type Account struct {
	Mailbox  string // its id
	Addr     string
	TLS      string // none, starttls, tls
	Username string
	Password Secret
	// Settings is the version of the mailbox's settings that all this comes from: a refusal speaks of them, not of later ones.
	Settings int
	// Mechanism XOAUTH2 or OAUTHBEARER says that an access token takes the place of the password; "": it does not.
	Mechanism string
}

// Secret is a password that never shows itself.
type Secret string

// String hides the secret.
func (Secret) String() string { return "(hidden)" }

// GoString hides the secret.
func (Secret) GoString() string { return "(hidden)" }

// Reveal gives the secret to the door that needs it.
func (s Secret) Reveal() string { return string(s) }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// End is how an attempt ended for one recipient.
type End struct {
	Address string
	State   string // accepted, uncertain, failed, queued (to be tried again)
	Reason  string
	Doubt   bool // of a channel: it may be there, though nobody answered
	Account bool // the trouble is the mailbox's, not this mail's: all of its mail rests
	// Settings is the version of the mailbox's settings under which the attempt was made.
	Settings int
}
