package post

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"duradesk/webhook"
)

func TestAPostIsSignedAndCanBeVerified(t *testing.T) {
	t.Parallel()
	secrets := []string{webhook.NewSecret(), webhook.NewSecret()}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		h := r.Header.Get
		for _, secret := range secrets {
			err = errors.Join(err, webhook.Verify([]string{secret}, h(webhook.HeaderID), h(webhook.HeaderTimestamp), h(webhook.HeaderSignature), body, time.Now()))
		}
		if err != nil || string(body) != `{"id":1}` || h("Content-Type") != "application/json" {
			w.WriteHeader(400)
		}
	}))
	t.Cleanup(s.Close)
	a := New(Config{Allowed: webhook.Hosts{"127.0.0.1"}}).Post(t.Context(), s.URL, "evt_1", secrets, []byte(`{"id":1}`))
	require.True(t, a.OK(), a)
	require.Positive(t, a.Took)
}

func TestWhatIsNoSuccess(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	hold := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(503) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/hang", func(http.ResponseWriter, *http.Request) { <-hold })
	mux.HandleFunc("/break", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(hold) })
	c := New(Config{Allowed: webhook.Hosts{"127.0.0.1"}, Timeout: 300 * time.Millisecond})
	secrets := []string{webhook.NewSecret()}
	for path, want := range map[string]Answer{
		"/busy":  {Status: 503, Error: "answered 503", Wait: 7 * time.Second},
		"/away":  {Status: 307, Error: "answered 307: redirects are not followed"},
		"/hang":  {Error: "no answer in time", Unanswered: true},
		"/break": {Error: "the connection broke before an answer", Unanswered: true},
	} {
		a := c.Post(t.Context(), s.URL+path, "evt_1", secrets, nil)
		a.Took = 0
		require.Equal(t, want, a, path)
	}
	require.Zero(t, elsewhere.Load())
	a := c.Post(t.Context(), "http://127.0.0.1:1/", "evt_1", secrets, nil)
	require.Equal(t, "nobody listens there", a.Error)
	require.False(t, a.Unanswered, "nothing has left")
	require.Contains(t, c.Post(t.Context(), s.URL, "evt_1", []string{"x"}, nil).Error, "whsec_")
}

// TestNothingInsideIsDialled: by address, by name, by a name that means something else at the second look, by redirect.
func TestNothingInsideIsDialled(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	secrets := []string{webhook.NewSecret()}
	c := New(Config{Lookup: liar(t)})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "rebound.example", "2130706433", "127.1"} {
		a := c.Post(t.Context(), "http://"+host+":"+port+"/", "evt_1", secrets, nil)
		require.Zero(t, a.Status, host)
		require.NotEmpty(t, a.Error, host)
	}
	require.Zero(t, reached.Load())
	require.Equal(t, webhook.ErrAddress.Error(), c.Post(t.Context(), "http://rebound.example:"+port+"/", "evt_1", secrets, nil).Error)
	// The same name, allowed by an admin, is called.
	named := New(Config{Lookup: liar(t), Allowed: webhook.Hosts{"rebound.example:" + port}})
	require.True(t, named.Post(t.Context(), "http://rebound.example:"+port+"/", "evt_1", secrets, nil).OK())
	require.EqualValues(t, 1, reached.Load())
}

// liar is a resolver for whom every name is 127.0.0.1.
func liar(t *testing.T) *net.Resolver {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := l.ReadFrom(b)
			if err != nil {
				return
			}
			if reply, err := lie(b[:n]); err == nil {
				_, _ = l.WriteTo(reply, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", l.LocalAddr().String())
	}}
}

func lie(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0}, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	return m.Pack()
}

func TestReasonsTellNoSecrets(t *testing.T) {
	t.Parallel()
	a := New(Config{}).Post(t.Context(), "http://10.0.0.1/secret-path?token=abc", "evt_1", []string{webhook.NewSecret()}, nil)
	require.False(t, strings.Contains(a.Error, "secret-path") || strings.Contains(a.Error, "abc"), a.Error)
	require.Equal(t, "the connection failed: dial", reason(&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}))
	require.Equal(t, "no proper answer", reason(errors.New("x")))
}
