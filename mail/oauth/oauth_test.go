package oauth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/mail/oauth"
)

func TestATokenIsAskedFor(t *testing.T) {
	t.Parallel()
	var got map[string][]string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got = r.PostForm
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"a1","refresh_token":"r2","expires_in":3600,"token_type":"Bearer"}`))
	}))
	t.Cleanup(s.Close)
	g, err := oauth.Client{}.Token(t.Context(), oauth.Request{URL: s.URL, ClientID: "desk", ClientSecret: "geheim", Refresh: "r1", Scope: "mail offline_access"})
	require.NoError(t, err)
	require.Equal(t, oauth.Grant{Access: "a1", Refresh: "r2", Lasts: time.Hour}, g)
	require.Equal(t, map[string][]string{
		"grant_type": {"refresh_token"}, "refresh_token": {"r1"}, "client_id": {"desk"}, "client_secret": {"geheim"}, "scope": {"mail offline_access"},
	}, got)
	_, err = oauth.Client{}.Token(t.Context(), oauth.Request{URL: s.URL, ClientID: "desk", ClientSecret: "geheim", Scope: ".default"})
	require.NoError(t, err)
	require.Equal(t, []string{"client_credentials"}, got["grant_type"], "without a refresh token in its own name")
	require.NotContains(t, got, "refresh_token")
}

func TestWhatATokenServerMayAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		status  int
		body    string
		refused string // code; "": worth another try
		said    string
	}{
		{"spent", 400, `{"error":"invalid_grant","error_description":"Token has been\n revoked."}`, "invalid_grant", "invalid_grant: Token has been revoked."},
		{"client", 401, `{"error":"invalid_client"}`, "invalid_client", "invalid_client"},
		{"busy", 503, `<html>`, "", "503 Service Unavailable"},
		{"too often", 429, `{"error":"invalid_grant"}`, "", "429"},
		{"patience", 400, `{"error":"temporarily_unavailable"}`, "", "patience"},
		{"page", 200, `<html>login</html>`, "", "is the token URL right?"},
		{"empty", 200, `{}`, "", "holds no token"},
		{"injection", 200, `{"access_token":"a\r\nb"}`, "", "line break"},
		{"elsewhere", 302, ``, "", "302"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("secrets were sent on") }))
			t.Cleanup(elsewhere.Close)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", elsewhere.URL)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			t.Cleanup(s.Close)
			_, err := oauth.Client{}.Token(t.Context(), oauth.Request{URL: s.URL, ClientID: "desk", Refresh: "geheim-17"})
			require.ErrorContains(t, err, c.said)
			require.NotContains(t, err.Error(), "geheim-17")
			var refused *oauth.Refused
			require.Equal(t, c.refused != "", errors.As(err, &refused))
			if refused != nil {
				require.Equal(t, c.refused, refused.Code)
			}
		})
	}
}

func TestLifeOfATokenThatIsNotTold(t *testing.T) {
	t.Parallel()
	for body, lasts := range map[string]time.Duration{
		`{"access_token":"a"}`:                          time.Hour,
		`{"access_token":"a","expires_in":"1800"}`:      30 * time.Minute,
		`{"access_token":"a","expires_in":-5}`:          time.Hour,
		`{"access_token":"a","expires_in":99999999999}`: time.Hour,
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		g, err := oauth.Client{}.Token(t.Context(), oauth.Request{URL: s.URL, Refresh: "r1"})
		s.Close()
		require.NoError(t, err, body)
		require.Equal(t, lasts, g.Lasts, body)
		require.Equal(t, "r1", g.Refresh, "the refresh token stays where no other is given")
	}
}

func TestSecretsAreSentProtectedOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://login.example/token", "ftp://127.0.0.1/x", "login.example", "https://user:pass@login.example/", "https://login.example/#x", ""} {
		var refused *oauth.Refused
		_, err := oauth.Client{}.Token(t.Context(), oauth.Request{URL: address})
		require.ErrorAs(t, err, &refused, address)
	}
	require.NoError(t, oauth.CheckURL("https://login.example/token?x=1"))
	require.NoError(t, oauth.CheckURL("http://[::1]:8080/token"))
}
