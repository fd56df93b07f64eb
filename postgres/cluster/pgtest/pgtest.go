// Package pgtest gives tests databases of a real Postgres: one throw-away cluster for each test process, started on
// first use, and a fresh database for each test.
//
// Nothing but tests may import it.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/postgres/cluster"
)

// patience is how long one administrative step may take on a busy machine.
const patience = 2 * time.Minute

// shared is the server of this test process.
var shared struct {
	once    sync.Once
	dsn     string
	err     error
	dir     string
	cluster *cluster.Cluster
	copying string // how a template is copied, as CREATE DATABASE is told
}

// Main runs the tests and removes the cluster afterwards, if one was started: func TestMain(m *testing.M) {
// pgtest.Main(m) }. Without it the cluster ends with the process all the same, and its directory is removed by the
// next test process that starts one.
func Main(m *testing.M) {
	code := m.Run()
	Stop()
	os.Exit(code)
}

// Stop ends and removes the cluster, for a TestMain that does more than Main.
func Stop() {
	if shared.cluster == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = shared.cluster.Stop(ctx)
	_ = cluster.Remove(shared.dir)
	_ = os.RemoveAll(filepath.Dir(shared.dir))
}

// Database makes an empty database for one test and gives its connection string. It is dropped when the test ends.
//
// The server is that of DURADESK_TEST_DATABASE_URL when set, whose user must be allowed to make databases.
func Database(t testing.TB) string {
	t.Helper()
	return create(t, "template1")
}

// Server is the connection string of the server's maintenance database, for tests that need the server itself.
func Server(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() { shared.dsn, shared.err = start() })
	if shared.err != nil {
		t.Fatalf("start Postgres for tests: %v", shared.err)
	}
	return shared.dsn
}

// templates are the databases that were prepared once, by key.
var templates sync.Map // string → func() (string, error)

// DatabaseFrom is Database with contents: prepare fills a template once for each test process and key, and every
// call copies it. Use it for a migrated schema.
func DatabaseFrom(t testing.TB, key string, prepare func(ctx context.Context, dsn string) error) string {
	t.Helper()
	server := Server(t)
	made, _ := templates.LoadOrStore(key, sync.OnceValues(func() (string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		name := fresh("template")
		if err := execute(ctx, server, "CREATE DATABASE "+name); err != nil {
			return "", err
		}
		if err := prepare(ctx, at(server, name)); err != nil {
			return "", fmt.Errorf("prepare the template %s: %w", key, err)
		}
		return name, nil
	}))
	template, err := made.(func() (string, error))()
	if err != nil {
		t.Fatalf("make a database for the test: %v", err)
	}
	return create(t, template)
}

func create(t testing.TB, template string) string {
	t.Helper()
	server := Server(t)
	name := fresh("test")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := execute(ctx, server, "CREATE DATABASE "+name+" TEMPLATE "+template+shared.copying); err != nil {
		t.Fatalf("make a database for the test: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return at(server, name)
}

func fresh(kind string) string { return "duradesk_" + kind + "_" + strings.ToLower(rand.Text()) }

// at is the connection string of another database on the same server.
func at(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err) // start has parsed it
	}
	u.Path = "/" + database
	return u.String()
}

// creating lets one database be made at a time: copies of one template exclude each other in Postgres, as an error. All are
// made and dropped over one connection, for Postgres starts a process for each.
var creating struct {
	sync.Mutex
	conn *pgx.Conn
}

func execute(ctx context.Context, dsn, statement string) error {
	creating.Lock()
	defer creating.Unlock()
	if creating.conn == nil || creating.conn.IsClosed() {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		creating.conn = conn
	}
	if _, err := creating.conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// start gives the server to use: the one of the environment, else a cluster of our own.
func start() (string, error) {
	if given := os.Getenv("DURADESK_TEST_DATABASE_URL"); given != "" {
		if u, err := url.Parse(given); err != nil || u.Host == "" {
			return "", errors.New("DURADESK_TEST_DATABASE_URL is not of the form postgres://user:password@host:port/database")
		}
		return given, nil
	}
	removeAbandoned()
	parent, err := os.MkdirTemp(place(), prefix+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return "", fmt.Errorf("make a directory: %w", err)
	}
	// The user that Postgres runs as, when it cannot run for root, must come through.
	if err := os.Chmod(parent, 0o755); err != nil {
		return "", fmt.Errorf("open the directory: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // it may have to be downloaded
	defer cancel()
	shared.dir = filepath.Join(parent, "postgres")
	shared.cluster, err = cluster.Start(ctx, cluster.Options{
		Dir:           shared.dir,
		Database:      "postgres",
		SharedBuffers: "32MB",
		Notices:       os.Stderr,
	})
	if err != nil {
		_ = os.RemoveAll(parent)
		return "", err
	}
	shared.copying, err = hasten(ctx, shared.cluster.DSN())
	return shared.cluster.DSN(), err
}

const prefix = "duradesk-pgtest-"

// memory is where Linux has a file system that no disk stands behind: a database of many small files is made and dropped
// there in a fraction of the time.
const memory = "/dev/shm"

// roomy is what must be free there, and of the machine's memory: what the tests of a package leave lying at a time, and
// the log of the server.
const roomy = 6 << 30

// place is where the cluster lies.
func place() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err == nil && fs.Bavail*uint64(fs.Bsize) > roomy && available() > roomy { //nolint:gosec // a block has a size
		return memory
	}
	return os.TempDir()
}

// available is the memory that this machine could give to somebody now, in bytes: a file system in memory tells of room
// that others have taken.
func available() uint64 {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		var kb uint64
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

// removeAbandoned deletes the directories of test processes that were killed before they could.
func removeAbandoned() {
	var found []string
	for _, place := range []string{memory, os.TempDir()} {
		here, _ := filepath.Glob(filepath.Join(place, prefix+"*"))
		found = append(found, here...)
	}
	for _, dir := range found {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		pid, err := strconv.Atoi(number)
		if err != nil || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		_ = cluster.Remove(filepath.Join(dir, "postgres"))
		_ = os.RemoveAll(dir)
	}
}
