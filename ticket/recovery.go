package ticket

import "time"

// HeardSignal is a command of which Temporal remembers the signal. One without an ID was sent by hand.
type HeardSignal struct {
	Number Number
	Name   string
	ID     string
	Seq    int64
	At     time.Time
}

// Remembered is what Temporal remembers of the time after the record's last word.
type Remembered struct {
	Highest Number        // the highest number that a ticket's workflow bears
	Heard   []HeardSignal // signals heard since then
	Ahead   []Number      // tickets whose workflows did something since then
}

// Recovered is what became of a record that was restored to an older state.
type Recovered struct {
	Since     time.Time     // the record's last word before
	Lost      []HeardSignal // commands that were accepted and that the record does not have
	Gone      []Number      // tickets that Temporal knows and the record does not
	Uncertain int           // mails that may have left since the backup: sent again by a person only
	Next      Number        // the number of the next ticket
}
