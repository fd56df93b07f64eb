package main

import (
	"strings"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/testing/freeport"
)

const (
	loopback    = "127.0.0.1"
	metricsPath = "/metrics"
	storeName   = "sqlite"

	// The names and the shard count that start-dev uses: they are written into
	// the file, and a file may pass from one to the other.
	clusterName   = "active"
	historyShards = 1
)

// serverConfig describes a cluster of one process. Only the frontend listens
// where the options say; the services behind it stay on loopback.
func serverConfig(opts *options, database *config.SQL) *config.Config {
	disabled := "disabled"
	httpPort := opts.httpPort
	if httpPort == 0 {
		// The server's own parts call each other over HTTP too, so there is always
		// a port, as with start-dev; it is only announced where it was asked for.
		httpPort = freeport.MustGetFreePort()
	}
	conf := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: historyShards,
			DataStores:       map[string]config.DataStore{storeName: {SQL: database}},
		},
		ClusterMetadata:     clusterMetadata(opts, httpPort),
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: address(reachable(opts.ip), opts.port)},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: disabled},
			Visibility: config.VisibilityArchival{State: disabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
		}},
		Services: map[string]config.Service{
			string(primitives.FrontendService): {RPC: config.RPC{GRPCPort: opts.port, HTTPPort: httpPort, BindOnIP: opts.ip}},
			string(primitives.HistoryService):  internalService(),
			string(primitives.MatchingService): internalService(),
			string(primitives.WorkerService):   internalService(),
		},
	}
	conf.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback}
	if opts.metricsPort != 0 {
		conf.Global.Metrics = &metrics.Config{Prometheus: &metrics.PrometheusConfig{
			ListenAddress: address(opts.ip, opts.metricsPort),
			HandlerPath:   metricsPath,
		}}
	}
	return conf
}

func clusterMetadata(opts *options, httpPort int) *cluster.Config {
	info := cluster.ClusterInformation{
		Enabled:                true,
		InitialFailoverVersion: 1,
		RPCAddress:             address(reachable(opts.ip), opts.port),
		HTTPAddress:            address(reachable(opts.ip), httpPort),
	}
	return &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation:       map[string]cluster.ClusterInformation{clusterName: info},
	}
}

// internalService gets a port that the kernel does not hand out again for a
// minute, so that servers started side by side do not take each other's.
func internalService() config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: freeport.MustGetFreePort(), BindOnIP: loopback}}
}

// bracketed writes an address as it stands before a port.
func bracketed(ip string) string {
	if strings.Contains(ip, ":") {
		return "[" + ip + "]"
	}
	return ip
}
