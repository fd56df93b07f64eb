package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// program is the real binary, running.
type program struct {
	*exec.Cmd
	lines  chan string // what it prints; closed at its end
	stderr *bytes.Buffer
}

// programCommand runs the real binary: the one that `make test` has built, else this one, which plays it with the race
// detector in it and takes several times as long to start. Settings of the person who runs the tests do not reach it.
func programCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(cmp.Or(os.Getenv("DURADESK_TEST_PROGRAM"), os.Args[0]), args...)
	cmd.Env = []string{"DURADESK_TEST_MAIN=1"}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case name == "DURADESK_TEST_TEMPORAL":
			cmd.Env = append(cmd.Env, "DURADESK_TEMPORAL_BIN="+value)
		case strings.HasPrefix(name, "DURADESK_POSTGRES_"), name == "DURADESK_TEMPORAL_BIN":
			cmd.Env = append(cmd.Env, entry)
		case !strings.HasPrefix(name, "DURADESK_") && !strings.HasPrefix(name, "TEMPORAL_"):
			cmd.Env = append(cmd.Env, entry)
		}
	}
	return cmd
}

func startProgram(t *testing.T, cmd *exec.Cmd) *program {
	t.Helper()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	p := &program{Cmd: cmd, lines: make(chan string, 1000), stderr: new(bytes.Buffer)}
	cmd.Stderr = p.stderr
	require.NoError(t, cmd.Start())
	go func() {
		defer close(p.lines)
		scanner := bufio.NewScanner(out)
		for scanner.Scan() {
			p.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() { _ = p.end(os.Kill) })
	return p
}

// startUp starts up in dir on free ports.
func startUp(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	return startProgram(t, upCommandLine(dir, args...))
}

func upCommandLine(dir string, args ...string) *exec.Cmd {
	return programCommand(append([]string{
		"up", "--dir", dir, "--http=127.0.0.1:0", "--temporal=127.0.0.1:0", "--temporal-ui=127.0.0.1:0",
		"--smtp=127.0.0.1:0", "--imap=127.0.0.1:0",
	}, args...)...)
}

// mailOnly leaves out everything but the mail world.
var mailOnly = []string{"--without=postgres", "--without=temporal", "--without=worker", "--without=api"}

// waitFor reads until a line contains what is sought.
func (p *program) waitFor(t *testing.T, sought string) string {
	t.Helper()
	// A Temporal server that was not built yet takes minutes.
	deadline := time.After(9 * time.Minute)
	var seen []string
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				_ = p.Wait()
				t.Fatalf("it ended without saying %q, but\n%s\n%s", sought, strings.Join(seen, "\n"), p.stderr)
			}
			seen = append(seen, line)
			if strings.Contains(line, sought) {
				return line
			}
		case <-deadline:
			t.Fatalf("it did not say %q, but\n%s", sought, strings.Join(seen, "\n"))
		}
	}
}

// end signals the program and waits until it has ended.
func (p *program) end(sig os.Signal) error {
	_ = p.Process.Signal(sig)
	for range p.lines { // its output must be read to the end first
	}
	return p.Wait()
}

// fails runs the program to its end and gives the one line it complains with.
func fails(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	p := startProgram(t, cmd)
	err := p.end(syscall.Signal(0))
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.ExitCode(), p.stderr.String())
	require.Equal(t, 1, strings.Count(p.stderr.String(), "\n"), "one line: %s", p.stderr)
	return p.stderr.String()
}

func partPID(t *testing.T, dir, part string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "run", part+".pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	require.NoError(t, err)
	return pid
}

func partPIDs(t *testing.T, dir string, names ...string) map[string]int {
	t.Helper()
	pids := map[string]int{}
	for _, name := range names {
		pids[name] = partPID(t, dir, name)
	}
	return pids
}

// requireEnded waits for processes to end that belong to a parent that is gone.
func requireEnded(t *testing.T, pids map[string]int) {
	t.Helper()
	for name, pid := range pids {
		require.Eventually(t, func() bool { return ended(pid) }, 15*time.Second, 20*time.Millisecond,
			"%s (process %d) still runs", name, pid)
	}
}

// ended is true also for a process that nobody has reaped.
func ended(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestUpRunsWhatIsNotLeftOut(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	p := startUp(t, dir, mailOnly...)
	p.waitFor(t, "Mail to")
	p.waitFor(t, "ready")
	pids := partPIDs(t, dir, "mail")
	files, err := filepath.Glob(filepath.Join(dir, "run", "*.pid"))
	require.NoError(t, err)
	require.Len(t, files, 1)

	refused := fails(t, upCommandLine(dir, mailOnly...))
	require.Equal(t, fmt.Sprintf("duradesk: another `duradesk up` (pid %d) is using %s; stop it or choose another --dir\n",
		p.Process.Pid, dir), refused)

	require.NoError(t, syscall.Kill(pids["mail"], syscall.SIGKILL))
	p.waitFor(t, "mail      ended (signal: killed)")
	p.waitFor(t, "mail      ready")
	require.NotEqual(t, pids["mail"], partPID(t, dir, "mail"))

	pids = partPIDs(t, dir, "mail")
	require.NoError(t, p.end(os.Interrupt))
	requireEnded(t, pids)
	require.NoFileExists(t, filepath.Join(dir, "run", "mail.pid"))
}

func TestUpEndsWithTheGoRunThatStartedIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	up := upCommandLine(dir, mailOnly...)
	// A shell in the place of `go run`: like it, it starts the binary, waits, and tells nobody of its own death.
	parent := exec.Command("/bin/sh", append([]string{"-c", `"$@" & echo $!; wait`, "sh", goRunBinary}, up.Args[1:]...)...)
	parent.Env = up.Env
	p := startProgram(t, parent)
	pid, err := strconv.Atoi(<-p.lines)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	p.waitFor(t, "Left out")
	p.waitFor(t, "ready")
	pids := partPIDs(t, dir, "mail")
	pids["up"] = pid
	require.NoError(t, p.Process.Kill())
	p.waitFor(t, "has ended")
	requireEnded(t, pids)
	require.NoFileExists(t, filepath.Join(dir, "run", "mail.pid"), "it stopped in good order")
}

// The whole, killed part by part and then altogether: what was stored is there again.
func TestUpSurvivesKills(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	p := startUp(t, dir, "--no-demo")
	api := strings.Fields(p.waitFor(t, "Console"))[1]
	database := strings.Fields(p.waitFor(t, "Postgres"))[1]
	p.waitFor(t, "ready")
	requireAnswer(t, api+"readyz")
	execute(t, database, `CREATE TABLE kept AS SELECT 'here' AS it`)

	for _, part := range parts {
		old := partPID(t, dir, part)
		require.NoError(t, syscall.Kill(old, syscall.SIGKILL))
		p.waitFor(t, fmt.Sprintf("%-9s ended (signal: killed)", part))
		p.waitFor(t, fmt.Sprintf("%-9s ready", part))
		require.NotEqual(t, old, partPID(t, dir, part))
	}
	requireAnswer(t, api+"readyz")

	pids := partPIDs(t, dir, parts...)
	require.Error(t, p.end(os.Kill))
	requireEnded(t, pids)

	p = startUp(t, dir, "--no-demo")
	again := strings.Fields(p.waitFor(t, "Postgres"))[1]
	require.Equal(t, database, again, "the address of the database is kept")
	p.waitFor(t, "ready")
	execute(t, database, `INSERT INTO kept VALUES ('too')`)
	pids = partPIDs(t, dir, parts...)
	require.NoError(t, p.end(os.Interrupt))
	requireEnded(t, pids)

	p = startUp(t, dir, "--no-demo", "--fresh", "--without=worker", "--without=api", "--without=temporal")
	fresh := strings.Fields(p.waitFor(t, "Postgres"))[1]
	require.NotEqual(t, database, fresh, "another password at least")
	p.waitFor(t, "ready")
	conn, err := pgx.Connect(t.Context(), fresh)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), `SELECT * FROM kept`)
	require.ErrorContains(t, err, "does not exist")
	require.NoError(t, p.end(syscall.SIGTERM))
}

func requireAnswer(t *testing.T, address string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

// listening takes a port for the test.
func listening(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}
