package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// filePragmas are the settings of a file unless the command line says
// otherwise. The server uses one connection, so the file may be locked for
// itself alone: two servers on one file would destroy each other's work.
var filePragmas = map[string]string{
	"busy_timeout": "5000",
	"journal_mode": "wal",
	"locking_mode": "exclusive",
	"synchronous":  "normal",
	// By default two megabytes of pages are kept, which a busy server reads
	// again and again, and every four megabytes of the log are written into
	// the file while the server's only connection waits.
	"cache_size":         "-32768",
	"wal_autocheckpoint": "4000",
}

// sqlConfig says how the server opens its database, in memory or in a file
// that prepareFile has seen.
func sqlConfig(opts *options) (*config.SQL, error) {
	conf := &config.SQL{PluginName: sqliteplugin.PluginName}
	if opts.dbFilename == "" {
		conf.DatabaseName = strconv.Itoa(rand.IntN(1e9))
		conf.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
	} else {
		path, err := uriPath(opts.dbFilename)
		if err != nil {
			return nil, err
		}
		conf.DatabaseName = path
		conf.ConnectAttributes = maps.Clone(filePragmas)
		conf.ConnectAttributes["mode"] = "rwc"
	}
	maps.Copy(conf.ConnectAttributes, opts.pragmas)
	return conf, nil
}

// uriPath is the file's absolute path as SQLite reads it in a URI, where ?, #
// and % have a meaning of their own.
func uriPath(file string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("--db-filename %s: %w", file, err)
	}
	return (&url.URL{Path: path}).EscapedPath(), nil
}

// prepareFile makes sure that the file is there, can be written and holds the
// tables of this server version. A new file gets them in one transaction, so
// that a process killed in the middle leaves an empty file and not half a one.
func prepareFile(ctx context.Context, file string) error {
	if err := checkPlace(file); err != nil {
		return fmt.Errorf("--db-filename %s: %w", file, err)
	}
	path, err := uriPath(file)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rwc&_txlock=immediate&_pragma=busy_timeout=2000")
	if err != nil {
		return fmt.Errorf("--db-filename %s: %w", file, err)
	}
	defer func() { _ = db.Close() }()
	if err := ensureSchema(ctx, db); err != nil {
		return fmt.Errorf("--db-filename %s: %w", file, explain(err))
	}
	return nil
}

func checkPlace(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return errors.New("is a folder: name a file in it")
	}
	dir := filepath.Dir(file)
	switch info, err := os.Stat(dir); {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist: create it first", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	return nil
}

func ensureSchema(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	found, err := readSchema(ctx, tx)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return checkSchema(ctx, found)
	}
	if err := sqlite.SetupSchemaOnDB(schemaTx{ctx: ctx, tx: tx}); err != nil {
		return fmt.Errorf("create tables: %w", err)
	}
	return tx.Commit()
}

// checkSchema refuses the file of another server version: SQLite files are
// never migrated, and a server on wrong tables fails late and obscurely.
func checkSchema(ctx context.Context, found map[string]string) error {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := sqlite.SetupSchemaOnDB(schemaTx{ctx: ctx, tx: tx}); err != nil {
		return fmt.Errorf("create tables for comparison: %w", err)
	}
	want, err := readSchema(ctx, tx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if found[name] != want[name] {
			return fmt.Errorf("was written by another Temporal version (%s differs); such files are not migrated: name a new file, best with the server's version in its name", name)
		}
	}
	return nil
}

// readSchema returns the definition of everything in the database by its name.
func readSchema(ctx context.Context, tx *sql.Tx) (map[string]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	defs := map[string]string{}
	for rows.Next() {
		var name, def string
		if err := rows.Scan(&name, &def); err != nil {
			return nil, err
		}
		defs[name] = def
	}
	return defs, rows.Err()
}

// explain says in words what SQLite says in codes.
func explain(err error) error {
	var coded *driver.Error
	if !errors.As(err, &coded) {
		return err
	}
	switch coded.Code() & 0xff { // the rest are details of the same cause
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return errors.New("is in use by another process: stop that one or name another file")
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fmt.Errorf("cannot be written: check the rights on the file and its folder (%w)", err)
	case sqlite3.SQLITE_NOTADB:
		return errors.New("is not an SQLite database: name another file")
	default:
		return err
	}
}

// schemaTx lets the server's schema script, which asks for its whole database
// interface but uses one method of it, run inside a transaction.
type schemaTx struct {
	sqlplugin.AdminDB
	ctx context.Context
	tx  *sql.Tx
}

func (s schemaTx) Exec(stmt string, args ...any) error {
	_, err := s.tx.ExecContext(s.ctx, stmt, args...)
	return err
}
