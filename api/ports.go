package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"duradesk/calendar"
	"duradesk/find"
	"duradesk/ticket"
)

// Ports of the API: what it needs from the rest of the house. Each returns *ticket.Error for what a person may see;
// any other error is internal. A store that cannot be reached returns ErrStoreAway (503).

// ErrStoreAway says that the store could not be reached or went away: whether anything was stored is not known.
var ErrStoreAway = errors.New("the store cannot be reached")

// ErrTooLong says that the store answers, but takes too long for this list or search: to ask for less helps (422).
var ErrTooLong = errors.New("the store takes too long for this")

// Reader reads tickets.
type Reader interface {
	// Ticket returns the record with that number; ticket.NotFound where there is none.
	Ticket(ctx context.Context, n ticket.Number) (ticket.Record, error)
	// TicketAt returns the record as it stood at an instant; ticket.NotFound where it was not there yet.
	TicketAt(ctx context.Context, n ticket.Number, at time.Time) (ticket.Record, error)
	// History returns how the ticket stood after each revision, oldest first; empty where nobody kept it.
	History(ctx context.Context, n ticket.Number) ([]Past, error)
	// List returns one page in the order that q asks for; ErrTooLong where the context's time was too short for it.
	List(ctx context.Context, q Query) (Page, error)
	// Count tells how many tickets a query finds, and whether there may be more; ErrTooLong as List.
	Count(ctx context.Context, q Query) (n int, capped bool, err error)
	// Timeline returns items after the given position (0: from the start), oldest first, and the position to go on
	// from (0: that was all). With notes false, internal notes are left out.
	Timeline(ctx context.Context, n ticket.Number, after int64, limit int, notes bool) ([]ticket.Item, int64, error)
	// TimelineBefore returns the last items before a position (0: of all), oldest first as well, and the position to go on
	// backwards from (0: that was the beginning).
	TimelineBefore(ctx context.Context, n ticket.Number, before int64, limit int, notes bool) ([]ticket.Item, int64, error)
	// Views counts every view for that agent over the desks that he may see, each count capped at CountCap.
	Views(ctx context.Context, agent string) ([]ViewCount, error)
	// MessageTicket and FileTicket tell whose a message or an attachment is, and whether a note's, for the rights;
	// ticket.NotFound for none.
	MessageTicket(ctx context.Context, message string) (ticket.Number, error)
	FileTicket(ctx context.Context, id string) (n ticket.Number, note bool, err error)
	// Raw returns the source of a mail.
	Raw(ctx context.Context, message string) ([]byte, error)
	// File opens an attachment; ctx must last until it is closed.
	File(ctx context.Context, id string) (ticket.Attachment, io.ReadSeekCloser, error)
}

// Past is how a ticket stood from an instant on.
type Past struct {
	At      time.Time
	Process ticket.Process
}

// CountCap is where exact counts end: a total above it is reported as CountCap with total_capped.
const CountCap = 1001

// Query is a list request. Empty fields don't filter. Spam, deleted and merged tickets are left out unless State or View
// asks for them.
type Query struct {
	View           string    // a view key, with Viewer as "me"
	Viewer         string    // agent key
	Desks          []string  // desks the viewer may see; nil: all, empty: none
	Own            string    // id of the client whose list it is: only his tickets, and none that the staff keep among themselves
	Organisation   bool      // with Own: those of everybody of his organisation
	Where          find.Expr `json:"-"` // nil: everything
	Text           string    // the grammar of package find, added to Where
	States         []ticket.State
	Priorities     []ticket.Priority
	Channels       []ticket.Channel
	Numbers        []ticket.Number
	Groups         []string // "" means none
	Owners         []string // "" means none
	DeskKeys       []string
	Types          []string
	Tags           []string
	Languages      []string
	ReceptionTypes []string
	Categories     []ticket.Category
	Title          string // its words, or their beginnings
	ClientName     string
	ClientNumber   string
	Login          string
	Email          string
	Phone          string
	Client         string // id
	CreatedFrom    time.Time
	CreatedTo      time.Time
	Sort           string // updated, created, number, priority, next_due; "-" in front: descending; default -updated
	Limit          int    // 1-200
	Cursor         string // opaque; from Page.Next
}

// Page is one page of a list.
type Page struct {
	Items  []ticket.Record
	Next   string // "" on the last page
	Total  int    // at most CountCap
	Capped bool
}

// ViewCount is a view with the number of tickets in it, at most CountCap.
type ViewCount struct {
	Key    string
	Count  int
	Capped bool
}

// Views lists the view keys in the order of CONTRACT §3.
var Views = []string{"all", "unassigned", "my_groups", "mine_open", "mine_on_hold", "mine_resolved", "mine_closed", "spam", "incoming", "at_risk", "handed_over", "attention"}

// Queue stores commands and tells how they ended.
type Queue interface {
	// Store puts an order into its ticket's queue. The same id by the same actor returns the first receipt, with
	// repeated true; with another fingerprint it is a ticket.Conflict.
	Store(ctx context.Context, o ticket.Order) (r ticket.Receipt, repeated bool, err error)
	// Receipt finds a receipt by the command's id: the actor's own, or for a lead anybody's.
	Receipt(ctx context.Context, by ticket.Actor, id string) (ticket.Receipt, error)
	// Await returns the receipt once it is done, or as it stands when ctx ends.
	Await(ctx context.Context, r ticket.Receipt) (ticket.Receipt, error)
	// Unseen lists messages and notes of others after a revision, and the draft that keeps the text of a refused command.
	Unseen(ctx context.Context, r ticket.Receipt, seen int64) (items []ticket.Item, draft string, err error)
}

// Feed tells what happens on all tickets, in one order that never changes, and who is where.
type Feed interface {
	// FeedEnd returns the newest position.
	FeedEnd(ctx context.Context) (int64, error)
	// Hints lists what happened after a position, oldest first.
	Hints(ctx context.Context, after int64, limit int) ([]Hint, error)
	// Follow tells fn, from one goroutine, of everything that stirs until ctx ends; some may be missed, but at the
	// latest after a second fn is told that the feed may have grown.
	Follow(ctx context.Context, fn func(Stir))
	// Attend notes that an agent looks at a ticket or writes there, for the given time; with doing "" that he left.
	Attend(ctx context.Context, n ticket.Number, agent, tab, doing string, lasts time.Duration) error
	// Present lists who is at some tickets now, each agent once with the strongest of what he does.
	Present(ctx context.Context, numbers []ticket.Number) ([]Presence, error)
}

// EventQuery asks for a part of the log. Empty fields don't filter.
type EventQuery struct {
	After int64    // a position; 0: from the start
	Limit int      // 1-200
	Desks []string // that the asker may see; nil: all
	Types []string
}

// Telling keeps whom the desk tells what happens, and the log of it.
type Telling interface {
	// Log returns events after a position in their final order, and the position to go on from.
	Log(ctx context.Context, q EventQuery) ([]ticket.Envelope, int64, error)
	Webhooks(ctx context.Context) ([]Webhook, error)
	// Webhook returns one; ticket.NotFound where there is none, as all below.
	Webhook(ctx context.Context, id string) (Webhook, error)
	AddWebhook(ctx context.Context, w Webhook, secret ticket.Secret) (Webhook, error)
	ChangeWebhook(ctx context.Context, w Webhook) (Webhook, error)
	DropWebhook(ctx context.Context, id string) error
	// RotateWebhook gives a new secret; the one before stays live until then.
	RotateWebhook(ctx context.Context, id string, secret ticket.Secret, oldUntil time.Time) (Webhook, error)
	// PingWebhook has it told a ping; ticket.Conflict where it is off.
	PingWebhook(ctx context.Context, id string) (HookDelivery, error)
	HookDeliveries(ctx context.Context, webhook, state string, before int64, limit int) ([]HookDelivery, error)
	// Redeliver has something told again; ticket.Conflict where the webhook is off.
	Redeliver(ctx context.Context, webhook string, delivery int64) (HookDelivery, error)
}

// Webhook is whom the desk tells what happens; its secrets are told once, at their making.
type Webhook struct {
	ID           string
	URL          string
	Events       []string // types; empty: all
	Desk         string   // "": of all desks
	Enabled      bool
	OffReason    string // failing, gone; "": by hand, or not off
	Failures     int    // in a row
	FailingSince *time.Time
	OldUntil     *time.Time // until when the secret before the last is live too
	Pending      int
	CreatedBy    string
	CreatedAt    time.Time
}

// HookDelivery is one thing told, or to be told, to a webhook.
type HookDelivery struct {
	ID        int64
	Event     int64         // its number in the log; 0: a ping
	Ticket    ticket.Number // 0: a ping
	Type      string
	MessageID string
	State     string // pending, delivered, failed
	NextAt    *time.Time
	CreatedAt time.Time
	DoneAt    *time.Time
	Attempts  []HookAttempt // the newest last
}

// HookAttempt is one attempt of it.
type HookAttempt struct {
	At     time.Time
	Took   time.Duration
	Status int // of HTTP; 0: nobody answered
	Error  string
}

// Bulk keeps commands for many tickets.
type Bulk interface {
	// AddBulk stores a job; the same request of the same agent returns the first, with another body ticket.Conflict.
	AddBulk(ctx context.Context, b BulkJob, numbers []ticket.Number) (BulkJob, error)
	// BulkJob returns one; ticket.NotFound where there is none, as all below.
	BulkJob(ctx context.Context, id string) (BulkJob, error)
	// BulkItems lists what became of the tickets, after a place; outcome "": all.
	BulkItems(ctx context.Context, job, outcome string, after, limit int) ([]BulkItem, error)
	// SetBulk makes it running, paused or cancelled; ticket.Conflict where it is over.
	SetBulk(ctx context.Context, job, state string) (BulkJob, error)
	// UndoBulk stores a job that takes back what another did; ticket.Conflict where that one is not over.
	UndoBulk(ctx context.Context, agent, request, job string) (BulkJob, error)
}

// BulkJob is one command for many tickets.
type BulkJob struct {
	ID          string
	Agent       string
	Request     string // the asker's own id
	Fingerprint string
	Order       ticket.Order // as it goes to each ticket; without number and id
	State       string       // running, paused, cancelled, done
	UndoOf      string
	CreatedAt   time.Time
	FinishedAt  *time.Time
	Counts      map[string]int // by outcome: waiting, skipped, pending, applied, already, refused, failed
	Total       int
}

// BulkItem is what became of one ticket.
type BulkItem struct {
	N       int
	Number  ticket.Number
	Command string
	Outcome string // waiting, skipped, pending, applied, already, refused, failed
	Reason  string
	Receipt string // the command's id; "": not stored
}

// Hint says that a ticket changed, and for whom that is.
type Hint struct {
	Position int64
	Number   ticket.Number
	Revision int64
	Desk     string
	Client   string
}

// Stir is one thing heard: the feed has grown, or with a number, presence at that ticket has changed; with a client too,
// how a message of the ticket fares.
type Stir struct {
	Number   ticket.Number
	Desk     string
	Client   string
	Revision int64
}

// Presence is one agent at one ticket.
type Presence struct {
	Number ticket.Number
	Agent  string
	Name   string
	Doing  string // viewing, writing
	Since  time.Time
	Until  time.Time
}

// Bell wakes a ticket's workflow. An error means only that it will ring later.
type Bell interface {
	Ring(ctx context.Context, n ticket.Number, kind ticket.Kind, r ticket.Ring) error
}

// Person is a member of staff.
type Person struct {
	Key      string
	Name     string
	Email    string
	Role     ticket.Role
	Language string
	Groups   []string
	Desks    []string
	Zone     string     // IANA name; "": that of his machine
	Disabled *time.Time // since then he cannot sign in, and gets no ticket
	Theme    string     // auto, light, dark
	KeysOff  bool       // single keys do nothing
}

// Token is an API token as lists show it; the secret is told once, at its making.
type Token struct {
	ID        string
	Agent     string
	Scopes    []string
	ExpiresAt *time.Time
	CreatedAt time.Time
	LastUsed  *time.Time
	Client    string // whose it is, where it is no agent's
}

// People keeps staff and their tokens.
type People interface {
	// Agent returns one by key; ticket.NotFound where there is none.
	Agent(ctx context.Context, key string) (Person, error)
	Agents(ctx context.Context) ([]Person, error)
	// AddAgent stores a new one; a taken key or address is a ticket.Conflict, an unknown group or desk ticket.Invalid.
	AddAgent(ctx context.Context, p Person, passwordHash string) (Person, error)
	// ChangeAgent writes all but the key and the password. Who is disabled loses his tokens; the last admin stays one.
	ChangeAgent(ctx context.Context, p Person) (Person, error)
	// DropAgent takes somebody away who never did anything; ticket.Conflict for whoever did.
	DropAgent(ctx context.Context, key string) error
	// OpenTickets lists those that are being worked on and belong to an agent; at most 1,000.
	OpenTickets(ctx context.Context, agent string) ([]ticket.Number, error)
	// AddToken stores the hash of a new token.
	AddToken(ctx context.Context, t Token, hash []byte) (Token, error)
	// ByToken returns whose token has that hash and its scopes, and notes the use (at most once a minute);
	// ticket.NotFound for unknown or expired ones, and for those of who may not come in.
	ByToken(ctx context.Context, hash []byte, now time.Time) (Holder, Token, error)
	// Tokens lists those of an agent, or of a client by his id.
	Tokens(ctx context.Context, agent string) ([]Token, error)
	DropToken(ctx context.Context, id string) error
	// Notices lists an agent's, newest first, before an id (0: from the newest).
	Notices(ctx context.Context, agent string, before int64, limit int) ([]Notice, error)
	// ReadNotices notes that an agent has seen his notices up to an id and with it.
	ReadNotices(ctx context.Context, agent string, upTo int64, at time.Time) error
}

// Notice is a word to a member of staff.
type Notice struct {
	ID       int64
	Agent    string
	Number   ticket.Number
	Name     string // of the event that it is about
	Audience string // why this person: owner, group, leads
	At       time.Time
	ReadAt   *time.Time
}

// Desk is a service as the API lists it.
type Desk struct {
	Key, Name, Kind, Address string
	Process                  string // name of the table that it works by; "": as its kind
	Groups                   []string
	Manner                   ticket.Manner
	Settings                 ticket.Settings // that new tickets are opened under
	Revision                 int64           // rises with each change
}

// Group is a set of agents who share a queue.
type Group struct {
	Key, Name string
	Members   []string
}

// Mailbox is one polled mailbox, without its secret.
type Mailbox struct {
	ID, Desk, Address, State, LastError string
	LastSeen                            *time.Time
	UIDValidity, LastUID                uint32
}

// Fate is one line of the mail ledger.
type Fate struct {
	Mailbox     string
	UIDValidity uint32
	UID         uint32
	Fate        string
	Number      ticket.Number
	MessageID   string
	Evidence    map[string]any
	At          time.Time
}

// House lists what the desk is made of.
type House interface {
	Furniture
	Desks(ctx context.Context) ([]Desk, error)
	AddDesk(ctx context.Context, d Desk) (Desk, error)
	// ChangeDesk writes all but key and kind; settings that differ become the next version of its policy. A desk that was
	// changed since it was read (Revision) is a ticket.Conflict.
	ChangeDesk(ctx context.Context, d Desk) (Desk, error)
	// DropDesk takes a desk away that never had a ticket, DropGroup a group that none is queued for; else ticket.Conflict.
	DropDesk(ctx context.Context, key string) error
	Groups(ctx context.Context) ([]Group, error)
	AddGroup(ctx context.Context, g Group) (Group, error)
	ChangeGroup(ctx context.Context, g Group) (Group, error)
	DropGroup(ctx context.Context, key string) error
	Mailboxes(ctx context.Context) ([]Mailbox, error)
	// MailSettings returns how a mailbox is set, without secrets; ticket.NotFound where there is none.
	MailSettings(ctx context.Context, id string) (ticket.MailSettings, error)
	// AddMailbox stores a new mailbox; a taken address is ticket.Conflict.
	AddMailbox(ctx context.Context, m ticket.MailSettings) (ticket.MailSettings, error)
	// ChangeMailbox stores other settings, and keeps the secrets that are not given; ticket.Conflict where somebody else
	// changed them since m.Version.
	ChangeMailbox(ctx context.Context, m ticket.MailSettings) (ticket.MailSettings, error)
	RemoveMailbox(ctx context.Context, id string) error
	// Undeliverable pages through the addresses that get no automatic mail, newest first; search "": all.
	Undeliverable(ctx context.Context, search, cursor string, limit int) ([]ticket.Undeliverable, string, error)
	// ClearUndeliverable takes an address off that list; ticket.NotFound where it is not on it.
	ClearUndeliverable(ctx context.Context, address string) error
	// Calendars returns the newest version of each, by key.
	Calendars(ctx context.Context) ([]calendar.Spec, error)
	// AddCalendar stores the next version of a calendar; one that cannot be is ticket.Invalid.
	AddCalendar(ctx context.Context, spec calendar.Spec) (calendar.Spec, error)
	// Policy returns the settings that new tickets of a desk are opened under; ticket.NotFound for no such desk.
	Policy(ctx context.Context, desk string) (ticket.Settings, error)
	// AddPolicy stores the next version of a desk's settings.
	AddPolicy(ctx context.Context, desk string, s ticket.Settings) (ticket.Settings, error)
	// Ledger pages through the fates, newest first; quarantine true: only the quarantined.
	Ledger(ctx context.Context, mailbox string, quarantine bool, cursor string, limit int) ([]Fate, string, error)
	// FateSource returns the source of a mail in the ledger; ticket.NotFound where there is none.
	FateSource(ctx context.Context, mailbox string, uidvalidity, uid uint32) ([]byte, error)
	// Retry takes a mail out of the quarantine, to be read again; ticket.NotFound where there is no such mail,
	// ticket.Conflict where it is not in the quarantine.
	Retry(ctx context.Context, mailbox string, uidvalidity, uid uint32) error
}

// Mailroom reaches the mail servers outside and whoever reads them.
type Mailroom interface {
	// Watch has a mailbox read, without waiting for the sweeper.
	Watch(ctx context.Context, id string) error
	// Try logs in to a mailbox's servers and changes nothing. A server that cannot be reached is no error.
	Try(ctx context.Context, id string) (ticket.Connection, error)
	// Reconcile compares a mailbox with its ledger. ticket.Conflict, with the reason: the server does not let it be read.
	Reconcile(ctx context.Context, id string) (ticket.Reconciled, error)
}

// Piece is one document that a desk is furnished with; Body is one of those in ticket/furniture.go, as JSON.
type Piece struct {
	Kind, Desk, Key string // Desk "": for every desk
	Position        int
	Body            json.RawMessage
	Revision        int64 // rises with each change
	ChangedBy       string
	ChangedAt       time.Time
}

// Furniture keeps the small documents that people write and the desk reads: reception types, templates, macros, text
// modules, triggers, articles.
type Furniture interface {
	// Pieces lists all of a kind, in their order.
	Pieces(ctx context.Context, kind string) ([]Piece, error)
	// PutPiece writes one. With revision 0 it is new, else it must have that revision; ticket.Conflict where that is not so.
	PutPiece(ctx context.Context, p Piece) (Piece, error)
	DropPiece(ctx context.Context, kind, desk, key string) error
	// FindArticles lists articles, the most fitting first.
	FindArticles(ctx context.Context, q ticket.ArticleQuery) ([]Piece, error)
	// ArticleVersions lists what an article said, the newest first.
	ArticleVersions(ctx context.Context, desk, key string) ([]Piece, error)
	ForbiddenWords(ctx context.Context) ([]ForbiddenWord, error)
	// PutForbiddenWord stores a new one (ID "") or changes one; one that is listed already is a ticket.Conflict.
	PutForbiddenWord(ctx context.Context, w ForbiddenWord, by string) (ForbiddenWord, error)
	DropForbiddenWord(ctx context.Context, id string) error
}

// ForbiddenWord is a word that must not stand in a mail to a client (N50).
type ForbiddenWord struct {
	ID, Desk, Word string // Desk "": of every desk
	Action         string // warn, block
	Note           string // what to write instead
}

// Part is one line of a health report.
type Part struct {
	Name   string
	OK     bool
	Needed bool // readiness depends on it
	Detail string
}

// Health reports on the parts that this process works with.
type Health interface {
	Parts(ctx context.Context) []Part
}
