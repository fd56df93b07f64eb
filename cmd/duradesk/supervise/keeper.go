package supervise

import (
	"context"
	"errors"
	"os"
	"time"

	"duradesk/postgres/cluster/tether"
)

// Back-off between starts, and how long a child must have lived for the next failure to count as its first.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
	longLife   = 10 * time.Second
)

// keeper runs one child until it is told to stop.
type keeper struct {
	Child
	options Options
	state   *readiness

	stop    chan struct{} // closed to begin an orderly stop
	kill    chan struct{} // closed to end it at once
	stopped chan struct{} // closed when it has ended for good
}

// run starts the child again and again.
func (k *keeper) run() {
	defer close(k.stopped)
	defer k.state.close()
	var pause time.Duration
	for {
		k.state.lost()
		begun := time.Now()
		err := k.once()
		if k.stopping() {
			return
		}
		pause = nextPause(pause, time.Since(begun))
		k.state.failed(err)
		k.report(Event{Kind: Ended, Err: err, After: pause})
		select {
		case <-k.stop:
			return
		case <-k.kill:
			return
		case <-time.After(pause):
		}
	}
}

// nextPause is how long to wait before the next start of a child that has lived so long; last is the pause before.
func nextPause(last, lived time.Duration) time.Duration {
	if last == 0 || lived >= longLife {
		return firstPause
	}
	return min(2*last, lastPause)
}

// once runs the child from its start to its end.
func (k *keeper) once() error {
	ctx, cancel := k.untilStopped()
	defer cancel()
	cmd, err := k.Command(ctx)
	if err != nil {
		return err
	}
	p, err := k.options.start(k.Name, cmd, k.Death)
	if err != nil {
		return err
	}
	defer k.options.forget(k.Name)
	k.report(Event{Kind: Started, PID: p.PID()})

	watched := make(chan struct{})
	go func() {
		defer close(watched)
		k.watch(ctx, p)
	}()
	defer func() { cancel(); <-watched }()

	select {
	case <-p.Done():
	case <-k.stop:
		k.end(p)
	case <-k.kill:
		endAtOnce(p, k.Death)
	}
	if p.Err() == nil {
		return errors.New("it ended by itself")
	}
	return p.Err()
}

// untilStopped is a context that ends when the child shall.
func (k *keeper) untilStopped() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-k.stop:
		case <-k.kill:
		case <-ctx.Done():
		}
		cancel()
	}()
	return ctx, cancel
}

// watch asks for readiness until the answer is yes.
func (k *keeper) watch(ctx context.Context, p *tether.Process) {
	begun := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := k.Ready(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			k.state.gained()
			k.report(Event{Kind: Ready, PID: p.PID(), After: time.Since(begun)})
			return
		}
		k.state.failed(err)
		select {
		case <-ctx.Done():
			return
		case <-p.Done():
			return
		case <-tick.C:
		}
	}
}

// end asks the child to stop and insists when its grace is over.
func (k *keeper) end(p *tether.Process) {
	p.Signal(k.Stop)
	select {
	case <-p.Done():
		return
	case <-time.After(k.Grace):
	case <-k.kill:
	}
	endAtOnce(p, k.Death)
}

func endAtOnce(p *tether.Process, death os.Signal) {
	p.Signal(death)
	select {
	case <-p.Done():
	case <-time.After(2 * time.Second):
		p.Signal(os.Kill)
		<-p.Done()
	}
}

func (k *keeper) stopping() bool {
	select {
	case <-k.stop:
		return true
	case <-k.kill:
		return true
	default:
		return false
	}
}

func (k *keeper) report(e Event) {
	e.Child = k.Name
	k.options.Report(e)
}
