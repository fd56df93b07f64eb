package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLogShowsWhatTheAskerSees(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead)
	r := call(t, door, sato, "GET", "/api/v1/events?limit=1", "")
	r.is(t, 200)
	require.Equal(t, true, r.at("more"))
	require.EqualValues(t, 1, r.at("next_after"))
	r = call(t, door, sato, "GET", "/api/v1/events?after=1", "")
	require.Len(t, r.at("items"), 1, "not that of the other desk")
	require.EqualValues(t, 3, r.at("items", 0, "id"))
	require.EqualValues(t, 3, r.at("next_after"))
	r = call(t, door, sato, "GET", "/api/v1/events?after=1&type=ticket.held", "")
	require.Empty(t, r.at("items"))
	require.EqualValues(t, 3, r.at("next_after"), "what was left out is not asked for again")
	require.Len(t, call(t, door, bootstrap, "GET", "/api/v1/events", "").at("items"), 3)
	f.tells.away = ErrStoreAway
	call(t, door, bootstrap, "GET", "/api/v1/events", "").is(t, 503, "store-away")
}

func TestAWebhooksLife(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := call(t, door, bootstrap, "POST", "/api/v1/webhooks", `{"url":"https://hooks.example/a","events":["ticket.resolved"]}`)
	r.is(t, 201)
	secret, _ := r.at("secret").(string)
	require.True(t, strings.HasPrefix(secret, "whsec_"))
	id, _ := r.at("id").(string)
	require.Equal(t, []string{secret}, f.tells.secrets[id])
	at := "/api/v1/webhooks/" + id
	r = call(t, door, bootstrap, "GET", at, "")
	require.NotContains(t, string(r.raw), "whsec_")
	require.NotContains(t, string(call(t, door, bootstrap, "GET", "/api/v1/webhooks", "").raw), "whsec_")

	r = call(t, door, bootstrap, "POST", at+"/rotate", "")
	r.is(t, 200)
	require.NotEqual(t, secret, r.at("secret"))
	require.NotNil(t, r.at("old_secret_until"))

	r = call(t, door, bootstrap, "PATCH", at, `{"desk":"support","enabled":false}`)
	r.is(t, 200)
	require.Equal(t, []any{"ticket.resolved"}, r.at("events"), "what is left out stays")
	require.Equal(t, "support", r.at("desk"))
	r = call(t, door, bootstrap, "PATCH", at, `{"desk":null,"events":[]}`)
	require.Nil(t, r.at("desk"))
	require.Empty(t, r.at("events"))
	call(t, door, bootstrap, "POST", at+"/ping", "").is(t, 409, "conflict")
	call(t, door, bootstrap, "POST", at+"/deliveries/17/redeliver", "").is(t, 409, "conflict")
	call(t, door, bootstrap, "PATCH", at, `{"enabled":true}`).is(t, 200)
	call(t, door, bootstrap, "POST", at+"/ping", "").is(t, 202)
	call(t, door, bootstrap, "POST", at+"/deliveries/17/redeliver", "").is(t, 202)
	call(t, door, bootstrap, "POST", at+"/deliveries/x/redeliver", "").is(t, 404, "not-found")
	call(t, door, bootstrap, "POST", at+"/deliveries/99/redeliver", "").is(t, 404, "not-found")

	r = call(t, door, bootstrap, "GET", at+"/deliveries?limit=30", "")
	require.Len(t, r.at("items"), 30)
	next, _ := r.at("next_cursor").(string)
	require.Len(t, call(t, door, bootstrap, "GET", at+"/deliveries?limit=30&cursor="+urlEscape(next), "").at("items"), 10)
	call(t, door, bootstrap, "GET", at+"/deliveries?cursor=junk", "").is(t, 400, "invalid-query")
	call(t, door, bootstrap, "DELETE", at, "").is(t, 204)
	for _, gone := range []string{"GET ", "DELETE ", "PATCH ", "POST /ping", "POST /rotate", "GET /deliveries"} {
		method, path, _ := strings.Cut(gone, " ")
		call(t, door, bootstrap, method, at+path, "").is(t, 404, "not-found")
	}
}

func TestAWebhookMayNotLeadInside(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := f.options()
	o.WebhookHosts = []string{"127.0.0.1:9000"}
	door := New(o)
	for _, bad := range []string{"http://127.0.0.1/", "http://127.0.0.1:9001/", "https://user:word@hooks.example/", "ftp://hooks.example", "http://[fe80::1]/", "https://10.0.0.1/x", "hooks"} {
		r := call(t, door, bootstrap, "POST", "/api/v1/webhooks", `{"url":"`+bad+`"}`)
		r.is(t, 422, "invalid")
		require.Equal(t, []string{"/url"}, r.pointers())
	}
	call(t, door, bootstrap, "POST", "/api/v1/webhooks", `{"url":"http://127.0.0.1:9000/"}`).is(t, 201)
	r := call(t, door, bootstrap, "POST", "/api/v1/webhooks", `{"events":["ticket.exploded"],"desk":"A","enabled":"yes","x":1}`)
	r.is(t, 422, "invalid")
	require.ElementsMatch(t, []string{"/url", "/events", "/desk", "/enabled", "/x"}, r.pointers())
	call(t, door, f.tokenOf(t, "lead", scopeAdmin), "GET", "/api/v1/webhooks", "").is(t, 403, "forbidden")
}
