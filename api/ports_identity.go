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

// AuditEntry is one line of the audit log: who did what to whom, from where.
type AuditEntry struct {
	ID      int64
	At      time.Time
	Actor   string // agent:sato, client:c_…, or nobody
	Action  string
	Subject string
	Address string
	Detail  map[string]any
}

// AuditQuery narrows the audit log; what is empty does not.
type AuditQuery struct {
	Actor, Action, Subject string
	Before                 int64 // lines with a smaller id; 0: from the newest
	Limit                  int
}

// Identity keeps who is signed in, by what people prove themselves, and the book of it.
type Identity interface {
	// Credentials returns those of the agent with that key or mail address; ticket.NotFound for nobody, and for who may
	// not come in.
	Credentials(ctx context.Context, login string) (Credentials, error)
	// SetPassword keeps the hash of an agent's new password.
	SetPassword(ctx context.Context, agent, hash string) error
	// Attempt takes a place in the row for a login and tells how long to wait for it. Where that is longer than most, no
	// place is taken.
	Attempt(ctx context.Context, brakes []Brake, now time.Time, most time.Duration) (time.Duration, error)
	// AttemptEnded counts a failure at each key, or forgets those of a success.
	AttemptEnded(ctx context.Context, keys [][]byte, ok bool, now time.Time) error

	// AddSession keeps a new session under the hash of its token.
	AddSession(ctx context.Context, x Session, hash []byte) (Session, error)
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

	// NoteAudit writes a line into the audit log; Audit reads it, newest first.
	NoteAudit(ctx context.Context, e AuditEntry) error
	Audit(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
}
