package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

func TestTheTicketIsAsTheContractShowsIt(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	r := call(t, door, bootstrap, "GET", "/api/v1/tickets/1043", "")
	r.is(t, 200)
	for _, name := range []string{
		"number", "title", "desk", "state", "hold", "owner", "group", "tier", "priority", "type", "channel", "language", "reception_type", "tags", "fields", "client",
		"created_at", "updated_at", "resolved_at", "closes_at", "due_at", "clocks", "last_message", "links", "revision", "workflow_id", "temporal_url", "allowed",
	} {
		require.Contains(t, r.json, name)
	}
	for _, name := range []string{"hold", "owner", "reception_type", "resolved_at", "closes_at", "due_at", "last_message"} {
		require.Nil(t, r.json[name], "absent values are null: %s", name)
	}
	require.Equal(t, []any{}, r.at("tags"))
	require.Equal(t, map[string]any{}, r.at("fields"))
	require.Equal(t, map[string]any{"id": "c_01", "name": "山田", "email": "yamada@client.example", "phone": nil, "number": nil, "access": "none"}, r.at("client"))
	require.Equal(t, map[string]any{"id": "first_response", "kind": "first_response", "state": "running", "due_at": "2026-11-24T16:00:00Z", "met_at": nil, "warn_at": "2026-11-24T14:30:00Z", "used_minutes": 0.0}, r.at("clocks", 0))
	require.Equal(t, "2026-11-24T10:00:00Z", r.at("created_at"))
	require.Equal(t, "ticket-1043", r.at("workflow_id"))
	require.Equal(t, "http://temporal.example:8233/namespaces/default/workflows/ticket-1043", r.at("temporal_url"))
	require.Contains(t, r.at("allowed"), map[string]any{"command": "resolve"})
	require.Contains(t, r.at("allowed"), map[string]any{"command": "restore", "reason": "not_in_spam", "reason_text": "The ticket is not in the spam box."})
}

func TestTimelineByPages(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	whole := call(t, door, bootstrap, "GET", "/api/v1/tickets/1045/timeline", "")
	whole.is(t, 200)
	all, _ := whole.at("items").([]any)
	require.Len(t, all, len(f.items[1045]))
	require.Equal(t, "message", whole.at("items", 0, "type"))
	require.Equal(t, "/api/v1/messages/m-1045/raw", whole.at("items", 0, "raw"))
	first, _ := all[0].(map[string]any)
	require.NotContains(t, first, "event", "fields that don't apply are left out")
	require.NotContains(t, first, "delivery")
	var paged []any
	target := "/api/v1/tickets/1045/timeline?limit=1"
	for range all {
		r := call(t, door, bootstrap, "GET", target, "")
		page, _ := r.at("items").([]any)
		paged = append(paged, page...)
		next, more := r.at("next_cursor").(string)
		if !more {
			break
		}
		target = "/api/v1/tickets/1045/timeline?limit=1&cursor=" + urlEscape(next)
	}
	require.Equal(t, all, paged)

	paged, target = nil, "/api/v1/tickets/1045/timeline?limit=1&newest=true"
	for range all {
		r := call(t, door, bootstrap, "GET", target, "")
		page, _ := r.at("items").([]any)
		paged = append(page, paged...)
		next, more := r.at("next_cursor").(string)
		if !more {
			break
		}
		target = "/api/v1/tickets/1045/timeline?limit=1&cursor=" + urlEscape(next) // the cursor knows the way
	}
	require.Equal(t, all, paged, "backwards")
}

func TestListByPages(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	r := call(t, door, bootstrap, "GET", "/api/v1/tickets?limit=2", "")
	require.EqualValues(t, 5, r.at("total"))
	require.Equal(t, false, r.at("total_capped"))
	require.Len(t, r.at("items"), 2)
	next, _ := r.at("next_cursor").(string)
	r = call(t, door, bootstrap, "GET", "/api/v1/tickets?limit=200&cursor="+next, "")
	require.Len(t, r.at("items"), 3)
	require.Nil(t, r.at("next_cursor"))
}

func TestFuture(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/resolve", "").is(t, 200)
	r := call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/future", "")
	require.Equal(t, map[string]any{"at": "2026-12-08T10:00:00Z", "timer": "auto_close", "effect": "closed", "why": "A resolved ticket closes by itself when nobody writes any more."}, r.at("items", 0))
}

func TestWhatStrangersSentIsInert(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	r := call(t, door, bootstrap, "GET", "/api/v1/attachments/f-1042", "")
	r.is(t, 200)
	require.Equal(t, `attachment; filename*=utf-8''%E8%AB%8B%E6%B1%82%E6%9B%B8%20%221%22.html`, r.Header.Get("Content-Disposition"))
	require.Equal(t, "sandbox; default-src 'none'", r.Header.Get("Content-Security-Policy"))
	require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	r = call(t, door, bootstrap, "GET", "/api/v1/messages/m-1042/raw", "")
	require.Equal(t, "message/rfc822", r.Header.Get("Content-Type"))
	require.Equal(t, "Subject: x\r\n\r\nbody\r\n", string(r.raw))
}

func TestRoutesThatAreNone(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	r := call(t, door, bootstrap, "PUT", "/api/v1/tickets/1042", "{}")
	r.is(t, 405, "wrong-method")
	require.Equal(t, "GET", r.Header.Get("Allow"))
	r = call(t, door, bootstrap, "DELETE", "/api/v1/tickets", "")
	r.is(t, 405, "wrong-method")
	require.Equal(t, "GET, POST", r.Header.Get("Allow"))
	require.Contains(t, r.at("detail"), "GET, POST")
	call(t, door, "", "BREW", "/api/v1/tickets", "").is(t, 405, "wrong-method")
	call(t, door, "", "GET", "/api/nothing/here", "").is(t, 404, "unknown-route")
	call(t, door, bootstrap, "GET", "/api/v1/tickets/", "").is(t, 404, "unknown-route")
	require.Equal(t, 200, call(t, door, bootstrap, "HEAD", "/api/v1/tickets/1042", "").StatusCode)
	call(t, door, "", "GET", "/problems/refused", "").is(t, 200)
	call(t, door, "", "GET", "/problems/none", "").is(t, 404, "not-found")
}

func TestAPanicIsOurFaultAndStaysInTheLog(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.panics = true
	var log bytes.Buffer
	door := New(Options{Reader: f, Queue: f, Bell: f, People: (*fakePeople)(f), House: (*fakeHouse)(f), Mailroom: f, Health: f, Identity: (*fakeIdentity)(f), BootstrapToken: bootstrap, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	r := call(t, door, bootstrap, "GET", "/api/v1/views", "")
	r.is(t, 500, "internal")
	require.NotContains(t, string(r.raw), "panics")
	require.Contains(t, log.String(), "a handler's port panics")
	require.Contains(t, log.String(), "fakes_test.go")

	f.panics, f.away = false, errors.New(`pq: password "hunter2" is wrong`)
	r = call(t, door, bootstrap, "GET", "/api/v1/views", "")
	r.is(t, 500, "internal")
	require.NotContains(t, string(r.raw), "hunter2")
}

func TestTheLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	f := newFake()
	var log bytes.Buffer
	door := New(Options{
		Reader: f, Queue: f, Bell: f, People: (*fakePeople)(f), House: (*fakeHouse)(f), Mailroom: f, Health: f, Identity: (*fakeIdentity)(f), BootstrapToken: bootstrap,
		Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	call(t, door, bootstrap, "GET", "/api/v1/tickets?q=geheim", "", "X-Request-Id", "abc-1").is(t, 200)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"geheim"}}`).is(t, 200)
	call(t, door, "geheim", "GET", "/api/v1/tickets", "", "X-Request-Id", "bad\nid").is(t, 401)
	require.NotContains(t, log.String(), "geheim")
	require.NotContains(t, log.String(), bootstrap)
	line := map[string]any{}
	require.NoError(t, json.Unmarshal([]byte(strings.SplitN(log.String(), "\n", 2)[0]), &line))
	require.Equal(t, "abc-1", line["request_id"])
	require.Equal(t, "/api/v1/tickets", line["route"])
	require.Equal(t, "admin", line["agent"])
	require.EqualValues(t, 200, line["status"])
}

func TestFiguresByRoute(t *testing.T) {
	t.Parallel()
	f := newFake()
	registry := prometheus.NewRegistry()
	door := New(Options{Reader: f, Queue: f, Bell: f, People: (*fakePeople)(f), House: (*fakeHouse)(f), Mailroom: f, Health: f, Identity: (*fakeIdentity)(f), BootstrapToken: bootstrap, Registry: registry})
	call(t, door, bootstrap, "GET", "/api/v1/tickets/1042", "").is(t, 200)
	call(t, door, bootstrap, "GET", "/api/v1/tickets/9999", "").is(t, 404)
	call(t, door, bootstrap, "GET", "/"+strings.Repeat("x", 50), "").is(t, 404)
	call(t, door, bootstrap, "WEIRD", "/api/v1/tickets", "").is(t, 405)
	r := call(t, door, "", "GET", "/metrics", "")
	r.is(t, 200)
	require.Contains(t, string(r.raw), `duradesk_http_request_duration_seconds_count{method="GET",route="/api/v1/tickets/:number",status="200"} 1`)
	require.Contains(t, string(r.raw), `duradesk_http_request_duration_seconds_count{method="GET",route="/api/v1/tickets/:number",status="404"} 1`)
	require.Contains(t, string(r.raw), `route="unmatched"`)
	require.NotContains(t, string(r.raw), "WEIRD")
	require.NotContains(t, string(r.raw), "xxxx")
	require.NotContains(t, string(r.raw), "go_goroutines", "a given registry holds what its owner puts there")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	call(t, door, "", "GET", "/healthz", "").is(t, 200)
	f.parts[1].OK = false // Temporal is away: commands are still taken
	r := call(t, door, "", "GET", "/readyz", "")
	r.is(t, 200)
	require.Equal(t, false, r.at("parts", 1, "ok"))
	f.parts[0].OK = false
	r = call(t, door, "", "GET", "/readyz", "")
	r.is(t, 503)
	require.Equal(t, "not_ready", r.at("status"))

	// Why names hosts and users: strangers are not told.
	f.parts[0].Detail = "user=duradesk host=db.internal: refused"
	why := func(token, from string, headers ...string) any {
		r := httptest.NewRequest("GET", "/readyz", nil)
		r.RemoteAddr = from
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		for _, h := range headers {
			r.Header.Set(h, "192.0.2.1")
		}
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		var body struct {
			Parts []struct{ Detail string }
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
		return body.Parts[0].Detail
	}
	require.Equal(t, f.parts[0].Detail, why("", "127.0.0.1:5000"))
	require.Equal(t, f.parts[0].Detail, why(bootstrap, "192.0.2.1:5000"))
	require.Empty(t, why("", "192.0.2.1:5000"))
	require.Empty(t, why("nobody's", "192.0.2.1:5000"))
	require.Empty(t, why("", "127.0.0.1:5000", "X-Forwarded-For"), "a proxy on this machine asks for a stranger")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	for _, path := range []string{"/api", "/api/v1/tickets", "/api/nothing", "/api/docs", "/healthz"} {
		r := call(t, door, bootstrap, "GET", path, "")
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", r.Header.Get("Referrer-Policy"))
		require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
		require.NotEmpty(t, r.Header.Get("X-Request-Id"))
	}
}

var offOrigin = regexp.MustCompile(`(?i)(src|href|action|url\(|import)\s*=?\s*["'(]?\s*(https?:)?//`)

func TestTheDocsPageNeedsNoOtherHost(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	page := call(t, door, "", "GET", "/api/docs", "")
	page.is(t, 200)
	require.NotRegexp(t, offOrigin, string(page.raw))
	require.NotContains(t, page.Header.Get("Content-Security-Policy"), "http")
	scripts := regexp.MustCompile(`src="([^"]+)"`).FindAllStringSubmatch(string(page.raw), -1)
	require.Len(t, scripts, 2)
	for _, s := range scripts {
		r := call(t, door, "", "GET", s[1], "")
		r.is(t, 200)
		require.Equal(t, "text/javascript; charset=utf-8", r.Header.Get("Content-Type"))
		require.Greater(t, len(r.raw), 100)
	}
	start := call(t, door, "", "GET", "/api/docs/start.js", "")
	require.NotRegexp(t, `https?://`, string(start.raw))
	packed := call(t, door, "", "GET", "/api/docs/scalar.js", "", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", packed.Header.Get("Content-Encoding"))
	z, err := gzip.NewReader(bytes.NewReader(packed.raw))
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	noted, err := os.ReadFile("docs/scalar.sha256")
	require.NoError(t, err)
	require.Equal(t, strings.Fields(string(noted))[0], hexSHA256(plain))
	call(t, door, "", "GET", "/api/docs/index.html", "").is(t, 404, "not-found")
	call(t, door, "", "GET", "/api/docs/..%2Fdoc.go", "").is(t, 404, "not-found")
}

// TestSlowClientsAreCutOff: a header that never ends does not hold a connection.
func TestSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	s := NewServer("127.0.0.1:0", door)
	require.LessOrEqual(t, s.ReadHeaderTimeout, 5*time.Second)
	require.NotZero(t, s.ReadTimeout)
	require.Greater(t, s.WriteTimeout, longest+portTime)
	s.ReadHeaderTimeout = 100 * time.Millisecond
	l, err := net.Listen("tcp", s.Addr)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
	})
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	rest, err := io.ReadAll(conn)
	require.NoError(t, err, "the server hangs up")
	require.NotContains(t, string(rest), "200")
}

func TestAMailInTheQuarantineIsSeenAndReadAgain(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead, scopeAct)
	r := call(t, door, sato, "GET", "/api/v1/quarantine/box-1/1/98/raw", "")
	r.is(t, 200)
	require.Contains(t, r.Header.Get("Content-Disposition"), "attachment")
	require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
	call(t, door, sato, "POST", "/api/v1/quarantine/box-1/1/98/retry", "").is(t, 204)
	call(t, door, sato, "POST", "/api/v1/quarantine/box-1/1/98/retry", "").is(t, 409, "conflict")
	for _, path := range []string{"box-2/1/97", "box-1/1/4294967295", "box-1/2/98", "nowhere/1/98"} { // another desk's, or none
		call(t, door, sato, "GET", "/api/v1/quarantine/"+path+"/raw", "").is(t, 404, "not-found")
		call(t, door, sato, "POST", "/api/v1/quarantine/"+path+"/retry", "").is(t, 404, "not-found")
	}
}
