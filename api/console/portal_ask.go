package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"duradesk/api/openapi"
)

func portalAskRoutes() []route {
	return []route{
		{pattern: "GET /portal/new", client: true, serve: func(v *visit) error { return v.portalNew(http.StatusOK, nil) }},
		{pattern: "POST /portal/new", client: true, serve: (*visit).portalAsk},
	}
}

// portalNewView is the choice of what to ask about, or the form of what was chosen.
type portalNewView struct {
	portalView
	Kinds                []portalKind // to choose from; nil: chosen
	Desk, Type, Name, ID string
	Title, Body          string
	Fields               []portalField
	Suggested            []articleRow
	Several              bool
}

// portalKind is a desk with one of its reception types, or with none.
type portalKind struct{ Desk, Type, Name, Href string }

// portalField is a line of a reception type's form.
type portalField struct {
	Key, Label, Kind string
	Needed           bool
	Options          []option
	Value            string
}

func (v *visit) portalNew(status int, fault []string) error {
	p, err := v.portalDesks()
	if err != nil {
		return err
	}
	if err := v.portalZone(); err != nil {
		return err
	}
	out := portalNewView{portalView: v.portalPage(say(v.lang, "portal.new")), ID: uuid.NewString(), Title: v.r.FormValue("title"), Body: v.r.FormValue("body")}
	if out.Fault = fault; v.r.FormValue("id") != "" {
		out.ID = v.r.FormValue("id")
	}
	kinds := v.portalKinds(p)
	out.Several = len(kinds) > 1
	if len(kinds) == 0 {
		return v.refuse(http.StatusForbidden, say(v.lang, "portal.closed"), say(v.lang, "portal.closed_why"))
	}
	chosen := slices.IndexFunc(kinds, func(k portalKind) bool { return k.Desk == v.r.FormValue("desk") && k.Type == v.r.FormValue("type") })
	if chosen < 0 && out.Several {
		out.Kinds = kinds
		return v.show(status, "portal-new", out)
	}
	k := kinds[max(chosen, 0)]
	out.Desk, out.Type, out.Name, out.Fields = k.Desk, k.Type, k.Name, v.portalFields(p, k)
	if out.Title != "" {
		if out.Suggested, err = v.suggestions(out.Title); err != nil {
			return err
		}
	}
	return v.show(status, "portal-new", out)
}

func (v *visit) portalKinds(p openapi.Portal) []portalKind {
	var out []portalKind
	for _, d := range p.Desks {
		if len(d.ReceptionTypes) == 0 {
			out = append(out, portalKind{Desk: d.Key, Name: d.Name})
		}
		for _, r := range d.ReceptionTypes {
			out = append(out, portalKind{Desk: d.Key, Type: r.Key, Name: d.Name + " · " + v.inWords(r.Label)})
		}
	}
	for i, k := range out {
		out[i].Href = "/portal/new?" + url.Values{"desk": {k.Desk}, "type": {k.Type}}.Encode()
	}
	return out
}

func (v *visit) portalFields(p openapi.Portal, k portalKind) []portalField {
	var out []portalField
	for _, d := range p.Desks {
		for _, r := range d.ReceptionTypes {
			if d.Key != k.Desk || r.Key != k.Type {
				continue
			}
			for _, f := range r.Fields {
				one := portalField{Key: f.Key, Label: v.inWords(f.Label), Kind: string(f.Kind), Needed: f.Required, Value: v.r.FormValue("field." + f.Key)}
				for _, c := range f.Choices {
					one.Options = append(one.Options, option{c.Key, v.inWords(c.Label)})
				}
				out = append(out, one)
			}
		}
	}
	return out
}

// portalAsk opens a ticket, and leads to it.
func (v *visit) portalAsk() error {
	message, err := v.sentMessage()
	if err != nil {
		return v.portalNew(http.StatusBadRequest, []string{err.Error()})
	}
	p, err := v.portalDesks()
	if err != nil {
		return err
	}
	k := portalKind{Desk: v.r.FormValue("desk"), Type: v.r.FormValue("type")}
	body := map[string]any{"desk": k.Desk, "title": strings.TrimSpace(v.r.FormValue("title")), "message": message, "language": v.lang}
	if id := v.r.FormValue("id"); id != "" {
		body["id"] = id
	}
	if k.Type != "" {
		body["reception_type"] = k.Type
	}
	if fields := portalValues(v.portalFields(p, k)); len(fields) > 0 {
		body["fields"] = fields
	}
	var r openapi.Receipt
	err = v.ask(http.MethodPost, "/portal/tickets", body, &r)
	var refused *problem
	switch {
	case err == nil:
		return v.redirect("/portal/tickets/" + strconv.FormatInt(r.Number, 10) + "?said=opened")
	case errors.As(err, &refused) && refused.Status != http.StatusUnauthorized && refused.Status < 500:
		return v.portalNew(refused.Status, append([]string{refused.Detail}, v.fieldLines(refused)...))
	}
	return err
}

// fieldLines name each field that is wrong as the form does.
func (v *visit) fieldLines(p *problem) []string {
	var out []string
	for _, e := range p.Errors {
		out = append(out, v.fieldLine(e))
	}
	return out
}

// portalValues are the values of a form, as the API wants them by their kinds.
func portalValues(fields []portalField) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		switch text := strings.TrimSpace(f.Value); {
		case f.Kind == "checkbox":
			out[f.Key] = text != ""
		case text == "":
		case f.Kind == "number" && json.Valid([]byte(text)):
			out[f.Key] = json.RawMessage(text)
		default:
			out[f.Key] = text
		}
	}
	return out
}
