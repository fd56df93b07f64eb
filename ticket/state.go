package ticket

// State is where a ticket stands in its life (PRODUCT §2). Numbers never leave the process, names do.
type State uint8

// The states. Append only: the names reached histories and rows.
const (
	NoState            State = iota // a ticket whose first command is not applied yet
	New                             // received, no owner; a group may be set
	Open                            // an agent owns it
	OnHold                          // interim answer sent, or waiting for somebody
	Resolved                        // final answer sent; closes by itself
	ResolvedInternally              // done without a mail to the client, with a category
	Spam                            // category spam: only restore or delete
	Closed                          // final
	Deleted                         // content destroyed, a tombstone stays
	HandedOver                      // an issue desk works on it in a child ticket
	HandOverAnswered                // the child was resolved, held or internally resolved, or is overdue
	Merged                          // a pointer to the surviving ticket; reversible
)

var stateNames = names[State]{"state", []string{
	"", "new", "open", "on_hold", "resolved", "resolved_internally", "spam", "closed", "deleted",
	"handed_over", "hand_over_answered", "merged",
}}

// String returns the state's name as written in rows, histories and the API.
func (s State) String() string { return stateNames.text(s) }

// MarshalText writes the name.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name; an unknown one is Invalid (an old worker meeting a newer state retries on it).
func (s *State) UnmarshalText(b []byte) (err error) {
	*s, err = stateNames.read(b)
	return err
}

// ParseState reads a name; the error lists the names there are.
func ParseState(s string) (State, error) { return stateNames.parse(s) }

// States lists every state in the order of PRODUCT §2.
func States() []State {
	return []State{New, Open, OnHold, HandedOver, HandOverAnswered, Resolved, ResolvedInternally, Spam, Closed, Merged, Deleted}
}

// Live reports whether agents still work on tickets in this state.
func (s State) Live() bool {
	return s == New || s == Open || s == OnHold || s == HandedOver || s == HandOverAnswered
}

// Final reports whether nothing happens any more by itself: no timer runs, the workflow ends.
func (s State) Final() bool { return s == Closed || s == Merged || s == Deleted }

// HoldReason says what a ticket on hold waits for.
type HoldReason uint8

// The reasons of hold (PRODUCT §2).
const (
	NoHold HoldReason = iota
	HoldClient
	HoldThirdParty
	HoldInternal
	HoldScheduled
)

var holdNames = names[HoldReason]{"hold reason", []string{"", "client", "third_party", "internal", "scheduled"}}

func (h HoldReason) String() string               { return holdNames.text(h) }
func (h HoldReason) MarshalText() ([]byte, error) { return []byte(h.String()), nil }
func (h *HoldReason) UnmarshalText(b []byte) (err error) {
	*h, err = holdNames.read(b)
	return err
}

// ParseHoldReason reads a name; the error lists the names there are.
func ParseHoldReason(s string) (HoldReason, error) { return holdNames.parse(s) }

// HoldReasons lists every reason.
func HoldReasons() []HoldReason { return holdNames.all() }

// Category says why a ticket was resolved without a mail to the client (N34-N41).
type Category uint8

// The seven categories of an internal resolution.
const (
	NoCategory Category = iota
	CategorySpam
	CategoryAbuse
	CategoryTest
	CategoryDuplicate
	CategorySolvedByChat
	CategorySolvedByPhone
	CategoryOther
)

var categoryNames = names[Category]{"category", []string{"", "spam", "abuse", "test", "duplicate", "solved_by_chat", "solved_by_phone", "other"}}

func (c Category) String() string               { return categoryNames.text(c) }
func (c Category) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
func (c *Category) UnmarshalText(b []byte) (err error) {
	*c, err = categoryNames.read(b)
	return err
}

// ParseCategory reads a name; the error lists the names there are.
func ParseCategory(s string) (Category, error) { return categoryNames.parse(s) }

// Categories lists every category.
func Categories() []Category { return categoryNames.all() }

// Priority orders tickets by urgency.
type Priority uint8

// The priorities.
const (
	NoPriority Priority = iota
	Low
	Normal
	High
	Urgent
)

var priorityNames = names[Priority]{"priority", []string{"", "low", "normal", "high", "urgent"}}

func (p Priority) String() string               { return priorityNames.text(p) }
func (p Priority) MarshalText() ([]byte, error) { return []byte(p.String()), nil }
func (p *Priority) UnmarshalText(b []byte) (err error) {
	*p, err = priorityNames.read(b)
	return err
}

// ParsePriority reads a name; the error lists the names there are.
func ParsePriority(s string) (Priority, error) { return priorityNames.parse(s) }

// Channel is the route by which a client's words came in (E1, N3-N7).
type Channel uint8

// The channels.
const (
	NoChannel Channel = iota
	ChannelMail
	ChannelPortal
	ChannelPhone
	ChannelChat
	ChannelExternal
)

var channelNames = names[Channel]{"channel", []string{"", "mail", "portal", "phone", "chat", "external"}}

func (c Channel) String() string               { return channelNames.text(c) }
func (c Channel) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
func (c *Channel) UnmarshalText(b []byte) (err error) {
	*c, err = channelNames.read(b)
	return err
}

// ParseChannel reads a name; the error lists the names there are.
func ParseChannel(s string) (Channel, error) { return channelNames.parse(s) }

// Role is what a member of staff may do; each role may all that the one before it may.
type Role uint8

// The roles.
const (
	NoRole Role = iota
	RoleAgent
	RoleLead
	RoleAdmin
)

var roleNames = names[Role]{"role", []string{"", "agent", "lead", "admin"}}

func (r Role) String() string                      { return roleNames.text(r) }
func (r Role) MarshalText() ([]byte, error)        { return []byte(r.String()), nil }
func (r *Role) UnmarshalText(b []byte) (err error) { *r, err = roleNames.read(b); return err }

// ParseRole reads a name; the error lists the names there are.
func ParseRole(s string) (Role, error) { return roleNames.parse(s) }
