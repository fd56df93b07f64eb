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
	Generation int        `json:"generation"`         // of the clock set last
	Failed     bool       `json:"failed,omitempty"`   // a mail failed or is uncertain: needs attention
	Awaiting   bool       `json:"awaiting,omitempty"` // the client's last words are unanswered
	Parent     Number     `json:"parent,omitempty"`   // the ticket that was handed over to this one
	Child      Child      `json:"child,omitzero"`     // the ticket that this one was handed over to
	Survivor   Number     `json:"survivor,omitempty"` // of a merged ticket
	Calendar   int        `json:"calendar,omitempty"` // version of the calendar that is pinned, as policy
}

// Child is a hand-over as its parent sees it.
type Child struct {
	Number  Number
	Outcome ChildOutcome
}

// Spoke remembers at which revision a writer last wrote: a sender who has not seen another's message is stale.
type Spoke struct {
	By       string `json:"by"` // Actor.Key
	Revision int64  `json:"revision"`
}
