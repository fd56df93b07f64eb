package main

import (
	"context"
	"fmt"
	"io"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
)

// server is the running Temporal server and its Web UI.
type server struct {
	temporal temporal.Server
	ui       *uiserver.Server // nil when headless
	database *config.SQL      // nil when in memory
	logger   *logger
}

// start opens the database, creates the namespaces and starts every service;
// when it returns, the frontend answers. The error is a line for the user.
func start(ctx context.Context, opts *options, logger *logger, stderr io.Writer) (*server, error) {
	values, err := settings(opts.dynamicConfig, logger)
	if err != nil {
		return nil, err
	}
	for _, l := range opts.listeners() {
		if err := l.checkFree(); err != nil {
			return nil, err
		}
	}
	database, err := sqlConfig(opts)
	if err != nil {
		return nil, err
	}
	if opts.dbFilename != "" {
		if err := prepareFile(ctx, opts.dbFilename); err != nil {
			return nil, err
		}
	}
	if err := createNamespaces(database, opts); err != nil {
		return nil, err
	}
	conf := serverConfig(opts, database)
	if opts.logConfig {
		fmt.Fprintln(stderr, conf.String())
	}
	srv := &server{logger: logger}
	if opts.dbFilename != "" {
		srv.database = database
	}
	srv.temporal, err = temporal.NewServer(
		temporal.WithConfig(conf),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts(conf, opts)),
		temporal.WithLogger(logger),
		temporal.WithDynamicConfigClient(values),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
	)
	if err != nil {
		return nil, fmt.Errorf("set up the server: %w", err)
	}
	if err := srv.temporal.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	srv.startUI(opts)
	return srv, nil
}

// createNamespaces adds those that the database does not hold yet. Search
// attributes go to new namespaces only, as with start-dev.
func createNamespaces(database *config.SQL, opts *options) error {
	namespaces := make([]*sqlite.NamespaceConfig, len(opts.namespaces))
	for i, name := range opts.namespaces {
		ns, err := sqlite.NewNamespaceConfig(clusterName, name, false, opts.searchAttributes)
		if err != nil {
			return fmt.Errorf("--search-attribute: %w", err)
		}
		namespaces[i] = ns
	}
	if err := sqlite.CreateNamespaces(database, namespaces...); err != nil {
		return fmt.Errorf("create namespaces: %w", explain(err))
	}
	return nil
}

// hosts tells each service where the others are, instead of a gossip ring.
func hosts(conf *config.Config, opts *options) map[primitives.ServiceName]static.Hosts {
	at := func(ip string, service primitives.ServiceName) static.Hosts {
		return static.SingleLocalHost(address(ip, conf.Services[string(service)].RPC.GRPCPort))
	}
	return map[primitives.ServiceName]static.Hosts{
		primitives.FrontendService: at(reachable(opts.ip), primitives.FrontendService),
		primitives.HistoryService:  at(loopback, primitives.HistoryService),
		primitives.MatchingService: at(loopback, primitives.MatchingService),
		primitives.WorkerService:   at(loopback, primitives.WorkerService),
	}
}

func (s *server) startUI(opts *options) {
	if opts.headless {
		return
	}
	s.ui = uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		Host:                bracketed(opts.uiIP),
		Port:                opts.uiPort,
		TemporalGRPCAddress: address(reachable(opts.ip), opts.port),
		EnableUI:            true,
		PublicPath:          opts.uiPublicPath,
		UIAssetPath:         opts.uiAssetPath,
		DisableNewsFetch:    opts.uiDisableNewsFetch,
		DefaultNamespace:    opts.namespaces[0],
		Codec:               uiconfig.Codec{Endpoint: opts.uiCodecEndpoint},
		CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on a desk
		HideLogs:            true,
	}))
	// Start blocks until stop; when it cannot listen it ends the process itself.
	go func() { _ = s.ui.Start() }()
}

// stop ends the services in order and leaves the database in its one file,
// without the write-ahead log beside it.
func (s *server) stop() error {
	if s.ui != nil {
		s.ui.Stop()
	}
	if err := s.temporal.Stop(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	if s.database == nil {
		return nil
	}
	// The server never closes its connection, which is the only one; this
	// hands us the same.
	db, err := sql.NewSQLAdminDB(sqlplugin.DbKindUnknown, s.database, resolver.NewNoopResolver(), s.logger, metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("open the database to checkpoint it: %w", err)
	}
	if err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("checkpoint the database: %w", err)
	}
	return nil
}
