package api

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
	"duradesk/webhook"
)

// bring sends what a channel says, signed.
func bring(t *testing.T, f *fake, key, id, secret string, at time.Time, body string) reply {
	t.Helper()
	signature, err := webhook.Sign([]string{secret}, id, at, []byte(body))
	require.NoError(t, err)
	return call(t, f.door(), "", "POST", "/api/v1/inbound/"+key, body, webhook.HeaderID, id, webhook.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10), webhook.HeaderSignature, signature)
}

func TestWhatAChannelBringsIsStoredAndRung(t *testing.T) {
	t.Parallel()
	f, _ := fresh(t)
	const body = `{"id":"m-1","conversation":"room","sender":{"id":"U1","name":"山田","email":"yamada@client.example","phone":"03-1234"},"text":"動きません","html":"<p>動きません<script>x</script></p>",
		"attachments":[{"name":"a.txt","type":"text/plain","data":"aGVsbG8="},{"name":"big.mov","url":"http://127.0.0.1/secret"}]}`
	r := bring(t, f, "line", "m-1", exampleSecret, f.now, body)
	r.is(t, 202)
	require.EqualValues(t, 1042, r.at("ticket"))
	require.Equal(t, 1, f.rings)
	require.Len(t, f.spoken.brought, 1)
	in := f.spoken.brought[0]
	o := in.Order
	require.Equal(t, "support", o.Opening.Desk)
	require.Equal(t, ticket.ChannelChat, o.Opening.Channel, "as the channel is declared")
	require.Equal(t, "動きません big.mov: http://127.0.0.1/secret", o.Opening.Title)
	require.Equal(t, "ja", o.Opening.Language)
	require.Equal(t, "動きません\n\nbig.mov: http://127.0.0.1/secret", o.Message.Body, "its address is shown, nobody calls it")
	require.NotContains(t, o.Message.HTML, "script")
	require.Len(t, o.Message.Files, 1)
	require.Equal(t, "hello", string(o.Message.Files[0].Data))
	require.Equal(t, ticket.Client{Name: "山田", Access: "none", External: "line/U1"}, *o.Writer, "what is not proven finds nobody")
	require.Equal(t, ticket.Claims{Email: "yamada@client.example", Phone: "03-1234"}, in.Claims)

	bring(t, f, "line", "m-1", exampleSecret, f.now.Add(time.Minute), body).is(t, 202)
	require.Len(t, f.spoken.brought, 1)
	require.Equal(t, 1, f.rings, "a repetition rings nobody")
	bring(t, f, "line", "m-1", exampleSecret, f.now, strings.Replace(body, "room", "other", 1)).is(t, 422, "id-reused")

	call(t, f.door(), bootstrap, "PATCH", "/api/v1/channels/line", `{"verified":["email"]}`).is(t, 200)
	bring(t, f, "line", "m-2", exampleSecret, f.now, strings.ReplaceAll(body, "m-1", "m-2")).is(t, 202)
	require.Equal(t, "yamada@client.example", f.spoken.brought[1].Order.Writer.Email, "the channel proves it")
	require.Equal(t, ticket.Claims{Phone: "03-1234"}, f.spoken.brought[1].Claims)
}

func TestWhoDidNotSignIsNotBelieved(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	const body = `{"id":"m-1","conversation":"room","sender":{"id":"U1"},"text":"x"}`
	other := webhook.NewSecret()
	for name, r := range map[string]reply{
		"another secret":   bring(t, f, "line", "m-1", other, f.now, body),
		"too old":          bring(t, f, "line", "m-1", exampleSecret, f.now.Add(-6*time.Minute), body),
		"no such channel":  bring(t, f, "nowhere", "m-1", exampleSecret, f.now, body),
		"no signature":     call(t, door, "", "POST", "/api/v1/inbound/line", body),
		"an admin's token": call(t, door, bootstrap, "POST", "/api/v1/inbound/line", body),
		"junk unsigned":    call(t, door, "", "POST", "/api/v1/inbound/line", `{{{`),
	} {
		r.is(t, 401, "unauthorized")
		require.Empty(t, f.spoken.brought, name)
	}
	require.Equal(t, []string{"/id"}, bring(t, f, "line", "m-2", exampleSecret, f.now, body).pointers(), "another message under a signature's id")
	r := bring(t, f, "line", "m-1", exampleSecret, f.now, `{"id":"m-1","conversation":"","sender":{"email":"x"},"attachments":[{"name":"a","data":"eA==","url":"u"},{"name":"b"}],"more":1}`)
	r.is(t, 422, "invalid")
	require.ElementsMatch(t, []string{"/conversation", "/sender/id", "/sender/email", "/attachments/0/url", "/attachments/1/data", "/more"}, r.pointers())
	require.Equal(t, []string{"/text"}, bring(t, f, "line", "m-1", exampleSecret, f.now, `{"id":"m-1","conversation":"r","sender":{"id":"U"},"text":" "}`).pointers())
	require.Empty(t, f.spoken.brought)

	call(t, door, bootstrap, "PATCH", "/api/v1/channels/line", `{"enabled":false}`).is(t, 200)
	bring(t, f, "line", "m-1", exampleSecret, f.now, body).is(t, 401, "unauthorized")
}

func TestAChannelsLife(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := call(t, door, bootstrap, "POST", "/api/v1/channels", `{"key":"shop","desk":"support","url":"https://shop.example/answers","verified":["phone","email"]}`)
	r.is(t, 201)
	secret, _ := r.at("secret").(string)
	require.True(t, strings.HasPrefix(secret, "whsec_"))
	require.Equal(t, "external", r.at("kind"))
	require.Equal(t, []any{"email", "phone"}, r.at("verified"))
	require.Equal(t, "channel shop", f.spoken.audit[0].Subject)
	require.Equal(t, "createChannel", f.spoken.audit[0].Detail["operation"])
	for _, path := range []string{"/api/v1/channels", "/api/v1/channels/shop"} {
		require.NotContains(t, string(call(t, door, bootstrap, "GET", path, "").raw), "whsec_")
	}
	call(t, door, bootstrap, "POST", "/api/v1/channels", `{"key":"shop","desk":"support"}`).is(t, 409, "conflict")
	const body = `{"id":"m-1","conversation":"room","sender":{"id":"U1"},"text":"x"}`
	bring(t, f, "shop", "m-1", secret, f.now, body).is(t, 202)
	require.Equal(t, ticket.ChannelExternal, f.spoken.brought[0].Order.Opening.Channel)
	require.Equal(t, "U1", f.spoken.brought[0].Order.Writer.Name, "somebody without a name is called as he is known")

	r = call(t, door, bootstrap, "POST", "/api/v1/channels/shop/rotate", "")
	r.is(t, 200)
	young, _ := r.at("secret").(string)
	require.NotEqual(t, secret, young)
	require.NotNil(t, r.at("old_secret_until"))
	bring(t, f, "shop", "m-1", young, f.now, body).is(t, 202)
	bring(t, f, "shop", "m-1", secret, f.now, body).is(t, 202)

	r = call(t, door, bootstrap, "PATCH", "/api/v1/channels/shop", `{"url":null}`)
	require.Nil(t, r.at("url"))
	require.Equal(t, []any{"email", "phone"}, r.at("verified"), "what is left out stays")
	r = call(t, door, bootstrap, "PATCH", "/api/v1/channels/shop", `{"url":"http://10.0.0.1/","verified":["name"],"key":"x"}`)
	r.is(t, 422, "invalid")
	require.ElementsMatch(t, []string{"/url", "/verified", "/key"}, r.pointers())
	call(t, door, bootstrap, "DELETE", "/api/v1/channels/shop", "").is(t, 204)
	for _, gone := range []string{"GET ", "DELETE ", "PATCH ", "POST /rotate"} {
		method, path, _ := strings.Cut(gone, " ")
		call(t, door, bootstrap, method, "/api/v1/channels/shop"+path, "").is(t, 404, "not-found")
	}
	call(t, door, f.tokenOf(t, "lead", scopeAdmin), "GET", "/api/v1/channels", "").is(t, 403, "forbidden")
}

func TestWhatAChannelWasToldIsListed(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	done := f.now.Add(time.Second)
	f.spoken.told = []ChannelDelivery{
		{ID: "msg_2", Ticket: 1042, Conversation: "room", Kind: "answer", State: "queued", Attempts: 2, Reason: "503", NextAt: &done, CreatedAt: f.now},
		{ID: "msg_1", Ticket: 1042, Conversation: "room", Kind: "acknowledge", State: "accepted", Attempts: 1, CreatedAt: f.now, DoneAt: &done},
	}
	r := call(t, door, bootstrap, "GET", "/api/v1/channels/line/deliveries?limit=1", "")
	r.is(t, 200)
	require.Equal(t, []any{"msg_2", "answer", "queued", "503", nil}, []any{r.at("items", 0, "id"), r.at("items", 0, "kind"), r.at("items", 0, "state"), r.at("items", 0, "reason"), r.at("items", 0, "done_at")})
	require.EqualValues(t, 1042, r.at("items", 0, "ticket"))
	require.EqualValues(t, 2, r.at("items", 0, "attempts"))
	next, _ := r.at("next_cursor").(string)
	r = call(t, door, bootstrap, "GET", "/api/v1/channels/line/deliveries?cursor="+next, "")
	r.is(t, 200)
	require.Equal(t, "msg_1", r.at("items", 0, "id"))
	require.Nil(t, r.at("items", 0, "reason"))
	require.Nil(t, r.at("next_cursor"))
	call(t, door, bootstrap, "GET", "/api/v1/channels/line/deliveries?cursor=elsewhere", "").is(t, 400)
	call(t, door, bootstrap, "GET", "/api/v1/channels/nowhere/deliveries", "").is(t, 404, "not-found")
	call(t, door, f.tokenOf(t, "lead", scopeAdmin), "GET", "/api/v1/channels/line/deliveries", "").is(t, 403, "forbidden")
}

func TestAPreviewShowsWhatAChannelIsTold(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.spokenIn = "line"
	r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/preview", `{"command":"agent-response","message":{"body":"**Yes**","attachments":[{"name":"a.txt","data":"eA=="}]}}`)
	r.is(t, 200)
	require.Equal(t, "channel", r.at("no_mail"))
	require.Nil(t, r.at("mail"))
	require.Equal(t, "line", r.at("spoken", "channel"))
	require.Equal(t, "**Yes**", r.at("spoken", "markdown"), "the words alone")
	require.Equal(t, "<p><strong>Yes</strong></p>\n", r.at("spoken", "html"))
	require.Equal(t, "a.txt", r.at("spoken", "attachments", 0, "name"))
	r = call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/preview", `{"command":"agent-response","message":{"body":"Yes","to":["other@client.example"]}}`)
	require.Nil(t, r.at("no_mail"), "whom the agent names gets a mail besides")
	require.NotNil(t, r.at("spoken"))
	require.Equal(t, "other@client.example", r.at("mail", "to", 0))
}
