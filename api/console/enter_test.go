package console

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOneTimeLinks: to open one does nothing, the button does; what is wrong is said, and the secret stands in no address.
func TestOneTimeLinks(t *testing.T) {
	t.Parallel()
	var asked []string
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		_ = json.NewDecoder(r.Body).Decode(&body)
		asked = append(asked, r.Method+" "+r.URL.Path+" "+body["link"]+" "+body["password"])
		switch {
		case body["link"] != "good":
			refuse(w, http.StatusUnauthorized)
		case body["password"] == "short":
			refuse(w, http.StatusUnprocessableEntity)
		case r.URL.Path == "/api/v1/password":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Set-Cookie", "session=x")
			w.WriteHeader(http.StatusCreated)
		}
	})
	door := New(Options{API: api, BaseURL: "http://desk.example"})
	ask := func(method, path string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		return w
	}
	for _, path := range []string{"/sign-in/password", "/sign-in/link"} {
		w := ask("GET", path, nil)
		require.Equal(t, 200, w.Code)
		require.Contains(t, w.Body.String(), "enter.js")
		require.Contains(t, w.Body.String(), `action="`+path+`"`)
	}
	require.Empty(t, asked)
	require.Equal(t, 401, ask("POST", "/sign-in/password", url.Values{"link": {"bad"}, "password": {"long enough"}}).Code)
	w := ask("POST", "/sign-in/password", url.Values{"link": {"good"}, "password": {"short"}})
	require.Equal(t, 422, w.Code)
	require.Contains(t, w.Body.String(), `value="good"`, "he may try again")
	w = ask("POST", "/sign-in/password", url.Values{"link": {"good"}, "password": {"long enough"}})
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/sign-in", w.Header().Get("Location"))
	w = ask("POST", "/sign-in/link", url.Values{"link": {"good"}})
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/portal", w.Header().Get("Location"))
	require.Equal(t, "session=x", w.Header().Get("Set-Cookie"))
	require.Equal(t, "POST /api/v1/session good ", asked[len(asked)-1])
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "title": "x", "type": "/problems/x"})
}
