package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewFileIsWhole(t *testing.T) {
	t.Parallel()
	// What has a meaning in a URI is only a letter in a file's name.
	file := filepath.Join(t.TempDir(), "a %20b?c#d&e=f.db")
	require.NoError(t, prepareFile(t.Context(), file))
	require.FileExists(t, file)
	require.NoError(t, prepareFile(t.Context(), file), "a file with our tables is taken as it is")
}

// A process killed before the tables were committed leaves an empty file.
func TestEmptyFileGetsItsTables(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "empty.db")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.NoError(t, prepareFile(t.Context(), file))
	require.FileExists(t, file)
	require.Contains(t, tables(t, file), "executions_visibility")
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte("this is no database but a text that is long enough to be read as a header of one, and longer than that"), 0o600))

	other := filepath.Join(dir, "other.db")
	require.NoError(t, prepareFile(t.Context(), other))
	execSQL(t, other, "ALTER TABLE shards ADD COLUMN spare INT")

	for _, c := range []struct{ file, want string }{
		{dir, "--db-filename " + dir + ": is a folder: name a file in it"},
		{filepath.Join(dir, "no", "x.db"), "--db-filename " + dir + "/no/x.db: the folder " + dir + "/no does not exist: create it first"},
		{filepath.Join(text, "x.db"), "--db-filename " + text + "/x.db: " + text + " is not a folder"},
		{text, "--db-filename " + text + ": is not an SQLite database: name another file"},
		{other, "--db-filename " + other + ": was written by another Temporal version (table shards differs); such files are not migrated: name a new file, best with the server's version in its name"},
	} {
		require.EqualError(t, prepareFile(t.Context(), c.file), c.want)
	}
	raw, err := os.ReadFile(text)
	require.NoError(t, err)
	require.Contains(t, string(raw), "this is no database", "what is refused is left alone")
}

func TestFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	// Rights do not bind root; a folder of the kernel that takes no new files does.
	code, _, stderr := runOnce(t, startDev("--headless", "--port", strconv.Itoa(freePort(t)), "--db-filename", "/proc/x.db")...)
	require.Equal(t, 1, code)
	require.Regexp(t, `^devserver: --db-filename /proc/x\.db: cannot be written: check the rights on the file and its folder \(.*\)\n$`, stderr)
}

func tables(t *testing.T, file string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table'")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

func execSQL(t *testing.T, file, stmt string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), stmt)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func TestTheCommandLineSetsWhatAFileIsOpenedWith(t *testing.T) {
	t.Parallel()
	conf, err := sqlConfig(&options{dbFilename: "temporal.db", pragmas: map[string]string{"cache_size": "-1000"}})
	require.NoError(t, err)
	require.Equal(t, "-1000", conf.ConnectAttributes["cache_size"])
	require.Equal(t, "4000", conf.ConnectAttributes["wal_autocheckpoint"])
	require.NotEqual(t, "-1000", filePragmas["cache_size"], "only for this file")
}
