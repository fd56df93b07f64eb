package api

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// idp is a small identity provider of our own, over real sockets: discovery, keys, authorisation by redirect, tokens
// signed with RS256, PKCE held to.
type idp struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu     sync.Mutex
	claims map[string]any               // of who signs in there
	spoil  func(claims map[string]any)  // what is wrong with the token
	forged bool                         // it is signed with another key
	codes  map[string]map[string]string // what was asked, by code
	asked  int
}

var idpKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newIDP(t *testing.T) *idp {
	t.Helper()
	p := &idp{key: idpKey(), codes: map[string]map[string]string{}}
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		say(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		p.mu.Lock()
		code := rand.Text()
		p.codes[code] = map[string]string{"nonce": q.Get("nonce"), "challenge": q.Get("code_challenge"), "method": q.Get("code_challenge_method"), "redirect": q.Get("redirect_uri"), "client": q.Get("client_id")}
		p.mu.Unlock()
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked++
		asked, known := p.codes[r.PostFormValue("code")]
		delete(p.codes, r.PostFormValue("code"))
		client, secret, _ := r.BasicAuth()
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if !known || client != "desk" || secret != "hush" || asked["method"] != "S256" || asked["redirect"] != r.PostFormValue("redirect_uri") || base64.RawURLEncoding.EncodeToString(sum[:]) != asked["challenge"] {
			w.WriteHeader(http.StatusBadRequest)
			say(w, map[string]any{"error": "invalid_grant"})
			return
		}
		say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "expires_in": 60, "id_token": p.token(asked)})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *idp) token(asked map[string]string) string {
	now := time.Now()
	claims := map[string]any{"iss": p.URL, "aud": asked["client"], "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": asked["nonce"]}
	for k, v := range p.claims {
		claims[k] = v
	}
	if p.spoil != nil {
		p.spoil(claims)
	}
	key := p.key
	if p.forged {
		key, _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		panic(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return out
}

// deskOver is a desk on a real socket that signs in at the provider, and a browser that follows nothing by itself.
func deskOver(t *testing.T, p *idp, roles map[string]ticket.Role) (*fake, *httptest.Server) {
	t.Helper()
	f := newFake()
	o := f.options()
	o.OIDC = OIDC{Issuer: p.URL, ClientID: "desk", ClientSecret: "hush", Name: "Example", Roles: roles}
	o.Now = time.Now
	var door http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { door.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	o.BaseURL = server.URL
	door = New(o)
	return f, server
}

// browse goes from address to address as a browser does, with its cookies, and stops at what is no redirect.
func browse(t *testing.T, desk *httptest.Server, from string, between func(location string) string) (end *http.Response, cookies map[string]string) {
	t.Helper()
	cookies = map[string]string{}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for range 5 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, from, http.NoBody)
		require.NoError(t, err)
		if strings.HasPrefix(from, desk.URL) {
			for name, value := range cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
		}
		end, err = client.Do(r)
		require.NoError(t, err)
		require.NoError(t, end.Body.Close())
		for _, c := range end.Cookies() {
			cookies[c.Name] = c.Value
			if c.MaxAge < 0 {
				delete(cookies, c.Name)
			}
		}
		if end.StatusCode != http.StatusSeeOther || end.Header.Get("Location") == "/tickets/1042" || end.Header.Get("Location") == "/" {
			return end, cookies
		}
		from = end.Header.Get("Location")
		if between != nil {
			from = between(from)
		}
	}
	t.Fatal("it goes round and round")
	return nil, nil
}

func TestSigningInElsewhere(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f, desk := deskOver(t, p, nil)
	p.claims = map[string]any{"sub": "1", "email": "sato@desk.example", "email_verified": true}
	start := desk.URL + "/api/v1/session/oidc?to=/tickets/1042"
	end, cookies := browse(t, desk, start, nil)
	require.Equal(t, http.StatusSeeOther, end.StatusCode)
	require.Equal(t, "/tickets/1042", end.Header.Get("Location"))
	require.Len(t, cookies, 1, "only the session's is left")
	session := f.sessions[string(hashOf(cookies["duradesk_session"]))]
	require.Equal(t, "sato", session.Agent)
	require.Equal(t, "oidc", session.Via)
	require.Equal(t, map[string]string{p.URL + " 1": "sato"}, f.accounts)

	// Linked once, the account is his, whatever its address becomes.
	p.claims["email"] = "lead@desk.example"
	_, cookies = browse(t, desk, start, nil)
	require.Equal(t, "sato", f.sessions[string(hashOf(cookies["duradesk_session"]))].Agent)
	end, _ = browse(t, desk, desk.URL+"/api/v1/session/oidc?to=//evil.example", nil)
	require.Equal(t, "/", end.Header.Get("Location"), "nobody is led elsewhere")
	end, _ = browse(t, desk, desk.URL+"/api/v1/session/oidc", func(l string) string {
		require.NotContains(t, l, "code_verifier")
		return l
	})
	require.Equal(t, http.StatusSeeOther, end.StatusCode)
}

func TestWhoIsNotLetInFromElsewhere(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f, desk := deskOver(t, p, nil)
	sato := func() map[string]any {
		return map[string]any{"sub": "1", "email": "sato@desk.example", "email_verified": true}
	}
	refusedWith := func(what string) {
		t.Helper()
		end, cookies := browse(t, desk, desk.URL+"/api/v1/session/oidc", nil)
		require.Equal(t, http.StatusUnauthorized, end.StatusCode, what)
		require.Empty(t, cookies, what)
		require.Empty(t, f.sessions, what)
	}
	for what, change := range map[string]func(c map[string]any){
		"an address that is not verified": func(c map[string]any) { c["email_verified"] = false },
		"no word on it":                   func(c map[string]any) { delete(c, "email_verified") },
		"nobody's address":                func(c map[string]any) { c["email"] = "ghost@desk.example" },
		"no address":                      func(c map[string]any) { delete(c, "email") },
		"a key for an address":            func(c map[string]any) { c["email"] = "sato" },
		"another nonce":                   func(c map[string]any) { c["nonce"] = "x" },
		"another audience":                func(c map[string]any) { c["aud"] = "other" },
		"another issuer":                  func(c map[string]any) { c["iss"] = "https://evil.example" },
		"an old token":                    func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() },
	} {
		p.claims, p.spoil = sato(), change
		refusedWith(what)
	}
	p.spoil, p.forged = nil, true
	refusedWith("a forged signature")
	p.forged = false
	// The browser of somebody else: without its cookie, a code that was caught is worth nothing.
	var caught string
	end, _ := browse(t, desk, desk.URL+"/api/v1/session/oidc", func(l string) string {
		if strings.Contains(l, "code=") {
			caught = l
			return desk.URL + "/api/v1/session/oidc/callback?error=access_denied"
		}
		return l
	})
	require.Equal(t, http.StatusUnauthorized, end.StatusCode)
	end, _ = browse(t, desk, caught, nil)
	require.Equal(t, http.StatusUnauthorized, end.StatusCode)
	f.now = time.Now()
	disabled := f.people["sato"]
	disabled.Disabled = &f.now
	f.people["sato"] = disabled
	refusedWith("who is disabled")
}

func TestRolesByGroups(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f, desk := deskOver(t, p, map[string]ticket.Role{"desk": ticket.RoleAgent, "leads": ticket.RoleLead})
	for _, c := range []struct {
		groups []string
		want   ticket.Role
	}{{[]string{"all", "desk"}, ticket.RoleAgent}, {[]string{"leads", "desk"}, ticket.RoleLead}, {[]string{"all"}, ticket.NoRole}, {nil, ticket.NoRole}} {
		p.claims = map[string]any{"sub": "1", "email": "sato@desk.example", "email_verified": true, "groups": c.groups}
		end, _ := browse(t, desk, desk.URL+"/api/v1/session/oidc", nil)
		if c.want == ticket.NoRole {
			require.Equal(t, http.StatusUnauthorized, end.StatusCode)
			continue
		}
		require.Equal(t, http.StatusSeeOther, end.StatusCode)
		require.Equal(t, c.want, f.people["sato"].Role)
	}
}

func TestAProviderThatIsAway(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	f, desk := deskOver(t, p, nil)
	p.Close()
	end, _ := browse(t, desk, desk.URL+"/api/v1/session/oidc", nil)
	require.Equal(t, http.StatusBadGateway, end.StatusCode)
	require.Empty(t, f.flows)
	_, door := fresh(t)
	call(t, door, "", "GET", "/api/v1/session/oidc", "").is(t, 404, "not-found")
	call(t, door, "", "GET", "/api/v1/session/oidc/callback", "").is(t, 404, "not-found")
	r := call(t, door, "", "GET", "/api/v1/session/ways", "")
	require.Nil(t, r.at("oidc"))
	for to, want := range map[string]string{"": "/", "/tickets/1": "/tickets/1", "//evil": "/", `/\evil`: "/", "https://evil": "/", "x": "/", "/": "/"} {
		require.Equal(t, want, ownPath(to), to)
	}
}
