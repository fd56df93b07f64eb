package api

import (
	"context"
	"maps"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// left is what desks leave to their clients, as one answer shows it.
type left struct {
	fields map[string][]ticket.ClientField // by desk
	forms  map[string][]receptionType      // by desk
}

const keyLeft = "left"

// withLeft shows a client what of his ticket he may change himself (C4), and offers the change only where there is any.
// Of the form he sees the lines that clients fill; whatever else stands in the ticket's fields is the staff's.
func (s *server) withLeft(c *gin.Context, out openapi.Ticket, who asker, rec ticket.Record) openapi.Ticket {
	offered := slices.ContainsFunc(out.Allowed, isClassify)
	var fields []ticket.ClientField
	var form []ticket.Field
	if offered && clientRights["classifyTicket"].holds(who.client.Access) {
		var err error
		if fields, form, err = s.leftOf(c, rec); err != nil {
			s.Log.ErrorContext(c.Request.Context(), "what a desk leaves to its clients cannot be read", "desk", rec.Process.Desk, "error", err)
			fields, form = nil, nil
		}
	}
	if len(fields) == 0 {
		out.Allowed = slices.DeleteFunc(slices.Clone(out.Allowed), isClassify)
	}
	if form == nil {
		return out
	}
	out.ReceptionType = some(rec.ReceptionType)
	for _, f := range form {
		if value, given := rec.Fields[f.Key]; given {
			out.Fields[f.Key] = value
		}
	}
	return out
}

func isClassify(a openapi.Allowance) bool { return a.Command == ticket.Classify.String() }

// leftOf tells what the ticket's desk leaves to clients, and where that is the form, its lines for clients.
func (s *server) leftOf(c *gin.Context, rec ticket.Record) ([]ticket.ClientField, []ticket.Field, error) {
	ctx, done := budget(c)
	defer done()
	l, err := s.left(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	desk := rec.Process.Desk
	fields := l.fields[desk]
	if rec.ReceptionType == "" || !slices.Contains(fields, ticket.ClientForm) {
		return fields, nil, nil
	}
	if _, read := l.forms[desk]; !read {
		if l.forms[desk], err = s.receptionTypes(ctx, desk); err != nil {
			return nil, nil, err
		}
	}
	form := []ticket.Field{}
	for _, r := range l.forms[desk] {
		if r.Key != rec.ReceptionType {
			continue
		}
		form = slices.DeleteFunc(slices.Clone(r.body.Fields), func(f ticket.Field) bool { return f.Retired || f.By != ticket.ByClient })
	}
	return fields, form, nil
}

// left is read once for all tickets of an answer.
func (s *server) left(ctx context.Context, c *gin.Context) (*left, error) {
	if found, ok := c.Get(keyLeft); ok {
		if l, is := found.(*left); is {
			return l, nil
		}
	}
	desks, err := s.House.Desks(ctx)
	if err != nil {
		return nil, err
	}
	l := &left{fields: map[string][]ticket.ClientField{}, forms: map[string][]receptionType{}}
	for _, d := range desks {
		l.fields[d.Key] = d.Manner.ClientFields
	}
	c.Set(keyLeft, l)
	return l, nil
}

// clientClassify holds a client with full access to the fields that the desk leaves to its clients (C4).
func (h *hand) clientClassify(o *object, order *ticket.Order) {
	given, _ := o.fields["classify"].(map[string]any)
	allowed := h.clientFields()
	if h.err != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(allowed, ticket.ClientField(name)) {
			*o.faults = append(*o.faults, fault{pointer: "/classify/" + name, code: "desk_keeps"})
		}
	}
	if p := order.Params.Classify; p != nil && len(p.Fields) > 0 {
		h.onlyHis(o, p.Fields)
	}
}

func (h *hand) clientFields() []ticket.ClientField {
	manner, _ := h.manner(h.rec.Process.Desk)
	if h.err == nil && len(manner.ClientFields) == 0 {
		h.err = &ticket.Error{Code: ticket.Forbidden, Key: "classify_closed", Message: "this desk changes the fields of its tickets itself: write what is wrong in a reply"}
	}
	return manner.ClientFields
}

// onlyHis blames values that no line of the ticket's form asks of clients. What a form says of its other lines was looked
// at before.
func (h *hand) onlyHis(o *object, given map[string]any) {
	all, err := h.s.receptionTypes(h.ctx, h.rec.Process.Desk)
	if err != nil {
		h.err = err
		return
	}
	var form ticket.ReceptionType
	for _, r := range all {
		if r.Key == h.rec.ReceptionType {
			form = r.body
		}
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if _, known := form.Field(key); !known {
			*o.faults = append(*o.faults, fault{pointer: "/classify/fields/" + key, code: "form_operator", args: map[string]string{"name": key}})
		}
	}
}
