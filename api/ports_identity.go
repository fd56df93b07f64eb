package api

import (
	"context"
	"time"

	"duradesk/ticket"
)

// Holder is whose a session or a token is: a member of staff, or a client (who then has an id).
type Holder struct {
	Person Person
	Client ticket.Client
}

// Session is one signed-in browser of an agent or a client.
type Session struct {
	ID        string
	Agent     string // key; "" for a client's
	Client    string // id; "" for an agent's
	State     string // active, or what is still owed: second_factor, enrol
	Via       string // how he came in: password, link, oidc
	Address   string
	Browser   string
	CreatedAt time.Time
	LastUsed  time.Time
	ExpiresAt time.Time
}

// Credentials are what an agent proves himself by.
type Credentials struct {
	Agent    string
	Password string // its hash; "": he has none
	Factor   bool   // a second factor is set up
}

// Brake is how failures at one key slow down what follows: after Free failures each try waits Step, doubled with every
// further failure up to Most. Queued: tries stand in a row, so that many at once are not faster than one by one.
type Brake struct {
	Key    []byte
	Free   int
	Step   time.Duration
	Most   time.Duration
	Queued bool
}

// Link is a one-time link: for a new password of an agent, or to let a client in.
type Link struct {
	Purpose   string // password, sign_in
	Agent     string
	Client    string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Factor is an agent's second factor (TOTP, RFC 6238).
type Factor struct {
	Secret ticket.Secret // base32; "": none was begun
	Since  *time.Time    // from when on it is asked for; nil: it is being set up
	Codes  int           // recovery codes that are left
}

// Flow is a sign-in that has gone out to the identity provider (OpenID Connect) and has not come back.
type Flow struct {
	Nonce     string
	Verifier  ticket.Secret // of PKCE (RFC 7636)
	BackTo    string        // path in the desk
	ExpiresAt time.Time
}

// Letter is a mail that belongs to no ticket.
type Letter struct {
	To, Name, Language, Subject, Body string // the body is plain text
}

// Postman sends letters. They are not kept: who misses one asks again.
type Postman interface {
	Post(ctx context.Context, l Letter) error
}

// Identity keeps who is signed in, by what people prove themselves, and the audit log. What changes something writes the
// line that its context carries (ticket.Noting) in the same transaction; so do the writing methods of all other ports that
// an audited operation calls.
type Identity interface {
	// Credentials returns those of the agent with that key or mail address; ticket.NotFound for nobody, and for who may
	// not come in.
	Credentials(ctx context.Context, login string) (Credentials, error)
	// SetPassword keeps another hash of an agent's password.
	SetPassword(ctx context.Context, agent, hash string) error
	// NewPassword does so because he chose another one, and ends all his sessions but one ("": none is spared).
	NewPassword(ctx context.Context, agent, hash, spared string) error
	// Attempt takes a place in the row for a login and tells how long to wait for it. Where that is longer than most, no
	// place is taken.
	Attempt(ctx context.Context, brakes []Brake, now time.Time, most time.Duration) (time.Duration, error)
	// AttemptEnded counts a failure at each key, or forgets those of a success.
	AttemptEnded(ctx context.Context, keys [][]byte, ok bool, now time.Time) error

	// AddSession keeps a new session under the hash of its token, in the place of another one ("": of none).
	AddSession(ctx context.Context, x Session, hash []byte, old string) (Session, error)
	// BySession returns the session with that hash and its holder, and notes the use (at most once a minute);
	// ticket.NotFound for one that has ended, or was not used since idle.
	BySession(ctx context.Context, hash []byte, now, idle time.Time) (Holder, Session, error)
	// Sessions lists those of an agent, or of a client by his id, that have not ended; the last used first.
	Sessions(ctx context.Context, holder string, now, idle time.Time) ([]Session, error)
	// Session returns one by its id; ticket.NotFound where there is none.
	Session(ctx context.Context, id string) (Session, error)
	// DropSession ends one; that it has ended already is no error.
	DropSession(ctx context.Context, id string) error
	// DropSessions ends all of a holder but one ("": none is spared).
	DropSessions(ctx context.Context, holder, spared string) error
	// Client returns one by his id; ticket.NotFound where there is none.
	Client(ctx context.Context, id string) (ticket.Client, error)
	// ClientByMail returns whose address that is; ticket.NotFound where nobody's.
	ClientByMail(ctx context.Context, address string) (ticket.Client, error)
	// SetAccess decides what a client may open, and to which organisation he belongs ("": to none). Without access his
	// sessions and tokens end.
	SetAccess(ctx context.Context, id, access, organisation string) (ticket.Client, error)
	// Together reports whether two clients belong to one organisation.
	Together(ctx context.Context, one, other string) (bool, error)

	// AddLink keeps a link under the hash of its secret.
	AddLink(ctx context.Context, l Link, hash []byte) error
	// UseLink uses a link up, whoever comes first; ticket.NotFound for one that is unknown, used, expired or for something
	// else, and where its holder may not come in.
	UseLink(ctx context.Context, purpose string, hash []byte, now time.Time) (Holder, error)

	// Factor returns that of an agent; an empty one where he has none.
	Factor(ctx context.Context, agent string) (Factor, error)
	// BeginFactor keeps the seed of a factor that is being set up; a ticket.Conflict where one is in use.
	BeginFactor(ctx context.Context, agent string, secret ticket.Secret) error
	// ConfirmFactor asks for the factor from now on, with these recovery codes (hashes), and ends all sessions but one.
	ConfirmFactor(ctx context.Context, agent string, step int64, codes [][]byte, spared string, now time.Time) error
	// RenewCodes takes other recovery codes in the place of all there were.
	RenewCodes(ctx context.Context, agent string, codes [][]byte) error
	// UseStep takes note of a code that was given; false where it, or a later one, was given before.
	UseStep(ctx context.Context, agent string, step int64) (bool, error)
	// UseRecoveryCode uses a code up, once; false where it is none of his.
	UseRecoveryCode(ctx context.Context, agent string, hash []byte, now time.Time) (bool, error)
	// DropFactor takes the second factor away.
	DropFactor(ctx context.Context, agent string) error

	// AddFlow keeps a flow under the hash of its state.
	AddFlow(ctx context.Context, f Flow, state []byte, now time.Time) error
	// TakeFlow ends a flow, once; ticket.NotFound where there is none, or it took too long.
	TakeFlow(ctx context.Context, state []byte, now time.Time) (Flow, error)
	// OIDCAccount returns the agent to whom an account at an identity provider belongs; ticket.NotFound where to nobody.
	OIDCAccount(ctx context.Context, issuer, subject string) (string, error)
	// LinkOIDC makes an account at an identity provider an agent's own.
	LinkOIDC(ctx context.Context, issuer, subject, agent string, now time.Time) error

	// NoteAudit writes a line about what changed nothing in the record; Audit reads the log, newest first.
	NoteAudit(ctx context.Context, e ticket.AuditEntry) error
	Audit(ctx context.Context, q ticket.AuditQuery) ([]ticket.AuditEntry, error)
}
