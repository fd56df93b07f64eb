package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/temporal"
)

const production = "../deploy/temporal"

// The server's own code reads what a production machine is given (docs/operators.md). The server that then serves from
// it is tried by following the guide, in deploy.
func TestProductionSettings(t *testing.T) {
	// In quotes, or it would be another value, or no YAML.
	const password = `a "b": #c\d {{e}} 'f'`
	for name, value := range map[string]string{"SQL_HOST": "127.0.0.1", "SQL_PORT": "5432", "SQL_USER": "temporal", "SQL_PASSWORD": password} {
		t.Setenv(name, value)
	}
	conf, err := config.Load(config.WithConfigFile(filepath.Join(production, "server.yaml")))
	require.NoError(t, err)
	require.NoError(t, conf.Validate())

	require.EqualValues(t, 512, conf.Persistence.NumHistoryShards)
	stores := map[string]string{conf.Persistence.DefaultStore: "temporal", conf.Persistence.VisibilityStore: "temporal_visibility"}
	require.Len(t, stores, 2)
	for name, database := range stores {
		store := conf.Persistence.DataStores[name].SQL
		require.Equal(t, "postgres12_pgx", store.PluginName)
		require.Equal(t, database, store.DatabaseName)
		require.Equal(t, "127.0.0.1:5432", store.ConnectAddr)
		require.Equal(t, "temporal", store.User)
		require.Equal(t, password, store.Password)
		require.Equal(t, time.Hour, store.MaxConnLifetime)
		require.Positive(t, store.MaxConns)
		require.Equal(t, store.MaxConns, store.MaxIdleConns)
	}
	require.NotContains(t, conf.String(), `a "b"`, "what the server tells of itself")

	taken := map[int]string{}
	for _, name := range temporal.DefaultServices {
		rpc := conf.Services[name].RPC
		require.Equal(t, loopback, rpc.BindOnIP, name)
		for _, port := range []int{rpc.GRPCPort, rpc.MembershipPort} {
			require.NotZero(t, port, name)
			require.Empty(t, taken[port], name)
			taken[port] = name
		}
	}
	require.Equal(t, loopback, conf.Global.Membership.BroadcastAddress)
	require.Equal(t, "127.0.0.1:8000", conf.Global.Metrics.Prometheus.ListenAddress)
	frontend, active := conf.Services["frontend"].RPC, conf.ClusterMetadata.ClusterInformation[conf.ClusterMetadata.CurrentClusterName]
	require.Equal(t, address(loopback, frontend.GRPCPort), active.RPCAddress)
	require.Equal(t, address(loopback, frontend.HTTPPort), active.HTTPAddress)
	require.True(t, active.Enabled)
	require.Equal(t, clusterName, conf.ClusterMetadata.MasterClusterName)

	require.Equal(t, "/etc/temporal/dynamicconfig.yaml", conf.DynamicConfigClient.Filepath)
	require.Equal(t, time.Minute, conf.DynamicConfigClient.PollInterval)
	text, err := os.ReadFile(filepath.Join(production, "dynamicconfig.yaml"))
	require.NoError(t, err)
	values := dynamicconfig.LoadYamlFile(text)
	require.Empty(t, values.Errors)
	require.Empty(t, values.Warnings)
}

func TestProductionNeedsAPassword(t *testing.T) {
	t.Setenv("SQL_PASSWORD", "")
	_, err := config.Load(config.WithConfigFile(filepath.Join(production, "server.yaml")))
	require.ErrorContains(t, err, "SQL_PASSWORD is not set: it stands in /etc/temporal/temporal.env")
}
