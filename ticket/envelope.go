package ticket

import "time"

// Envelope is one event as the log, webhooks and other products read it: the same everywhere.
type Envelope struct {
	ID     int64          `json:"id"`   // its number in the log; 0 for a ping
	Type   string         `json:"type"` // ticket. and the event's name
	At     time.Time      `json:"at"`
	Ticket *EnvelopeState `json:"ticket"`
	Data   *EnvelopeData  `json:"data"`
}

// EnvelopeState is the ticket as it stood after the event; title and client are as they are now.
type EnvelopeState struct {
	Number   Number `json:"number"`
	Desk     string `json:"desk"`
	Title    string `json:"title"`
	Client   string `json:"client"` // id
	State    string `json:"state"`
	Owner    string `json:"owner,omitempty"`
	Group    string `json:"group,omitempty"`
	Priority string `json:"priority"`
	Tier     int    `json:"tier"`
	Revision int64  `json:"revision"`
}

// EnvelopeData is what happened.
type EnvelopeData struct {
	Kind    string         `json:"kind"` // message, note, event
	By      EnvelopeBy     `json:"by"`
	From    string         `json:"from,omitempty"` // states
	To      string         `json:"to,omitempty"`
	Cause   *Cause         `json:"cause,omitempty"`
	Message string         `json:"message,omitempty"` // id, for its source and files
	Body    string         `json:"body,omitempty"`
	Format  string         `json:"body_format,omitempty"`
	Command string         `json:"command_id,omitempty"`
	Details map[string]any `json:"details,omitempty"`
}

// EnvelopeBy names who did it.
type EnvelopeBy struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// EventType is the type under which an event is told: never changed, for other products know it.
func EventType(name string) string { return "ticket." + name }

// TypePing is that of a webhook that is only tried.
const TypePing = "ping"

// Hook is one thing to tell a webhook.
type Hook struct {
	ID        int64
	Ticket    Number // 0: a ping
	MessageID string
	Attempt   int // the coming one, from 1
	Created   time.Time
	Body      []byte
}

// HookTarget is where to and how.
type HookTarget struct {
	URL     string
	Secrets []Secret // the newest first
}

// HookEnd is how one attempt ended.
type HookEnd struct {
	Hook    Hook
	At      time.Time
	Took    time.Duration
	Status  int
	Error   string // "": it was taken
	Retry   time.Time
	GiveUp  bool // of this one
	Rest    time.Time
	TurnOff string // failing, gone: no more at all
}

// HookState is how a webhook stands when its sender rests. The zero says that nothing is pending.
type HookState struct {
	NextAt  time.Time `json:"next_at,omitzero"`
	Sent    int       `json:"sent"`
	Failed  int       `json:"failed"`
	Enabled bool      `json:"enabled"`
}

// Chore is a workflow that a row wants and that may not run.
type Chore struct {
	Workflow string // the type
	ID       string // of the row
}

// BulkState is how a bulk job stands when its workflow's turn ends.
type BulkState struct {
	State  string    `json:"state"` // running, paused, cancelled, done
	Left   int       `json:"left"`  // tickets whose command is not stored yet
	Open   int       `json:"open"`  // commands without an outcome yet
	NextAt time.Time `json:"next_at,omitzero"`
}
