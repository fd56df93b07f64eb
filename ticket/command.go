package ticket

import (
	"slices"
	"time"
)

// Kind is what somebody asks of a ticket (a command) or what a clock says to it.
type Kind uint8

// The kinds. Append only. Commands are signals of the same name; timer kinds are fired by clocks only.
const (
	NoKind Kind = iota
	Create
	ClientReply
	AgentResponse
	Hold
	Resolve
	Escalate
	Assign
	Note
	Close
	Restore
	Delete
	AutomaticMail
	DeliveryFailed
	FirstResponseDue
	WakeDue
	AutoCloseDue
	RetentionDue
	Unreadable // what came by hand and could not be understood: leaves an event, changes nothing
	Classify
	ClientVerdict
	Merge
	MergeIn // what a merge tells the survivor
	Unmerge
	LinkTo
	Recall
	ChildReport // what a child ticket tells its parent
	Promise
	Feedback
	Split
	Move
	Withdraw
	FirstResponseWarning
	NextResponseWarning
	NextResponseDue
	ResolutionWarning
	ResolutionDue
	HandOverDue
	PromiseWarning
	PromiseDue
)

var kindNames = names[Kind]{"command", []string{
	"", "create", "client-reply", "agent-response", "hold", "resolve", "escalate", "assign", "note", "close", "restore", "delete",
	"automatic-mail", "delivery-failed", "first-response-due", "wake-due", "auto-close-due", "retention-due", "unreadable",
	"classify", "client-verdict", "merge", "merge-in", "unmerge", "link", "recall", "child-report", "promise", "feedback", "split", "move", "withdraw",
	"first-response-warning", "next-response-warning", "next-response-due", "resolution-warning", "resolution-due", "hand-over-due",
	"promise-warning", "promise-due",
}}

func (k Kind) String() string                      { return kindNames.text(k) }
func (k Kind) MarshalText() ([]byte, error)        { return []byte(k.String()), nil }
func (k *Kind) UnmarshalText(b []byte) (err error) { *k, err = kindNames.read(b); return err }

// ParseKind reads a name; the error lists the names there are.
func ParseKind(s string) (Kind, error) { return kindNames.parse(s) }

// Kinds lists every kind: commands first, in the order of PRODUCT §3, then timers.
func Kinds() []Kind { return slices.Concat(Commands(), timers(), []Kind{Unreadable}) }

// Commands lists what people and the desk's own parts can ask of a ticket, in the order of PRODUCT §3.
func Commands() []Kind {
	return []Kind{
		Create, ClientReply, AgentResponse, Hold, Resolve, Escalate, Assign, Note, Classify, ClientVerdict, Close, Restore, Delete,
		Merge, MergeIn, Unmerge, LinkTo, Recall, ChildReport, Promise, Feedback, AutomaticMail, Split, Move, DeliveryFailed, Withdraw,
	}
}

func timers() []Kind {
	return []Kind{
		FirstResponseWarning, FirstResponseDue, NextResponseWarning, NextResponseDue, ResolutionWarning, ResolutionDue,
		HandOverDue, PromiseWarning, PromiseDue, WakeDue, AutoCloseDue, RetentionDue,
	}
}

// Timer reports whether only a clock says this.
func (k Kind) Timer() bool {
	return k >= FirstResponseDue && k <= RetentionDue || k >= FirstResponseWarning && k <= PromiseDue
}

// System reports whether only the desk itself sends this.
func (k Kind) System() bool {
	return k == AutomaticMail || k == DeliveryFailed || k == MergeIn || k == ChildReport || k == Unreadable
}

// ActorKind says who acts.
type ActorKind uint8

// The kinds of actors. Operator is who sends a signal by hand in Temporal's Web UI; he has a lead's rights.
const (
	NoActor ActorKind = iota
	ActorClient
	ActorAgent
	ActorSystem
	ActorOperator
)

var actorNames = names[ActorKind]{"actor", []string{"", "client", "agent", "system", "operator"}}

func (a ActorKind) String() string               { return actorNames.text(a) }
func (a ActorKind) MarshalText() ([]byte, error) { return []byte(a.String()), nil }
func (a *ActorKind) UnmarshalText(b []byte) (err error) {
	*a, err = actorNames.read(b)
	return err
}

// Actor is who asks: ID is the agent's key or the client's id, never a name or an address.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
	Role Role      `json:"role,omitzero"`
	Full bool      `json:"full,omitempty"` // a client with full access (E30), who may classify the fields that his desk allows
}

// System is the desk itself acting.
var System = Actor{Kind: ActorSystem, ID: "system"}

// Operator is the person at Temporal's Web UI.
var Operator = Actor{Kind: ActorOperator, ID: "operator", Role: RoleLead}

// Key identifies the actor for deduplication: command ids are unique per key.
func (a Actor) Key() string { return a.Kind.String() + ":" + a.ID }

// Command is one row of a ticket's queue as the rules see it: references, never texts.
type Command struct {
	ID           string    `json:"id"`
	Seq          int64     `json:"seq"`
	Kind         Kind      `json:"kind"`
	At           time.Time `json:"at"`
	By           Actor     `json:"by"`
	Message      string    `json:"message,omitempty"` // id of the message or note that goes with it
	SeenRevision int64     `json:"seen_revision,omitempty"`
	Params       Params    `json:"params,omitzero"`
}
