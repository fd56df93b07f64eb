package ticket

import "time"

// Outcome is how a command ended.
type Outcome uint8

// The outcomes of a receipt (CONTRACT §3).
const (
	Pending Outcome = iota
	Applied
	Already
	Refused
	Failed
)

var outcomeNames = []string{"pending", "applied", "already", "refused", "failed"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "outcome?"
}

// MarshalText writes the name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a name.
func (o *Outcome) UnmarshalText(b []byte) error {
	for i, n := range outcomeNames {
		if n == string(b) {
			*o = Outcome(i)
			return nil
		}
	}
	return &Error{Code: Newer, Message: string(b) + " is not an outcome"}
}

// Receipt is the one answer to a command. At is when it was applied, or stored while it is pending.
type Receipt struct {
	ID       string
	Number   Number
	Seq      int64
	Kind     Kind
	By       string // Actor.Key
	Outcome  Outcome
	Reason   string // catalog key of a refusal
	Revision int64
	At       time.Time
	Waiting  int64 // commands of its ticket that are not applied, as counted when it was stored
}

// Done reports whether the outcome will not change any more.
func (r Receipt) Done() bool { return r.Outcome != Pending }
