package objects

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"
)

// store is a server that speaks S3 and fails when it is told to.
func store(t *testing.T) (Config, *atomic.Bool) {
	t.Helper()
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("desk"))
	inner, broken := gofakes3.New(backend).Server(), &atomic.Bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return Config{Endpoint: server.URL, Bucket: "desk", Region: "eu-west-1", Prefix: "files/", Access: "key", Secret: "secret"}, broken
}

func TestAnObjectIsKeptAndGivenBack(t *testing.T) {
	t.Parallel()
	config, broken := store(t)
	b, err := Open(config)
	require.NoError(t, err)
	require.NoError(t, b.Check(t.Context()))
	data := strings.Repeat("0123456789", 700_000) // above what the library would cut into parts
	require.NoError(t, b.Put(t.Context(), "a/1", strings.NewReader(data), int64(len(data))))

	read := func(key string, from int64) string {
		t.Helper()
		body, err := b.Open(t.Context(), key, from)
		require.NoError(t, err)
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		require.NoError(t, body.Close())
		return string(got)
	}
	require.Equal(t, data, read("a/1", 0))
	require.Equal(t, "789", read("a/1", int64(len(data))-3))
	_, err = b.Open(t.Context(), "a/3", 0)
	require.Error(t, err)

	broken.Store(true)
	require.Error(t, b.Put(t.Context(), "a/4", strings.NewReader("x"), 1))
	_, err = b.Open(t.Context(), "a/1", 0)
	require.Error(t, err)
	require.Error(t, b.Remove(t.Context(), "a/1"))
	require.Error(t, b.Check(t.Context()))
	broken.Store(false)

	require.Error(t, b.Put(t.Context(), "a/5", strings.NewReader("cut"), 9), "less than was promised")
	_, err = b.Open(t.Context(), "a/5", 0)
	require.Error(t, err, "it is whole or not there")
	require.NoError(t, b.Remove(t.Context(), "a/1"))
	require.NoError(t, b.Remove(t.Context(), "a/1"), "twice is as good")
	_, err = b.Open(t.Context(), "a/1", 0)
	require.Error(t, err)
	config.Bucket = "other"
	other, err := Open(config)
	require.NoError(t, err)
	require.ErrorContains(t, other.Check(t.Context()), "no bucket other")
}

func TestAStoreThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{}, {Endpoint: "s3.example", Bucket: "b"}, {Endpoint: "ftp://s3.example", Bucket: "b"}, {Endpoint: "https://s3.example/path", Bucket: "b"}, {Endpoint: "https://s3.example"}} {
		_, err := Open(c)
		require.Error(t, err, c)
	}
}
