package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestAClientClassifiesWhatHisDeskLeavesToHim: each field of the command, for a desk that leaves all, one or none to
// clients. The expected values are written by hand.
func TestAClientClassifiesWhatHisDeskLeavesToHim(t *testing.T) {
	t.Parallel()
	fields := map[string]string{ // what the desk must leave to clients; "": no desk can
		`"title":"x"`: "title", `"type":"incident"`: "type", `"language":"ja"`: "language", `"fields":{"model":"X-1"}`: "fields",
		`"priority":"urgent"`: "", `"impact":"high"`: "", `"urgency":"high"`: "", `"reception_type":"repair"`: "", `"tags":["x"]`: "", `"add_tags":["x"]`: "",
		`"remove_tags":["x"]`: "", `"due_at":"2026-12-01T00:00:00Z"`: "",
	}
	for _, left := range [][]ticket.ClientField{nil, {ticket.ClientTitle}, {ticket.ClientForm, ticket.ClientLanguage}, ticket.ClientFields()} {
		for given, needs := range fields {
			f, door := fresh(t)
			f.desks[0].Manner.ClientFields = left
			f.withRepair(t)
			token := f.clientToken(t, "c_03", scopeRead, scopeReply)
			r := call(t, door, token, "POST", "/api/v1/tickets/1042/classify", `{"classify":{`+given+`}}`)
			switch {
			case slices.Contains(left, ticket.ClientField(needs)):
				r.is(t, 200)
				require.Equal(t, 1, f.stores, given)
			case left == nil:
				r.is(t, 403, "forbidden")
				require.Zero(t, f.stores, given)
			default:
				r.is(t, 422, "invalid")
				name, _, _ := strings.Cut(strings.TrimPrefix(given, `"`), `"`)
				require.Contains(t, r.pointers(), "/classify/"+name)
				require.Zero(t, f.stores, given)
			}
		}
	}
}

// withRepair gives the ticket 1042 a form with a line for clients and one for operators, and a value that no line asks for.
func (f *fake) withRepair(t *testing.T) {
	t.Helper()
	f.piece(t, receptionKind, "support", "repair", ticket.ReceptionType{Label: ticket.Words{EN: "Repair"}, Fields: []ticket.Field{
		{Key: "model", Label: ticket.Words{EN: "Model"}, Kind: ticket.FieldText, By: ticket.ByClient},
		{Key: "cost", Label: ticket.Words{EN: "Cost"}, Kind: ticket.FieldNumber, By: ticket.ByOperator},
	}})
	f.tickets[1042].ReceptionType, f.tickets[1042].Fields = "repair", map[string]any{"old": "value"}
}

// Of a form only the lines that clients fill are his, whatever stands in the ticket already.
func TestAClientClassifiesNoFieldOfTheStaff(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.desks[0].Manner.ClientFields = ticket.ClientFields()
	f.withRepair(t)
	token := f.clientToken(t, "c_03", scopeRead, scopeReply)
	for _, key := range []string{"cost", "old", "new"} {
		r := call(t, door, token, "POST", "/api/v1/tickets/1042/classify", `{"classify":{"fields":{"`+key+`":5}}}`)
		r.is(t, 422, "invalid")
		require.Contains(t, r.pointers(), "/classify/fields/"+key)
	}
	require.Zero(t, f.stores)
	call(t, door, f.clientToken(t, "c_01", scopeRead, scopeReply), "POST", "/api/v1/tickets/1042/classify", `{"classify":{"title":"x"}}`).is(t, 403, "forbidden")
	call(t, door, f.clientToken(t, "c_03", scopeRead), "POST", "/api/v1/tickets/1042/classify", `{"classify":{"title":"x"}}`).is(t, 403, "forbidden")
}

// He is shown what he may change: the lines of the form that clients fill, where the desk leaves these to them, and the
// command only where there is something for it to change.
func TestAClientSeesWhatHeMayChange(t *testing.T) {
	t.Parallel()
	for _, is := range []struct {
		left    []ticket.ClientField
		offered bool
		fields  map[string]any
	}{
		{nil, false, map[string]any{}},
		{[]ticket.ClientField{ticket.ClientTitle}, true, map[string]any{}},
		{ticket.ClientFields(), true, map[string]any{"model": "X-1"}},
	} {
		f, door := fresh(t)
		f.withRepair(t)
		f.desks[0].Manner.ClientFields = is.left
		f.tickets[1042].Fields = map[string]any{"model": "X-1", "cost": 5, "old": "value"}
		token := f.clientToken(t, "c_03", scopeRead, scopeReply)
		one := call(t, door, token, "GET", "/api/v1/tickets/1042", "")
		one.is(t, 200)
		require.Equal(t, is.fields, one.at("fields"))
		require.Equal(t, is.offered, strings.Contains(string(one.raw), `"classify"`))
		require.Equal(t, len(is.fields) > 0, one.at("reception_type") == "repair")
		require.NotContains(t, string(call(t, door, token, "GET", "/api/v1/tickets", "").raw), `"cost"`)
	}
}

// In the portal he changes them in a form; what he empties is taken away.
func TestAClientChangesHisFormInThePortal(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.withRepair(t)
	f.desks[0].Manner.ClientFields = []ticket.ClientField{ticket.ClientForm}
	f.tickets[1042].Fields = map[string]any{"model": "X-1", "cost": 5}
	b := f.enters(t, door, f.clients["c_03"].Email)
	page := b.get("/portal/tickets/1042", 200)
	require.Contains(t, page, `name="field.model"`)
	require.Contains(t, page, `value="X-1"`)
	require.NotContains(t, page, "field.cost")
	_, to := b.plain("/portal/tickets/1042/details", 303, "id", "changed-1", "field.model", "X-2")
	require.Equal(t, "/portal/tickets/1042?said=details", to)
	require.Equal(t, map[string]any{"model": "X-2"}, f.receipts["client:c_03 changed-1"].order.Params.Classify.Fields)
	b.plain("/portal/tickets/1042/details", 303, "id", "changed-2", "field.model", "")
	require.Equal(t, map[string]any{"model": nil}, f.receipts["client:c_03 changed-2"].order.Params.Classify.Fields)
}
