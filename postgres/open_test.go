package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/pgtest"
)

// changed is a database's URL with something wrong with it.
func changed(t *testing.T, dsn string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	change(u)
	return u.String()
}

func TestOpenSaysInOneLineWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := pgtest.Database(t)
	closed := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		return l.Addr().String()
	}()
	for name, c := range map[string]struct{ url, says string }{
		"no URL":       {"mysql://u:pa55word@h/d", "must look like postgres://"},
		"odd port":     {"postgres://u:pa55word@h:x/d", "must look like postgres://"},
		"odd escape":   {"postgres://u:pa55word%zz@h/d", "must look like postgres://"},
		"unreachable":  {"postgres://u:pa55word@" + closed + "/d", "the Postgres server at " + closed + " cannot be reached"},
		"no database":  {changed(t, good, func(u *url.URL) { u.Path = "/nowhere" }), `has no database "nowhere"`},
		"unknown user": {changed(t, good, func(u *url.URL) { u.User = url.UserPassword("stranger", "pa55word") }), `does not let user "stranger" in`},
	} {
		began := time.Now()
		wait := time.Duration(0)
		if name != "unreachable" {
			wait = time.Hour // more trying would not help, so it is not done
		}
		_, err := Open(t.Context(), Config{URL: c.url, Wait: wait})
		require.ErrorContains(t, err, c.says, name)
		require.NotContains(t, err.Error(), "pa55word", name)
		require.Less(t, time.Since(began), time.Minute)
		if strings.HasPrefix(c.url, "postgres") {
			require.Error(t, Migrate(t.Context(), c.url), name)
		}
	}
}

func TestOpenWaits(t *testing.T) {
	t.Parallel()
	good, err := url.Parse(pgtest.Database(t))
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	through := *good
	through.Host = address

	_, err = Open(t.Context(), Config{URL: through.String(), Wait: 300 * time.Millisecond})
	require.ErrorContains(t, err, "cannot be reached")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Open(ended, Config{URL: through.String(), Wait: time.Hour})
	require.ErrorIs(t, err, context.Canceled)

	lazy, err := Open(t.Context(), Config{URL: through.String(), Wait: Lazily})
	require.NoError(t, err)
	defer lazy.Close()
	_, err = lazy.Agent(t.Context(), "admin")
	require.True(t, Away(err), "%v", err)
	require.ErrorContains(t, lazy.Ping(t.Context()), "cannot be reached")

	opened := make(chan error, 1)
	go func() {
		s, err := Open(t.Context(), Config{URL: through.String(), Wait: time.Minute})
		if err == nil {
			s.Close()
		}
		opened <- err
	}()
	relayTo(t, address, good.Host)
	require.NoError(t, <-opened)
	require.NoError(t, lazy.Ping(t.Context()), "a lazy one finds it as soon as it is there")
}

// relayTo forwards a port until the test ends.
func relayTo(t *testing.T, from, to string) {
	t.Helper()
	l, err := net.Listen("tcp", from)
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			go pump(in, out)
			go pump(out, in)
		}
	}()
}

func pump(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func TestConnectionsAreSetUp(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for setting, want := range map[string]string{"timezone": "UTC", "application_name": "test", "idle_in_transaction_session_timeout": "5s", "jit": "off", "transaction_isolation": "read committed"} {
		var got string
		require.NoError(t, s.pool.QueryRow(t.Context(), `select current_setting($1)`, setting).Scan(&got))
		require.Equal(t, want, got, setting)
	}
	require.Equal(t, 1500*time.Millisecond, s.lockTimeout)
	require.Equal(t, 1500*time.Millisecond, s.statementTimeout)
	require.Same(t, s.pool, s.Pool())
}

func TestAway(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	_, broken := s.pool.Exec(t.Context(), `select 1/0`)
	_, ended := s.pool.Exec(t.Context(), `select pg_terminate_backend(pg_backend_pid())`)
	late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, slow := s.pool.Exec(late, `select pg_sleep(60)`)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_, cancelled := s.pool.Exec(stopped, `select 1`)
	require.NoError(t, s.Ping(t.Context()), "a broken connection is replaced")
	s.Close()
	_, closed := s.Agent(t.Context(), "admin")

	for name, err := range map[string]error{
		"backend ended": ended, "too slow": slow, "pool closed": closed, "out of connections": &pgconn.PgError{Code: "53300"}, "starting up": &pgconn.PgError{Code: "57P03"},
		"disk full": fmt.Errorf("store: %w", &pgconn.PgError{Code: "53100"}), "standby": &pgconn.PgError{Code: "25006"}, "reset": &net.OpError{Op: "read", Err: errors.New("connection reset")},
		"lock timeout": &pgconn.PgError{Code: "55P03"}, "statement timeout": &pgconn.PgError{Code: "57014"}, "deadlock": &pgconn.PgError{Code: "40P01"},
		"a disk that fails": &pgconn.PgError{Code: "58030"}, "files may not grow": &pgconn.PgError{Code: "XX000", File: "md.c"},
	} {
		require.True(t, Away(err), "%s: %v", name, err)
	}
	for name, err := range map[string]error{"none": nil, "division by zero": broken, "cancelled": cancelled, "own": errors.New("x"), "a mistake of Postgres": &pgconn.PgError{Code: "XX000", File: "planner.c"}, "not found": notFound("x")} {
		require.False(t, Away(err), "%s: %v", name, err)
	}
}
