package api

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"
)

const secretWord = "correct horse battery"

// cheapHash is of the usual kind, but costs a test little; demoHash is that of the document's example.
var (
	cheapHash = sync.OnceValue(func() string { return cheaply(secretWord) })
	demoHash  = sync.OnceValue(func() string { return cheaply("duradesk-demo") })
)

func cheaply(password string) string {
	hash, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		panic(err)
	}
	return hash
}

// signIn gives the cookie of a new session.
func (f *fake) signIn(t *testing.T, door http.Handler, login string, headers ...string) (cookie string, r reply) {
	t.Helper()
	f.mu.Lock()
	if f.passwords[login] == "" {
		f.passwords[login] = cheapHash()
	}
	f.mu.Unlock()
	r = call(t, door, "", "POST", "/api/v1/session", `{"login":"`+login+`","password":"`+secretWord+`"}`, headers...)
	r.is(t, 201)
	cookies := r.Cookies()
	require.Len(t, cookies, 1)
	return cookies[0].Name + "=" + cookies[0].Value, r
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	cookie, r := f.signIn(t, door, "sato", "User-Agent", "Firefox")
	c := r.Cookies()[0]
	require.Equal(t, "duradesk_session", c.Name)
	require.True(t, c.HttpOnly)
	require.False(t, c.Secure, "the base URL is http")
	require.Equal(t, http.SameSiteLaxMode, c.SameSite)
	require.Equal(t, "/", c.Path)
	require.Empty(t, c.Domain)
	require.Regexp(t, `^desk_ses_[a-z2-7]{59}$`, c.Value)
	require.NotContains(t, string(r.raw), c.Value)
	require.Contains(t, f.sessions, string(hashOf(c.Value)), "only the hash is kept")

	me := call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie)
	me.is(t, 200)
	require.Equal(t, "sato", me.at("key"))
	require.Equal(t, "agent", me.at("kind"))
	require.Equal(t, "agent", me.at("role"))
	require.Equal(t, "active", me.at("state"))
	require.Equal(t, "password", me.at("via"))
	require.Equal(t, []any{"support"}, me.at("desks"))
	require.Equal(t, "ja", me.at("language"))
	call(t, door, "", "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"x"}}`, "Cookie", cookie).is(t, 200)
	last := f.items[1042][len(f.items[1042])-1]
	require.Equal(t, "sato", last.By.ID, "the same actor as with a token")
	call(t, door, "", "POST", "/api/v1/tickets/1042/close", ``, "Cookie", cookie).is(t, 403, "forbidden")

	// A new sign-in from the same browser: a new token, and the old one is worth nothing.
	again, _ := f.signIn(t, door, "sato", "Cookie", cookie)
	require.NotEqual(t, cookie, again)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 401, "unauthorized")
	out := call(t, door, "", "DELETE", "/api/v1/session", "", "Cookie", again)
	out.is(t, 204)
	require.Negative(t, out.Cookies()[0].MaxAge)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", again).is(t, 401, "unauthorized")

	token := f.tokenOf(t, "sato", scopeRead)
	me = call(t, door, token, "GET", "/api/v1/session", "")
	require.Equal(t, "token", me.at("via"))
	require.Equal(t, []any{"tickets:read"}, me.at("scopes"))
	call(t, door, token, "DELETE", "/api/v1/session", "").is(t, 204)
	call(t, door, token, "GET", "/api/v1/session", "").is(t, 200)
}

func TestOverHTTPSTheCookieIsOfThisHostOnly(t *testing.T) {
	t.Parallel()
	f := newFake()
	door := New(Options{
		Reader: f, Queue: f, Bell: f, People: (*fakePeople)(f), House: (*fakeHouse)(f), Health: f, Identity: (*fakeIdentity)(f),
		BaseURL: "https://desk.example", Now: func() time.Time { return f.now },
	})
	cookie, r := f.signIn(t, door, "sato")
	require.Equal(t, "__Host-duradesk_session", r.Cookies()[0].Name)
	require.True(t, r.Cookies()[0].Secure)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 200)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", strings.TrimPrefix(cookie, "__Host-")).is(t, 401, "unauthorized")
}

func TestASessionEndsByItself(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	cookie, _ := f.signIn(t, door, "sato")
	began := f.now
	f.now = began.Add(11 * time.Hour)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 200)
	f.now = f.now.Add(12 * time.Hour)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 401, "unauthorized")
	f.now = began
	cookie, _ = f.signIn(t, door, "sato")
	for f.now = began; f.now.Before(began.Add(14 * 24 * time.Hour)); f.now = f.now.Add(11 * time.Hour) {
		call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 200)
	}
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 401, "unauthorized")
}

func TestAnotherSiteCannotActForHim(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	cookie, _ := f.signIn(t, door, "sato")
	note := `{"message":{"body":"x"}}`
	for _, foreign := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		call(t, door, "", "POST", "/api/v1/tickets/1042/note", note, append(foreign, "Cookie", cookie)...).is(t, 403, "cross-origin")
		call(t, door, "", "DELETE", "/api/v1/session", "", append(foreign, "Cookie", cookie)...).is(t, 403, "cross-origin")
		call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"`+secretWord+`"}`, foreign...).is(t, 403, "cross-origin")
		call(t, door, f.tokenOf(t, "sato", scopeAct), "POST", "/api/v1/tickets/1042/note", note, append(foreign, "Cookie", cookie)...).is(t, 200)
	}
	call(t, door, "", "POST", "/api/v1/tickets/1042/note", note, "Sec-Fetch-Site", "same-origin", "Cookie", cookie).is(t, 200)
	call(t, door, "", "POST", "/api/v1/tickets/1042/note", note, "Origin", "http://desk.example", "Cookie", cookie).is(t, 200)
	call(t, door, "", "GET", "/api/v1/tickets/1042", "", "Sec-Fetch-Site", "cross-site", "Cookie", cookie).is(t, 200)
}

func TestWhoIsNotSignedIn(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.passwords["sato"] = cheapHash()
	want := call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"wrong"}`)
	want.is(t, 401, "unauthorized")
	for _, body := range []string{
		`{"login":"ghost","password":"wrong"}`, `{"login":"ghost","password":"nobody"}`, `{"email":"ghost@desk.example","password":"x"}`, `{"login":"lead","password":"nobody"}`,
	} {
		r := call(t, door, "", "POST", "/api/v1/session", body)
		r.is(t, 401, "unauthorized")
		require.Equal(t, want.at("detail"), r.at("detail"), "nothing tells who exists")
		require.Empty(t, r.Cookies())
	}
	require.NotEmpty(t, f.failures)
	f.signIn(t, door, "sato")
	r := call(t, door, "", "POST", "/api/v1/session", `{"email":"sato@desk.example","password":"`+secretWord+`"}`)
	r.is(t, 201)
	for body, pointers := range map[string]string{
		`{}`: "/password", `{"password":"x"}`: "/login", `{"login":7,"password":"","x":1}`: "/login /password /x", `{"email":"x","password":"x"}`: "/email",
	} {
		r := call(t, door, "", "POST", "/api/v1/session", body)
		r.is(t, 422, "invalid")
		require.Equal(t, strings.Split(pointers, " "), r.pointers(), body)
	}
	f.wait = time.Minute
	r = call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"`+secretWord+`"}`)
	r.is(t, 429, "too-many-requests")
	require.Equal(t, "60", r.Header.Get("Retry-After"))
	f.wait = 0
	p := f.people["sato"]
	p.Disabled = &f.now
	f.people["sato"] = p
	call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"`+secretWord+`"}`).is(t, 401, "unauthorized")
}

func TestAnOldHashIsMadeAnew(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.signIn(t, door, "sato")
	require.NotEqual(t, cheapHash(), f.passwords["sato"])
	require.Contains(t, f.passwords["sato"], "$m=65536,t=1,p=2$")
	f.signIn(t, door, "sato")
}

func TestWhatIsWrittenOfALogin(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	cookie, _ := f.signIn(t, door, "sato")
	call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"wrong"}`).is(t, 401)
	call(t, door, "", "POST", "/api/v1/session", `{"login":"hunter2","password":"wrong"}`).is(t, 401)
	call(t, door, "", "DELETE", "/api/v1/session", "", "Cookie", cookie).is(t, 204)
	var lines []string
	for _, e := range f.audit {
		lines = append(lines, e.Actor+" "+e.Action+" "+e.Subject)
		require.Equal(t, "192.0.2.1", e.Address)
	}
	require.Equal(t, []string{"agent:sato session.begun agent:sato", "nobody session.refused sato", "nobody session.refused ", "agent:sato session.ended agent:sato"}, lines,
		"what was given as an unknown login may be a password")
}

func TestNetworksAreCountedTogether(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "?": "?",
	} {
		require.Equal(t, want, networkOf(in))
	}
}
