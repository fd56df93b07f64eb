package deploy_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/dispatch/temporaltest"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/postgres/cluster/tether"
)

func TestMain(m *testing.M) {
	if socket := os.Getenv(systemctlVariable); socket != "" {
		os.Exit(askTheTest(socket, os.Args[1:]))
	}
	code := m.Run()
	temporaltest.Stop()
	pgtest.Stop()
	os.Exit(code)
}

// patience is how long a service may take to be ready on a busy machine.
const patience = 2 * time.Minute

// TestOurServicesRunAsComposeSaysThem runs the command of each of our services with its environment and nothing else, as
// a process of this machine: migrate and bootstrap must end well, the others must pass the health check of the file. The
// names of hosts lead to loopback, their ports to free ones; Postgres and Temporal are real ones.
func TestOurServicesRunAsComposeSaysThem(t *testing.T) {
	t.Parallel()
	l := &local{t: t, binary: os.Getenv("DURADESK_TEST_PROGRAM"), dir: t.TempDir()} // built by make test
	if l.binary == "" {
		l.binary = filepath.Join(t.TempDir(), "duradesk")
		out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", l.binary, "../cmd/duradesk").CombinedOutput()
		require.NoError(t, err, string(out))
	}
	p := project(t)
	l.lead(p)
	ran := []string{}
	for len(ran) < 5 {
		before := len(ran)
		for _, name := range p.ServiceNames() {
			s := p.Services[name]
			if !ours(s) || slices.Contains(ran, name) || !l.ready(p, s, ran) {
				continue
			}
			l.serve(s)
			ran = append(ran, name)
		}
		require.Greater(t, len(ran), before, "nothing more can start: %v", ran)
	}
	require.Equal(t, []string{"migrate", "bootstrap"}, slices.DeleteFunc(slices.Clone(ran), func(n string) bool { return n != "migrate" && n != "bootstrap" }))
}

// local runs services without containers.
type local struct {
	t           *testing.T
	binary, dir string
	where       *strings.Replacer // from addresses of the file to those here
}

// lead makes a database as the file's Postgres would have it, and decides where each address leads.
func (l *local) lead(p *types.Project) {
	l.t.Helper()
	server, err := url.Parse(pgtest.Server(l.t))
	require.NoError(l.t, err)
	env := p.Services["postgres"].Environment
	conn, err := pgx.Connect(l.t.Context(), server.String())
	require.NoError(l.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(l.t.Context())) }()
	_, err = conn.Exec(l.t.Context(), "create database "+*env["POSTGRES_DB"])
	require.NoError(l.t, err)
	mailOut, mailIn, door, health := l.free(), l.free(), l.free(), l.free()
	l.where = strings.NewReplacer(
		*env["POSTGRES_USER"]+":"+*env["POSTGRES_PASSWORD"]+"@postgres:5432", server.User.String()+"@"+server.Host,
		"postgres:5432", server.Host, "temporal:7233", temporaltest.Address(l.t),
		"mail:1025", mailOut, "0.0.0.0:1025", mailOut, "mail:1143", mailIn, "0.0.0.0:1143", mailIn, "127.0.0.1:1143", mailIn,
		"0.0.0.0:8080", door, "127.0.0.1:8080", door, "0.0.0.0:8081", health, "127.0.0.1:8081", health,
		"/var/lib/duradesk", l.dir, "/usr/bin/duradesk", l.binary,
	)
}

// free is an address that nobody listens on.
func (l *local) free() string {
	l.t.Helper()
	listener, err := new(net.ListenConfig).Listen(l.t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(l.t, err)
	l.t.Cleanup(func() { _ = listener.Close() })
	defer func() { require.NoError(l.t, listener.Close()) }()
	return listener.Addr().String()
}

// ready tells whether all of our services that a service waits for have been run.
func (l *local) ready(p *types.Project, s types.ServiceConfig, ran []string) bool {
	for other := range s.DependsOn {
		if ours(p.Services[other]) && !slices.Contains(ran, other) {
			return false
		}
	}
	return true
}

// serve runs a job to its end, or a service until its health check passes; that one goes on until the test ends.
func (l *local) serve(s types.ServiceConfig) {
	l.t.Helper()
	cmd := exec.Command(l.binary, l.replaced(s.Command)...)
	cmd.Dir = l.dir
	cmd.Env = []string{} // not ours
	for name, value := range s.Environment {
		cmd.Env = append(cmd.Env, name+"="+l.where.Replace(*value))
	}
	said := &words{}
	cmd.Stdout, cmd.Stderr = said, said
	process, err := tether.Start(cmd, syscall.SIGKILL)
	require.NoError(l.t, err)
	l.t.Cleanup(func() {
		process.Signal(syscall.SIGTERM)
		select {
		case <-process.Done():
		case <-time.After(30 * time.Second):
			process.Signal(syscall.SIGKILL)
			<-process.Done()
		}
	})
	if strings.HasPrefix(s.Restart, types.RestartPolicyOnFailure) {
		select {
		case <-process.Done():
			require.NoError(l.t, process.Err(), "%s: %s", s.Name, said)
		case <-time.After(patience):
			require.Fail(l.t, "it does not end", "%s: %s", s.Name, said)
		}
		return
	}
	check := s.HealthCheck.Test
	require.Equal(l.t, "CMD", check[0], s.Name)
	var last []byte
	require.Eventually(l.t, func() bool {
		probe := exec.CommandContext(l.t.Context(), l.where.Replace(check[1]), l.replaced(check[2:])...)
		probe.Env = []string{}
		last, err = probe.CombinedOutput()
		return err == nil
	}, patience, 100*time.Millisecond, "%s is not ready", s.Name)
	require.NoError(l.t, err, "%s: %s\n%s", s.Name, last, said)
	select {
	case <-process.Done():
		require.Fail(l.t, "it has ended", "%s: %s", s.Name, said)
	default:
	}
}

func (l *local) replaced(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = l.where.Replace(w)
	}
	return out
}

// words are what a process says, to be read while it speaks.
type words struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(b)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.String()
}
