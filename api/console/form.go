package console

import (
	"net/url"
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
	Options  []option
	Needed   bool
	Clears   bool // an empty one says null
	Focus    bool
	Examples []option // offered while typing
	Named    string   // its name where that is no text of ours
	Again    string   // address that gives the form's fields anew for what was chosen here
}

// kind is what may be written into a field, and how.
type kind string

const (
	oneLiner kind = "text"
	long     kind = "area"
	whole    kind = "number"
	when     kind = "time"
	pick     kind = "pick"  // one of a few
	list     kind = "words" // several, with commas between them
	hidden   kind = "hidden"
	pairs    kind = "pairs" // lines of name: value
	tick     kind = "tick"
	day      kind = "day"
	decimal  kind = "decimal"
)

type option struct{ Value, Name string }

// body makes the API's body of what a form says; what is left empty is left out.
func (v *visit) body(fields []field, said url.Values) (map[string]any, error) {
	out := map[string]any{}
	for _, f := range fields {
		text := strings.TrimSpace(said.Get(f.Name))
		if text == "" && f.Kind != tick {
			if f.Clears {
				setIn(out, f.Name, nil)
			}
			continue
		}
		value, err := v.value(f, text)
		if err != nil {
			return nil, err
		}
		setIn(out, f.Name, value)
	}
	return out, nil
}

func (v *visit) value(f field, text string) (any, error) {
	switch f.Kind {
	case whole:
		n, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64)
		if err != nil {
			return nil, v.wrong(f, say(v.lang, "form.number"))
		}
		return n, nil
	case when:
		t, err := v.fromInput(text)
		if err != nil {
			return nil, v.wrong(f, say(v.lang, "form.time"))
		}
		return t.UTC().Format(time.RFC3339), nil
	case decimal:
		n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", "."), 64)
		if err != nil {
			return nil, v.wrong(f, say(v.lang, "form.decimal"))
		}
		return n, nil
	case list:
		return separated(text), nil
	case pairs:
		return v.named(f, text)
	case tick:
		return text != "", nil
	case oneLiner, long, pick, hidden, day:
	}
	return text, nil
}

// named reads lines of name: value.
func (v *visit) named(f field, text string) (map[string]any, error) {
	out := map[string]any{}
	for line := range strings.Lines(strings.ReplaceAll(text, "：", ":")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, v.wrong(f, say(v.lang, "form.pairs"))
		}
		out[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return out, nil
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
