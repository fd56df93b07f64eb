package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"duradesk/postgres"
)

// wellTemporal answers as long as somebody waits for it.
type wellTemporal struct{ client.Client }

func (wellTemporal) CheckHealth(ctx context.Context, _ *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return &client.CheckHealthResponse{}, ctx.Err()
}

func TestADatabaseThatHangsDoesNotMakeTemporalLookAway(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // connections are taken, and nothing is said
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: "postgres://nobody@" + silent.Addr().String() + "/none?sslmode=disable", Wait: postgres.Lazily})
	require.NoError(t, err)
	defer store.Close()
	ctx, done := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer done()
	parts := partsOf(ctx, store, wellTemporal{}, false)
	require.Len(t, parts, 2)
	require.False(t, parts[0].OK)
	require.NotEmpty(t, parts[0].Detail)
	require.Equal(t, part{Name: "temporal", OK: true}, parts[1])
}
