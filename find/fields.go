package find

import (
	"maps"
	"slices"
	"strings"

	"duradesk/ticket"
)

// Field is what can be compared. Only what an index finds is a field: a slow answer is no answer.
type Field string

// The fields (N61 and what lists show).
const (
	State         Field = "state"
	Priority      Field = "priority"
	Channel       Field = "channel"
	Category      Field = "category"
	Type          Field = "type"
	ReceptionType Field = "reception_type"
	Language      Field = "language"
	Tag           Field = "tag"
	Owner         Field = "owner"
	Group         Field = "group"
	Desk          Field = "desk"
	Number        Field = "number"
	Title         Field = "title"
	Client        Field = "client" // its id
	ClientName    Field = "client_name"
	ClientNumber  Field = "client_number"
	Login         Field = "login"
	Email         Field = "email"
	Phone         Field = "phone"
	Created       Field = "created"
	Updated       Field = "updated"
	Resolved      Field = "resolved"
	Due           Field = "due"
	Waiting       Field = "waiting" // for how long the client has been waiting for an answer
	Age           Field = "age"     // how long it has been there
	Idle          Field = "idle"    // how long nothing has happened
	View          Field = "view"
)

// Special values.
const (
	Me   = "me"   // the one who asks
	Mine = "mine" // the groups of the one who asks
	None = "none"
	Any  = "any" // every state, those that lists leave out too
)

// Types of tickets.
var Types = []string{"question", "request", "incident", "problem", "complaint"}

// Views that come with the desk, in the order of CONTRACT §3.
var Views = []string{"all", "unassigned", "my_groups", "mine_open", "mine_on_hold", "mine_resolved", "mine_closed", "spam", "incoming", "at_risk", "handed_over", "attention"}

// kind says what values a field has.
type kind uint8

const (
	words   kind = iota // of a closed list
	ordered             // of a closed list, and they can be compared
	key                 // lower-case words
	text
	integer
	instant
	span
)

// field describes one: its values, and special ones beside those.
type field struct {
	kind    kind
	values  []string
	special []string
	longest int // of a text, in characters
}

var fields = map[Field]field{
	State:         {kind: words, values: names(ticket.States()), special: []string{Any}},
	Priority:      {kind: ordered, values: []string{"low", "normal", "high", "urgent"}},
	Channel:       {kind: words, values: []string{"mail", "portal", "phone", "chat", "external"}},
	Category:      {kind: words, values: names(ticket.Categories()), special: []string{None}},
	Type:          {kind: words, values: Types},
	ReceptionType: {kind: text, longest: 100, special: []string{None}},
	Language:      {kind: text, longest: 35},
	Tag:           {kind: text, longest: 50, special: []string{None}},
	Owner:         {kind: key, special: []string{Me, None}},
	Group:         {kind: key, special: []string{Mine, None}},
	Desk:          {kind: key},
	Number:        {kind: integer},
	Title:         {kind: text, longest: 500},
	Client:        {kind: text, longest: 100},
	ClientName:    {kind: text, longest: 200},
	ClientNumber:  {kind: text, longest: 100},
	Login:         {kind: text, longest: 254},
	Email:         {kind: text, longest: 254},
	Phone:         {kind: text, longest: 50},
	Created:       {kind: instant},
	Updated:       {kind: instant},
	Resolved:      {kind: instant},
	Due:           {kind: instant},
	Waiting:       {kind: span},
	Age:           {kind: span},
	Idle:          {kind: span},
	View:          {kind: words, values: Views},
}

// aliases are what people write too.
var aliases = map[string]Field{
	"status": State, "assignee": Owner, "subject": Title, "mail": Email, "lang": Language, "reception": ReceptionType, "name": ClientName,
}

// Fields lists the names there are.
func Fields() []string {
	out := make([]string, 0, len(fields))
	for f := range maps.Keys(fields) {
		out = append(out, string(f))
	}
	slices.Sort(out)
	return out
}

func fieldNamed(name string) (Field, bool) {
	name = strings.ToLower(name)
	if f, ok := aliases[name]; ok {
		return f, true
	}
	_, ok := fields[Field(name)]
	return Field(name), ok
}

// comparable tells whether < and > mean something.
func (f field) comparable() bool {
	return f.kind == ordered || f.kind == integer || f.kind == instant || f.kind == span
}

func (f field) known() string { return strings.Join(slices.Concat(f.values, f.special), ", ") }

func names[T interface{ String() string }](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = v.String()
	}
	return out
}
