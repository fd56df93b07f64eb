package console

import (
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is one line of a form. Its name says where its value goes in the body of the API's operation: hold.until becomes
// {"hold":{"until":…}}.
type field struct {
	Name     string
	Label    string // catalog key
	Help     string // catalog key
	Kind     kind
	Value    string
	Values   []string // of several
	Options  []option
	Needed   bool
	Clears   bool // an empty one says null
	Blank    bool // an empty one says "", or [] where it is a list
	Focus    bool
	Fixed    bool     // shown, not to be changed
	Examples []option // offered while typing
	Aria     string   // its name where it stands in a table and has no label of its own
	Wrong    string   // what is wrong with it, in the person's language
	Now      string   // what is stored by now, where somebody else changed it meanwhile
	Named    string   // its name where that is no text of ours
	Again    string   // address that gives the form's fields anew for what was chosen here
}

// kind is what may be written into a field, and how.
type kind string

const (
	oneLiner   kind = "text"
	long       kind = "area"
	whole      kind = "number"
	when       kind = "time"
	pick       kind = "pick"    // one of a few
	several    kind = "several" // any of a few
	list       kind = "words"   // several, with commas between them
	lines      kind = "lines"   // several, one a line
	hidden     kind = "hidden"
	pairs      kind = "pairs" // lines of name: value
	tick       kind = "tick"
	span       kind = "span"    // minutes, written as 2h 30m
	secret     kind = "secret"  // never shown again
	code       kind = "code"    // a text for machines
	prose      kind = "prose"   // one of several pages
	choiceList kind = "choices" // lines of key: 日本語 / English
	day        kind = "day"
	decimal    kind = "decimal"
)

type option struct{ Value, Name string }

// Has reports whether a choice of several is made.
func (f field) Has(value string) bool { return slices.Contains(f.Values, value) }

// Tall is how many lines its box has; 0 for a single line.
func (f field) Tall() int {
	switch f.Kind { //nolint:exhaustive // the others are single lines
	case long:
		return 5
	case pairs, lines, choiceList:
		return 3
	case code, prose:
		return 14
	}
	return 0
}

// Attributes are those that every kind of input has.
func (f field) Attributes() template.HTMLAttr {
	var out strings.Builder
	say := func(name, value string) {
		if value != "" {
			out.WriteString(" " + name + `="` + template.HTMLEscapeString(value) + `"`)
		}
	}
	say("id", "f-"+f.Name)
	say("name", f.Name)
	say("aria-label", f.Aria)
	say("aria-describedby", f.Described())
	for name, set := range map[string]bool{
		"required": f.Needed, "autofocus": f.Focus, "aria-invalid": f.Wrong != "", "disabled": f.Fixed && f.Kind == pick, "readonly": f.Fixed && f.Kind != pick,
	} {
		if set {
			say(name, "true")
		}
	}
	return template.HTMLAttr(out.String()) // escaped
}

// Described are the ids of what is said about it.
func (f field) Described() string {
	var ids []string
	if f.Wrong != "" {
		ids = append(ids, "w-"+f.Name)
	}
	if f.Help != "" {
		ids = append(ids, "h-"+f.Name)
	}
	return strings.Join(ids, " ")
}

// body makes the API's body of what a form says; what is left empty is left out.
func (v *visit) body(fields []field, said url.Values) (map[string]any, error) {
	out := map[string]any{}
	for _, f := range fields {
		if why := v.take(f, said, out); why != "" {
			return nil, v.wrong(f, why)
		}
	}
	return out, nil
}

// take puts what a form says of one field into a body; it answers with what is wrong with it.
func (v *visit) take(f field, said url.Values, into map[string]any) (why string) {
	text := strings.TrimSpace(said.Get(f.Name))
	switch {
	case f.Kind == several:
		setIn(into, f.Name, append([]string{}, said[f.Name]...))
	case text != "" || f.Kind == tick:
		value, why := v.value(f, text)
		if why != "" {
			return why
		}
		setIn(into, f.Name, value)
	case f.Clears:
		setIn(into, f.Name, nil)
	case f.Blank && (f.Kind == list || f.Kind == lines || f.Kind == choiceList):
		setIn(into, f.Name, []string{})
	case f.Blank:
		setIn(into, f.Name, "")
	}
	return ""
}

func (v *visit) value(f field, text string) (value any, why string) {
	switch f.Kind {
	case whole:
		n, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64)
		if err != nil {
			return nil, say(v.lang, "form.number")
		}
		return n, ""
	case span:
		n, ok := minutesOf(text)
		if !ok {
			return nil, say(v.lang, "form.span")
		}
		return n, ""
	case when:
		t, err := v.fromInput(text)
		if err != nil {
			return nil, say(v.lang, "form.time")
		}
		return t.UTC().Format(time.RFC3339), ""
	case decimal:
		n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
		if err != nil {
			return nil, say(v.lang, "form.decimal")
		}
		return n, ""
	case list:
		return separated(text), ""
	case lines:
		return lined(text), ""
	case choiceList:
		return choicesOf(text), ""
	case pairs:
		return v.named(text)
	case tick:
		return text != "", ""
	case oneLiner, long, pick, several, hidden, secret, code, prose, day:
	}
	return text, ""
}

// named reads lines of name: value.
func (v *visit) named(text string) (value any, why string) {
	out := map[string]any{}
	for _, line := range lined(strings.ReplaceAll(text, "：", ":")) {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, say(v.lang, "form.pairs")
		}
		out[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return out, ""
}

// wrong is a problem with one field that the console finds before it asks.
func (v *visit) wrong(f field, why string) error {
	return &problem{Status: 422, Title: say(v.lang, "title.invalid"), Detail: v.nameOf(f) + say(v.lang, "colon") + why}
}

// nameOf is what a field is called.
func (v *visit) nameOf(f field) string {
	if f.Named != "" {
		return f.Named
	}
	return say(v.lang, f.Label)
}

// separated splits at commas of both scripts.
func separated(text string) []string {
	out := []string{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '、' || r == '，' || r == ';' || r == '\n' }) {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

// lined splits at line ends.
func lined(text string) []string {
	out := []string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// setIn puts a value under a name such as hold.until.
func setIn(into map[string]any, name string, value any) {
	for {
		head, rest, deeper := strings.Cut(name, ".")
		if !deeper {
			into[head] = value
			return
		}
		inner, ok := into[head].(map[string]any)
		if !ok {
			inner = map[string]any{}
			into[head] = inner
		}
		into, name = inner, rest
	}
}

// opts are the words of a group of the catalog, in the order given.
func (v *visit) opts(group string, words ...string) []option {
	out := make([]option, len(words))
	for i, w := range words {
		out[i] = option{w, sayOr(v.lang, group+"."+w, w)}
	}
	return out
}
