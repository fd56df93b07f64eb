package api

import (
	"maps"
	"slices"

	"duradesk/ticket"
)

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
