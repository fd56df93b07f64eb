package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

const versionTable = "schema_version"

const (
	migratesSchema = 60060061 // key of the advisory lock: one migrates at a time
	// lockWait is how long a migration stands in a lock's queue, and with it every writer behind it. Then it steps back,
	// lets them pass, and tries again: a dump or a long report that reads the table must not stop the desk. It is well
	// below deadlock_timeout (1 s), so that in a deadlock it is the migration that steps back, not a writer.
	lockWait = 300 * time.Millisecond
	// Each longLockEvery-th try, about once in a minute, is longer than deadlock_timeout: only then does a vacuum that holds
	// the table give way. Writers wait so long too; most vacuums are done before it comes to that.
	longLockWait  = 1500 * time.Millisecond
	longLockEvery = 50
	lockPause     = time.Second // at most, between tries
	lockTries     = 1000
)

// Migrate brings the schema of the database up to date: each migration in a transaction of its own, all under an
// advisory lock, so that several programs may call it at once. A database that is newer than this program is refused.
// A table that is in use for long is waited for, in short turns; after a quarter of an hour of that it is an error, and what was
// done stays.
func Migrate(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return badURL(err)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return unreachable(config, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := migrateSchema(ctx, conn); err != nil {
		return err
	}
	if err := fillWords(ctx, conn, func(string, int) {}); err != nil {
		return fmt.Errorf("cut the words by which tickets are found: %w", err)
	}
	return nil
}

func migrateSchema(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, migratesSchema); err != nil {
		return fmt.Errorf("wait for others who migrate: %w", err)
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, migratesSchema)
	}()
	m, err := migrator(ctx, conn)
	if err != nil {
		return err
	}
	have, err := m.GetCurrentVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if int(have) > len(m.Migrations) {
		return tooNew(int(have), len(m.Migrations))
	}
	for next := have + 1; int(next) <= len(m.Migrations); next++ {
		if err := stepPatiently(ctx, conn, m, next); err != nil {
			return fmt.Errorf("migrate the database: %w", explain(err))
		}
	}
	return nil
}

func migrator(ctx context.Context, conn *pgx.Conn) (*migrate.Migrator, error) {
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return nil, fmt.Errorf("prepare the table %s: %w", versionTable, err)
	}
	if err := m.LoadMigrations(migrationFiles()); err != nil {
		return nil, fmt.Errorf("read the migrations in this program: %w", err)
	}
	return m, nil
}

// stepPatiently makes one migration. Its transaction is given up where a lock does not come, and begun again.
func stepPatiently(ctx context.Context, conn *pgx.Conn, m *migrate.Migrator, version int32) error {
	pause := lockPause / 32
	for try := 1; ; try++ {
		wait := lockWait
		if try%longLockEvery == 0 {
			wait = longLockWait
		}
		// The migrator resets all settings of the connection at the end of each migration.
		if _, err := conn.Exec(ctx, fmt.Sprintf(`set lock_timeout = %d`, wait.Milliseconds())); err != nil {
			return err
		}
		err := m.MigrateTo(ctx, version)
		if _, reset := conn.Exec(ctx, `set lock_timeout = 0`); err == nil {
			return reset
		}
		if code := sqlState(err); code != "55P03" && code != "40P01" || try == lockTries { // no lock in time; a deadlock
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
			pause = min(2*pause, lockPause)
		}
	}
}

// SchemaVersion returns the version that the database has (0: none yet) and the one that this program wants.
func (s *Store) SchemaVersion(ctx context.Context) (have, want int, err error) {
	files, err := migrate.FindMigrations(migrationFiles())
	if err != nil {
		return 0, 0, fmt.Errorf("read the migrations in this program: %w", err)
	}
	err = s.pool.QueryRow(ctx, "select version from "+versionTable).Scan(&have)
	if sqlState(err) == "42P01" || noRows(err) { // no such table: nobody has migrated yet
		return 0, len(files), nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return have, len(files), nil
}

// CheckSchema refuses, in one line, a schema that this program was not made for.
func (s *Store) CheckSchema(ctx context.Context) error {
	have, want, err := s.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case have < want:
		return fmt.Errorf("the database's schema has version %d, this program needs %d: run `duradesk migrate` first", have, want)
	case have > want:
		return tooNew(have, want)
	}
	return nil
}

func tooNew(have, want int) error {
	return fmt.Errorf("the database's schema has version %d, this program knows only %d: use a newer duradesk", have, want)
}

// explain names the migration that failed and where Postgres saw the mistake.
func explain(err error) error {
	var failed migrate.MigrationPgError
	if errors.As(err, &failed) && failed.PgError != nil && failed.Detail != "" {
		return fmt.Errorf("%w (%s)", err, failed.Detail)
	}
	return err
}

func migrationFiles() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // only an invalid path fails, and this one is a constant
	}
	return files
}

// Empty tells whether a database has no tables of its own yet.
func Empty(ctx context.Context, url string) (bool, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return false, badURL(err)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false, unreachable(config, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var tables int
	err = conn.QueryRow(ctx, `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\_%'`).Scan(&tables)
	if err != nil {
		return false, fmt.Errorf("look whether the database is empty: %w", err)
	}
	return tables == 0, nil
}
