package console

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// thing is one of what is managed, as the API shows it.
type thing map[string]any

// at is what stands under a name such as login.mode or fields.0.key; nil where nothing does.
func (t thing) at(name string) any {
	var v any = map[string]any(t)
	for part := range strings.SplitSeq(name, ".") {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}

// text is what stands there in words; "" for nothing.
func (t thing) text(name string) string { return textOf(t.at(name)) }

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "1"
		}
	}
	return ""
}

// texts is the list that stands there.
func (t thing) texts(name string) []string {
	all, _ := t.at(name).([]any)
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = textOf(v)
	}
	return out
}

// list is the list of objects that stands there.
func (t thing) list(name string) []thing {
	all, _ := t.at(name).([]any)
	out := make([]thing, 0, len(all))
	for _, v := range all {
		if one, ok := v.(map[string]any); ok {
			out = append(out, one)
		}
	}
	return out
}

// time is the instant that stands there; nil for none.
func (t thing) time(v *visit, name string) *moment {
	at, err := time.Parse(time.RFC3339, t.text(name))
	if err != nil {
		return nil
	}
	return v.momentOf(&at)
}

// in is a text that stands there in both languages, in the person's as far as there is one.
func (t thing) in(lang, name string) string {
	other := map[string]string{"en": "ja", "ja": "en"}[lang]
	if own := t.text(name + "." + lang); own != "" {
		return own
	}
	return t.text(name + "." + other)
}

// fillForm puts what a thing says into the fields of its form. A new thing leaves them as the form begins.
func (v *visit) fillForm(sections []section, t thing) {
	if t == nil {
		return
	}
	eachField(sections, func(f *field) {
		if f.Kind == secret || f.Kind == hidden {
			return
		}
		v.show1(f, t)
	})
}

func (v *visit) show1(f *field, t thing) {
	switch f.Kind { //nolint:exhaustive // the others are texts
	case several:
		f.Values = t.texts(f.Name)
	case list:
		f.Value = strings.Join(t.texts(f.Name), ", ")
	case lines:
		f.Value = strings.Join(t.texts(f.Name), "\n")
	case choiceList:
		f.Value = choiceLines(t.list(f.Name))
	case span:
		n, _ := t.at(f.Name).(float64)
		f.Value = spanText(v.lang, int64(n))
	default:
		f.Value = t.text(f.Name)
	}
}

// markOf is a mark of what a form showed: it is another once somebody has changed any of it.
func markOf(sections []section) string {
	sum := sha256.New()
	eachField(sections, func(f *field) {
		sum.Write([]byte(f.Name + "\x00" + f.Value + "\x00" + strings.Join(slices.Sorted(slices.Values(f.Values)), "\x00") + "\x01"))
	})
	return hex.EncodeToString(sum.Sum(nil))[:24]
}

// section is a part of a form under a heading: fields, or a table of them.
type section struct {
	Name    string // catalog key; "" for the first part
	Help    string // catalog key
	Fields  []field
	Columns []string // of the table, in words
	Rows    []fieldRow
}

type fieldRow struct {
	Name   string // in words
	Fields []field
}

func eachField(sections []section, do func(*field)) {
	for s := range sections {
		for i := range sections[s].Fields {
			do(&sections[s].Fields[i])
		}
		for r := range sections[s].Rows {
			for i := range sections[s].Rows[r].Fields {
				do(&sections[s].Rows[r].Fields[i])
			}
		}
	}
}

// ask is a field of a thing's form. Its texts are set.<the last part of its name> and set_help.<that>.
func ask(name string, k kind, more ...func(*field)) field {
	short := name[strings.LastIndex(name, ".")+1:]
	f := field{Name: name, Kind: k, Label: "set." + short, Blank: true}
	if known("set_help." + short) {
		f.Help = "set_help." + short
	}
	for _, m := range more {
		m(&f)
	}
	return f
}

func needed(f *field) { f.Needed = true }
func clears(f *field) { f.Blank, f.Clears = false, true }
func quiet(f *field)  { f.Blank = false } // left out where it is empty

func called(label string) func(*field) {
	return func(f *field) {
		f.Label, f.Help = "set."+label, ""
		if known("set_help." + label) {
			f.Help = "set_help." + label
		}
	}
}
func from(value string) func(*field)      { return func(f *field) { f.Value = value } }
func of(options []option) func(*field)    { return func(f *field) { f.Options = options } }
func like(examples []option) func(*field) { return func(f *field) { f.Examples = examples } }
