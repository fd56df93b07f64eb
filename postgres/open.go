package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Lazily is a Config.Wait that lets a program start while the database is away.
const Lazily time.Duration = -1

// Config says which database, and how to use it.
type Config struct {
	URL              string        // postgres://user:password@host:port/database
	MaxConns         int32         // 0: 16
	AppName          string        // seen in pg_stat_activity; "": duradesk
	LockTimeout      time.Duration // of a writing transaction; 0: 1.5 s
	StatementTimeout time.Duration // likewise
	// Wait is how long Open goes on trying. 0: one try. Lazily: it does not try, connections are made when needed.
	Wait   time.Duration
	Sealer *Sealer // for the passwords of mailboxes; without it those cannot be read or stored
	Log    *slog.Logger
	// Objects keeps the files of messages, drafts and uploads outside the database; nil: the database keeps them.
	Objects Objects
	// Notices is shared by the stores of one process, so that who waits at one hears at once what another applies. nil: its own.
	Notices *Notices
}

// Store is the record of the desk. It is safe for concurrent use.
type Store struct {
	pool             *pgxpool.Pool
	log              *slog.Logger
	sealer           *Sealer
	objects          Objects
	loading          chan struct{} // holds the files that lie in memory on their way into the database
	notices          *Notices
	calendars        calendars
	words            wordCache
	lockTimeout      time.Duration
	statementTimeout time.Duration
}

// Open connects to the database. Its error is one line that says what is wrong with the URL or the server; it never
// holds the password.
func Open(ctx context.Context, c Config) (*Store, error) {
	c = c.withDefaults()
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, badURL(err)
	}
	config.MaxConns = c.MaxConns
	config.AfterConnect = readOurWay
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	// Room for what the desk asks, laid out with each connection: pgx's own measure of both caches would take 200 KB of each. The
	// second is for the lists, which are planned for their values (list.go): without it none can be asked.
	config.ConnConfig.StatementCacheCapacity, config.ConnConfig.DescriptionCacheCapacity = 256, 64
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	config.ConnConfig.RuntimeParams["application_name"] = c.AppName
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	// The default is that of spinning disks; with it the planner reads whole tables where an index is at hand.
	config.ConnConfig.RuntimeParams["random_page_cost"] = "1.1"
	// Compiling a plan takes longer than any of these queries should.
	config.ConnConfig.RuntimeParams["jit"] = "off"
	// A transaction that its program has forgotten must not hold a ticket's lock for ever (HOUSE, "The heart").
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "5000"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, badURL(err)
	}
	s := &Store{pool: pool, log: c.Log, sealer: c.Sealer, objects: c.Objects, loading: make(chan struct{}, loading), notices: c.Notices, lockTimeout: c.LockTimeout, statementTimeout: c.StatementTimeout}
	if c.Wait < 0 {
		return s, nil
	}
	if err := s.reach(ctx, c.Wait); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.MaxConns <= 0 {
		c.MaxConns = 16
	}
	if c.AppName == "" {
		c.AppName = "duradesk"
	}
	if c.LockTimeout <= 0 {
		c.LockTimeout = 1500 * time.Millisecond
	}
	if c.StatementTimeout <= 0 {
		c.StatementTimeout = 1500 * time.Millisecond
	}
	if c.Notices == nil {
		c.Notices = NewNotices()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Pool returns the connections, for what needs one of its own (LISTEN).
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ping reports whether the database answers; the error is one line.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.pool.Ping(ctx); err != nil {
		return unreachable(s.pool.Config().ConnConfig, err)
	}
	return nil
}

// Close waits for running queries and closes all connections.
func (s *Store) Close() { s.pool.Close() }

// reach tries until the database answers, wait has passed or more trying would not help.
func (s *Store) reach(ctx context.Context, wait time.Duration) error {
	end := time.Now().Add(wait)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := s.pool.Ping(ctx)
		if err == nil {
			return nil
		}
		if left := time.Until(end); left <= 0 || final(err) || ctx.Err() != nil {
			return unreachable(s.pool.Config().ConnConfig, err)
		} else if left < pause {
			pause = left
		}
		select {
		case <-ctx.Done():
			return unreachable(s.pool.Config().ConnConfig, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// Where Postgres refuses for these reasons, it refuses the next time too.
const (
	wrongPassword  = "28P01"
	notAuthorised  = "28000"
	noSuchDatabase = "3D000"
)

func final(err error) bool {
	switch sqlState(err) {
	case wrongPassword, notAuthorised, noSuchDatabase:
		return true
	}
	return false
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// badURL keeps pgx's reason; pgx itself leaves out the password.
func badURL(err error) error {
	return fmt.Errorf("the database URL cannot be used, it must look like postgres://user:password@host:5432/database: %w", err)
}

func unreachable(c *pgx.ConnConfig, err error) error {
	at := net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
	switch sqlState(err) {
	case wrongPassword, notAuthorised:
		return fmt.Errorf("the Postgres server at %s does not let user %q in: check user and password of the database URL: %w", at, c.User, err)
	case noSuchDatabase:
		return fmt.Errorf("the Postgres server at %s has no database %q: create it or correct the database URL: %w", at, c.Database, err)
	}
	return fmt.Errorf("the Postgres server at %s cannot be reached: is it running, is the database URL right? %w", at, err)
}

// readOurWay makes instants read from the database print as they were written, and JSON be read as readJSON does.
func readOurWay(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	jsonCodec(conn)
	return nil
}
