package supervise

import (
	"context"
	"os/exec"
	"syscall"
	"time"
)

// Child says how one named part is run.
type Child struct {
	// Name names the part, its pid file and its log.
	Name string
	// Command gives a new command for each start. Its output goes to the log.
	Command func(ctx context.Context) (*exec.Cmd, error)
	// Ready asks once whether the part does its work; nil for one that is ready when it runs.
	Ready func(ctx context.Context) error
	// Stop asks for an orderly end (SIGTERM when 0); after Grace (10 s when 0) the part is killed.
	Stop  syscall.Signal
	Grace time.Duration
	// Death is what the part gets when this process dies, and when it is ended at once (SIGKILL when 0).
	Death syscall.Signal
}

func (c Child) withDefaults() Child {
	if c.Stop == 0 {
		c.Stop = syscall.SIGTERM
	}
	if c.Death == 0 {
		c.Death = syscall.SIGKILL
	}
	if c.Grace == 0 {
		c.Grace = 10 * time.Second
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	return c
}

// Event is what happened to a child, for the person who watches.
type Event struct {
	Child string
	Kind  Kind
	PID   int           // of Started and Ready
	Err   error         // of Ended: how it ended; of Late: why it is not ready
	After time.Duration // of Ready: since its start; of Ended: until the next start; of Late: Options.Late
}

// Kind is the kind of an event.
type Kind int

// The kinds of events. Late comes once when a part, however often it was started, is not ready for Options.Late.
const (
	Started Kind = iota
	Ready
	Ended
	Late
)
