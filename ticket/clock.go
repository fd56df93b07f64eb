package ticket

import "time"

// Clock is one deadline of a ticket. ID is unique within the ticket; Generation grows whenever the clock is set anew,
// so that a late timer is known as stale.
type Clock struct {
	ID         string     `json:"id"`
	Kind       ClockKind  `json:"kind"`
	State      ClockState `json:"state"`
	Due        time.Time  `json:"due"`
	Generation int        `json:"generation"`
	Met        time.Time  `json:"met,omitzero"`
	// Warn is when a warning is still to be given before Due; zero: given, or none.
	Warn time.Time `json:"warn,omitzero"`
	// Used is the working time consumed before the clock was paused or met; what it consumed since it was set anew
	// follows from Due.
	Used time.Duration `json:"used,omitempty"`
}

// Rings is the next instant at which the clock says something: its warning, then its due.
func (c Clock) Rings() time.Time {
	if !c.Warn.IsZero() {
		return c.Warn
	}
	return c.Due
}

// Says is the kind of command that it sends then.
func (c Clock) Says() Kind {
	if !c.Warn.IsZero() {
		return c.Kind.Warns()
	}
	return c.Kind.Says()
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
	NextResponse
	Resolution
	HandOver
	Promised
)

var clockNames = names[ClockKind]{"clock", []string{"", "first_response", "wake", "auto_close", "retention", "next_response", "resolution", "hand_over", "promise"}}

func (c ClockKind) String() string               { return clockNames.text(c) }
func (c ClockKind) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
func (c *ClockKind) UnmarshalText(b []byte) (err error) {
	*c, err = clockNames.read(b)
	return err
}

// ClockKinds lists every kind of clock.
func ClockKinds() []ClockKind {
	return []ClockKind{FirstResponse, NextResponse, Resolution, Wake, AutoClose, HandOver, Promised, Retention}
}

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
	case NextResponse:
		return NextResponseDue
	case Resolution:
		return ResolutionDue
	case HandOver:
		return HandOverDue
	case Promised:
		return PromiseDue
	}
	return NoKind
}

// Warns returns the kind of command that a clock of this kind sends before it falls due; NoKind: it gives no warning.
func (c ClockKind) Warns() Kind {
	switch c {
	case FirstResponse:
		return FirstResponseWarning
	case NextResponse:
		return NextResponseWarning
	case Resolution:
		return ResolutionWarning
	case Promised:
		return PromiseWarning
	case NoClock, Wake, AutoClose, Retention, HandOver:
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
	*c, err = clockStateNames.read(b)
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

// Next returns the running clock that rings first (Clock.Rings), or false where none runs.
func (p Process) Next() (Clock, bool) {
	var next Clock
	found := false
	for _, c := range p.Clocks {
		if c.State == Running && (!found || c.Rings().Before(next.Rings())) {
			next, found = c, true
		}
	}
	return next, found
}

// Wanted lists the timers that must be armed: one for each running clock, at the instant at which it next rings.
func (p Process) Wanted() []Wanted {
	var out []Wanted
	for _, c := range p.Clocks {
		if c.State == Running {
			out = append(out, Wanted{Clock: c.ID, Kind: c.Kind, Due: c.Rings(), Generation: c.Generation, Warning: !c.Warn.IsZero()})
		}
	}
	return out
}
