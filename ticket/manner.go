package ticket

// Manner is how a desk speaks to its clients and what it lets in (PRODUCT §3, "Settings of a desk"). Unlike Settings it
// decides nothing about a ticket's state, so it is pinned to no ticket: it is read when it is needed, and a change
// reaches running tickets with what they do next.
type Manner struct {
	Routes       []Channel  `json:"routes"`             // open to clients (E6); mail that comes is never lost, closed or not
	AnswerThen   AnswerThen `json:"answer_then"`        // what an agent's answer does to the state unless he says otherwise (C2)
	UndoSend     int        `json:"undo_send"`          // seconds in which a mail can be taken back; 0: it leaves at once
	AttachmentMB int        `json:"attachment_mb"`      // of one file
	MailMB       int        `json:"mail_mb"`            // of all files of one mail
	Word         Words      `json:"word,omitzero"`      // what the desk calls a ticket (D2); "": ticket, チケット
	Language     string     `json:"language,omitempty"` // of tickets whose language nobody can tell: en, ja
	Signature    Words      `json:"signature,omitzero"` // at the end of what agents write
	Layout       Layout     `json:"layout"`             // of outgoing mail
	// ClientFields are those of a ticket that clients with full access may classify (C4); none unless the desk says so.
	ClientFields []ClientField `json:"client_fields,omitempty"`
}

// ClientField is a field of a ticket that a desk may leave to its clients. State, owner and whatever else the process
// decides or the staff keep among themselves is never among them (E16, E18).
type ClientField string

// The fields that may be left to clients; ClientForm is those of the ticket's form that clients fill.
const (
	ClientTitle    ClientField = "title"
	ClientType     ClientField = "type"
	ClientLanguage ClientField = "language"
	ClientForm     ClientField = "fields"
)

// ClientFields are all of them.
func ClientFields() []ClientField {
	return []ClientField{ClientTitle, ClientType, ClientLanguage, ClientForm}
}

func (f ClientField) String() string { return string(f) }

// Words are a text in the languages of the desk. An empty one is not said.
type Words struct {
	EN string `json:"en,omitempty"`
	JA string `json:"ja,omitempty"`
}

// In is the text in a language; where there is none, the other one.
func (w Words) In(language string) string {
	first, second := w.EN, w.JA
	if len(language) >= 2 && language[:2] == "ja" {
		first, second = w.JA, w.EN
	}
	if first == "" {
		return second
	}
	return first
}

// AnswerThen says what an agent's answer does to the state by default.
type AnswerThen string

// The defaults of an answer.
const (
	AnswerStay    AnswerThen = "stay"
	AnswerHold    AnswerThen = "hold"
	AnswerResolve AnswerThen = "resolve"
)

// Layout says in which parts a mail leaves.
type Layout string

// The layouts.
const (
	LayoutHTML Layout = "html" // a text and an HTML part
	LayoutText Layout = "text" // a text part only
)

// Bounds of a desk's manner.
const (
	MaxUndoSend = 120 // seconds
	MaxFileMB   = 25
	MaxMailMB   = 50
)

// DefaultManner is that of a new desk.
func DefaultManner() Manner {
	return Manner{
		Routes: []Channel{ChannelMail, ChannelPortal, ChannelPhone}, AnswerThen: AnswerStay, UndoSend: 10,
		AttachmentMB: MaxFileMB, MailMB: MaxMailMB, Language: "en", Layout: LayoutHTML,
	}
}
