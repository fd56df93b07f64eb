package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

const versionTable = "schema_version"

// Migrate brings the schema of the database up to date: each migration in a transaction of its own, all under an
// advisory lock, so that several programs may call it at once. A database that is newer than this program is refused.
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
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return fmt.Errorf("prepare the table %s: %w", versionTable, err)
	}
	if err := m.LoadMigrations(migrationFiles()); err != nil {
		return fmt.Errorf("read the migrations in this program: %w", err)
	}
	have, err := m.GetCurrentVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if int(have) > len(m.Migrations) {
		return tooNew(int(have), len(m.Migrations))
	}
	if err := m.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", explain(err))
	}
	if err := fillWords(ctx, conn, func(string, int) {}); err != nil {
		return fmt.Errorf("cut the words by which tickets are found: %w", err)
	}
	return nil
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
