package api

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestAClientSpeaksOfHisOwnTicket(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	token := f.clientToken(t, "c_01", scopeRead, scopeReply)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"he is difficult"}}`).is(t, 200)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", `{"hold":{"reason":"internal"}}`).is(t, 200)

	r := call(t, door, token, "GET", "/api/v1/tickets/1042", "")
	r.is(t, 200)
	require.Equal(t, "on_hold", r.at("state"))
	for _, name := range []string{"owner", "group", "hold", "temporal_url", "due_at", "category", "solution", "hand_over", "reception_type"} {
		require.Nil(t, r.at(name), name)
	}
	require.Equal(t, []any{}, r.at("clocks"))
	require.Equal(t, []any{map[string]any{"command": "client-reply"}, map[string]any{"command": "client-verdict"}, map[string]any{"command": "feedback"}}, r.at("allowed"))
	whole := call(t, door, token, "GET", "/api/v1/tickets/1042/timeline", "")
	whole.is(t, 200)
	for _, secret := range []string{"difficult", "sato", "lead", `"rule"`, `"delivery"`, "/raw", `"held"`, `"assigned"`} {
		require.NotContains(t, string(whole.raw), secret)
	}
	require.Contains(t, string(whole.raw), "プリンターが動きません。")

	r = call(t, door, token, "POST", "/api/v1/tickets/1042/client-reply", `{"id":"r1","message":{"body":"Any news?"}}`)
	r.is(t, 200)
	require.Equal(t, "open", r.at("ticket", "state"))
	order := f.receipts["client:c_01 r1"].order
	require.Equal(t, ticket.Actor{Kind: ticket.ActorClient, ID: "c_01"}, order.By)
	require.Equal(t, ticket.By{Kind: ticket.ActorClient, ID: "c_01", Name: "山田"}, order.Message.Author)
	require.Equal(t, ticket.ReplyParams{Channel: ticket.ChannelPortal}, *order.Params.Reply)
	r = call(t, door, token, "POST", "/api/v1/tickets/1042/client-verdict", `{"client_verdict":{"verdict":"solved"}}`)
	r.is(t, 200)
	require.Equal(t, "resolved", r.at("ticket", "state"))
	call(t, door, token, "POST", "/api/v1/tickets/1042/feedback", `{"feedback":{"rating":5,"comment":"Thanks"}}`).is(t, 200)
	call(t, door, token, "GET", "/api/v1/receipts/r1", "").is(t, 200)
	call(t, door, f.clientToken(t, "c_01", scopeReply), "GET", "/api/v1/receipts/r1", "").is(t, 200) // who only writes must learn what became of it
	call(t, door, f.tokenOf(t, "lead", scopeAct), "GET", "/api/v1/receipts/r1", "").is(t, 403, "forbidden")
	call(t, door, f.tokenOf(t, "lead", scopeRead), "GET", "/api/v1/receipts/r1", "").is(t, 200)
	call(t, door, f.clientToken(t, "c_03", scopeRead), "GET", "/api/v1/receipts/r1", "").is(t, 404, "not-found")

	for body, pointers := range map[string]string{
		`{"message":{"body":"x","to":["a@b"],"cc":["a@b"],"template":"t","work_minutes":5}}`: "/message/to /message/cc /message/template /message/work_minutes",
		`{"client_reply":{"channel":"phone"},"message":{"body":"x"}}`:                        "/client_reply",
	} {
		r := call(t, door, token, "POST", "/api/v1/tickets/1042/client-reply", body)
		r.is(t, 422, "invalid")
		require.Equal(t, strings.Split(pointers, " "), r.pointers())
	}
	call(t, door, f.clientToken(t, "c_01", scopeRead), "POST", "/api/v1/tickets/1042/client-reply", `{"message":{"body":"x"}}`).is(t, 403, "forbidden")
	f.desks[0].Manner.Routes = []ticket.Channel{ticket.ChannelMail}
	r = call(t, door, token, "POST", "/api/v1/tickets/1042/client-reply", `{"message":{"body":"x"}}`, "Accept-Language", "en")
	r.is(t, 403, "forbidden")
	require.Equal(t, "This desk takes no messages through the portal. Write a mail.", r.at("detail"))
}

// TestStatesAsAClientIsTold: what the desk does inside has no name for him.
func TestStatesAsAClientIsTold(t *testing.T) {
	t.Parallel()
	want := map[ticket.State]ticket.State{
		ticket.NoState: ticket.NoState, ticket.New: ticket.New, ticket.Open: ticket.Open, ticket.OnHold: ticket.OnHold, ticket.HandedOver: ticket.Open, ticket.HandOverAnswered: ticket.Open,
		ticket.Resolved: ticket.Resolved, ticket.ResolvedInternally: ticket.Resolved, ticket.Spam: ticket.Closed, ticket.Closed: ticket.Closed, ticket.Merged: ticket.Merged, ticket.Deleted: ticket.Deleted,
	}
	for _, st := range ticket.States() {
		require.Equal(t, want[st], shownToClient(st), st)
	}
	require.Equal(t, []ticket.State{ticket.Open, ticket.HandedOver, ticket.HandOverAnswered}, clientStatesAsked([]ticket.State{ticket.Open}))
	require.Equal(t, []ticket.State{ticket.Closed}, clientStatesAsked([]ticket.State{ticket.Closed}))
	require.Empty(t, clientStatesAsked([]ticket.State{ticket.Spam}))
	require.Empty(t, clientStatesAsked(nil))
	f, door := fresh(t)
	r := call(t, door, f.clientToken(t, "c_01", scopeRead), "GET", "/api/v1/tickets/1044", "")
	require.Equal(t, "closed", r.at("state"))
	require.Equal(t, []any{}, r.at("allowed"))
	f.tickets[1043].Process.Parent = 1042 // the issue desk's side of a hand-over
	call(t, door, f.clientToken(t, "c_01", scopeRead), "GET", "/api/v1/tickets/1043", "").is(t, 404, "not-found")
}

// TestARefusalTellsAClientNoMoreThanHisTicket: neither what the staff may do, nor that they put it into the spam box.
func TestARefusalTellsAClientNoMoreThanHisTicket(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	token := f.clientToken(t, "c_01", scopeRead, scopeReply)
	seen := call(t, door, token, "GET", "/api/v1/tickets/1044", "")
	for lang, why := range map[string]string{"en": "The ticket is closed.", "ja": "このチケットは完了しています。"} {
		r := call(t, door, token, "POST", "/api/v1/tickets/1044/feedback", `{"id":"f1","feedback":{"rating":5}}`, "Accept-Language", lang)
		r.is(t, 409, "refused")
		require.Equal(t, seen.at("allowed"), r.at("allowed"))
		require.Equal(t, seen.at("allowed"), r.at("receipt", "ticket", "allowed"))
		require.Equal(t, "closed_use_follow_up", r.at("receipt", "reason"))
		require.Contains(t, r.at("detail"), why)
		r = call(t, door, token, "GET", "/api/v1/receipts/f1", "", "Accept-Language", lang)
		require.Equal(t, "closed_use_follow_up", r.at("reason"))
		require.Contains(t, r.at("reason_text"), why)
	}
	r := call(t, door, f.tokenOf(t, "lead", scopeRead), "GET", "/api/v1/receipts/f1", "")
	require.Equal(t, "in_spam_restore_first", r.at("reason"), "the staff read it as it is")
	r = call(t, door, bootstrap, "POST", "/api/v1/tickets/1044/hold", `{"hold":{"reason":"internal"}}`)
	r.is(t, 409, "refused")
	require.NotEmpty(t, r.at("allowed"))
	require.Equal(t, r.at("receipt", "ticket", "allowed"), r.at("allowed"))
}

// TestNobodySeesWhatIsNotHis draws tickets of any client and desk, and askers of any kind, and holds every way of looking
// against who is whose, decided here by hand (DURADESK_SOAK=1: four times as many draws).
func TestNobodySeesWhatIsNotHis(t *testing.T) {
	t.Parallel()
	const seed = 20261124
	random := rand.New(rand.NewPCG(seed, 2))
	ways := []string{"", "/timeline", "/future"}
	rounds := 15
	if os.Getenv("DURADESK_SOAK") != "" {
		rounds = 60
	}
	for range rounds {
		f, door := fresh(t)
		desks := []string{"support", "other", "repairs", "alarm"}
		clients := []string{"c_01", "c_02", "c_03", "c_04", "c_05"}
		for n := range ticket.Number(6) {
			number := 2000 + n
			f.seed(number, desks[random.IntN(len(desks))], ticket.Open, "sato")
			f.tickets[number].Client = f.clients[clients[random.IntN(len(clients))]]
			if random.IntN(4) == 0 {
				f.tickets[number].Process.Parent = 1042
			}
		}
		for key, p := range f.people {
			p.Desks = slices.DeleteFunc(slices.Clone(desks), func(string) bool { return random.IntN(2) == 0 })
			f.people[key] = p
			token := f.tokenOf(t, key, scopeRead, scopeAct)
			for n := range ticket.Number(6) {
				rec := f.tickets[2000+n]
				his := p.Role == ticket.RoleAdmin || slices.Contains(p.Desks, rec.Process.Desk)
				for _, way := range ways {
					r := call(t, door, token, "GET", fmt.Sprintf("/api/v1/tickets/%d%s", 2000+n, way), "")
					require.Equal(t, his, r.StatusCode == 200, "%s %v %s%s", key, p.Desks, rec.Process.Desk, way)
				}
				r := call(t, door, token, "POST", fmt.Sprintf("/api/v1/tickets/%d/note", 2000+n), `{"message":{"body":"x"}}`)
				require.Equal(t, his, r.StatusCode == 200, "%s %v %s", key, p.Desks, rec.Process.Desk)
			}
		}
		for _, client := range clients {
			token := f.clientToken(t, client, scopeRead, scopeReply)
			for n := range ticket.Number(6) {
				rec := f.tickets[2000+n]
				full, sameHouse := client == "c_03" || client == "c_04", (client == "c_04") == (rec.Client.ID == "c_04")
				his := client != "c_05" && rec.Process.Parent == 0 && (rec.Client.ID == client || full && sameHouse)
				for _, way := range ways {
					r := call(t, door, token, "GET", fmt.Sprintf("/api/v1/tickets/%d%s", 2000+n, way), "")
					require.Equal(t, his && way != "/future", r.StatusCode == 200, "%s of %s%s: %s", client, rec.Client.ID, way, r.raw)
				}
				r := call(t, door, token, "POST", fmt.Sprintf("/api/v1/tickets/%d/client-reply", 2000+n), `{"message":{"body":"x"}}`)
				require.Equal(t, his, r.StatusCode == 200, "%s of %s: %s", client, rec.Client.ID, r.raw)
			}
		}
	}
}

func TestAClientsTokenAndAccess(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := call(t, door, bootstrap, "POST", "/api/v1/tokens", `{"client":"c_01","scopes":["tickets:reply"],"expires_at":"2026-11-24T11:00:00Z"}`)
	r.is(t, 201)
	require.Equal(t, "c_01", r.at("client"))
	require.Nil(t, r.at("agent"))
	token, _ := r.at("token").(string)
	me := call(t, door, token, "GET", "/api/v1/session", "")
	me.is(t, 200)
	require.Equal(t, "client", me.at("kind"))
	require.Equal(t, "portal", me.at("access"))
	require.Nil(t, me.at("role"))
	require.Len(t, call(t, door, bootstrap, "GET", "/api/v1/tokens?client=c_01", "").at("items"), 1)
	own := f.tokenOf(t, "lead", scopeAdmin)
	call(t, door, own, "POST", "/api/v1/tokens", `{"client":"c_01","scopes":["tickets:reply"]}`).is(t, 403, "forbidden")
	call(t, door, own, "GET", "/api/v1/tokens?client=c_01", "").is(t, 403, "forbidden")
	call(t, door, own, "PUT", "/api/v1/clients/c_05/access", `{"access":"full","organisation":"elsewhere.example"}`).is(t, 200)
	require.Equal(t, "elsewhere.example", f.together["c_05"])
	call(t, door, own, "PUT", "/api/v1/clients/c_99/access", `{"access":"none"}`).is(t, 404, "not-found")
	r = call(t, door, own, "PUT", "/api/v1/clients/c_05/access", `{"access":"root","organisation":" ","x":1}`)
	require.Equal(t, []string{"/access", "/organisation", "/x"}, r.pointers())
	require.Equal(t, "client.access", f.audit[len(f.audit)-1].Action)
	f.now = f.now.Add(time.Hour)
	call(t, door, token, "GET", "/api/v1/session", "").is(t, 401, "unauthorized")
}
