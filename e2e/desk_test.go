package e2e

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"duradesk/dispatch/temporaltest"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/postgres/cluster/tether"
)

// The parts of a desk, as `up` names them.
const (
	partPostgres = "postgres"
	partTemporal = "temporal"
	partMail     = "mail"
	partWorker   = "worker"
	partAPI      = "api"
)

var parts = []string{partPostgres, partTemporal, partMail, partWorker, partAPI}

// atOnce bounds the desks that run at the same time: each is five processes.
var atOnce = make(chan struct{}, 3)

// patience is how long a test waits for what must come: it is a bound against hanging, not a promise of speed.
const patience = 2 * time.Minute

// soon is less than a poll of a mailbox or a sweep waits, and more than a busy machine needs for what is told at once.
const soon = 15 * time.Second

// desk is one `duradesk up` in a directory of its own. Its database and its namespace of Temporal are on servers that all
// desks share, as long as nothing befalls these: to start them for each took more than all that most tests do.
type desk struct {
	t        *testing.T
	dir      string
	flags    []string
	env      []string
	up       *tether.Process
	out      *transcript
	settings map[string]string
}

// startDesk starts a whole desk without sample data and waits until it is ready.
func startDesk(t *testing.T, flags ...string) *desk {
	t.Helper()
	return startDeskWith(t, nil, flags...)
}

// startDeskWith starts a desk whose processes get these settings too.
func startDeskWith(t *testing.T, env []string, flags ...string) *desk {
	t.Helper()
	given := func(name string) bool {
		return slices.ContainsFunc(env, func(entry string) bool { return strings.HasPrefix(entry, name+"=") })
	}
	if !given("DURADESK_DATABASE_URL") {
		env = append(env, "DURADESK_DATABASE_URL="+pgtest.DatabaseFrom(t, "migrated", postgres.Migrate))
	}
	if !given("TEMPORAL_ADDRESS") {
		env = append(env, "TEMPORAL_ADDRESS="+temporaltest.Address(t), "TEMPORAL_NAMESPACE="+temporaltest.Namespace(t))
	}
	return startWith(t, env, flags...)
}

// startWholeDesk starts a desk with a Postgres and a Temporal of its own, as people have it who start `duradesk up`.
func startWholeDesk(t *testing.T) *desk {
	t.Helper()
	return startWith(t, nil)
}

func startWith(t *testing.T, env []string, flags ...string) *desk {
	t.Helper()
	_, err := binary()
	require.NoError(t, err)
	select {
	case atOnce <- struct{}{}:
	case <-t.Context().Done():
		t.Fatal("no room for another desk")
	}
	t.Cleanup(func() { <-atOnce })

	ports := freePorts(t, 6)
	d := &desk{
		t: t, dir: filepath.Join(t.TempDir(), "desk"),
		env: append(env, "DURADESK_HOURS=always", // what is due falls due while the tests run, whatever day it is
			"DURADESK_WORKER_HEALTH_ADDR="+ports[5], "GORACE=log_path="+filepath.Join(t.TempDir(), "race")),
		flags: append([]string{
			"--no-demo", "--http", ports[0], "--temporal", ports[1], "--temporal-ui", ports[2], "--smtp", ports[3], "--imap", ports[4],
		}, flags...),
	}
	t.Cleanup(d.close)
	d.start()
	d.undoTime(0) // answers leave at once: what waits for mail shall not wait longer
	return d
}

// undoTime sets for how long an answer can be taken back.
func (d *desk) undoTime(seconds int) {
	d.t.Helper()
	pool, err := pgxpool.New(d.t.Context(), d.settings["DURADESK_DATABASE_URL"])
	require.NoError(d.t, err)
	defer pool.Close()
	_, err = pool.Exec(d.t.Context(), `update desks set manner = manner || jsonb_build_object('undo_send', $1::int)`, seconds)
	require.NoError(d.t, err)
}

// freePorts gives addresses that nobody listens on. They lie below the range from which connections take theirs, so
// that a part that is started again finds its port free.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var free []string
	for len(free) < n {
		l, err := listenSomewhere()
		if err != nil {
			continue
		}
		free = append(free, l.Addr().String())
		defer func() { _ = l.Close() }()
	}
	return free
}

func listenSomewhere() (net.Listener, error) {
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(18000)))
}

// command is the binary under test; the settings of the person who runs the tests do not reach it.
func (d *desk) command(args ...string) *exec.Cmd {
	path, err := binary()
	require.NoError(d.t, err)
	cmd := exec.Command(path, args...)
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		kept := strings.HasPrefix(name, "DURADESK_POSTGRES_") || name == "DURADESK_TEMPORAL_BIN"
		if built, ok := strings.CutPrefix(entry, "DURADESK_TEST_TEMPORAL="); ok { // what the Makefile built for all tests
			entry, kept = "DURADESK_TEMPORAL_BIN="+built, true
		}
		if kept || !strings.HasPrefix(name, "DURADESK_") && !strings.HasPrefix(name, "TEMPORAL_") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, d.env...)
	return cmd
}

// run runs a command of the binary with the desk's settings.
func (d *desk) run(command string, flags ...string) string {
	cmd := d.command(append([]string{command}, flags...)...)
	for name, value := range d.settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	said, err := cmd.CombinedOutput()
	require.NoError(d.t, err, string(said))
	return string(said)
}

// start starts `up` and waits for its word; a Temporal server that was never built takes minutes. Started again, it must
// be found under the same addresses, with the same secrets.
func (d *desk) start() {
	d.t.Helper()
	d.begin()
	d.out.waitFor(d.t, d.up, "ready", 9*time.Minute)
	settings := readSettings(d.t, filepath.Join(d.dir, "env"))
	if d.settings != nil {
		require.Equal(d.t, d.settings, settings)
		return
	}
	d.settings = settings
}

// begin starts `up` without waiting.
func (d *desk) begin() {
	d.t.Helper()
	cmd := d.command(append([]string{"up", "--dir", d.dir}, d.flags...)...)
	d.out = newTranscript()
	cmd.Stdout, cmd.Stderr = d.out, d.out
	up, err := tether.Start(cmd, syscall.SIGKILL)
	require.NoError(d.t, err)
	d.up = up
}

// stop interrupts `up` once and waits for its orderly end.
func (d *desk) stop() {
	d.t.Helper()
	d.up.Signal(os.Interrupt)
	d.ended(d.up)
	require.NoError(d.t, d.up.Err(), d.out)
}

func (d *desk) ended(p *tether.Process) {
	d.t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		require.FailNow(d.t, "a process does not end", "process %d\n%s", p.PID(), d.out)
	}
}

// close ends what still runs, and shows what the parts said if the test failed.
func (d *desk) close() {
	if d.up != nil {
		d.up.Signal(os.Interrupt)
		select {
		case <-d.up.Done():
		case <-time.After(30 * time.Second):
			d.up.Signal(os.Kill)
			<-d.up.Done()
		}
	}
	for _, env := range d.env {
		if log, ok := strings.CutPrefix(env, "GORACE=log_path="); ok {
			races, _ := filepath.Glob(log + ".*")
			for _, race := range races {
				content, _ := os.ReadFile(race)
				d.t.Errorf("the race detector of a part says:\n%s", content)
			}
		}
	}
	if d.t.Failed() {
		d.t.Logf("up said:\n%s", d.out)
		for _, part := range append(parts, "migrate", "bootstrap") {
			d.t.Logf("the log of %s ends:\n%s", part, tail(filepath.Join(d.dir, "log", part+".log"), 3<<10))
		}
	}
}

// readSettings reads the lines NAME='value' that `up` writes for people.
func readSettings(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	settings := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, found := strings.Cut(lines.Text(), "=")
		require.True(t, found, lines.Text())
		settings[name] = strings.ReplaceAll(strings.Trim(value, "'"), `'\''`, "'")
	}
	return settings
}

// lookAgain is how long to wait before the next look at what did not come for so long: what is near is seen at once, and
// what takes long is not held up by being looked at.
func lookAgain(waited time.Duration) time.Duration {
	return min(max(25*time.Millisecond, waited/8), 400*time.Millisecond)
}

// eventually polls until something is there.
func eventually[T any](t *testing.T, within time.Duration, what string, look func() (T, bool)) T {
	t.Helper()
	began, deadline := time.Now(), time.NewTimer(within)
	defer deadline.Stop()
	for {
		found, ok := look()
		if ok {
			return found
		}
		select {
		case <-time.After(lookAgain(time.Since(began))):
		case <-deadline.C:
			require.FailNow(t, fmt.Sprintf("not within %v: %s", within, what), "as it stands: %+v", found)
		}
	}
}
