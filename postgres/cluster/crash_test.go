package cluster

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestKilledParentTakesPostgresWithIt(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	s := run(t, dir, nil)
	execute(t, s.dsn, `CREATE TABLE kept AS SELECT 'here' AS it`)
	s.kill()
	require.Eventually(t, func() bool { return !isServer(s.pid, filepath.Join(dir, "data")) },
		10*time.Second, 10*time.Millisecond, "the postmaster outlived its parent")

	c := start(t, Options{Dir: dir})
	require.Equal(t, "here", query(t, c.DSN(), `SELECT it FROM kept`))
	require.Equal(t, s.dsn, c.DSN(), "the address is kept")
}

func TestKilledPostmasterLeavesNoObstacle(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	c := start(t, Options{Dir: dir})
	execute(t, c.DSN(), `CREATE TABLE kept AS SELECT 'here' AS it`)

	// A backend in a loop does not notice that its postmaster is gone, and holds the shared memory.
	conn, err := pgx.Connect(t.Context(), c.DSN())
	require.NoError(t, err)
	busy := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), `DO $$ BEGIN LOOP END LOOP; END $$`)
		busy <- err
	}()
	waitFor(t, c.DSN(), `SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'`)

	require.NoError(t, syscall.Kill(c.PID(), syscall.SIGKILL))
	<-c.Done()
	again := start(t, Options{Dir: dir})
	require.Equal(t, "here", query(t, again.DSN(), `SELECT it FROM kept`))
	require.Error(t, <-busy, "the orphan is gone")
}

func TestLockFileOfAStrangerIsNoObstacle(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	c := start(t, Options{Dir: dir})
	require.NoError(t, c.Stop(t.Context()))
	// This very process stands for the stranger that got the number of a killed postmaster.
	lock := strconv.Itoa(os.Getpid()) + "\n" + c.data + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(c.data, "postmaster.pid"), []byte(lock), 0o600))
	start(t, Options{Dir: dir})
}

func TestLivePostmasterIsNotTouched(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	c := start(t, Options{Dir: dir})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Options{Dir: dir})
	require.ErrorContains(t, err, "process "+strconv.Itoa(c.PID())+") is running in")
	require.Equal(t, "1", query(t, c.DSN(), `SELECT '1'`))
}

func TestStopCutsSessionsOff(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Dir: publicDir(t)})
	conn, err := pgx.Connect(t.Context(), c.DSN())
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.NoError(t, c.Stop(t.Context()))
	require.Error(t, conn.Ping(t.Context()))
	require.NoFileExists(t, filepath.Join(c.data, "postmaster.pid"))
}

func waitFor(t *testing.T, dsn, condition string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	require.Eventually(t, func() bool {
		var holds bool
		return conn.QueryRow(t.Context(), condition).Scan(&holds) == nil && holds
	}, 10*time.Second, 10*time.Millisecond)
}
