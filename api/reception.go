package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

const receptionKind = "reception_type"

// receptions are the kinds of requests that a desk takes in, with their forms (N45, N55, N58).
var receptions = furniture[ticket.ReceptionType, openapi.ReceptionType]{
	kind: receptionKind,
	read: func(h *hand, o *object, p *Piece, v *ticket.ReceptionType) {
		h.place(o, p)
		o.words("label", rule{max: 100, line: true}, &v.Label)
		if v.Label == (ticket.Words{}) {
			o.blame("label", "empty", nil)
		}
		readForm(o, v)
	},
	show: func(p Piece, v ticket.ReceptionType) openapi.ReceptionType {
		out := openapi.ReceptionType{Key: p.Key, Desk: p.Desk, Label: openapi.NameWords{En: v.Label.EN, Ja: v.Label.JA}, Position: p.Position, Revision: p.Revision, Retired: v.Retired, Fields: []openapi.FormField{}}
		for _, f := range v.Fields {
			shown := openapi.FormField{
				Key: f.Key, Label: openapi.NameWords{En: f.Label.EN, Ja: f.Label.JA}, Kind: openapi.FormFieldKind(f.Kind), Required: f.Required, By: openapi.FormFieldBy(f.By),
				Retired: f.Retired, Choices: []openapi.FormChoice{},
			}
			for _, c := range f.Choices {
				shown.Choices = append(shown.Choices, openapi.FormChoice{Key: c.Key, Label: openapi.NameWords{En: c.Label.EN, Ja: c.Label.JA}})
			}
			out.Fields = append(out.Fields, shown)
		}
		return out
	},
}

var fieldKinds = []string{string(ticket.FieldText), string(ticket.FieldNumber), string(ticket.FieldChoice), string(ticket.FieldDate), string(ticket.FieldCheckbox)}

// readForm reads the fields. Their keys are for ever: one that is left out is retired, and one that comes back must be
// of the kind that it was, for values stand in tickets under it.
func readForm(o *object, v *ticket.ReceptionType) {
	given := o.list("fields", 100)
	if o.fields["fields"] == nil {
		return
	}
	var fields []ticket.Field
	for i, raw := range given {
		one := &object{at: o.pointer("fields"), fields: map[string]any{itoa(i): raw}, faults: o.faults}
		in := one.inside(itoa(i), true)
		if in == nil {
			continue
		}
		f := readField(in)
		if slices.ContainsFunc(fields, func(other ticket.Field) bool { return other.Key == f.Key }) {
			in.blame("key", "form_twice", map[string]string{"key": f.Key})
		}
		if before, was := v.Field(f.Key); was && f.Kind != "" && before.Kind != f.Kind {
			in.blame("kind", "form_kind_fixed", map[string]string{"key": f.Key, "kind": string(before.Kind)})
		}
		fields = append(fields, f)
	}
	for _, before := range v.Fields {
		if !slices.ContainsFunc(fields, func(f ticket.Field) bool { return f.Key == before.Key }) {
			before.Retired, before.Required = true, false
			fields = append(fields, before)
		}
	}
	v.Fields = fields
}

func readField(o *object) ticket.Field {
	f := ticket.Field{
		Key: o.text("key", keyRule.must()), Kind: ticket.FieldKind(o.word("kind", true, fieldKinds)),
		By: ticket.FilledBy(cmp.Or(o.word("by", false, []string{string(ticket.ByClient), string(ticket.ByOperator)}), string(ticket.ByOperator))),
	}
	o.flag("required", &f.Required)
	o.flag("retired", &f.Retired)
	o.words("label", rule{max: 100, line: true}, &f.Label)
	if f.Label == (ticket.Words{}) {
		o.blame("label", "empty", nil)
	}
	choices := o.list("choices", 200)
	for i, raw := range choices {
		one := &object{at: o.pointer("choices"), fields: map[string]any{itoa(i): raw}, faults: o.faults}
		if in := one.inside(itoa(i), true); in != nil {
			c := ticket.Choice{Key: in.text("key", keyRule.must())}
			in.words("label", rule{max: 100, line: true}, &c.Label)
			if slices.ContainsFunc(f.Choices, func(other ticket.Choice) bool { return other.Key == c.Key }) {
				in.blame("key", "form_twice", map[string]string{"key": c.Key})
			}
			in.done()
			f.Choices = append(f.Choices, c)
		}
	}
	switch {
	case f.Kind == ticket.FieldChoice && len(f.Choices) == 0:
		o.blame("choices", "empty", nil)
	case f.Kind != "" && f.Kind != ticket.FieldChoice && len(choices) > 0:
		o.blame("choices", "needs_other", map[string]string{"other": "kind: choice"})
	}
	o.done()
	return f
}

// ListReceptionTypes lists a desk's. Of every issue desk they are for all: tickets are handed over to it (N58).
func (s *server) ListReceptionTypes(c *gin.Context, desk string) {
	ctx, done := budget(c)
	defer done()
	h := &hand{s: s, ctx: ctx, who: askerOf(c)}
	d := (&hand{s: s, ctx: ctx, who: asker{Person: Person{Role: ticket.RoleAdmin}}}).findDesk(desk)
	if !h.who.sees(desk) && d.Kind != issueDesk {
		s.fail(c, problem{kind: notFound})
		return
	}
	found, err := s.receptionTypes(ctx, desk)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.ReceptionTypeList{Items: []openapi.ReceptionType{}}
	for _, p := range found {
		if !p.body.Retired {
			out.Items = append(out.Items, receptions.show(p.Piece, p.body))
		}
	}
	out.Total = len(out.Items)
	answer(c, http.StatusOK, out)
}

type receptionType struct {
	Piece
	body ticket.ReceptionType
}

// receptionTypes of a desk, the retired ones too.
func (s *server) receptionTypes(ctx context.Context, desk string) ([]receptionType, error) {
	pieces, err := s.House.Pieces(ctx, receptionKind)
	if err != nil {
		return nil, err
	}
	var out []receptionType
	for _, p := range pieces {
		if p.Desk != desk {
			continue
		}
		body, err := receptions.of(p)
		if err != nil {
			return nil, err
		}
		out = append(out, receptionType{p, body})
	}
	return out, nil
}

// CreateReceptionType adds one. A retired one comes back, with the fields that it had.
func (s *server) CreateReceptionType(c *gin.Context, desk string) {
	receptions.make(s, c, func(h *hand, o *object, p *Piece) (v ticket.ReceptionType) {
		p.Desk, p.Key = h.findDesk(desk).Key, o.newKey("key")
		if h.err != nil {
			return v
		}
		all, err := s.receptionTypes(h.ctx, desk)
		if err != nil {
			h.err = err
			return v
		}
		for _, r := range all {
			if r.Key == p.Key && r.body.Retired {
				p.Revision, v = r.Revision, r.body
				v.Retired = false
			}
		}
		return v
	})
}

// ChangeReceptionType changes one.
func (s *server) ChangeReceptionType(c *gin.Context, desk, key string) {
	receptions.change(s, c, desk+":"+key)
}

// DeleteReceptionType retires one: tickets that have it keep it, and its fields' keys stay what they are.
func (s *server) DeleteReceptionType(c *gin.Context, desk, key string) {
	s.remove(c, func(ctx context.Context) error {
		p, v, err := receptions.find(ctx, s, askerOf(c), desk+":"+key)
		if err == nil && v.Retired {
			err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such reception type"}
		}
		if err != nil {
			return err
		}
		v.Retired, p.ChangedBy = true, askerOf(c).Key
		_, err = receptions.save(s, &p, &v)(ctx)
		return err
	})
}
