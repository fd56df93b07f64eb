package ticket

import (
	"errors"
	"time"
)

// ApplyInput is what a ticket's workflow knows when it wakes.
type ApplyInput struct {
	Number   Number  `json:"number"`
	Revision int64   `json:"revision"`           // of the process it holds; 0: none
	FirstRun string  `json:"first_run"`          // names commands that came by hand
	Fired    []Fired `json:"fired,omitempty"`    // timers
	Heard    []Heard `json:"heard,omitempty"`    // signals
	Canceled string  `json:"canceled,omitempty"` // the run that an operator cancelled, once
}

// Fired is a timer that rang.
type Fired struct {
	Clock      string    `json:"clock"`
	Due        time.Time `json:"due"`
	Generation int       `json:"generation"`
}

// Heard is one signal: a ring for a stored row, or something that came by hand.
type Heard struct {
	Count   int    `json:"count"` // of signals of that name heard by this workflow, over all its runs
	Name    string `json:"name"`
	Ring    Ring   `json:"ring,omitzero"`
	Problem string `json:"problem,omitempty"` // "malformed" where the payload could not be read
}

// ApplyResult is all that goes into the history: small, whatever the batch.
type ApplyResult struct {
	Process       Process  `json:"process"`
	Wanted        []Wanted `json:"wanted,omitempty"`
	Effects       []Errand `json:"effects,omitempty"`
	More          bool     `json:"more,omitempty"`           // call again: the batch was full
	Final         bool     `json:"final,omitempty"`          // nothing runs and nothing is unapplied
	ContinueAfter int      `json:"continue_after,omitempty"` // history events
}

// Wanted is a timer that must be armed.
type Wanted struct {
	Clock      string    `json:"clock"`
	Kind       ClockKind `json:"kind"`
	Due        time.Time `json:"due"`
	Generation int       `json:"generation"`
	Warning    bool      `json:"warning,omitempty"` // Due is when a warning is given
}

// Errand is work that must be started: a delivery's workflow, or a ring at another ticket's door.
type Errand struct {
	Delivery string `json:"delivery,omitempty"`
	Ring     Number `json:"ring,omitempty"`
}

// ErrRowBehind says that a workflow holds a newer revision than its row: the database was restored to an older state.
// Nothing is applied until `duradesk recover` has looked.
var ErrRowBehind = errors.New("the ticket's row is older than its workflow: was the database restored? run `duradesk recover`")

// Unrung is a stored command whose bell may not have been heard.
type Unrung struct {
	Number Number
	Seq    int64
	ID     string
	Name   string
}

// Overdue is a ticket whose timer should have rung, and the instant at which it should have.
type Overdue struct {
	Number Number
	Due    time.Time
}
