package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"duradesk/postgres/cluster/tether"
)

// Superuser is the only role of a private cluster.
const Superuser = "duradesk"

// Options say where and how a cluster lives. Only Dir is needed.
type Options struct {
	// Dir holds everything of the cluster: data, password and port. It is made when it is not there.
	Dir string
	// Port on 127.0.0.1; 0 keeps the port of the last start while it is free, else takes a free one.
	Port int
	// Database is the one that DSN names, made on first use; "duradesk" when empty.
	Database string
	// Durable clusters survive a power cut. The others are faster and survive a kill -9 only.
	Durable bool
	// SharedBuffers as Postgres writes it; "128MB" when empty.
	SharedBuffers string
	// Log gets what Postgres prints; nil drops it.
	Log io.Writer
	// Notices gets a line for each thing a person should know: a download, a data directory elsewhere.
	Notices io.Writer

	// rootWays replaces the ways tried as root, in tests.
	rootWays []identity
}

// Cluster is a private Postgres cluster whose data directory is made. It runs after Start, or when the caller runs
// what Command gives.
type Cluster struct {
	options  Options
	binaries Binaries
	as       identity
	data     string // the data directory: below options.Dir, or elsewhere where the other user can reach it
	password string
	port     int

	process *tether.Process
	log     *tail
}

// Prepare finds or fetches the binaries and makes the data directory, or makes it anew when an earlier attempt was
// cut short. It starts nothing that outlives it.
func Prepare(ctx context.Context, options Options) (*Cluster, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Cluster{options: options, log: &tail{to: options.Log}}
	made, err := readRecord(options.Dir)
	if err != nil {
		return nil, err
	}
	major, data := 0, filepath.Join(options.Dir, "data")
	if made != nil {
		major, data = made.Major, made.Data
	}
	// Before anything else, so that nothing touches the data of one that runs.
	if err := ownData(data); err != nil {
		return nil, err
	}
	if err := clearLeftovers(ctx, data); err != nil {
		return nil, err
	}
	if c.binaries, err = findOrFetch(ctx, major, options.Notices); err != nil {
		return nil, err
	}
	if c.as, c.data, err = settle(ctx, options, c.binaries, made); err != nil {
		return nil, err
	}
	if err := c.initialise(ctx, made); err != nil {
		return nil, err
	}
	if c.port, err = choosePort(options); err != nil {
		return nil, err
	}
	return c, nil
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("a Postgres cluster needs a directory")
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return o, fmt.Errorf("make the Postgres directory: %w", err)
	}
	dir, err := realPath(o.Dir)
	if err != nil {
		return o, fmt.Errorf("find the Postgres directory: %w", err)
	}
	o.Dir = dir
	if o.Database == "" {
		o.Database = "duradesk"
	}
	if o.SharedBuffers == "" {
		o.SharedBuffers = "128MB"
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Notices == nil {
		o.Notices = io.Discard
	}
	return o, nil
}

// realPath is absolute and without symbolic links: as the kernel names the working directory of a process.
func realPath(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// Start prepares a cluster, starts it and waits until it answers. It ends with this process, even after a kill -9.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	c, err := Prepare(ctx, options)
	if err != nil {
		return nil, err
	}
	for patience := time.Now().Add(orphanPatience); ; {
		err := c.start(ctx)
		if err == nil {
			return c, nil
		}
		if !orphaned(err) || time.Now().After(patience) || ctx.Err() != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// orphanPatience is how long backends of a killed postmaster may take to end. They notice within moments; on a machine
// that has much to do it can be seconds, and until then Postgres refuses to start beside them.
const orphanPatience = 20 * time.Second

func orphaned(err error) bool {
	return strings.Contains(err.Error(), "pre-existing shared memory block")
}

func (c *Cluster) start(ctx context.Context) error {
	cmd, err := c.Command(ctx)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = c.log, c.log
	// Orphaned backends may hold the pipe for a moment after the postmaster is gone.
	cmd.WaitDelay = 2 * time.Second
	if c.process, err = tether.Start(cmd, DeathSignal); err != nil {
		return err
	}
	if err := c.waitReady(ctx); err != nil {
		c.process.Signal(syscall.SIGQUIT)
		<-c.process.Done()
		return err
	}
	return nil
}

// StopSignal asks a postmaster for a fast shutdown; DeathSignal for an immediate one, which recovers at the next start.
const (
	StopSignal  = syscall.SIGINT
	DeathSignal = syscall.SIGQUIT
)

// Command gives a new command that runs the postmaster in the foreground, after clearing away what a killed one left.
func (c *Cluster) Command(ctx context.Context) (*exec.Cmd, error) {
	if err := clearLeftovers(ctx, c.data); err != nil {
		return nil, err
	}
	cmd := exec.Command(c.binaries.path("postgres"), c.settings()...)
	cmd.Dir = c.data
	c.as.apply(cmd)
	return cmd, nil
}

func (c *Cluster) settings() []string {
	onOff := map[bool]string{true: "on", false: "off"}[c.options.Durable]
	args := []string{"-D", c.data, "-p", strconv.Itoa(c.port)}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=",
		"max_connections=200",
		"shared_buffers=" + c.options.SharedBuffers,
		"fsync=" + onOff,
		"full_page_writes=" + onOff,
		"timezone=UTC",
		"log_timezone=UTC",
		"log_destination=stderr",
		"logging_collector=off",
		"jit=off",
	} {
		args = append(args, "-c", setting)
	}
	return args
}

// DSN is the connection string of the cluster's database, password included.
func (c *Cluster) DSN() string { return c.dsn(c.options.Database) }

func (c *Cluster) dsn(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(Superuser, c.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(c.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port is the cluster's port on 127.0.0.1.
func (c *Cluster) Port() int { return c.port }

// PID is the postmaster's process id.
func (c *Cluster) PID() int { return c.process.PID() }

// Done is closed when a postmaster begun by Start has ended.
func (c *Cluster) Done() <-chan struct{} { return c.process.Done() }

// Stop shuts down a cluster begun by Start: sessions are cut off, nothing that was committed is lost. When ctx ends
// first, the shutdown becomes an immediate one.
func (c *Cluster) Stop(ctx context.Context) error {
	c.process.Signal(StopSignal)
	select {
	case <-c.process.Done():
		return nil
	case <-ctx.Done():
	}
	c.process.Signal(DeathSignal)
	select {
	case <-c.process.Done():
	case <-time.After(5 * time.Second):
		c.process.Signal(os.Kill)
		<-c.process.Done()
	}
	return fmt.Errorf("stop Postgres: %w", ctx.Err())
}
