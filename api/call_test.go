package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reply is what came back.
type reply struct {
	*http.Response
	raw  []byte
	json map[string]any // nil where the body is none
}

// call sends a request as somebody; headers come in pairs.
func call(t *testing.T, door http.Handler, token, method, target, body string, headers ...string) reply {
	t.Helper()
	out, err := send(door, token, method, target, body, headers...)
	require.NoError(t, err, string(out.raw))
	return out
}

// send is call from any goroutine.
func send(door http.Handler, token, method, target, body string, headers ...string) (out reply, err error) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	door.ServeHTTP(w, r)
	out.Response = w.Result()
	if out.raw, err = io.ReadAll(out.Body); err == nil {
		err = out.Body.Close()
	}
	if err == nil && strings.Contains(out.Header.Get("Content-Type"), "json") {
		err = json.Unmarshal(out.raw, &out.json)
	}
	return out, err
}

// at walks into the JSON by names and indexes.
func (r reply) at(path ...any) any {
	var v any = r.json
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

// is holds the status, and for problems the type.
func (r reply) is(t *testing.T, status int, problem ...string) {
	t.Helper()
	require.Equal(t, status, r.StatusCode, string(r.raw))
	if len(problem) == 0 {
		return
	}
	require.Equal(t, "application/problem+json; charset=utf-8", r.Header.Get("Content-Type"))
	require.Equal(t, "/problems/"+problem[0], r.at("type"), string(r.raw))
	require.EqualValues(t, status, r.at("status"))
	require.NotEmpty(t, r.at("title"))
	require.NotEmpty(t, r.at("request_id"))
	require.Equal(t, r.Header.Get("X-Request-Id"), r.at("request_id"))
}

// pointers of the faults.
func (r reply) pointers() []string {
	var out []string
	list, _ := r.at("errors").([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		for _, name := range []string{"pointer", "parameter"} {
			if p, ok := m[name].(string); ok {
				out = append(out, p)
			}
		}
	}
	return out
}

func urlEscape(s string) string { return url.QueryEscape(s) }

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
