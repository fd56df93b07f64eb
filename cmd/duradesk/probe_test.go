package main

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProbeTellsReadyFromNotReady(t *testing.T) {
	t.Parallel()
	parts := http.NewServeMux()
	parts.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	parts.HandleFunc("GET /waits", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the database is away", http.StatusServiceUnavailable)
	})
	parts.HandleFunc("GET /stalls", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := httptest.NewServer(parts)
	t.Cleanup(server.Close)
	open := server.Listener.Addr().String()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())

	for _, c := range []struct {
		name   string
		args   []string
		code   int
		reason string
	}{
		{"ready", []string{server.URL + "/readyz"}, 0, ""},
		{"not ready", []string{server.URL + "/waits"}, 1, "503 Service Unavailable: the database is away"},
		{"too slow", []string{server.URL + "/stalls", "--timeout=50ms"}, 1, "not ready: "},
		{"port open", []string{"tcp://" + open}, 0, ""},
		{"port closed", []string{"tcp://" + gone.Addr().String()}, 1, "refused"},
		{"nobody there", []string{"http://" + gone.Addr().String()}, 1, "refused"},
		{"no address", []string{"readyz"}, 1, "neither"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stderr bytes.Buffer
			require.Equal(t, c.code, run(t.Context(), append([]string{"probe"}, c.args...), &stderr), stderr.String())
			require.Contains(t, stderr.String(), c.reason)
		})
	}
}
