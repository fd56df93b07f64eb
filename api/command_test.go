package api

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestCommandStatuses walks the table of CONTRACT §3, "A receipt".
func TestCommandStatuses(t *testing.T) {
	t.Parallel()
	const hold = `{"id":"h1","hold":{"reason":"client","until":null},"message":{"body":"wait","body_format":"text"}}`

	t.Run("200 applied", func(t *testing.T) {
		t.Parallel()
		_, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold)
		r.is(t, 200)
		require.Equal(t, "applied", r.at("outcome"))
		require.Equal(t, "hold", r.at("command"))
		require.Equal(t, "h1", r.at("id"))
		require.Equal(t, "on_hold", r.at("ticket", "state"))
		require.Equal(t, "client", r.at("ticket", "hold", "reason"))
		require.Equal(t, r.at("ticket", "revision"), r.at("revision"))
		require.Empty(t, r.Header.Get("Preference-Applied"))
		again := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold)
		again.is(t, 200)
		require.JSONEq(t, string(r.raw), string(again.raw))
	})
	t.Run("200 already", func(t *testing.T) {
		t.Parallel()
		_, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1045/close", "")
		r.is(t, 200)
		require.Equal(t, "already", r.at("outcome"))
		require.Equal(t, "already_closed", r.at("reason"))
		require.NotEmpty(t, r.at("id"), "an id is made where none was sent")
	})
	t.Run("202 the worker is away", func(t *testing.T) {
		t.Parallel()
		f, door := fresh(t)
		f.idle = true
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold, "Prefer", "wait=0")
		r.is(t, 202)
		require.Zero(t, f.awaitEnds, "nothing is waited for")
		require.Equal(t, "wait=0", r.Header.Get("Preference-Applied"))
		require.Equal(t, "/api/v1/receipts/h1", r.Header.Get("Location"))
		require.Equal(t, "pending", r.at("outcome"))
		require.Equal(t, "open", r.at("ticket", "state"))
		require.Nil(t, r.at("revision"))
		call(t, door, bootstrap, "GET", r.Header.Get("Location"), "").is(t, 200)
		f.work()
		r = call(t, door, bootstrap, "GET", r.Header.Get("Location"), "")
		require.Equal(t, "applied", r.at("outcome"))
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold).is(t, 200)
	})
	t.Run("202 Temporal is away: two seconds are waited", func(t *testing.T) {
		t.Parallel()
		f, door := fresh(t)
		f.deaf = true
		began := time.Now()
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold).is(t, 202)
		ended := time.Now()
		require.False(t, f.awaitEnds.Before(began.Add(usualWait)), "two seconds from when the command was stored")
		require.False(t, f.awaitEnds.After(ended), "and no longer")
	})
	t.Run("200 Temporal is busy: a bell that is heard late is not taken back", func(t *testing.T) {
		t.Parallel()
		f, door := fresh(t)
		f.busy = make(chan struct{})
		answer := make(chan reply)
		go func() {
			r, _ := send(door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold, "Prefer", "wait=30")
			answer <- r
		}()
		require.Eventually(t, func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return !f.awaitEnds.IsZero()
		}, 10*time.Second, time.Millisecond, "the answer waits for the receipt, no longer for the bell")
		close(f.busy)
		(<-answer).is(t, 200)
		require.Equal(t, 1, f.rings)
	})
	t.Run("202 the database goes away after storing", func(t *testing.T) {
		t.Parallel()
		f, door := fresh(t)
		f.idle, f.lost = true, ErrStoreAway
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold)
		r.is(t, 202)
		require.Equal(t, "open", r.at("ticket", "state"), "as last known")
	})
	t.Run("409 refused", func(t *testing.T) {
		t.Parallel()
		_, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1045/hold", hold)
		r.is(t, 409, "refused")
		require.Equal(t, "refused", r.at("receipt", "outcome"))
		require.Equal(t, "closed_use_follow_up", r.at("receipt", "reason"))
		require.Equal(t, r.at("detail"), r.at("receipt", "reason_text"))
		require.NotEmpty(t, r.at("allowed"))
		again := call(t, door, bootstrap, "POST", "/api/v1/tickets/1045/hold", hold)
		again.is(t, 409, "refused")
		require.Equal(t, r.at("receipt"), again.at("receipt"))
	})
	t.Run("200 one's own note is no surprise", func(t *testing.T) {
		t.Parallel()
		_, door := fresh(t)
		seen := call(t, door, bootstrap, "GET", "/api/v1/tickets/1042", "").at("revision")
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"meanwhile"}}`).is(t, 200)
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/agent-response", fmt.Sprintf(`{"id":"a1","seen_revision":%v,"message":{"body":"answer"}}`, seen)).is(t, 200)
	})
	t.Run("409 stale: somebody else wrote", func(t *testing.T) {
		t.Parallel()
		f, door := fresh(t)
		sato := f.tokenOf(t, "sato", scopeRead, scopeAct)
		seen := call(t, door, sato, "GET", "/api/v1/tickets/1042", "").at("revision")
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"meanwhile"}}`).is(t, 200)
		r := call(t, door, sato, "POST", "/api/v1/tickets/1042/agent-response", fmt.Sprintf(`{"id":"a1","seen_revision":%v,"message":{"body":"answer"}}`, seen))
		r.is(t, 409, "stale")
		require.Equal(t, "meanwhile", r.at("unseen", 0, "body"))
		require.Equal(t, "draft-of-a1", r.at("draft_id"))
		require.Equal(t, "refused", r.at("receipt", "outcome"))
	})
	t.Run("409 failed", func(t *testing.T) {
		t.Parallel()
		f, door := fresh(t)
		f.poison = true
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold)
		r.is(t, 409, "failed")
		require.Equal(t, "failed", r.at("receipt", "outcome"))
	})
	t.Run("422 the same id with another body or ticket", func(t *testing.T) {
		t.Parallel()
		_, door := fresh(t)
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold).is(t, 200)
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", strings.Replace(hold, "wait", "stay", 1)).is(t, 422, "id-reused")
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1043/hold", hold).is(t, 422, "id-reused")
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/close", `{"id":"h1"}`).is(t, 422, "id-reused")
		spaced := `{ "message":{"body_format":"text","body":"wait"}, "hold":{"until":null,"reason":"client"}, "id":"h1" }`
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", spaced).is(t, 200)
	})
	t.Run("401, 403, 404, 413, 503", func(t *testing.T) {
		t.Parallel()
		f, door := fresh(t)
		call(t, door, "", "POST", "/api/v1/tickets/1042/hold", hold).is(t, 401, "unauthorized")
		call(t, door, f.tokenOf(t, "sato", scopeRead), "POST", "/api/v1/tickets/1042/hold", hold).is(t, 403, "forbidden")
		call(t, door, f.tokenOf(t, "mori", scopeAct), "POST", "/api/v1/tickets/1042/hold", hold).is(t, 404, "not-found")
		call(t, door, bootstrap, "POST", "/api/v1/tickets/9999/hold", hold).is(t, 404, "not-found")
		call(t, door, bootstrap, "POST", "/api/v1/tickets/x/hold", hold).is(t, 404, "not-found")
		long := `{"message":{"body":"` + strings.Repeat("あ", maxText/3+1) + `"}}`
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", long)
		r.is(t, 413, "too-large")
		require.Equal(t, []string{"/message/body"}, r.pointers())
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"x":"`+strings.Repeat("a", maxRequest)+`"}`).is(t, 413, "too-large")
		f.away = fmt.Errorf("%w: connection refused", ErrStoreAway)
		r = call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold)
		r.is(t, 503, "store-away")
		require.Equal(t, "1", r.Header.Get("Retry-After"))
		require.Contains(t, r.at("detail"), "same id")
		r = call(t, door, bootstrap, "GET", "/api/v1/tickets/1042", "")
		r.is(t, 503, "store-away")
		require.NotContains(t, r.at("detail"), "same id")
	})
	t.Run("503 a torn COMMIT, learnt by the same id", func(t *testing.T) {
		t.Parallel()
		f, door := fresh(t)
		f.torn = ErrStoreAway
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold)
		r.is(t, 503, "store-away")
		require.Contains(t, r.at("detail"), "same id")
		f.torn = nil
		f.work()
		call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold).is(t, 200)
	})
}

func TestTheSameIDTenTimesAtOnce(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	var wg sync.WaitGroup
	answers := make([]reply, 10)
	for i := range answers {
		wg.Go(func() {
			answers[i] = call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/agent-response", `{"id":"same","message":{"body":"once"}}`)
		})
	}
	wg.Wait()
	for _, a := range answers {
		a.is(t, 200)
		require.JSONEq(t, string(answers[0].raw), string(a.raw))
	}
	require.Equal(t, 1, f.rings)
	count := 0
	for _, it := range f.items[1042] {
		if it.Body == "once" {
			count++
		}
	}
	require.Equal(t, 1, count)
}

func TestRepeatedAfterTheWorldChanged(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	hold := fmt.Sprintf(`{"id":"h1","hold":{"reason":"scheduled","until":%q}}`, f.now.Add(time.Hour).Format(time.RFC3339))
	first := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold)
	first.is(t, 200)
	f.now = f.now.Add(2 * time.Hour)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", hold).is(t, 200)
	r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", strings.Replace(hold, "h1", "h2", 1))
	r.is(t, 422, "invalid")
	require.Equal(t, []string{"/hold/until"}, r.pointers())

	assign := `{"id":"as1","assign":{"owner":"sato"}}`
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1043/assign", assign).is(t, 200)
	delete(f.people, "sato")
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1043/assign", assign).is(t, 200)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1043/assign", `{"id":"as2","assign":{"owner":"sato"}}`).is(t, 422, "invalid")
}

func TestAssignTellsNullFromAbsent(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeAct)
	r := call(t, door, sato, "POST", "/api/v1/tickets/1043/assign", `{"assign":{"owner":"me"}}`)
	r.is(t, 200)
	require.Equal(t, "sato", r.at("ticket", "owner"))
	require.Equal(t, "support", r.at("ticket", "group"))
	r = call(t, door, sato, "POST", "/api/v1/tickets/1043/assign", `{"assign":{"group":null}}`)
	require.Equal(t, "sato", r.at("ticket", "owner"))
	require.Nil(t, r.at("ticket", "group"))
	r = call(t, door, sato, "POST", "/api/v1/tickets/1043/assign", `{"assign":{"owner":null}}`)
	require.Nil(t, r.at("ticket", "owner"))
	require.Equal(t, "new", r.at("ticket", "state"))
	call(t, door, sato, "POST", "/api/v1/tickets/1043/assign", `{"assign":{}}`).is(t, 422, "invalid")
	r = call(t, door, sato, "POST", "/api/v1/tickets/1043/assign", `{"assign":{"owner":"mori"}}`)
	require.Equal(t, []string{"/assign/owner"}, r.pointers(), "mori would not see it")
}

func TestPreferWait(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"wait=5": "wait=5", "wait=31": "wait=30", `foo; bar, wait="1"`: "wait=1", "respond-async": "wait=0", "respond-async, wait=3": "wait=3",
		"wait=-1": "", "wait=x": "", "return=minimal": "",
	} {
		_, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"x"}}`, "Prefer", header)
		require.Equal(t, want, r.Header.Get("Preference-Applied"), header)
		require.Contains(t, []int{http.StatusOK, http.StatusAccepted}, r.StatusCode)
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	body := `{"id":"c1","desk":"support","client":{"name":"山田","phone":"03"},"channel":"phone","title":"動かない","message":{"body":"赤い","body_format":"text"},"owner":"me","tags":["b","a","b"]}`
	r := call(t, door, bootstrap, "POST", "/api/v1/tickets", body)
	r.is(t, 201)
	require.Equal(t, "create", r.at("command"))
	require.Equal(t, "open", r.at("ticket", "state"))
	require.Equal(t, "admin", r.at("ticket", "owner"))
	require.Equal(t, "ja", r.at("ticket", "language"))
	require.Equal(t, "normal", r.at("ticket", "priority"))
	require.Equal(t, "question", r.at("ticket", "type"))
	require.Equal(t, []any{"a", "b"}, r.at("ticket", "tags"))
	require.Equal(t, fmt.Sprintf("/api/v1/tickets/%v", r.at("number")), r.Header.Get("Location"))
	said := f.receipts["agent:admin c1"].order.Message
	require.Equal(t, ticket.ActorClient, said.Author.Kind)
	require.Equal(t, "山田", said.Author.Name)
	again := call(t, door, bootstrap, "POST", "/api/v1/tickets", body)
	again.is(t, 201)
	require.JSONEq(t, string(r.raw), string(again.raw))

	f.idle = true
	r = call(t, door, bootstrap, "POST", "/api/v1/tickets", `{"id":"c 2/é","desk":"support","client":{"email":"a@b.example"},"channel":"external","title":"plain"}`, "Prefer", "wait=0")
	r.is(t, 202)
	require.Equal(t, "/api/v1/receipts/c%202%2F%C3%A9", r.Header.Get("Location"))
	require.Equal(t, "new", r.at("ticket", "state"))
	require.Equal(t, "en", r.at("ticket", "language"))
	r = call(t, door, bootstrap, "GET", r.Header.Get("Location"), "")
	r.is(t, 200)
	require.Equal(t, "c 2/é", r.at("id"))
}
