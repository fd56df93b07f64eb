package ticket

import "time"

// Record is a ticket as people read it: the process with its texts and names around it (CONTRACT §3, "A ticket").
type Record struct {
	Process       Process
	Title         string
	Type          string
	Language      string
	ReceptionType string
	Tags          []string
	Fields        map[string]any
	Client        Client
	HoldUntil     *time.Time
	CreatedAt     time.Time
	UpdatedAt     time.Time
	ResolvedAt    *time.Time
	ClosesAt      *time.Time
	DueAt         *time.Time
	Last          *LastMessage
	Links         []Link
	Settings      Settings      // of its desk, as pinned by Process.Policy
	Calendar      []byte        // the pinned calendar's spec as JSON; nil: open around the clock
	Rules         string        // name of the table that its desk works by
	Solution      string        // what solved it, where the desk records that
	Conversation  *Conversation // outside mail; nil: it is answered by mail
}

// Client is the person who asks.
type Client struct {
	ID     string
	Name   string
	Email  string
	Phone  string
	Number string
	Access string // none, portal, full
	// External is what a channel knows him by: the channel's key, a slash, the channel's own id.
	External string
}

// LastMessage is the end of the conversation as a list row shows it.
type LastMessage struct {
	By      ActorKind
	Name    string
	Kind    string // public, note
	At      time.Time
	Excerpt string // at most 160 characters
}

// Link ties two tickets. Kind: follow_up, hand_over, merged, related, duplicate, causes.
type Link struct {
	Kind   string
	Number Number
}

// Item is one line of a ticket's timeline (CONTRACT §3, "A timeline item").
type Item struct {
	ID          string
	Seq         int64
	Revision    int64
	At          time.Time
	Type        string // message, note, event
	By          By
	CommandID   string
	Body        string
	Format      string // text, markdown, html
	HTML        string
	MessageID   string // of the message, for its raw source; "" for events
	HasRaw      bool
	Attachments []Attachment
	Delivery    []Recipient
	Event       *Event
	Threading   *Threading // of a mail that was received
}

// Threading is why a received mail came to its ticket, for colleagues who doubt it.
type Threading struct {
	Why         string   // name of the rule that decided
	Evidence    []string // the hints that were weighed: kind and value
	MayBelongTo Number   // the ticket that was suspected and not taken; 0: none
}

// By names who did something, for people.
type By struct {
	Kind ActorKind
	ID   string
	Name string
}

// Attachment is a file that came or went with a message.
type Attachment struct {
	ID   string
	Name string
	Type string // media type
	Size int64  // bytes
}

// Recipient is the honest state of one mail to one address (PRODUCT rule 4).
type Recipient struct {
	Address  string
	State    string // queued, attempted, accepted, uncertain, failed, bounced
	Attempts int
	Reason   string
	Channel  string // key, where it was told to a channel; "": mailed
}

// Event is what happened, in the past tense.
type Event struct {
	Name  string
	From  State
	To    State
	Cause Cause
	Data  map[string]any
}

// Cause says why something happened: the rule that answered, and the facts it went by.
type Cause struct {
	Rule string `json:"rule,omitempty"`
	Why  string `json:"why,omitempty"`
}
