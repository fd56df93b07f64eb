package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"duradesk/api/openapi"
)

// portalDetailFields are the lines of a ticket's form that its client may change, with what stands in them: what he has
// just typed, else the ticket's own.
func (v *visit) portalDetailFields(t openapi.Ticket) ([]portalField, error) {
	if t.ReceptionType == nil {
		return nil, nil
	}
	p, err := v.portalDesks()
	if err != nil {
		return nil, err
	}
	fields := v.portalFields(p, portalKind{Desk: t.Desk, Type: *t.ReceptionType})
	if v.r.Method == http.MethodPost {
		return fields, nil
	}
	for i, f := range fields {
		switch value := t.Fields[f.Key].(type) {
		case nil:
		case bool:
			if value {
				fields[i].Value = "1"
			}
		case float64:
			fields[i].Value = strconv.FormatFloat(value, 'f', -1, 64)
		default:
			fields[i].Value = fmt.Sprint(value)
		}
	}
	return fields, nil
}

// portalDetails changes what a client told with his request. What he empties is taken away.
func (v *visit) portalDetails() error {
	var t openapi.Ticket
	if err := v.get("/tickets/"+url.PathEscape(v.r.PathValue("number")), &t); err != nil {
		return err
	}
	fields, err := v.portalDetailFields(t)
	if err != nil {
		return err
	}
	values := portalValues(fields)
	for _, f := range fields {
		if _, had := t.Fields[f.Key]; had && strings.TrimSpace(f.Value) == "" && f.Kind != "checkbox" {
			values[f.Key] = nil
		}
	}
	return v.portalSays("classify", "details", map[string]any{"classify": map[string]any{"fields": values}})
}
