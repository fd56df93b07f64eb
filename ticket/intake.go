package ticket

import "time"

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
	FirstUID    uint32 // mail up to here lay there before the first contact and is left alone
	FromStart   bool   // read from its first message; else from what comes after the first contact
	After       After
	Authserv    string        // the receiving host whose Authentication-Results are believed; "": none are
	Poll        time.Duration // a look at the mailbox at the latest after this
	Version     int           // counts the changes of the settings
}

// After is what becomes of a mail on its server once it is taken in.
type After struct {
	Mode   string // keyword, seen, move, delete
	Folder string // of move
}

// ByKeyword tells whether a mail is only marked, which is so where nothing else was chosen.
func (a After) ByKeyword() bool { return a.Mode == "" || a.Mode == "keyword" }

// LoginsRefused is how many refused logins in a row end the reading of a mailbox until its settings change.
const LoginsRefused = 3

// Copy is a sent mail that is still to be stored in a folder of its mailbox.
type Copy struct{ Delivery, MailID, Folder string }

// Received is a mail as it lay in the mailbox.
type Received struct {
	Mailbox     string
	UIDValidity uint32
	UID         uint32
	Digest      [32]byte
	Raw         []byte
}

// Begun is how a mail stands whose source was kept.
type Begun struct {
	Done     bool // it has its fate already
	Attempts int  // how often it was begun, this time included
}

// Traces are what a mail's headers say about where it belongs.
type Traces struct {
	Deliveries []string // ids of our own mails whose Message-IDs were verified
	Tokens     []string // reply tokens whose signature was verified
	MailIDs    []string // foreign Message-IDs
	Numbers    []Number // from the subject
	From       string
}

// Found is what the record says to Traces, in the order asked.
type Found struct {
	Tickets map[string]FoundTicket // by delivery id, token, mail id, or "#1042"
}

// FoundTicket is a ticket that a trace leads to, and whether the writer takes part in it.
type FoundTicket struct {
	Number      Number
	Desk        string
	Participant bool
}

// Fate is the end of a mail in the ledger.
type Fate struct {
	Received
	Fate      string // message, duplicate, automatic, bounce, quarantined, ignored
	MailID    string
	Content   [32]byte       // of what its sender wrote, without what hosts added on the way; zero: the whole source decides
	Evidence  map[string]any // no texts, no addresses of people beyond what the ledger needs
	Order     *Order
	Bounces   []Bounce // of proven reports only
	Suspected Number   // the ticket that it may belong to, without proof: staff see both tied together
	Reached   string   // the address of a writer who proved that our mail reaches him
}

// Bounce is what a delivery status report says about one recipient of one of our mails.
type Bounce struct {
	Delivery string
	Address  string
	Action   string // failed, delayed, delivered, relayed, expanded; displayed (RFC 8098), complaint (RFC 5965)
	Status   string // RFC 3463
	Reason   string
	Hard     bool // the address itself is at fault and stays so
}

// Settled is what came of a fate.
type Settled struct {
	Fate   string
	Number Number
	Ring   Ring
	Kind   Kind
}
