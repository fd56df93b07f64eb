package ticket

import "time"

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
)

var kindNames = names[Kind]{"command", []string{
	"", "create", "client-reply", "agent-response", "hold", "resolve", "escalate", "assign", "note", "close", "restore", "delete",
	"automatic-mail", "delivery-failed", "first-response-due", "wake-due", "auto-close-due", "retention-due", "unreadable",
}}

func (k Kind) String() string                      { return kindNames.text(k) }
func (k Kind) MarshalText() ([]byte, error)        { return []byte(k.String()), nil }
func (k *Kind) UnmarshalText(b []byte) (err error) { *k, err = kindNames.parse(string(b)); return err }

// ParseKind reads a name; the error lists the names there are.
func ParseKind(s string) (Kind, error) { return kindNames.parse(s) }

// Kinds lists every kind: commands first, then timers.
func Kinds() []Kind { return kindNames.all() }

// Timer reports whether only a clock says this.
func (k Kind) Timer() bool { return k >= FirstResponseDue && k <= RetentionDue }

// System reports whether only the desk itself sends this.
func (k Kind) System() bool { return k == AutomaticMail || k == DeliveryFailed || k == Unreadable }

// Commands lists what people and the desk's own parts can ask of a ticket, in the order of PRODUCT §3.
func Commands() []Kind {
	var out []Kind
	for _, k := range Kinds() {
		if !k.Timer() && k != Unreadable {
			out = append(out, k)
		}
	}
	return out
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
	*a, err = actorNames.parse(string(b))
	return err
}

// Actor is who asks: ID is the agent's key or the client's id, never a name or an address.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
	Role Role      `json:"role,omitzero"`
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

// Params are the parameters of a command; the one that belongs to its kind is set.
type Params struct {
	Create    *CreateParams    `json:"create,omitempty"`
	Hold      *HoldParams      `json:"hold,omitempty"`
	Resolve   *ResolveParams   `json:"resolve,omitempty"`
	Escalate  *EscalateParams  `json:"escalate,omitempty"`
	Assign    *AssignParams    `json:"assign,omitempty"`
	Reply     *ReplyParams     `json:"client_reply,omitempty"`
	Automatic *AutomaticParams `json:"automatic_mail,omitempty"`
	Failed    *FailedParams    `json:"delivery_failed,omitempty"`
	Timer     *TimerParams     `json:"timer,omitempty"`
	Problem   string           `json:"problem,omitempty"` // reason key: what was wrong with a signal sent by hand
	Name      string           `json:"name,omitempty"`    // the signal's name, where it is not a command's
}

// CreateParams open a ticket that no client's message opened.
type CreateParams struct {
	Group string `json:"group,omitempty"`
	Owner string `json:"owner,omitempty"`
}

// HoldParams say what the ticket waits for and when it wakes by itself (nil: not by itself).
type HoldParams struct {
	Reason HoldReason `json:"reason"`
	Until  *time.Time `json:"until,omitempty"`
}

// ResolveParams carry the category of a resolution without a mail to the client.
type ResolveParams struct {
	Category Category `json:"category,omitzero"`
}

// EscalateParams raise a ticket one tier, to a group where one is named. Reason is kept with the event's row, not in
// the process.
type EscalateParams struct {
	Group string `json:"group,omitempty"`
}

// AssignParams change owner or group. A nil field stays as it is; an empty one is cleared.
type AssignParams struct {
	Group *string `json:"group,omitempty"`
	Owner *string `json:"owner,omitempty"`
}

// ReplyParams say by which route a client's words came.
type ReplyParams struct {
	Channel Channel `json:"channel,omitzero"`
	Mute    bool    `json:"mute,omitempty"` // no acknowledgement may be sent (automatic sender's wish, caps, null sender)
}

// AutomaticParams tell what kind of automatic mail came (mail.Class).
type AutomaticParams struct {
	Class string `json:"class,omitempty"`
}

// FailedParams tell which delivery failed and how.
type FailedParams struct {
	Delivery string `json:"delivery"`
	State    string `json:"state"` // failed, uncertain, bounced
}

// TimerParams tell which clock fired, and for which due instant and generation it had been set.
type TimerParams struct {
	Clock      string    `json:"clock"`
	Due        time.Time `json:"due"`
	Generation int       `json:"generation"`
}
