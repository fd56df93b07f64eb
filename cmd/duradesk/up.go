package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"duradesk/cmd/duradesk/supervise"
	"duradesk/postgres/cluster"
)

// The parts of up, in the order in which they start.
const (
	partPostgres = "postgres"
	partTemporal = "temporal"
	partMail     = "mail"
	partWorker   = "worker"
	partAPI      = "api"
)

var parts = []string{partPostgres, partTemporal, partMail, partWorker, partAPI}

// leftoverPatience is how long the parts of an earlier up may take to end.
const leftoverPatience = 10 * time.Second

// demoPatience is how long the demo data may take; without a worker, say, they never get done.
const demoPatience = 2 * time.Minute

// sameInterrupt is how long one interrupt may take to arrive twice: programs such as timeout signal both the process
// and its group.
const sameInterrupt = 300 * time.Millisecond

// upCommand runs everything on one machine.
type upCommand struct {
	Dir        string   `default:".duradesk" type:"path" placeholder:"DIR" help:"State directory (${default})."`
	Fresh      bool     `help:"Start anew: remove all state in --dir first."`
	NoDemo     bool     `help:"Make no sample people and tickets."`
	HTTP       string   `name:"http" default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of API and console (${default})."`
	Temporal   string   `default:"127.0.0.1:7233" placeholder:"ADDR" help:"Address of Temporal (${default})."`
	TemporalUI string   `name:"temporal-ui" default:"127.0.0.1:8233" placeholder:"ADDR" help:"Address of Temporal's Web UI (${default})."`
	SMTP       string   `name:"smtp" default:"127.0.0.1:1025" placeholder:"ADDR" help:"Address where the mail world takes mail (${default})."`
	IMAP       string   `name:"imap" default:"127.0.0.1:1143" placeholder:"ADDR" help:"Address where the mail world serves mailboxes (${default})."`
	Without    []string `placeholder:"NAME" help:"Leave a part out: postgres, temporal, mail, worker or api (repeatable)."`
}

// Run runs until it is interrupted: once for an orderly stop, twice to end everything at once.
func (c *upCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(interrupts)

	u := &up{upCommand: *c, out: newPrinter(os.Stdout), kill: make(chan struct{})}
	go func() {
		<-interrupts
		u.out.line("Stopping (interrupt again to end everything at once)")
		cancel()
		first := time.Now()
		for range interrupts {
			if time.Since(first) > sameInterrupt {
				close(u.kill)
				return
			}
		}
	}()
	go func() {
		if waitForParent(ctx) {
			u.out.line("The `go run` that started this has ended")
			cancel()
		}
	}()

	err := u.run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// up is one run of the command.
type up struct {
	upCommand
	out  *printer
	kill chan struct{} // closed at the second interrupt

	addresses  addresses
	database   string // DURADESK_DATABASE_URL of the environment, if any
	postgres   *cluster.Cluster
	temporal   temporalBinary
	self       string            // the binary that runs our own parts
	settings   map[string]string // what up decides for its children
	env        []string          // their environment: ours and the settings
	supervisor *supervise.Supervisor
}

// run is the story of up. Whatever it started has ended when it returns.
func (u *up) run(ctx context.Context) error {
	if err := u.checkNames(); err != nil {
		return err
	}
	if err := claimState(u.Dir); err != nil {
		return err
	}
	lock, err := supervise.TryLock(u.Dir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if err := u.endLeftovers(ctx); err != nil {
		return err
	}
	if err := u.resolveAddresses(); err != nil {
		return err
	}
	u.out.line("Duradesk starts; its state is in %s", u.Dir)
	if err := u.prepare(ctx); err != nil {
		return err
	}

	u.supervisor, err = supervise.New(supervise.Options{Dir: u.Dir, Report: u.out.events(u.Dir)})
	if err != nil {
		return err
	}
	defer u.stop()
	if err := u.start(ctx); err != nil {
		return err
	}
	u.out.farewell(u)
	<-ctx.Done()
	return nil
}

func (u *up) runs(part string) bool { return !slices.Contains(u.Without, part) }

// prepare does all that can fail or take long before anything runs. Old state is removed when little can fail any more.
func (u *up) prepare(ctx context.Context) error {
	var err error
	if u.database != "" {
		if u.Fresh {
			u.out.line("The database of DURADESK_DATABASE_URL is left as it is: --fresh removes private state alone")
		}
		if err := checkDatabase(ctx, u.database); err != nil {
			return err
		}
	}
	if u.startsTemporal() {
		if u.temporal, err = findTemporal(ctx, u.out); err != nil {
			return err
		}
	}
	if u.Fresh {
		if err := startRemoval(u.Dir); err != nil {
			return err
		}
	}
	if err := finishRemoval(u.Dir); err != nil {
		return err
	}
	if u.self, err = keepBinary(u.Dir); err != nil {
		return err
	}
	if u.database == "" {
		u.postgres, err = cluster.Prepare(ctx, cluster.Options{
			Dir: filepath.Join(u.Dir, "postgres"), Durable: true, Notices: u.out,
		})
		if err != nil {
			return err
		}
	}
	return u.decideSettings()
}

// start starts the parts, each when what it stands on is ready, and returns when all are.
func (u *up) start(ctx context.Context) error {
	var started []string
	begin := func(child supervise.Child) error { //nolint:contextcheck // a child lives longer than the start
		started = append(started, child.Name)
		return u.supervisor.Start(child)
	}
	if err := u.startForeign(begin); err != nil {
		return err
	}
	if err := u.setUp(ctx); err != nil {
		return err
	}
	if u.startsTemporal() {
		if err := u.supervisor.Wait(ctx, partTemporal); err != nil {
			return err
		}
	}
	if err := u.startOwn(begin); err != nil {
		return err
	}
	if err := u.supervisor.Wait(ctx, started...); err != nil {
		return err
	}
	if err := u.demo(ctx); err != nil {
		return err
	}
	return u.supervisor.Wait(ctx, started...)
}

// setUp brings the schema up to date and makes the first desk and the admin, once there is a database.
func (u *up) setUp(ctx context.Context) error {
	if u.startsPostgres() {
		if err := u.supervisor.Wait(ctx, partPostgres); err != nil {
			return err
		}
	} else if u.database == "" {
		return nil
	}
	if err := u.once(ctx, "migrate"); err != nil {
		return err
	}
	return u.once(ctx, "bootstrap")
}

// demo makes the sample people and tickets where all is there that they go through.
func (u *up) demo(ctx context.Context) error {
	if u.NoDemo {
		return nil
	}
	if len(u.Without) > 0 {
		u.out.line("No demo data: they need every part")
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	err := u.once(limited, "demo")
	if err != nil && ctx.Err() == nil {
		u.out.line("The demo data are not complete: %v", err)
		return nil
	}
	return err
}

// once runs one of our own subcommands to its end.
func (u *up) once(ctx context.Context, command string) error {
	cmd := exec.Command(u.self, command)
	cmd.Env = u.env
	err := u.supervisor.Run(ctx, command, cmd)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w; its log says: %s", err, lastLines(supervise.LogFile(u.Dir, command), 1))
	}
	if err == nil {
		u.out.line("  %-9s done", command)
	}
	return err
}

// stop ends what runs, in order, or at once when the second interrupt comes.
func (u *up) stop() {
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		select {
		case <-u.kill:
			u.supervisor.Kill()
		case <-stopped:
		}
	}()
	u.supervisor.Stop()
}

func (u *up) checkNames() error {
	for _, name := range u.Without {
		if !slices.Contains(parts, name) {
			return fmt.Errorf("--without %s: there is no such part; the parts are postgres, temporal, mail, worker and api", name)
		}
	}
	u.database = os.Getenv("DURADESK_DATABASE_URL")
	return nil
}

func (u *up) startsPostgres() bool { return u.runs(partPostgres) && u.database == "" }

func (u *up) startsTemporal() bool {
	return u.runs(partTemporal) && os.Getenv("TEMPORAL_ADDRESS") == ""
}

func (u *up) endLeftovers(ctx context.Context) error {
	for _, left := range supervise.Leftovers(u.Dir) {
		u.out.line("Waiting for %s of an earlier run to end (process %d)", left.Name, left.PID)
	}
	return supervise.EndLeftovers(ctx, u.Dir, leftoverPatience)
}
