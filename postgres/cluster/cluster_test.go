package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

// TestMain plays a program that keeps a cluster: this binary started again, as somebody else or to be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("CLUSTER_SERVE"); dir != "" {
		if err := serve(dir); err != nil {
			fmt.Println("failed:", strings.ReplaceAll(err.Error(), "\n", " / "))
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(runTests(m))
}

// publicBinary is a copy of this test binary that every user can run: the original lies where only its owner comes.
// It is written before the tests fork, since a file that a fork still has open for writing cannot be run.
var publicBinary string

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "duradesk-cluster-bin-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	publicBinary = filepath.Join(dir, "cluster.test")
	content, err := os.ReadFile(os.Args[0])
	if err = errors.Join(err, os.Chmod(dir, 0o755), os.WriteFile(publicBinary, content, 0o755)); err != nil {
		panic(err)
	}
	return m.Run()
}

// serve starts a cluster, prints what the test needs and stops it in good order when its input ends.
func serve(dir string) error {
	if os.Getenv("CLUSTER_FORBID_NAMESPACES") != "" {
		if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0o644); err != nil {
			return err
		}
	}
	fmt.Println("starting")
	var notices bytes.Buffer
	c, err := Start(context.Background(), Options{Dir: dir, SharedBuffers: "16MB", Notices: &notices})
	if err != nil {
		return err
	}
	fmt.Println("dsn:", c.DSN())
	fmt.Println("pid:", c.PID())
	fmt.Println("notices:", strings.ReplaceAll(notices.String(), "\n", " / "))
	_, _ = io.Copy(io.Discard, os.Stdin)
	return c.Stop(context.Background())
}

// server is such a program, running.
type server struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	lines   *bufio.Scanner
	dsn     string
	pid     int
	notices string
}

// command is the program, changed to run as somebody else where wanted.
func command(dir string, change func(*exec.Cmd)) *exec.Cmd {
	cmd := exec.Command(publicBinary)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "CLUSTER_SERVE="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if change != nil {
		change(cmd)
	}
	return cmd
}

func run(t *testing.T, dir string, change func(*exec.Cmd)) *server {
	t.Helper()
	s := begin(t, dir, change)
	for s.lines.Scan() {
		key, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch key {
		case "failed":
			t.Fatalf("the cluster did not start: %s", value)
		case "dsn":
			s.dsn = value
		case "pid":
			s.pid, _ = strconv.Atoi(value)
		case "notices":
			s.notices = value
			return s
		}
	}
	t.Fatal("the program ended without a word")
	return nil
}

func begin(t *testing.T, dir string, change func(*exec.Cmd)) *server {
	t.Helper()
	cmd := command(dir, change)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	s := &server{cmd: cmd, stdin: stdin, lines: bufio.NewScanner(out)}
	t.Cleanup(func() { s.kill() })
	return s
}

func (s *server) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, s.stdin.Close())
	require.NoError(t, s.cmd.Wait())
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// publicDir is a directory that every user can come through.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "duradesk-cluster-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// start runs a cluster in this process.
func start(t *testing.T, o Options) *Cluster {
	t.Helper()
	o.SharedBuffers = "16MB"
	c, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = c.Stop(ctx)
	})
	return c
}

func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var result string
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&result))
	return result
}

func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	c := start(t, Options{Dir: dir, Durable: true})
	for setting, want := range map[string]string{
		"server_encoding": "UTF8", "data_checksums": "on", "max_connections": "200", "listen_addresses": "127.0.0.1",
		"fsync": "on", "TimeZone": "UTC", "unix_socket_directories": "", "password_encryption": "scram-sha-256",
	} {
		require.Equal(t, want, query(t, c.DSN(), "SHOW "+setting), setting)
	}
	require.Equal(t, "duradesk/duradesk", query(t, c.DSN(), "SELECT current_user || '/' || current_database()"))
	info, err := os.Stat(filepath.Join(dir, "password"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	wrong := strings.Replace(c.DSN(), c.password, "wrong", 1)
	_, err = pgx.Connect(t.Context(), wrong)
	require.ErrorContains(t, err, "password authentication failed")
}

func TestDataPortAndPasswordSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	c := start(t, Options{Dir: dir})
	execute(t, c.DSN(), `CREATE TABLE kept AS SELECT 'here' AS it`)
	require.NoError(t, c.Stop(t.Context()))

	again := start(t, Options{Dir: dir})
	require.Equal(t, c.DSN(), again.DSN())
	require.Equal(t, "here", query(t, again.DSN(), `SELECT it FROM kept`))
}

func TestHalfMadeDirectoryIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	s := begin(t, dir, nil)
	require.True(t, s.lines.Scan(), "the program says when it starts")
	// initdb is killed with its parent as soon as it has begun to write.
	require.Eventually(t, func() bool {
		written, _ := filepath.Glob(filepath.Join(dir, "data", "*"))
		return len(written) > 0
	}, 30*time.Second, time.Millisecond)
	s.kill()
	_, err := os.Stat(recordFile(dir))
	require.ErrorIs(t, err, os.ErrNotExist, "killed too late to prove anything")

	c := start(t, Options{Dir: dir})
	require.Equal(t, "1", query(t, c.DSN(), `SELECT '1'`))
}

func TestWrongMajorIsNamed(t *testing.T) {
	t.Parallel()
	_, err := Find(t.Context(), 99)
	require.ErrorIs(t, err, errNoBinaries)
	require.ErrorContains(t, err, "version 99, which made the data")
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	first := start(t, Options{Dir: dir})
	_, err := Start(t.Context(), Options{Dir: publicDir(t), Port: first.Port(), SharedBuffers: "16MB"})
	require.ErrorContains(t, err, "could not bind")
}
