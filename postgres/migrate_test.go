package postgres

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/pgtest"
)

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s, err := Open(t.Context(), Config{URL: url})
	require.NoError(t, err)
	defer s.Close()
	have, want, err := s.SchemaVersion(t.Context())
	require.NoError(t, err)
	require.Zero(t, have)
	require.Positive(t, want)
	require.EqualError(t, s.CheckSchema(t.Context()), fmt.Sprintf("the database's schema has version 0, this program needs %d: run `duradesk migrate` first", want))

	require.NoError(t, Migrate(t.Context(), url))
	require.NoError(t, s.CheckSchema(t.Context()))
	require.NoError(t, s.EnsureAdmin(t.Context(), "admin", "Admin", "admin@desk.example"))
	var desk, later string
	require.NoError(t, s.pool.QueryRow(t.Context(), `select value from facts where name = 'desk_id'`).Scan(&desk))
	require.NoError(t, Migrate(t.Context(), url))
	require.NoError(t, s.pool.QueryRow(t.Context(), `select value from facts where name = 'desk_id'`).Scan(&later))
	require.Equal(t, desk, later)
	have, want, err = s.SchemaVersion(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, have)
	_, err = s.Agent(t.Context(), "admin")
	require.NoError(t, err)
}

func TestMigrateConcurrently(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { requireNoError(t, Migrate(t.Context(), url)) })
	}
	all.Wait()
	s, err := Open(t.Context(), Config{URL: url})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.CheckSchema(t.Context()))
	requireCount(t, s, 1, `select count(*) from schema_version`)
}

func TestANewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	exec(t, s, `update schema_version set version = version + 1`)
	require.ErrorContains(t, s.CheckSchema(t.Context()), "use a newer duradesk")
	require.ErrorContains(t, Migrate(t.Context(), s.pool.Config().ConnString()), "use a newer duradesk")
}

// TestAFailedMigrationLeavesNothingBehind has a table in the way of the first migration's last one.
func TestAFailedMigrationLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `create table facts (x int)`)
	require.NoError(t, err)
	require.ErrorContains(t, Migrate(t.Context(), url), `migrate the database: 001_desk.sql: ERROR: relation "facts" already exists`)
	var exists bool
	require.NoError(t, conn.QueryRow(t.Context(), `select to_regclass('tickets') is not null`).Scan(&exists))
	require.False(t, exists)
	_, err = conn.Exec(t.Context(), `drop table facts`)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	require.NoError(t, Migrate(t.Context(), url))
}
