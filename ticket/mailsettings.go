package ticket

import (
	"strings"
	"time"
)

// MailSettings is how a mailbox is read and written through, as an admin sets it. Secrets are only given, never shown:
// an empty one changes nothing, and the fields ending in Set tell whether there is one.
type MailSettings struct {
	ID, Desk, Address string
	Enabled           bool
	IMAP, SMTP        MailDoor
	Folder            string
	Login             MailLogin
	After             After
	SentFolder        string // copies of what was sent go there; "": nowhere
	Authserv          string // the receiving host whose Authentication-Results are believed; "": none are
	Subaddress        bool   // mail to stem+anything arrives here
	FromStart         bool   // read from its first message, not only what comes from now on
	PollSeconds       int    // a look at the mailbox at the latest after this, whatever the server tells
	Caps              MailCaps
	DKIM              DKIM
	Version           int // counts the changes
}

// DKIM is how a mailbox signs what it sends (RFC 6376).
type DKIM struct {
	Selector string // names the key in the DNS of the address's domain; "": there is no key
	Public   string // what the DNS record says of it: "k=rsa; p=…"
	Signs    bool
	// Renew asks for another key: Key, PEM as it was given or PKCS #8 as it is stored, or one that is made.
	Renew bool
	Key   Secret
}

// Record is the TXT record that receivers look for, for a mailbox of that address.
func (d DKIM) Record(address string) (name, value string) {
	return d.Selector + "._domainkey." + domainOf(address), "v=DKIM1; " + d.Public
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// SigningKey is what a mail is signed with.
type SigningKey struct {
	Domain, Selector string
	Key              Secret // PKCS #8; "": it is not signed
}

// MailDoor is a server of a mailbox.
type MailDoor struct {
	Addr string // host:port
	TLS  string // none, starttls, tls
}

// The ways to log in (LoginPassword), by a token that is refreshed where they are not.
const (
	LoginPassword    = "password"
	LoginXOAuth2     = "xoauth2"
	LoginOAuthBearer = "oauthbearer"
)

// MailLogin is how a mailbox proves who it is, at both of its servers.
type MailLogin struct {
	Mode     string // LoginPassword, LoginXOAuth2, LoginOAuthBearer
	Username string
	Password Secret

	TokenURL, ClientID, Scope  string
	ClientSecret, RefreshToken Secret

	PasswordSet, ClientSecretSet, RefreshTokenSet bool
	ExpiresAt                                     *time.Time // of the token at hand
}

// MailCaps bound what leaves without a person (RFC 3834), and how fast anything does.
type MailCaps struct {
	AddressHour, AddressDay int // acknowledgements to one address
	Hour                    int // acknowledgements of the mailbox; above it the breaker falls
	TicketTenMinutes        int // automatic mails of one ticket
	SendsMinute             int // mails that leave in a minute, of any kind; 0: as fast as the server takes them
}

// DefaultMailCaps bound a mailbox of which nothing else is said.
func DefaultMailCaps() MailCaps {
	return MailCaps{AddressHour: 5, AddressDay: 20, Hour: 200, TicketTenMinutes: 10}
}

// Checked is what came of trying one of a mailbox's servers.
type Checked struct {
	OK bool
	// Code says it in a word: ok, unreachable, tls, login, token, folder, busy, refused, unprotected.
	Code   string
	Detail string // the server's own words or the network's, without secrets
	// Mails lie in the folder; Abilities of use that the server has: IDLE, MOVE, UIDPLUS, keywords.
	Mails     int
	Abilities []string
}

// Connection is what came of trying a mailbox's servers.
type Connection struct{ IMAP, SMTP Checked }

// Reconciled is how a mailbox and its ledger compare.
type Reconciled struct {
	Mailbox  string // its address
	OnServer int
	// Missing lie on the server and have no line in the ledger; Unsettled have a line and no fate yet. Both are UIDs. New
	// mail may be among them for as long as it takes to take it in.
	Missing, Unsettled []uint32
}

// Even reports whether every mail on the server has its one fate.
func (r Reconciled) Even() bool { return len(r.Missing)+len(r.Unsettled) == 0 }

// Undeliverable is an address that gets no automatic mail.
type Undeliverable struct {
	Address string
	Why     string // bounce, complaint
	Status  string // RFC 3463
	Reason  string
	Number  Number // of the ticket whose mail came back, 0 where it is not known
	Since   time.Time
}

// Token is a mailbox's access token and how another is asked for (RFC 6749 §6).
type Token struct {
	Mailbox             string
	URL, ClientID       string
	Scope               string
	ClientSecret        Secret
	Refresh, Access     Secret
	IssuedAt, ExpiresAt time.Time
	LeasedUntil         time.Time // whoever asks for another holds it until then
	Stopped             bool      // a person must mend the settings first
}

// Doors are a mailbox's servers with what they ask for.
type Doors struct {
	IMAP, SMTP Account
	Folder     string
	Sign       SigningKey
}
