package ticket

import "time"

// Number is a ticket's number as people say it; the first is 1001.
type Number int64

// Process is the small part of a ticket that decides: all a workflow ever holds. It has no title, client, field, tag
// or text, stays under 1 KB, and survives JSON unchanged (it is carried over continue-as-new).
type Process struct {
	Number     Number     `json:"number"`
	Ticket     string     `json:"ticket"` // the row's UUID; tells two desks' ticket 1042 apart after a restore
	Desk       string     `json:"desk"`
	State      State      `json:"state,omitzero"`
	Former     State      `json:"former,omitzero"` // where restore leads back to
	Hold       HoldReason `json:"hold,omitzero"`
	Category   Category   `json:"category,omitzero"`
	Owner      string     `json:"owner,omitempty"`
	Group      string     `json:"group,omitempty"`
	Triggered  bool       `json:"triggered,omitempty"` // a trigger assigned it: only a lead moves it (N14)
	Tier       int        `json:"tier"`
	Priority   Priority   `json:"priority,omitzero"`
	Channel    Channel    `json:"channel,omitzero"`
	Breached   bool       `json:"breached,omitempty"`
	Revision   int64      `json:"revision"`
	Seq        int64      `json:"seq"`    // the last command applied
	Policy     int        `json:"policy"` // version of the desk's policy that is pinned
	Clocks     []Clock    `json:"clocks,omitempty"`
	Spoke      []Spoke    `json:"spoke,omitempty"` // latest message of each of the last two writers, newest first
	Opened     time.Time  `json:"opened,omitzero"`
	Resolved   time.Time  `json:"resolved,omitzero"`
	Closed     time.Time  `json:"closed,omitzero"`
	Generation int        `json:"generation"`       // of the clock set last
	Failed     bool       `json:"failed,omitempty"` // a mail failed or is uncertain: needs attention
}

// Spoke remembers at which revision a writer last wrote: a sender who has not seen another's message is stale.
type Spoke struct {
	By       string `json:"by"` // Actor.Key
	Revision int64  `json:"revision"`
}

// Clock is one deadline of a ticket. ID is unique within the ticket; Generation grows whenever the clock is set anew,
// so that a late timer is known as stale.
type Clock struct {
	ID         string     `json:"id"`
	Kind       ClockKind  `json:"kind"`
	State      ClockState `json:"state"`
	Due        time.Time  `json:"due"`
	Generation int        `json:"generation"`
	Met        time.Time  `json:"met,omitzero"`
}

// ClockKind says what a clock measures (CONTRACT §3).
type ClockKind uint8

// The kinds of clocks.
const (
	NoClock ClockKind = iota
	FirstResponse
	Wake
	AutoClose
	Retention
)

var clockNames = names[ClockKind]{"clock", []string{"", "first_response", "wake", "auto_close", "retention"}}

func (c ClockKind) String() string               { return clockNames.text(c) }
func (c ClockKind) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
func (c *ClockKind) UnmarshalText(b []byte) (err error) {
	*c, err = clockNames.parse(string(b))
	return err
}

// ClockKinds lists every kind of clock.
func ClockKinds() []ClockKind { return clockNames.all() }

// Says returns the kind of command that a clock of this kind sends when it falls due.
func (c ClockKind) Says() Kind {
	switch c {
	case NoClock:
		return NoKind
	case FirstResponse:
		return FirstResponseDue
	case Wake:
		return WakeDue
	case AutoClose:
		return AutoCloseDue
	case Retention:
		return RetentionDue
	}
	return NoKind
}

// ClockState says how a clock stands.
type ClockState uint8

// The states of a clock.
const (
	NoClockState ClockState = iota
	Running
	Paused
	Met
	Breached
)

var clockStateNames = names[ClockState]{"clock state", []string{"", "running", "paused", "met", "breached"}}

func (c ClockState) String() string               { return clockStateNames.text(c) }
func (c ClockState) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
func (c *ClockState) UnmarshalText(b []byte) (err error) {
	*c, err = clockStateNames.parse(string(b))
	return err
}

// Clock returns the clock with that id, or false.
func (p Process) Clock(id string) (Clock, bool) {
	for _, c := range p.Clocks {
		if c.ID == id {
			return c, true
		}
	}
	return Clock{}, false
}

// Next returns the earliest running clock, or false where none runs.
func (p Process) Next() (Clock, bool) {
	var next Clock
	found := false
	for _, c := range p.Clocks {
		if c.State == Running && (!found || c.Due.Before(next.Due)) {
			next, found = c, true
		}
	}
	return next, found
}
