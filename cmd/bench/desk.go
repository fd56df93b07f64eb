package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"

	"duradesk/postgres/cluster/tether"
)

// desk is a whole desk of its own: `up` without worker and API, and `serve` beside it as one process to look at.
type desk struct {
	binary, dir string
	settings    map[string]string
	up, serve   *tether.Process
	log         *bytes.Buffer
	pool        *pgxpool.Pool
	temporal    client.Client
	web         *http.Client
}

// build makes the binary under measure, without race detector, as the image and the operators' guide build it.
func build(ctx context.Context, path string) error {
	if out, err := exec.CommandContext(ctx, "go", "build", "-tags=nomsgpack", "-o", path, "duradesk/cmd/duradesk").CombinedOutput(); err != nil {
		return fmt.Errorf("build duradesk: %w\n%s", err, out)
	}
	return nil
}

// startDesk starts a desk without sample data in dir and waits until it answers.
func startDesk(ctx context.Context, binary, dir string) (*desk, error) {
	ports, err := freePorts(6)
	if err != nil {
		return nil, err
	}
	// A connection is let go before the desk lets it go, after two minutes without a request: a command sent that instant is
	// lost with it.
	web := &http.Transport{MaxIdleConnsPerHost: 128, IdleConnTimeout: time.Minute}
	d := &desk{binary: binary, dir: dir, web: &http.Client{Timeout: time.Minute, Transport: web}}
	flags := []string{
		"up", "--dir", dir, "--no-demo", "--without", "worker", "--without", "api",
		"--http", ports[0], "--temporal", ports[1], "--temporal-ui", ports[2], "--smtp", ports[3], "--imap", ports[4],
	}
	cmd := exec.Command(binary, flags...)
	cmd.Env = environment(map[string]string{"DURADESK_WORKER_HEALTH_ADDR": ports[5], "DURADESK_HOURS": "always"})
	words, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("listen to up: %w", err)
	}
	d.log = &bytes.Buffer{}
	cmd.Stderr = d.log
	if d.up, err = tether.Start(cmd, syscall.SIGKILL); err != nil {
		return nil, fmt.Errorf("start up: %w", err)
	}
	if err := awaitReady(ctx, words, d.up); err != nil {
		d.stop()
		return nil, fmt.Errorf("%w\n%s", err, d.log)
	}
	if d.settings, err = readSettings(filepath.Join(dir, "env")); err != nil {
		d.stop()
		return nil, err
	}
	d.settings["DURADESK_WORKER_HEALTH_ADDR"] = ports[5]
	if err := d.open(ctx); err != nil {
		d.stop()
		return nil, err
	}
	return d, nil
}

// open starts `serve` and the connections of the measuring side.
func (d *desk) open(ctx context.Context) (err error) {
	if err = d.startServe(ctx); err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(d.settings["DURADESK_DATABASE_URL"])
	if err != nil {
		return fmt.Errorf("read the database's address: %w", err)
	}
	config.MaxConns = 12 // as many as the product lets apply at once
	if d.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	d.temporal, err = client.Dial(client.Options{
		HostPort: d.settings["TEMPORAL_ADDRESS"], Namespace: d.settings["TEMPORAL_NAMESPACE"], Logger: quiet{},
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}}, // as the product
	})
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	return nil
}

// startServe starts API and worker in one process and waits until it is able to do all its work.
func (d *desk) startServe(ctx context.Context) (err error) {
	cmd := exec.Command(d.binary, "serve")
	cmd.Env = environment(d.settings)
	log, err := os.OpenFile(filepath.Join(d.dir, "serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of serve: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	if d.serve, err = tether.Start(cmd, syscall.SIGKILL); err != nil {
		return fmt.Errorf("start serve: %w", err)
	}
	for _, address := range []string{d.settings["DURADESK_HTTP_ADDR"], d.settings["DURADESK_WORKER_HEALTH_ADDR"]} {
		if err := d.ready(ctx, address); err != nil {
			return err
		}
	}
	return nil
}

// ready waits until a process that listens there is able to do all its work.
func (d *desk) ready(ctx context.Context, address string) error {
	return until(ctx, time.Minute, address+" is ready", func() (bool, error) {
		answer, err := d.web.Get("http://" + address + "/readyz")
		if err != nil {
			return false, nil // not there yet
		}
		defer func() { _ = answer.Body.Close() }()
		_, _ = io.Copy(io.Discard, answer.Body) // whether it is ready stands in the status
		return answer.StatusCode == http.StatusOK, nil
	})
}

// stopServe ends API and worker in order.
func (d *desk) stopServe() {
	d.serve.Signal(os.Interrupt)
	<-d.serve.Done()
	d.serve = nil
}

// stop ends everything.
func (d *desk) stop() {
	if d.temporal != nil {
		d.temporal.Close()
	}
	if d.pool != nil {
		d.pool.Close()
	}
	if d.serve != nil {
		d.stopServe()
	}
	d.up.Signal(os.Interrupt)
	select {
	case <-d.up.Done():
	case <-time.After(30 * time.Second):
		d.up.Signal(os.Kill)
		<-d.up.Done()
	}
}

// awaitReady reads what up says until the line ready, and everything after it to nowhere.
func awaitReady(ctx context.Context, words io.Reader, up *tether.Process) error {
	ready := make(chan struct{})
	go func() {
		lines := bufio.NewScanner(words)
		for said := false; lines.Scan(); {
			if !said && lines.Text() == "ready" {
				said = true
				close(ready)
			}
		}
	}()
	select {
	case <-ready:
		return nil
	case <-up.Done():
		return errors.New("up ended before it was ready")
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(10 * time.Minute):
		return errors.New("up is not ready after ten minutes")
	}
}

// environment is this process's, without settings of some other desk, and with these.
func environment(settings map[string]string) []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		ours := strings.HasPrefix(name, "DURADESK_") || strings.HasPrefix(name, "TEMPORAL_")
		if !ours || strings.HasPrefix(name, "DURADESK_POSTGRES_") || name == "DURADESK_TEMPORAL_BIN" {
			env = append(env, entry)
		}
	}
	for name, value := range settings {
		env = append(env, name+"="+value)
	}
	return env
}

// readSettings reads the lines NAME='value' that up writes for people.
func readSettings(file string) (map[string]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the desk's settings: %w", err)
	}
	settings := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			settings[name] = strings.ReplaceAll(strings.Trim(value, "'"), `'\''`, "'")
		}
	}
	return settings, nil
}

// freePorts gives addresses that nobody listens on now.
func freePorts(n int) ([]string, error) {
	var free []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		free = append(free, l.Addr().String())
		defer func() { _ = l.Close() }()
	}
	return free, nil
}

// until looks every ten milliseconds until something is there.
func until(ctx context.Context, within time.Duration, what string, look func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if there, err := look(); there || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, ctx.Err())
		}
	}
}

// quiet is a logger that says nothing: the SDK's news are not what is measured.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
