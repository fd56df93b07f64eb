package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"duradesk/api/openapi"
)

// A desk may say what it takes in, and what is to be asked for each (N45, N55, N58): its reception types and their
// fields. Where it does, forms offer those and no others.

// receptionTypes are those of a desk that may be chosen, asked for once per visit.
func (v *visit) receptionTypes(desk string) ([]openapi.ReceptionType, error) {
	if found, ok := v.receptions[desk]; ok || desk == "" {
		return found, nil
	}
	var out openapi.ReceptionTypeList
	if err := v.get("/desks/"+url.PathEscape(desk)+"/reception-types", &out); err != nil && statusOf(err) != http.StatusNotFound {
		return nil, err
	}
	types := slices.DeleteFunc(out.Items, func(t openapi.ReceptionType) bool { return t.Retired })
	if v.receptions == nil {
		v.receptions = map[string][]openapi.ReceptionType{}
	}
	v.receptions[desk] = types
	return types, nil
}

// filled is what a form has by now: what was typed, else what the ticket has.
type filled struct {
	desk, reception string
	fields          map[string]any
	again           string // address of the form's fields, for another choice
}

// receptionFields are the choice of a reception type and its own fields, under names such as escalate.fields.model. A
// desk without reception types takes any word and any fields.
func (v *visit) receptionFields(prefix string, now filled) ([]field, error) {
	types, err := v.receptionTypes(now.desk)
	if err != nil {
		return nil, err
	}
	if len(types) == 0 {
		return []field{
			{Name: prefix + "reception_type", Label: "field.reception_type", Kind: oneLiner, Value: now.reception},
			{Name: prefix + "fields", Label: "field.fields", Kind: pairs, Help: "help.pairs", Value: pairsOf(now.fields)},
		}, nil
	}
	choose := field{Name: prefix + "reception_type", Label: "field.reception_type", Kind: pick, Options: []option{{"", say(v.lang, "none")}}, Value: now.reception, Again: now.again}
	out := []field{choose}
	for _, t := range types {
		out[0].Options = append(out[0].Options, option{t.Key, v.inWords(t.Label)})
		if t.Key == now.reception {
			for _, f := range t.Fields {
				if !f.Retired {
					out = append(out, v.formField(prefix+"fields."+f.Key, f, now.fields[f.Key]))
				}
			}
		}
	}
	return out, nil
}

var formKinds = map[openapi.FormFieldKind]kind{"text": oneLiner, "number": decimal, "choice": pick, "date": day, "checkbox": tick}

func (v *visit) formField(name string, f openapi.FormField, value any) field {
	out := field{Name: name, Named: v.inWords(f.Label), Kind: formKinds[f.Kind], Needed: f.Required, Clears: value != nil}
	switch value := value.(type) {
	case nil:
	case bool:
		if value {
			out.Value = "1"
		}
	default:
		out.Value = fmt.Sprint(value)
	}
	if f.Kind == "choice" {
		out.Options = []option{{"", say(v.lang, "none")}}
		for _, c := range f.Choices {
			out.Options = append(out.Options, option{c.Key, v.inWords(c.Label)})
		}
	}
	return out
}

// inWords is a name in the person's language, else in the other.
func (v *visit) inWords(w openapi.NameWords) string {
	if v.lang == "ja" && w.Ja != "" || w.En == "" {
		return w.Ja
	}
	return w.En
}

// typed fills a form's fields with what was typed so far; the cursor goes where something was chosen.
func typed(fields []field, said url.Values, chosen string) []field {
	for i, f := range fields {
		if f.Kind == tick {
			fields[i].Value = said.Get(f.Name)
		} else if said.Has(f.Name) {
			fields[i].Value = said.Get(f.Name)
		}
		fields[i].Focus = f.Name == chosen
	}
	return fields
}
