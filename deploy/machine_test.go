package deploy_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster"
	"duradesk/postgres/cluster/tether"
)

const (
	machinePassword = "a-password-for-tests"
	// systemctlVariable makes this program play systemctl: it passes the words on to the test, at the socket that is named.
	systemctlVariable = "DURADESK_TEST_SYSTEMCTL"
	pause             = 50 * time.Millisecond
)

// machine plays a Debian on which somebody is root: a folder in place of /, users and packages that are taken for there,
// and a systemd that does what the installed units say. Everything else is what it is.
type machine struct {
	t        *testing.T
	root     string
	postgres *url.URL // as the superuser
	where    *strings.Replacer
	mu       sync.Mutex // of units: systemd has a goroutine of its own
	units    map[string]*tether.Process
	commands []string // of the program, that were run
	said     string   // by all commands
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir(), postgres: ownPostgres(t), units: map[string]*tether.Process{}}
	for _, dir := range []string{"etc/systemd/system", "usr/local/bin", "played", "work", "var/log"} {
		require.NoError(t, os.MkdirAll(filepath.Join(m.root, dir), 0o755))
	}
	l := &local{t: t}
	door, health := l.free(), l.free()
	m.where = strings.NewReplacer(append(m.leadTemporal(),
		"/usr/local/bin", m.root+"/usr/local/bin", "/usr/local/lib", m.root+"/usr/local/lib", "/var/backups", m.root+"/var/backups", "/etc/", m.root+"/etc/",
		"127.0.0.1:5432", m.postgres.Host, "SQL_PORT=5432", "SQL_PORT="+m.postgres.Port(),
		"127.0.0.1:8080", door, "127.0.0.1:8081", health, "https://desk.example", "http://"+door,
	)...)
	m.play("systemctl", fmt.Sprintf("%s=%s exec %s \"$@\"", systemctlVariable, m.systemd(), os.Args[0]))
	m.play("apt-get", `[ "$1" = install ]`)
	m.play("useradd", `[ "$1" = --system ]`)
	m.play("runuser", `[ "$1 $2 $3" = "-u postgres --" ] && shift 3 && exec "$@"`)
	m.play("install", `args=(); while (($#)); do case $1 in -g|-o) shift 2;; *) args+=("$1"); shift;; esac; done; exec /usr/bin/install "${args[@]}"`)
	t.Cleanup(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		for name := range m.units {
			m.stop(name)
		}
	})
	return m
}

// ownPostgres is a server that nobody else uses: the guide takes names on it for itself.
func ownPostgres(t *testing.T) *url.URL {
	t.Helper()
	dir, err := os.MkdirTemp("", "duradesk-guide-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755)) //nolint:gosec // the user that Postgres runs as must come through
	c, err := cluster.Start(t.Context(), cluster.Options{Dir: filepath.Join(dir, "postgres"), Database: "postgres", SharedBuffers: "32MB", Notices: os.Stderr})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, c.Stop(ctx))
		require.NoError(t, cluster.Remove(filepath.Join(dir, "postgres")))
		require.NoError(t, os.RemoveAll(dir))
	})
	at, err := url.Parse(c.DSN())
	require.NoError(t, err)
	// The superuser is called as on Debian; the name that it has had here is the guide's to give.
	password, _ := at.User.Password()
	super := *at
	super.User = url.UserPassword("postgres", password)
	for _, as := range []struct{ dsn, sql string }{
		{at.String(), "create role postgres superuser login password '" + password + "'"},
		{super.String(), "alter role " + at.User.Username() + " rename to made_the_cluster"},
	} {
		conn, err := pgx.Connect(t.Context(), as.dsn)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), as.sql)
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	}
	return &super
}

// play writes a program that stands before the machine's own on PATH.
func (m *machine) play(name, script string) {
	m.t.Helper()
	require.NoError(m.t, os.WriteFile(filepath.Join(m.root, "played", name), []byte("#!/bin/bash\n"+script+"\n"), 0o700)) //nolint:gosec // it is run
}

// here leads what stands in the guide to this machine.
func (m *machine) here(text string) string { return m.where.Replace(text) }

var ofProgram = regexp.MustCompile(`(?m)(?:^ *|[(;&] *|until )duradesk ([a-z][a-z-]*)`)

// runs has a shell do commands, in one session for all of them: variables stay. The first that fails ends the test.
func (m *machine) runs(text string) {
	m.t.Helper()
	for _, found := range ofProgram.FindAllStringSubmatch(text, -1) {
		m.commands = append(m.commands, found[1])
	}
	session := filepath.Join(m.root, "session")
	script := "set -euo pipefail\n[ ! -e " + session + " ] || . " + session + "\ncd " + m.workplace(text) + "\n" + m.here(text) + "\nexport -p | grep -vE ' (PWD|OLDPWD|SHLVL)=' >" + session + "\n"
	limit := 2 * patience
	if soak {
		limit = 15 * patience // Temporal is built
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // nobody is asked for a password at a terminal
	cmd.Stdin = strings.NewReader(machinePassword + "\n" + machinePassword + "\n")
	password, _ := m.postgres.User.Password()
	cmd.Env = append(m.plain(), "PGHOST="+m.postgres.Hostname(), "PGPORT="+m.postgres.Port(), "PGUSER="+m.postgres.User.Username(), "PGPASSWORD="+password, "PGDATABASE=postgres",
		"GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -ldflags=-s")) // what is for debuggers takes longest to link
	out, err := cmd.CombinedOutput()
	require.NoError(m.t, err, "%s\nsaid: %s\n%s", text, out, m.logs())
	m.said += string(out)
}

// workplace is the folder of the sources where a block needs them, else one that it may write into.
func (m *machine) workplace(text string) string {
	if strings.Contains(text, " deploy/") {
		sources, err := filepath.Abs("..")
		require.NoError(m.t, err)
		return sources
	}
	return filepath.Join(m.root, "work")
}

// plain is the environment without what is set for this desk's tests.
func (m *machine) plain() []string {
	var out []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "DURADESK_") && !strings.HasPrefix(entry, "TEMPORAL_") && !strings.HasPrefix(entry, "PATH=") {
			out = append(out, entry)
		}
	}
	return append(out, "PATH="+filepath.Join(m.root, "played")+":"+m.root+filepath.Dir(installedAt)+":"+os.Getenv("PATH"))
}

// variable reads one that a block has exported.
func (m *machine) variable(name string) string {
	m.t.Helper()
	_, after, found := strings.Cut(read(m.t, filepath.Join(m.root, "session")), "declare -x "+name+"=\"")
	require.True(m.t, found, "%s is not set", name)
	value, _, _ := strings.Cut(after, "\"")
	return value
}

// logs are the ends of what the units said.
func (m *machine) logs() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all strings.Builder
	for name := range m.units {
		text, _ := os.ReadFile(filepath.Join(m.root, "var/log", name))
		fmt.Fprintf(&all, "%s: %s\n", name, text[max(0, len(text)-2000):])
	}
	return all.String()
}

func (m *machine) rows(database, sql string) []string {
	m.t.Helper()
	at := *m.postgres
	at.Path = "/" + database
	conn, err := pgx.Connect(m.t.Context(), at.String())
	require.NoError(m.t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(m.t.Context())) }()
	rows, err := conn.Query(m.t.Context(), sql)
	require.NoError(m.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(m.t, err)
	return list
}

func (m *machine) titles(database string) []string {
	return m.rows(database, `select title from tickets order by number`)
}
