package ticket

// What a desk is furnished with: small documents that people write and the desk reads whole.

// ReceptionType is a kind of request that a desk takes in, with the form that belongs to it (受付タイプ; N45, N55, N58).
type ReceptionType struct {
	Label   Words   `json:"label"`
	Fields  []Field `json:"fields"`
	Retired bool    `json:"retired,omitempty"` // tickets that have it keep it; no ticket gets it any more
}

// Field is a line of a form. Its key and kind are for ever: values stand in tickets under it.
type Field struct {
	Key      string    `json:"key"`
	Label    Words     `json:"label"`
	Kind     FieldKind `json:"kind"`
	Choices  []Choice  `json:"choices,omitempty"` // of kind choice
	Required bool      `json:"required,omitempty"`
	By       FilledBy  `json:"by"`
	Retired  bool      `json:"retired,omitempty"` // shown where a ticket has a value, asked of nobody
}

// Choice is one of several values of a field.
type Choice struct {
	Key   string `json:"key"`
	Label Words  `json:"label"`
}

// FieldKind says what a field holds.
type FieldKind string

// The kinds of fields. A date is written as 2026-11-24, a checkbox as true or false.
const (
	FieldText     FieldKind = "text"
	FieldNumber   FieldKind = "number"
	FieldChoice   FieldKind = "choice"
	FieldDate     FieldKind = "date"
	FieldCheckbox FieldKind = "checkbox"
)

// FilledBy says who fills a field: the client may write his own, operators all.
type FilledBy string

// Who fills a field.
const (
	ByClient   FilledBy = "client"
	ByOperator FilledBy = "operator"
)

// Field returns the field of a form with that key.
func (r ReceptionType) Field(key string) (Field, bool) {
	for _, f := range r.Fields {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// Template is how a mail of an occasion reads: a first line "Subject: …", an empty line, the body in Markdown with
// {{ticket.number}} and the like (mail.Variables).
type Template struct {
	Occasion string `json:"occasion"`
	Language string `json:"language"`
	Name     string `json:"name,omitempty"` // "": the one that is taken unless a message names another
	Source   string `json:"source"`
}

// TemplateKey is the key of the piece that holds a template.
func TemplateKey(occasion, language, name string) string {
	key := occasion + "." + language
	if name != "" {
		key += "." + name
	}
	return key
}

// Macro is what agents do at one stroke. Its texts may use variables as templates do.
type Macro struct {
	Name     Words      `json:"name"`
	Language string     `json:"language,omitempty"` // of its texts; "": any
	Answer   string     `json:"answer,omitempty"`   // Markdown
	Note     string     `json:"note,omitempty"`     // Markdown
	Then     AnswerThen `json:"then,omitempty"`     // to the state; "": as the desk says where there is an answer, else nothing
	Hold     HoldReason `json:"hold,omitzero"`
	HoldFor  int        `json:"hold_for,omitempty"` // hours of the wall clock until it wakes; 0: not by itself
	Category Category   `json:"category,omitzero"`
	Group    string     `json:"group,omitempty"`
	Owner    string     `json:"owner,omitempty"` // an agent's key, or me
	Priority Priority   `json:"priority,omitzero"`
	Tags     []string   `json:"tags,omitempty"` // added
}

// TextModule is a text that agents insert by its shortcut (::key).
type TextModule struct {
	Text Words `json:"text"`
}

// Trigger gives tickets that are opened to a group or an owner, by what they are about (N9).
type Trigger struct {
	Name    string        `json:"name"`
	Enabled bool          `json:"enabled"`
	Last    bool          `json:"last,omitempty"` // where it holds, those after it are not asked
	When    TriggerWhen   `json:"when"`
	Then    TriggerAction `json:"then"`
}

// TriggerWhen are conditions: every one that is given must hold, of each list one entry. Words are looked for without
// regard to case.
type TriggerWhen struct {
	Channels       []Channel  `json:"channels,omitempty"`
	Languages      []string   `json:"languages,omitempty"`
	Types          []string   `json:"types,omitempty"`
	ReceptionTypes []string   `json:"reception_types,omitempty"`
	Priorities     []Priority `json:"priorities,omitempty"`
	Title          []string   `json:"title,omitempty"`   // contains
	Text           []string   `json:"text,omitempty"`    // title or first message contains
	Senders        []string   `json:"senders,omitempty"` // mail addresses, or domains with their @
	Tags           []string   `json:"tags,omitempty"`
	Working        *bool      `json:"working,omitempty"` // within the desk's hours, or outside
}

// TriggerAction is what a trigger does. What a person has chosen already stays.
type TriggerAction struct {
	Group    string   `json:"group,omitempty"`
	Owner    string   `json:"owner,omitempty"`
	Priority Priority `json:"priority,omitzero"`
	Tags     []string `json:"tags,omitempty"`
}

// Opened is what triggers may look at of a ticket that was just opened.
type Opened struct {
	Channel       Channel
	Language      string
	Type          string
	ReceptionType string
	Priority      Priority
	Title         string
	Text          string // of its first message
	Sender        string // the client's mail address
	Tags          []string
	Working       bool // within the hours of the desk's calendar
}
