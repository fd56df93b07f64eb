package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"duradesk/postgres/cluster/tether"
)

// Options say where the supervisor keeps its files and whom it tells.
type Options struct {
	// Dir is the state directory, locked by the caller. Pid files are in Dir/run, logs in Dir/log.
	Dir string
	// Report gets every event, from several goroutines at once; nil drops them.
	Report func(Event)
	// Late is after what time a part that is not ready is reported once; 60 s when 0.
	Late time.Duration
}

// Supervisor keeps children running until Stop.
type Supervisor struct {
	options Options

	mu       sync.Mutex
	keepers  []*keeper
	stopping bool
	kill     chan struct{}
	killOnce sync.Once
}

// New makes the directories of a supervisor that has no children yet.
func New(options Options) (*Supervisor, error) {
	if options.Report == nil {
		options.Report = func(Event) {}
	}
	if options.Late == 0 {
		options.Late = time.Minute
	}
	for _, dir := range []string{runDir(options.Dir), filepath.Join(options.Dir, "log")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the state directory: %w", err)
		}
	}
	return &Supervisor{options: options, kill: make(chan struct{})}, nil
}

// Start begins to keep a child. It returns at once; see Wait.
func (s *Supervisor) Start(child Child) error {
	child = child.withDefaults()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return fmt.Errorf("start %s: %w", child.Name, errStopped)
	}
	if err := rotate(LogFile(s.options.Dir, child.Name)); err != nil {
		return err
	}
	k := &keeper{
		Child: child, options: s.options,
		stop: make(chan struct{}), kill: s.kill, stopped: make(chan struct{}),
	}
	k.state = newReadiness(s.options.Late, func(why error) {
		k.report(Event{Kind: Late, Err: why, After: s.options.Late})
	})
	s.keepers = append(s.keepers, k)
	go k.run()
	return nil
}

// Wait returns when the named children are ready, all at the same time as far as one can see.
func (s *Supervisor) Wait(ctx context.Context, names ...string) error {
	for _, name := range names {
		k := s.keeper(name)
		if k == nil {
			return fmt.Errorf("wait for %s: it was never started", name)
		}
		if err := k.state.wait(ctx); err != nil {
			return fmt.Errorf("wait for %s: %w", name, err)
		}
	}
	return nil
}

func (s *Supervisor) keeper(name string) *keeper {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keepers {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// Run runs a command once, as a child with a pid file and a log, and returns when it has ended. It is ended at once
// when ctx ends or Kill is called.
func (s *Supervisor) Run(ctx context.Context, name string, cmd *exec.Cmd) error {
	if err := rotate(LogFile(s.options.Dir, name)); err != nil {
		return err
	}
	p, err := s.options.start(name, cmd, syscall.SIGKILL)
	if err != nil {
		return err
	}
	defer s.options.forget(name)
	select {
	case <-p.Done():
	case <-ctx.Done():
		endAtOnce(p, os.Kill)
		return fmt.Errorf("run %s: %w", name, ctx.Err())
	case <-s.kill:
		endAtOnce(p, os.Kill)
	}
	if p.Err() != nil {
		return fmt.Errorf("run %s: %w", name, p.Err())
	}
	return nil
}

// Stop ends all children in good order, the last started first, and returns when none is left.
func (s *Supervisor) Stop() {
	s.mu.Lock()
	first := !s.stopping
	s.stopping = true
	keepers := slices.Clone(s.keepers)
	s.mu.Unlock()
	for _, k := range slices.Backward(keepers) {
		if first {
			close(k.stop)
		}
		<-k.stopped
	}
}

// Kill makes a Stop that is under way end the rest at once. It does not wait.
func (s *Supervisor) Kill() {
	s.killOnce.Do(func() { close(s.kill) })
}

// start starts a command of a part, with its log and its pid file.
func (o Options) start(name string, cmd *exec.Cmd, death syscall.Signal) (*tether.Process, error) {
	log, err := os.OpenFile(LogFile(o.Dir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	p, err := tether.Start(cmd, death)
	if err != nil {
		return nil, err
	}
	if err := o.remember(name, p.PID()); err != nil {
		endAtOnce(p, death)
		return nil, err
	}
	return p, nil
}

// LogFile is where a part's output goes. The log of the run before is kept beside it, with the ending .1.
func LogFile(dir, name string) string { return filepath.Join(dir, "log", name+".log") }

func rotate(log string) error {
	err := os.Rename(log, log+".1")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("keep the log of the run before: %w", err)
	}
	return nil
}
