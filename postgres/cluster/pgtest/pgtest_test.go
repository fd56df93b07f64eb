package pgtest_test

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	first, second := connect(t, pgtest.Database(t)), connect(t, pgtest.Database(t))
	_, err := first.Exec(t.Context(), `CREATE TABLE things (name text)`)
	require.NoError(t, err)
	_, err = second.Exec(t.Context(), `SELECT * FROM things`)
	require.ErrorContains(t, err, "does not exist")
}

func TestDatabaseIsDroppedWithTheTest(t *testing.T) {
	t.Parallel()
	var dsn string
	t.Run("inner", func(t *testing.T) {
		dsn = pgtest.Database(t)
		connect(t, dsn)
	})
	_, err := pgx.Connect(t.Context(), dsn)
	require.ErrorContains(t, err, "does not exist")
}

func TestTemplateIsPreparedOnceAndCopied(t *testing.T) {
	t.Parallel()
	key := rand.Text() // templates last as long as the process
	var prepared atomic.Int32
	prepare := func(ctx context.Context, dsn string) error {
		prepared.Add(1)
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, `CREATE TABLE things (name text); INSERT INTO things VALUES ('one')`)
		return err
	}
	for range 4 {
		conn := connect(t, pgtest.DatabaseFrom(t, key, prepare))
		var count int
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM things`).Scan(&count))
		require.Equal(t, 1, count)
		_, err := conn.Exec(t.Context(), `INSERT INTO things VALUES ('two')`)
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, prepared.Load())
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
