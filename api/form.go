package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"duradesk/ticket"
)

// maxFieldText is how long a text in a form may be, in characters.
const maxFieldText = 20_000

// form holds what is filled in against the form of a reception type of the desk. A desk without reception types takes
// any; one that has some takes those, and of each its own fields. had are the values that the ticket has already.
func (h *hand) form(o *object, desk, reception string, given, had map[string]any) {
	if h.err != nil || desk == "" || reception == "" && len(given) == 0 {
		return
	}
	all, err := h.s.receptionTypes(h.ctx, desk)
	if err != nil {
		h.err = err
		return
	}
	var keys []string
	for _, r := range all {
		if r.Key == reception {
			h.fields(o, r.body, given, had)
			if r.body.Retired && o.fields[receptionKind] != nil {
				o.blameWorld(receptionKind, "unknown_reception_type", map[string]string{"key": reception, "known": strings.Join(keys, ", ")})
			}
			return
		}
		if !r.body.Retired {
			keys = append(keys, r.Key)
		}
	}
	if len(keys) > 0 && o.fields[receptionKind] != nil {
		o.blameWorld(receptionKind, "unknown_reception_type", map[string]string{"key": reception, "known": strings.Join(keys, ", ")})
	}
}

// fields blames each field that is not as the form says. What the ticket has already stays as it is, whatever became of
// the form since.
func (h *hand) fields(o *object, r ticket.ReceptionType, given, had map[string]any) {
	in := &object{at: o.pointer("fields"), fields: given, faults: o.faults}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		f, known := r.Field(key)
		_, was := had[key]
		switch {
		case !known && !was && len(r.Fields) > 0:
			in.blameWorld(key, "form_unknown", map[string]string{"name": key, "known": strings.Join(askedOf(r), ", ")})
		case known && f.By == ticket.ByOperator && h.who.isClient():
			in.blame(key, "form_operator", map[string]string{"name": key})
		case known && given[key] != nil:
			if code, args := wrongValue(f, given[key]); code != "" {
				in.blameWorld(key, code, args)
			}
		}
	}
	for _, f := range r.Fields {
		value, given := given[f.Key]
		if !given {
			value = had[f.Key]
		}
		if asked := given || o.fields[receptionKind] != nil; asked && f.Required && !f.Retired && (value == nil || value == "") {
			in.blameWorld(f.Key, "form_missing", map[string]string{"name": f.Key})
		}
	}
}

func askedOf(r ticket.ReceptionType) []string {
	var out []string
	for _, f := range r.Fields {
		if !f.Retired {
			out = append(out, f.Key)
		}
	}
	return out
}

// wrongValue says what is wrong with a value; "" where it is right.
func wrongValue(f ticket.Field, v any) (code string, args map[string]string) {
	text, isText := v.(string)
	switch f.Kind {
	case ticket.FieldText:
		if !isText || utf8.RuneCountInString(text) > maxFieldText {
			return "form_text", map[string]string{"max": itoa(maxFieldText)}
		}
	case ticket.FieldNumber:
		if _, isNumber := v.(json.Number); !isNumber {
			return "form_number", nil
		}
	case ticket.FieldDate:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "form_date", nil
		}
	case ticket.FieldCheckbox:
		if _, isFlag := v.(bool); !isFlag {
			return "flag", nil
		}
	case ticket.FieldChoice:
		keys := make([]string, len(f.Choices))
		for i, c := range f.Choices {
			keys[i] = c.Key
		}
		if !isText || !slices.Contains(keys, text) {
			return "enum", map[string]string{"allowed": strings.Join(keys, ", ")}
		}
	}
	return "", nil
}
