package ticket

import "time"

// Order is a command on its way into the queue, with the texts that go with it.
type Order struct {
	ID           string // unique per actor, 1-100 characters (the desk's own parts may use longer ones)
	Number       Number // 0 opens a ticket
	Kind         Kind
	By           Actor
	Name         string // the actor's name as people read it
	SeenRevision int64  // 0: not said
	Params       Params
	Reason       string // free text that goes with escalate, kept beside the event
	Message      *NewMessage
	Opening      *Opening
	Writer       *Client // the client behind By, where his id is not known yet: found or made in the same transaction
	Fingerprint  string  // hash of the request's body: the same id with another one is a Conflict
}

// NewMessage is a message or note not stored yet.
type NewMessage struct {
	Note        bool
	Body        string
	Format      string // text, markdown, html
	HTML        string // sanitised, where the source had HTML
	Visible     string // the part of Body that is new; "" where all is
	To, Cc      []string
	Files       []NewFile
	WorkMinutes int
	Template    string
	Author      By // who wrote it; an agent may log what a client said
	MailID      string
	InReplyTo   string
	Raw         string // hash of the raw source, where it came by mail
}

// NewFile is an attachment not stored yet.
type NewFile struct {
	Name      string
	Type      string
	ContentID string
	Inline    bool
	Data      []byte
}

// Opening describes a ticket that an order opens.
type Opening struct {
	Desk          string
	Title         string
	Channel       Channel
	Priority      Priority
	Type          string
	Language      string
	ReceptionType string
	Tags          []string
	Fields        map[string]any
	Client        Client
	Follows       Number // the closed ticket that this one follows up
}

// Settings of a desk that the rules go by (PRODUCT §3, "Settings of a desk"). A version of them is pinned to each
// ticket; editing a desk makes a new version.
type Settings struct {
	Version         int           `json:"version"`
	FirstResponse   time.Duration `json:"first_response"` // 0: no such clock
	AutoClose       time.Duration `json:"auto_close"`
	SpamRetention   time.Duration `json:"spam_retention"`
	FollowUp        FollowUp      `json:"follow_up"`
	ReopenWithin    time.Duration `json:"reopen_within"` // for FollowUp reopen_within
	BreachEscalates bool          `json:"breach_escalates"`
	Acknowledge     bool          `json:"acknowledge"`
}

// FollowUp says what a client's reply to a closed ticket does.
type FollowUp string

// The follow-up policies (PRODUCT §3, row "closed"; C1).
const (
	FollowUpLinked       FollowUp = "linked"
	FollowUpReopenWithin FollowUp = "reopen_within"
	FollowUpReopen       FollowUp = "reopen"
)

// DefaultSettings are those of a shipped inquiry desk. First response is 6 hours of wall clock (D20); business
// calendars refine it.
func DefaultSettings() Settings {
	return Settings{
		Version: 1, FirstResponse: 6 * time.Hour, AutoClose: 14 * 24 * time.Hour, SpamRetention: 30 * 24 * time.Hour,
		FollowUp: FollowUpLinked, ReopenWithin: 30 * 24 * time.Hour, BreachEscalates: true, Acknowledge: true,
	}
}
