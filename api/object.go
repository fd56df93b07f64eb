package api

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// object reads the fields of a JSON object one by one and remembers which there are, so that what nobody asked for
// can be named. All faults of a body are collected, not the first only.
type object struct {
	at     string
	fields map[string]any
	asked  []string
	faults *[]fault
}

func newObject(fields map[string]any) *object { return &object{fields: fields, faults: &[]fault{}} }

func (o *object) pointer(name string) string { return o.at + "/" + escapePointer(name) }

func (o *object) blame(name, code string, args map[string]string) {
	*o.faults = append(*o.faults, fault{pointer: o.pointer(name), code: code, args: args})
}

// blameWorld notes that the request is right, but the world is not so (any more).
func (o *object) blameWorld(name, code string, args map[string]string) {
	*o.faults = append(*o.faults, fault{pointer: o.pointer(name), code: code, args: args, world: true})
}

// get returns a field; null is as good as left out.
func (o *object) get(name string, needed bool) (any, bool) {
	o.asked = append(o.asked, name)
	v, ok := o.fields[name]
	if ok && v != nil {
		return v, true
	}
	if needed {
		o.blame(name, "missing", map[string]string{"name": name})
	}
	return nil, false
}

// isNull reports that a field is null: what stood there is taken away.
func (o *object) isNull(name string) bool {
	v, said := o.fields[name]
	return said && v == nil
}

// empty reports that every field is left out, null, or an object without fields.
func (o *object) empty() bool {
	for _, v := range o.fields {
		inner, isObject := v.(map[string]any)
		if v != nil && (!isObject || len(inner) > 0) {
			return false
		}
	}
	return true
}

// done names the fields that nobody asked for.
func (o *object) done() {
	for _, name := range slices.Sorted(maps.Keys(o.fields)) {
		if !slices.Contains(o.asked, name) {
			o.blame(name, "unknown_field", map[string]string{"name": name, "known": strings.Join(sorted(o.asked), ", ")})
		}
	}
}

// rule is what a text must be like. Lengths are in characters.
type rule struct {
	needed  bool
	max     int
	min     int
	solid   bool // not only white space
	line    bool // no line breaks or other control characters
	pattern *regexp.Regexp
	like    string // what the pattern asks for, as a field code
}

var (
	keyPattern      = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	languagePattern = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	emailPattern    = regexp.MustCompile(`^[^\s@<>,;"]+@[^\s@<>,;"]+$`)
	senderPattern   = regexp.MustCompile(`^[^\s@<>,;"]*@[^\s@<>,;"]+$`)
	typePattern     = regexp.MustCompile(`^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$`)
	solidPattern    = regexp.MustCompile(`[^\s\p{Z}]`)

	keyRule   = rule{max: 40, min: 1, pattern: keyPattern, like: "key"}
	emailRule = rule{max: 254, min: 3, line: true, pattern: emailPattern, like: "email"}

	titleRule     = rule{min: 1, max: 500, solid: true, line: true}
	receptionRule = rule{min: 1, max: 100, line: true}
	languageRule  = rule{min: 1, max: 35, pattern: languagePattern, like: "language"}
	idRule        = rule{min: 1, max: 100}
)

func (r rule) must() rule { r.needed = true; return r }

func (o *object) text(name string, r rule) string {
	v, ok := o.get(name, r.needed)
	if !ok {
		return ""
	}
	text, ok := v.(string)
	if !ok {
		o.blame(name, "text", nil)
		return ""
	}
	if code, args := r.check(text); code != "" {
		o.blame(name, code, args)
		return ""
	}
	return text
}

func (r rule) check(text string) (code string, args map[string]string) {
	n := utf8.RuneCountInString(text)
	switch {
	case r.min > 0 && n == 0, r.solid && !solidPattern.MatchString(text):
		return "empty", nil
	case n < r.min:
		return "too_short", map[string]string{"min": strconv.Itoa(r.min)}
	case r.max > 0 && n > r.max:
		return "too_long", map[string]string{"max": strconv.Itoa(r.max)}
	case r.line && strings.ContainsFunc(text, unicode.IsControl):
		return "one_line", nil
	case r.pattern != nil && !r.pattern.MatchString(text):
		return r.like, nil
	}
	return "", nil
}

// word reads one of a few words.
func (o *object) word(name string, needed bool, allowed []string) string {
	v, ok := o.get(name, needed)
	if !ok {
		return ""
	}
	if text, isText := v.(string); isText && slices.Contains(allowed, text) {
		return text
	}
	o.blame(name, "enum", map[string]string{"allowed": strings.Join(allowed, ", ")})
	return ""
}

// named reads a word of the ground floor, such as a priority.
func named[T interface{ String() string }](o *object, name string, needed bool, all []T) (value T, given bool) {
	words := make([]string, len(all))
	for i, v := range all {
		words[i] = v.String()
	}
	if i := slices.Index(words, o.word(name, needed, words)); i >= 0 {
		return all[i], true
	}
	return value, false
}

func (o *object) integer(name string, low, high int64) int64 {
	n, _ := o.whole(name, false, low, high)
	return n
}

// whole reads a whole number; false where there is none, or a wrong one.
func (o *object) whole(name string, needed bool, low, high int64) (int64, bool) {
	v, ok := o.get(name, needed)
	if !ok {
		return 0, false
	}
	number, _ := v.(json.Number)
	n, err := number.Int64()
	if f, ferr := number.Float64(); err != nil && ferr == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		n, err = int64(f), nil // 9.0 is an integer too
	}
	if err != nil || n < low || n > high {
		o.blame(name, "range", map[string]string{"min": strconv.FormatInt(low, 10), "max": strconv.FormatInt(high, 10)})
		return 0, false
	}
	return n, true
}

// flag reads true or false into to, which stays as it is where there is none.
func (o *object) flag(name string, to *bool) {
	v, ok := o.get(name, false)
	if !ok {
		return
	}
	if b, isFlag := v.(bool); isFlag {
		*to = b
		return
	}
	o.blame(name, "flag", nil)
}

func (o *object) instant(name string, needed bool) *time.Time {
	v, ok := o.get(name, needed)
	if !ok {
		return nil
	}
	text, _ := v.(string)
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		o.blame(name, "time", nil)
		return nil
	}
	t = t.UTC()
	return &t
}

// inside returns the object under that name; nil where there is none.
func (o *object) inside(name string, needed bool) *object {
	v, ok := o.get(name, needed)
	if !ok {
		return nil
	}
	fields, ok := v.(map[string]any)
	if !ok {
		o.blame(name, "object", nil)
		return nil
	}
	return &object{at: o.pointer(name), fields: fields, faults: o.faults}
}

func (o *object) list(name string, most int) []any {
	v, ok := o.get(name, false)
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		o.blame(name, "list", nil)
		return nil
	}
	if len(list) > most {
		o.blame(name, "too_many", map[string]string{"max": strconv.Itoa(most)})
		return nil
	}
	return list
}

// texts reads a list of texts.
func (o *object) texts(name string, most int, r rule) []string {
	list := o.list(name, most)
	out := make([]string, 0, len(list))
	for i, v := range list {
		one := &object{at: o.pointer(name), fields: map[string]any{strconv.Itoa(i): v}, faults: o.faults}
		if text := one.text(strconv.Itoa(i), r.must()); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// bytes reads base64 (RFC 4648 §4).
func (o *object) bytes(name string, most int) []byte {
	v, ok := o.get(name, true)
	if !ok {
		return nil
	}
	text, isText := v.(string)
	out, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case !isText || err != nil:
		o.blame(name, "base64", nil)
		return nil
	case len(out) > most:
		o.blame(name, tooLargeField, map[string]string{"max": strconv.Itoa(most >> 20)})
		return nil
	}
	return out
}

// tooLargeField makes the answer 413 instead of 422.
const tooLargeField = "too_large"

func sorted(words []string) []string {
	out := slices.Clone(words)
	slices.Sort(out)
	return out
}
