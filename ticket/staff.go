package ticket

import "time"

// StaffSettings are a member of staff's own: how he hears of what concerns him, beside the bell, which always rings, and
// how the pages look to him.
type StaffSettings struct {
	Mail       NoticeMail
	DigestHour int    // of the clock in Zone, for digests
	QuietFrom  string // "22:00"; "": no quiet hours
	QuietTo    string // may lie on the next day
	Zone       string // IANA name; "": UTC
	Language   string // en, ja; "" stays as it is
	Theme      string // auto, light, dark; "" stays as it is
	KeysOff    bool   // single keys do nothing
	ShownIn    string // zone in which pages show times (IANA); "": that of his machine
}

// NoticeMail says when a notice is mailed.
type NoticeMail string

// When notices are mailed.
const (
	NoticeOff     NoticeMail = "off"
	NoticeInstant NoticeMail = "instant"
	NoticeDigest  NoticeMail = "digest" // once a day, all together
)

// DefaultStaffSettings are those of somebody who has chosen nothing.
func DefaultStaffSettings() StaffSettings {
	return StaffSettings{Mail: NoticeOff, DigestHour: 9, Zone: "UTC"}
}

// NoticeLine is one notice as a mail tells it.
type NoticeLine struct {
	Number   Number
	Title    string
	Name     string // of the event that it is about
	Audience string // why this person: owner, group, leads, mention
	At       time.Time
}

// OccasionNotice is that of a mail to staff.
const OccasionNotice = "notice"

// NoticeState is how an agent's notices stand after a look.
type NoticeState struct {
	// Deliveries are mails that were made.
	Deliveries []string `json:"deliveries,omitempty"`
	// NextAt is when to look again; zero: nothing waits.
	NextAt time.Time `json:"next_at,omitzero"`
}

// NoticeMailed is a mail to staff that somebody answers.
type NoticeMailed struct {
	Agent, Name, Email string
	Role               Role
	Number             Number // the one ticket that it speaks of; 0: several
	Desk               string
	Sees               bool // he is in that desk still
}
