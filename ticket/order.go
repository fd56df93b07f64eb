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
	Draft        string  // id of the sender's draft that the text was written in: it goes when the command is applied
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

// NewFile is an attachment not stored yet; with a DraftFile, that file of a draft, with an Upload, that file which its
// sender sent ahead, and the rest is for people only.
type NewFile struct {
	DraftFile string // id
	Upload    string // id
	Size      int64  // of a file that is named by its id
	Name      string
	Type      string
	ContentID string
	Inline    bool
	Data      []byte
	Hash      []byte // SHA-256, of a file that is stored
	Object    string // key under which a store outside the database has Data already; "": the database takes it
}

// Upload is a file that somebody sent ahead of the message that it will go with. It is his alone, and expires.
type Upload struct {
	ID        string
	By        string // key of the actor who sent it
	Name      string
	Type      string // media type, by its content
	Size      int64  // bytes
	Hash      [32]byte
	ExpiresAt time.Time
}

// UploadLife is how long an upload waits for its message.
const UploadLife = 24 * time.Hour

// BulkUploadLife is how long one waits for the last ticket of a bulk job, which somebody may pause.
const BulkUploadLife = 30 * 24 * time.Hour

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
	Mailbox       string // id of that through which its own mail leaves; "": its desk's
}
