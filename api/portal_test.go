package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
	"duradesk/ticket"
)

var testKeys = mail.Keys{mail.KeyFromSecret([]byte("a secret key that is only for tests"))}

// TestAClientAsksThroughThePortal: his words open the ticket, in his name and by the desk's form, where the route is open.
func TestAClientAsksThroughThePortal(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.piece(t, receptionKind, "support", "returns", ticket.ReceptionType{Label: ticket.Words{EN: "Returns"}, Fields: []ticket.Field{
		{Key: "order", Label: ticket.Words{EN: "Order"}, Kind: ticket.FieldText, Required: true, By: ticket.ByClient},
		{Key: "cost", Label: ticket.Words{EN: "Cost"}, Kind: ticket.FieldNumber, By: ticket.ByOperator},
	}})
	f.piece(t, receptionKind, "support", "inside", ticket.ReceptionType{Label: ticket.Words{EN: "Inside"}, Fields: []ticket.Field{
		{Key: "cost", Label: ticket.Words{EN: "Cost"}, Kind: ticket.FieldNumber, Required: true, By: ticket.ByOperator},
	}})
	token := f.clientToken(t, "c_02", scopeRead, scopeReply)
	r := call(t, door, token, "GET", "/api/v1/portal", "")
	r.is(t, 200)
	require.Equal(t, "support", r.at("desks", 0, "key"))
	require.Len(t, r.at("desks"), 2, "issue desks take no requests of clients")
	require.Len(t, r.at("desks", 0, "reception_types"), 1, "nobody outside could fill the other")
	require.Len(t, r.at("desks", 0, "reception_types", 0, "fields"), 1, "what operators fill is not his")

	const ask = `{"id":"ask-1","desk":"support","title":"It broke","reception_type":"returns","fields":{"order":"A-1"},"message":{"body":"Help"}}`
	r = call(t, door, token, "POST", "/api/v1/portal/tickets", ask)
	require.Less(t, r.StatusCode, 300, string(r.raw))
	order := f.receipts["client:c_02 ask-1"].order
	require.Equal(t, []any{ticket.ClientReply, ticket.ChannelPortal, "c_02", "c_02"}, []any{order.Kind, order.Opening.Channel, order.Opening.Client.ID, order.Message.Author.ID})
	require.Equal(t, ticket.ReplyParams{Channel: ticket.ChannelPortal}, *order.Params.Reply)
	number := r.at("number")
	stores := f.stores
	require.Equal(t, number, call(t, door, token, "POST", "/api/v1/portal/tickets", ask).at("number"), "the same id opens no second one")
	require.Len(t, f.receipts, 1)
	require.Equal(t, stores+1, f.stores)

	for body, pointers := range map[string]string{
		`{"desk":"support","title":"x","message":{"body":"x"},"owner":"sato","priority":"urgent"}`:                                         "/owner /priority",
		`{"desk":"repairs","title":"x","message":{"body":"x"}}`:                                                                            "/desk",
		`{"desk":"support","title":"x"}`:                                                                                                   "/message",
		`{"desk":"support","title":"x","message":{"body":"x","to":["a@b"]}}`:                                                               "/message/to",
		`{"desk":"support","title":"x","reception_type":"returns","fields":{"cost":5},"message":{"body":"x"}}`:                             "/fields/cost /fields/order",
		`{"desk":"support","title":"x","reception_type":"returns","fields":{"order":"1"},"message":{"body":"x","work_minutes":5},"x":"y"}`: "/message/work_minutes /x",
	} {
		r := call(t, door, token, "POST", "/api/v1/portal/tickets", body)
		r.is(t, 422, "invalid")
		require.ElementsMatch(t, strings.Split(pointers, " "), r.pointers(), body)
	}
	f.desks[0].Manner.Routes = []ticket.Channel{ticket.ChannelMail}
	call(t, door, token, "POST", "/api/v1/portal/tickets", strings.Replace(ask, "ask-1", "ask-2", 1)).is(t, 403, "forbidden")
	require.Len(t, call(t, door, token, "GET", "/api/v1/portal", "").at("desks"), 1)
	call(t, door, bootstrap, "POST", "/api/v1/portal/tickets", ask).is(t, 403, "forbidden")
	call(t, door, f.clientToken(t, "c_05", scopeReply), "POST", "/api/v1/portal/tickets", ask).is(t, 401, "unauthorized")
}

// TestAClientGetsFilesThatWereSentToHim, and none that a colleague put beside a note.
func TestAClientGetsFilesThatWereSentToHim(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	token := f.clientToken(t, "c_01", scopeRead, scopeReply)
	f.attach(1042)
	call(t, door, token, "GET", "/api/v1/attachments/f-1042", "").is(t, 200)
	for i := range f.items[1042] {
		f.items[1042][i].Type = "note"
	}
	call(t, door, token, "GET", "/api/v1/attachments/f-1042", "").is(t, 404, "not-found")
	call(t, door, bootstrap, "GET", "/api/v1/attachments/f-1042", "").is(t, 200)
}

// TestARatingByALinkOfAMail: whoever has the link may rate, again and again; to look at it rates nothing, and a link that
// was made up or is too old opens nothing.
func TestARatingByALinkOfAMail(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	link := testKeys.RatingToken(1042, f.now.Add(24*time.Hour))
	r := call(t, door, "", "GET", "/api/v1/feedback?link="+link, "")
	r.is(t, 200)
	require.Equal(t, map[string]any{"number": 1042.0, "title": f.tickets[1042].Title}, r.json, "and nothing more")
	require.Zero(t, f.stores)

	r = call(t, door, "", "POST", "/api/v1/feedback", `{"id":"r1","link":"`+link+`","rating":2,"comment":"Slow"}`)
	r.is(t, 200)
	require.Nil(t, r.at("ticket"), "the link opens no ticket")
	order := f.receipts["client:c_01 rate:r1"].order
	require.Equal(t, ticket.FeedbackParams{Rating: 2, Comment: "Slow"}, *order.Params.Feedback)
	call(t, door, "", "POST", "/api/v1/feedback", `{"link":"`+link+`","rating":5}`).is(t, 200)
	require.Equal(t, 2, f.stores)

	forged := strings.Replace(link, "1042.", "1043.", 1)
	late := testKeys.RatingToken(1042, f.now.Add(-24*time.Hour))
	spam := testKeys.RatingToken(1044, f.now.Add(24*time.Hour))
	for _, bad := range []string{forged, late, spam, "x", "..", link[:len(link)-1]} {
		call(t, door, "", "GET", "/api/v1/feedback?link="+bad, "").is(t, http.StatusNotFound, "not-found")
		call(t, door, "", "POST", "/api/v1/feedback", `{"link":"`+bad+`","rating":5}`).is(t, 404, "not-found")
	}
	for _, body := range []string{`{"link":"` + link + `"}`, `{"link":"` + link + `","rating":6}`, `{"rating":5}`} {
		call(t, door, "", "POST", "/api/v1/feedback", body).is(t, 422, "invalid")
	}
	require.Equal(t, 2, f.stores)
}
