package api

import (
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"
)

func TestSecretsLookAsPromised(t *testing.T) {
	t.Parallel()
	token, hash := newSecret(tokenPrefix)
	require.Regexp(t, `^desk_pat_[a-z2-7]{59}$`, token)
	require.True(t, wellFormed(tokenPrefix, token))
	require.Len(t, hash, 32)
	other, _ := newSecret(tokenPrefix)
	require.NotEqual(t, token, other)
	for i := range token {
		broken := token[:i] + "9" + token[i+1:]
		require.False(t, wellFormed(tokenPrefix, broken), broken)
	}
	require.False(t, wellFormed(tokenPrefix, token+"a"))
	require.False(t, wellFormed(tokenPrefix, ""))
}

func TestTokensLife(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := call(t, door, bootstrap, "POST", "/api/v1/tokens", `{"agent":"sato","scopes":["tickets:act","tickets:read","tickets:read"],"expires_at":"2026-11-24T11:00:00Z"}`)
	r.is(t, 201)
	require.Equal(t, []any{"tickets:read", "tickets:act"}, r.at("scopes"))
	token, _ := r.at("token").(string)
	call(t, door, token, "GET", "/api/v1/tickets/1042", "").is(t, 200)
	require.Contains(t, f.tokens, string(hashOf(token)), "only the hash is kept")
	listed := call(t, door, bootstrap, "GET", "/api/v1/tokens?agent=sato", "")
	require.NotContains(t, string(listed.raw), token)
	require.NotContains(t, string(listed.raw), `"token"`)

	f.now = f.now.Add(time.Hour) // it has expired
	call(t, door, token, "GET", "/api/v1/tickets/1042", "").is(t, 401, "unauthorized")

	r = call(t, door, bootstrap, "POST", "/api/v1/tokens", `{"agent":"sato","scopes":["admin"]}`)
	r.is(t, 201)
	own, _ := r.at("token").(string)
	id, _ := r.at("id").(string)
	call(t, door, own, "POST", "/api/v1/tokens", `{"agent":"me","scopes":["tickets:read"]}`).is(t, 201)
	call(t, door, own, "POST", "/api/v1/tokens", `{"agent":"lead","scopes":["tickets:read"]}`).is(t, 403, "forbidden")
	call(t, door, own, "GET", "/api/v1/tokens?agent=lead", "").is(t, 403, "forbidden")
	call(t, door, own, "POST", "/api/v1/agents", `{"key":"x","name":"x","email":"x@y","role":"admin"}`).is(t, 403, "forbidden")
	f.tokenOf(t, "lead", scopeRead)
	call(t, door, own, "DELETE", "/api/v1/tokens/t-lead", "").is(t, 404, "not-found")
	call(t, door, own, "DELETE", "/api/v1/tokens/"+id, "").is(t, 204)
	call(t, door, own, "GET", "/api/v1/tickets", "").is(t, 401, "unauthorized")
	call(t, door, bootstrap, "DELETE", "/api/v1/tokens/"+id, "").is(t, 404, "not-found")

	for body, pointers := range map[string]string{
		`{}`: "/scopes",
		`{"agent":"sato","client":"c_01","scopes":["tickets:read"]}`:                    "/client",
		`{"client":"c_01","scopes":["tickets:act"]}`:                                    "/scopes",
		`{"client":"c_05","scopes":["tickets:read"]}`:                                   "/client",
		`{"client":"c_99","scopes":["tickets:read"]}`:                                   "/client",
		`{"agent":"ghost","scopes":["admin"]}`:                                          "/agent",
		`{"agent":"sato","scopes":[]}`:                                                  "/scopes",
		`{"agent":"sato","scopes":null}`:                                                "/scopes",
		`{"agent":"sato","scopes":"admin"}`:                                             "/scopes",
		`{"agent":"sato","scopes":["root"]}`:                                            "/scopes",
		`{"agent":"sato","scopes":["admin"],"expires_at":"2020-01-01T00:00:00Z","a":1}`: "/a /expires_at",
	} {
		r := call(t, door, bootstrap, "POST", "/api/v1/tokens", body)
		r.is(t, 422, "invalid")
		require.Equal(t, strings.Split(pointers, " "), r.pointers(), body)
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	good := f.tokenOf(t, "sato", scopeRead)
	for header, status := range map[string]int{
		"":                        401,
		"Bearer":                  401,
		"Bearer ":                 401,
		"Bearer x":                401,
		"Bearer " + good + "x":    401,
		"Bearer " + bootstrap[1:]: 401,
		"Basic " + good:           401,
		good:                      401,
		"bearer " + good:          200,
		"Bearer  " + good:         200,
		"Bearer " + bootstrap:     200,
	} {
		r := call(t, door, "", "GET", "/api/v1/tickets", "", "Authorization", header)
		require.Equal(t, status, r.StatusCode, header)
		require.Equal(t, status == 401, r.Header.Get("WWW-Authenticate") != "", header)
	}
	unset := New(Options{Reader: f, Queue: f, Bell: f, People: (*fakePeople)(f), House: (*fakeHouse)(f), Mailroom: f, Health: f, Identity: (*fakeIdentity)(f)})
	call(t, unset, "", "GET", "/api/v1/tickets", "", "Authorization", "Bearer ").is(t, 401, "unauthorized")
	r := call(t, door, good, "POST", "/api/v1/tickets/1042/close", "", "Accept-Language", "en")
	r.is(t, 403, "forbidden")
	require.Equal(t, "The token needs the scope tickets:act; it has: tickets:read.", r.at("detail"))
	delete(f.people, "admin") // before the first start was finished
	call(t, door, bootstrap, "GET", "/api/v1/agents", "").is(t, 200)
}

func TestAgents(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := call(t, door, bootstrap, "POST", "/api/v1/agents", `{"key":"tanaka","name":"田中","email":"tanaka@desk.example","role":"lead","groups":["support","tier2"],"password":"correct horse"}`)
	r.is(t, 201)
	require.NotContains(t, string(r.raw), "password")
	require.Equal(t, []any{"support"}, r.at("desks"), "where his groups work")
	call(t, door, bootstrap, "POST", "/api/v1/agents", `{"key":"tanaka","name":"x","email":"x@y","role":"agent"}`).is(t, 409, "conflict")
	r = call(t, door, bootstrap, "POST", "/api/v1/agents", `{"key":"b","name":"x","email":"b@y","role":"agent","groups":["support"],"desks":[]}`)
	require.Equal(t, []any{}, r.at("desks"))
	call(t, door, bootstrap, "GET", "/api/v1/agents/tanaka", "").is(t, 200)
	require.Equal(t, "admin", call(t, door, bootstrap, "GET", "/api/v1/agents/me", "").at("key"))
	call(t, door, bootstrap, "GET", "/api/v1/agents/ghost", "").is(t, 404, "not-found")
	for body, pointers := range map[string]string{
		`{}`: "/key /name /email /role",
		`{"key":"me","name":"x","email":"x@y","role":"agent"}`:                                                                  "/key",
		`{"key":"Sato","name":" ","email":"sato","role":"boss","language":"fr"}`:                                                "/key /name /email /language /role",
		`{"key":"x","name":"x","email":"x@y","role":"agent","groups":["support","ghosts"],"desks":["nope"],"password":"short"}`: "/password /groups/1 /desks/0",
	} {
		r := call(t, door, bootstrap, "POST", "/api/v1/agents", body)
		r.is(t, 422, "invalid")
		require.Equal(t, strings.Split(pointers, " "), r.pointers(), body)
	}
	require.Len(t, f.people, 7)
}

func TestPasswordsAreHashed(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword(t.Context(), "correct horse")
	require.NoError(t, err)
	require.Contains(t, hash, "$argon2id$v=19$m=65536,t=1,p=2$")
	match, err := argon2id.ComparePasswordAndHash("correct horse", hash)
	require.NoError(t, err)
	require.True(t, match)
	hash, err = HashPassword(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, hash)
}

func TestDesksAndGroups(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	call(t, door, bootstrap, "POST", "/api/v1/groups", `{"key":"night","name":"Night","members":["sato"]}`).is(t, 201)
	call(t, door, bootstrap, "POST", "/api/v1/groups", `{"key":"night","name":"Night"}`).is(t, 409, "conflict")
	r := call(t, door, bootstrap, "POST", "/api/v1/desks", `{"key":"night","name":"Night","groups":["night"]}`)
	r.is(t, 201)
	require.Equal(t, "inquiry", r.at("kind"))
	require.Nil(t, r.at("address"))
	r = call(t, door, bootstrap, "POST", "/api/v1/groups", `{"key":"a","name":"A","members":["sato","ghost"]}`)
	require.Equal(t, []string{"/members/1"}, r.pointers())
	r = call(t, door, bootstrap, "POST", "/api/v1/desks", `{"key":"a","name":"A","kind":"odd","groups":["ghosts"],"address":"x"}`)
	require.Equal(t, []string{"/kind", "/address", "/groups/0"}, r.pointers())
}
