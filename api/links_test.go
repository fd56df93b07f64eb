package api

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var mailedLink = regexp.MustCompile(`http://desk\.example(/sign-in/[a-z]+)#(desk_otl_[a-z2-7]{59})`)

// mailed takes the next letter and the link in it.
func (f *fake) mailed(t *testing.T) (l Letter, page, secret string) {
	t.Helper()
	select {
	case l = <-f.letters:
	case <-t.Context().Done():
		t.Fatal("no letter")
	}
	found := mailedLink.FindStringSubmatch(l.Body)
	require.NotNil(t, found, l.Body)
	return l, found[1], found[2]
}

func TestAClientSignsInByHisLink(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	ask := func(address string) reply {
		return call(t, door, "", "POST", "/api/v1/session/link", `{"email":"`+address+`"}`, "Accept-Language", "ja")
	}
	want := ask("ghost@client.example") // nobody
	want.is(t, 202)
	for _, address := range []string{"mail@client.example", "sato@desk.example", "yamada@client.example"} { // without access, an agent, he
		r := ask(address)
		r.is(t, 202)
		require.Equal(t, want.raw, r.raw)
	}
	l, page, secret := f.mailed(t)
	require.Equal(t, "yamada@client.example", l.To)
	require.Equal(t, "/sign-in/link", page)
	require.Equal(t, "サインイン用リンク", l.Subject)
	require.Empty(t, f.letters, "one letter, to who may come in")
	require.Contains(t, f.links, string(hashOf(secret)), "only the hash is kept")
	call(t, door, "", "POST", "/api/v1/password", `{"link":"`+secret+`","password":"correct horse"}`).is(t, 401, "unauthorized") // for something else

	r := call(t, door, "", "POST", "/api/v1/session", `{"link":"`+secret+`"}`)
	r.is(t, 201)
	require.Equal(t, "client", r.at("kind"))
	require.Equal(t, "link", r.at("via"))
	require.Equal(t, []any{"tickets:read", "tickets:reply"}, r.at("scopes"))
	cookie := r.Cookies()[0].Name + "=" + r.Cookies()[0].Value
	call(t, door, "", "POST", "/api/v1/session", `{"link":"`+secret+`"}`).is(t, 401, "unauthorized") // once
	call(t, door, "", "GET", "/api/v1/tickets/1042", "", "Cookie", cookie).is(t, 200)
	call(t, door, "", "POST", "/api/v1/tickets/1042/client-reply", `{"message":{"body":"x"}}`, "Cookie", cookie).is(t, 200)
	call(t, door, "", "GET", "/api/v1/agents", "", "Cookie", cookie).is(t, 403, "forbidden")
	require.EqualValues(t, 1, call(t, door, "", "GET", "/api/v1/sessions", "", "Cookie", cookie).at("total"))
	call(t, door, "", "GET", "/api/v1/factor", "", "Cookie", cookie).is(t, 403, "forbidden")

	ask("yamada@client.example").is(t, 202)
	_, _, secret = f.mailed(t)
	f.now = f.now.Add(15 * time.Minute)
	call(t, door, "", "POST", "/api/v1/session", `{"link":"`+secret+`"}`).is(t, 401, "unauthorized") // too late
	for _, body := range []string{`{"link":"x"}`, `{"link":"` + strings.Replace(secret, "otl", "ses", 1) + `"}`} {
		call(t, door, "", "POST", "/api/v1/session", body).is(t, 401, "unauthorized")
	}
	require.Equal(t, []string{"/link", "/password"}, call(t, door, "", "POST", "/api/v1/session", `{"link":7,"password":"x"}`).pointers())
}

func TestAForgottenPassword(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	cookie, _ := f.signIn(t, door, "sato")
	call(t, door, "", "POST", "/api/v1/password/link", `{"email":"yamada@client.example"}`).is(t, 202)
	call(t, door, "", "POST", "/api/v1/password/link", `{"email":"sato@desk.example"}`).is(t, 202)
	l, page, secret := f.mailed(t)
	require.Equal(t, "sato@desk.example", l.To)
	require.Equal(t, "/sign-in/password", page)
	call(t, door, "", "POST", "/api/v1/session", `{"link":"`+secret+`"}`).is(t, 401, "unauthorized") // lets nobody in by itself
	require.Equal(t, []string{"/password"}, call(t, door, "", "POST", "/api/v1/password", `{"link":"`+secret+`","password":"short"}`).pointers())
	call(t, door, "", "POST", "/api/v1/password", `{"link":"`+secret+`","password":"another secret"}`).is(t, 204)
	call(t, door, "", "POST", "/api/v1/password", `{"link":"`+secret+`","password":"another secret"}`).is(t, 401, "unauthorized")
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 401, "unauthorized") // signed out everywhere
	call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"`+secretWord+`"}`).is(t, 401, "unauthorized")
	call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"another secret"}`).is(t, 201)
	f.wait = time.Second // asked for too often: the same answer, no letter
	call(t, door, "", "POST", "/api/v1/password/link", `{"email":"sato@desk.example"}`).is(t, 202)
	require.Empty(t, f.letters)
}

func TestANewPasswordForTheOldOne(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	cookie, _ := f.signIn(t, door, "sato")
	other, _ := f.signIn(t, door, "sato")
	put := func(body string) reply { return call(t, door, "", "PUT", "/api/v1/password", body, "Cookie", cookie) }
	r := put(`{"current":"wrong","password":"another secret"}`)
	r.is(t, 422, "invalid")
	require.Equal(t, []string{"/current"}, r.pointers())
	put(`{"current":"`+secretWord+`","password":"another secret"}`).is(t, 204)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", cookie).is(t, 200)
	call(t, door, "", "GET", "/api/v1/session", "", "Cookie", other).is(t, 401, "unauthorized")
	call(t, door, "", "POST", "/api/v1/session", `{"login":"sato","password":"another secret"}`).is(t, 201)
	call(t, door, f.tokenOf(t, "sato", scopeRead, scopeAct), "PUT", "/api/v1/password", `{}`).is(t, 403, "forbidden")
}
