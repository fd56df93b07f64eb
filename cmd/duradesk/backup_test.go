package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
)

func TestABackupFillsAnEmptyDatabaseAndNoOther(t *testing.T) {
	t.Parallel()
	if _, err := findPostgresTool("pg_dump"); err != nil {
		require.ErrorContains(t, err, "apt-get install postgresql-client")
		return
	}
	from, to := pgtest.Database(t), pgtest.Database(t)
	require.NoError(t, postgres.Migrate(t.Context(), from))
	conn, err := pgx.Connect(t.Context(), from)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `insert into clients (id, name) values ('c_1', '山田')`)
	require.NoError(t, err)

	file := filepath.Join(t.TempDir(), "desk.dump")
	backup := &backupCommand{settings: settings{DatabaseURL: from}, File: file}
	require.NoError(t, backup.Run(t.Context()))
	require.ErrorContains(t, backup.Run(t.Context()), "exists: give a new name")

	require.NoError(t, (&restoreCommand{settings: settings{DatabaseURL: to}, File: file}).Run(t.Context()))
	restored, err := pgx.Connect(t.Context(), to)
	require.NoError(t, err)
	defer restored.Close(t.Context())
	var name, desk, was string
	require.NoError(t, restored.QueryRow(t.Context(), `select name from clients`).Scan(&name))
	require.Equal(t, "山田", name)
	const which = `select value from facts where name = 'desk_id'`
	require.NoError(t, restored.QueryRow(t.Context(), which).Scan(&desk))
	require.NoError(t, conn.QueryRow(t.Context(), which).Scan(&was))
	require.Equal(t, was, desk, "it is the same desk")

	require.ErrorContains(t, (&restoreCommand{settings: settings{DatabaseURL: to}, File: file}).Run(t.Context()), "has tables already")
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	if _, err := findPostgresTool("pg_dump"); err != nil {
		require.ErrorContains(t, err, "apt-get install postgresql-client")
		return
	}
	dir := t.TempDir()
	err := (&backupCommand{settings: settings{DatabaseURL: "postgres://desk:sesame@127.0.0.1:1/desk"}, File: filepath.Join(dir, "desk.dump")}).Run(t.Context())
	require.ErrorContains(t, err, "pg_dump: exit status 1")
	require.NotContains(t, err.Error(), "sesame")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
