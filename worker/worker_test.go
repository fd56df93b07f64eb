package worker

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/activities"
	"duradesk/dispatch/temporaltest"
	"duradesk/workflows"
)

func idle() Parts {
	log := slog.New(slog.DiscardHandler)
	return Parts{
		Desk: &workflows.Desk{}, Tickets: &activities.Tickets{Log: log}, Deliveries: &activities.Deliveries{Log: log}, Mailboxes: &activities.Mailboxes{Log: log},
	}
}

func TestPollersAreSeenWhileAWorkerWorks(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	c := temporaltest.Client(t, namespace)
	require.Equal(t, Part{Name: "pollers", Needed: true, Detail: "nobody polls duradesk-mail yet"}, Pollers(t.Context(), c, namespace))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- New(c, idle()).Run(ctx) }()
	require.Eventually(t, func() bool { return Pollers(ctx, c, namespace).OK }, time.Minute, 50*time.Millisecond)
	cancel()
	require.NoError(t, <-done, "an orderly stop is no error")
}

func TestPollersOfATemporalThatIsAwayAreNotKnown(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	c := temporaltest.Client(t, namespace)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := Pollers(ctx, c, namespace)
	require.False(t, p.OK)
	require.Contains(t, p.Detail, "does not tell")
}

func TestAStopForAReasonTellsIt(t *testing.T) {
	t.Parallel()
	c := temporaltest.Client(t, temporaltest.Namespace(t))
	ctx, cancel := context.WithCancelCause(t.Context())
	broken := errors.New("the other half is broken")
	cancel(broken)
	require.ErrorIs(t, New(c, idle()).Run(ctx), broken)
}

func TestReadyMeansThatEveryNeededPartIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		parts  []Part
		status int
		word   string
	}{
		{[]Part{{Name: "database", OK: true, Needed: true}, {Name: "extra", Detail: "away"}}, http.StatusOK, "ok"},
		{[]Part{{Name: "database", Needed: true, Detail: "refused"}, {Name: "temporal", OK: true, Needed: true}}, http.StatusServiceUnavailable, "unavailable"},
	} {
		h := Health(func(context.Context) []Part { return slices.Clone(c.parts) }, http.NotFoundHandler())
		ask := func(from string, headers ...string) []Part {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/readyz", nil)
			r.RemoteAddr = from
			for _, h := range headers {
				r.Header.Set(h, "192.0.2.1")
			}
			h.ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code)
			var body struct {
				Status string
				Parts  []Part
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
			require.Equal(t, c.word, body.Status)
			return body.Parts
		}
		require.Equal(t, c.parts, ask("127.0.0.1:40000"))
		require.Equal(t, c.parts, ask("[::1]:40000"))
		for _, seen := range [][]Part{ask("192.0.2.1:40000"), ask("127.0.0.1:40000", "X-Forwarded-For"), ask("127.0.0.1:40000", "Forwarded")} {
			require.Len(t, seen, len(c.parts))
			for i, p := range seen {
				require.Equal(t, Part{Name: c.parts[i].Name, OK: c.parts[i].OK, Needed: c.parts[i].Needed}, p, "hosts and users are not told to strangers")
			}
		}

		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		require.Equal(t, http.StatusOK, w.Code, "alive, ready or not")
	}
}

func TestAHealthThatHangsEndsInTime(t *testing.T) {
	t.Parallel()
	h := Health(func(ctx context.Context) []Part {
		<-ctx.Done()
		return []Part{{Name: "database", Needed: true, Detail: ctx.Err().Error()}}
	}, http.NotFoundHandler())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
}
