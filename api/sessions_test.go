package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	first, _ := f.signIn(t, door, "sato", "User-Agent", "Firefox")
	f.now = f.now.Add(time.Minute)
	second, _ := f.signIn(t, door, "sato")
	lead, _ := f.signIn(t, door, "lead")
	admin, _ := f.signIn(t, door, "admin")
	get := func(cookie, path string) reply { return call(t, door, "", "GET", path, "", "Cookie", cookie) }
	drop := func(cookie, path string) reply { return call(t, door, "", "DELETE", path, "", "Cookie", cookie) }

	r := get(first, "/api/v1/sessions")
	r.is(t, 200)
	require.EqualValues(t, 2, r.at("total"))
	for i := range 2 {
		require.Equal(t, "sato", r.at("items", i, "agent"))
		require.Equal(t, r.at("items", i, "browser") == "Firefox", r.at("items", i, "current"))
	}
	get(lead, "/api/v1/sessions?agent=sato").is(t, 403, "forbidden")
	require.EqualValues(t, 2, get(admin, "/api/v1/sessions?agent=sato").at("total"))
	id, _ := get(second, "/api/v1/session").at("id").(string)
	drop(lead, "/api/v1/sessions/"+id).is(t, 404, "not-found")
	drop(first, "/api/v1/sessions/"+id).is(t, 204)
	get(second, "/api/v1/session").is(t, 401, "unauthorized")
	get(first, "/api/v1/session").is(t, 200)

	second, _ = f.signIn(t, door, "sato")
	drop(lead, "/api/v1/sessions?agent=sato").is(t, 403, "forbidden")
	drop(first, "/api/v1/sessions").is(t, 204)
	get(second, "/api/v1/session").is(t, 401, "unauthorized")
	get(first, "/api/v1/session").is(t, 200)
	drop(admin, "/api/v1/sessions?agent=sato").is(t, 204)
	get(first, "/api/v1/session").is(t, 401, "unauthorized")
	get(admin, "/api/v1/session").is(t, 200)
	call(t, door, f.tokenOf(t, "sato", scopeRead, scopeAct), "DELETE", "/api/v1/sessions", "").is(t, 403, "forbidden")
	e := f.audit[len(f.audit)-1]
	require.Equal(t, []string{"agent:admin", "session.revoked", "sato"}, []string{e.Actor, e.Action, e.Subject})
}

func TestWhatChangesIsWrittenDown(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	call(t, door, bootstrap, "POST", "/api/v1/groups", `{"key":"night","name":"Night"}`).is(t, 201)
	call(t, door, bootstrap, "POST", "/api/v1/groups", `{"key":"night","name":"Night"}`).is(t, 409) // changes nothing
	call(t, door, bootstrap, "POST", "/api/v1/agents", `{"key":"tanaka","name":"T","email":"t@desk.example","role":"agent","password":"correct horse"}`).is(t, 201)
	call(t, door, bootstrap, "PATCH", "/api/v1/agents/tanaka", `{"role":"lead"}`).is(t, 200)
	made := call(t, door, bootstrap, "POST", "/api/v1/tokens", `{"agent":"tanaka","scopes":["tickets:read"]}`)
	made.is(t, 201)
	id, _ := made.at("id").(string)
	call(t, door, bootstrap, "DELETE", "/api/v1/tokens/"+id, "").is(t, 204)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"x"}}`).is(t, 200) // the ticket's own record tells
	var lines []string
	for _, e := range f.audit {
		require.Equal(t, "agent:admin", e.Actor)
		lines = append(lines, e.Action+" "+e.Subject)
	}
	require.Equal(t, []string{"setting.changed /api/v1/groups", "agent.made tanaka", "agent.changed tanaka", "token.made tanaka", "token.revoked /api/v1/tokens/" + id}, lines)
	require.Equal(t, "createGroup", f.audit[0].Detail["operation"])
	require.Equal(t, "lead", f.audit[2].Detail["role"])

	r := call(t, door, bootstrap, "GET", "/api/v1/audit?limit=3", "")
	r.is(t, 200)
	require.Equal(t, "token.revoked", r.at("items", 0, "action"))
	require.NotContains(t, string(r.raw), made.at("token"))
	require.NotContains(t, string(r.raw), "correct horse")
	next, _ := r.at("next_cursor").(string)
	r = call(t, door, bootstrap, "GET", "/api/v1/audit?limit=3&cursor="+next, "")
	require.Len(t, r.at("items"), 2)
	require.Nil(t, r.at("next_cursor"))
	require.Len(t, call(t, door, bootstrap, "GET", "/api/v1/audit?action=token.made&actor=agent:admin&subject=tanaka", "").at("items"), 1)
	call(t, door, bootstrap, "GET", "/api/v1/audit?cursor=junk", "").is(t, 400, "invalid-query")
	call(t, door, f.tokenOf(t, "lead", scopeAdmin), "GET", "/api/v1/audit", "").is(t, 403, "forbidden")
}

func TestSoManyRequestsAndNoMore(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := f.options()
	o.PerToken, o.PerAddress = Rate{PerSecond: 0.001, Burst: 3}, Rate{PerSecond: 0.001, Burst: 2}
	door := New(o)
	sato, lead := f.tokenOf(t, "sato", scopeRead), f.tokenOf(t, "lead", scopeRead)
	for left := range 3 {
		r := call(t, door, sato, "GET", "/api/v1/tickets/1042", "")
		r.is(t, 200)
		require.Equal(t, `"token";q=3;w=3000`, r.Header.Get("RateLimit-Policy"))
		require.Regexp(t, `^"token";r=`+itoa(2-left)+`;t=\d+$`, r.Header.Get("RateLimit"))
	}
	r := call(t, door, sato, "GET", "/api/v1/tickets/1042", "", "Accept-Language", "en")
	r.is(t, 429, "too-many-requests")
	require.Regexp(t, `^(999|1000)$`, r.Header.Get("Retry-After"))
	require.Contains(t, r.at("detail"), r.Header.Get("Retry-After"))
	call(t, door, lead, "GET", "/api/v1/tickets/1042", "").is(t, 200)

	// Nobody knows these: their address is measured, whatever they bring.
	call(t, door, "", "GET", "/api/v1/tickets", "").is(t, 401)
	unknown, _ := newSecret(tokenPrefix)
	call(t, door, unknown, "GET", "/api/v1/tickets", "").is(t, 401)
	call(t, door, unknown, "GET", "/api/v1/tickets", "").is(t, 429, "too-many-requests")
	call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"x"}`).is(t, 429, "too-many-requests")
	call(t, door, "", "GET", "/healthz", "").is(t, 200)
}

// TestTheUsualMeasureHindersNobody: 64 scripts with one token, as fast as they can.
func TestTheUsualMeasureHindersNobody(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := f.options()
	o.PerToken = Rate{PerSecond: 1000, Burst: 2000}
	door := New(o)
	token := f.tokenOf(t, "sato", scopeRead)
	done := make(chan int)
	for range 64 {
		go func() {
			refused := 0
			for range 25 {
				r, w := httptest.NewRequest(http.MethodGet, "/api/v1/tickets/1042", http.NoBody), httptest.NewRecorder()
				r.Header.Set("Authorization", "Bearer "+token)
				if door.ServeHTTP(w, r); w.Code == http.StatusTooManyRequests {
					refused++
				}
			}
			done <- refused
		}()
	}
	for range 64 {
		require.Zero(t, <-done)
	}
}

func TestQuietCallersAreForgotten(t *testing.T) {
	t.Parallel()
	b := newBuckets("token", Rate{PerSecond: 1, Burst: 1})
	long, now := time.Now().Add(-time.Hour), time.Now()
	for i := range bucketsSwept {
		b.of(itoa(i), long)
	}
	b.of("new", now)
	require.Len(t, b.all, 1)
}
