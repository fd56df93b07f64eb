// Package wire is a TCP connection between two parts of a desk that a test can make slow, cut, or let fall silent.
//
// What runs at its two ends does not belong here: it knows addresses and bytes.
package wire

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Wire passes on what comes to its address. The zero fault passes everything at once.
type Wire struct {
	listener net.Listener
	target   string
	over     chan struct{}
	busy     sync.WaitGroup

	mu     sync.Mutex
	delay  time.Duration
	cut    bool
	silent bool
	pairs  map[*pair]bool
}

// pair is one connection: the side that called and the side that was called.
type pair struct {
	near, far net.Conn
	dead      chan struct{} // closed when nothing passes any more, though both ends stand
	buried    chan struct{}
	once      sync.Once
	deaf      sync.Once
}

// Lay listens on an address and passes on to another. An error means that the address is taken.
func Lay(ctx context.Context, address, target string) (*Wire, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("lay a wire to %s: %w", target, err)
	}
	w := &Wire{listener: l, target: target, over: make(chan struct{}), pairs: map[*pair]bool{}}
	w.busy.Go(w.accept)
	return w, nil
}

// Addr is where the wire begins.
func (w *Wire) Addr() string { return w.listener.Addr().String() }

// Delay holds back everything that passes for so long.
func (w *Wire) Delay(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = d
}

// Cut hangs up every connection, and each new one at once, until Mend.
func (w *Wire) Cut() {
	w.mu.Lock()
	w.cut = true
	w.mu.Unlock()
	w.hangUp(func(*pair) bool { return true })
}

// Silence loses everything that is said from now on, on connections that stand and on new ones, and tells nobody: both
// ends believe that they are connected. After Mend new connections speak; those of before stay dead until Bury.
func (w *Wire) Silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = true
	for p := range w.pairs {
		p.die()
	}
}

// Mend lets new connections pass, and everything at once.
func (w *Wire) Mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay, w.cut, w.silent = 0, false, false
}

// Bury hangs up the connections that fell silent, as a router that forgets them does when it is asked.
func (w *Wire) Bury() { w.hangUp((*pair).isDead) }

// Close ends the wire and all that passes.
func (w *Wire) Close() error {
	close(w.over)
	err := w.listener.Close()
	w.hangUp(func(*pair) bool { return true })
	w.busy.Wait()
	return err
}

func (w *Wire) hangUp(which func(*pair) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for p := range w.pairs {
		if which(p) {
			p.end()
		}
	}
}

func (w *Wire) accept() {
	for {
		conn, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.busy.Go(func() { w.join(conn) })
	}
}

// join connects a caller with the other side.
func (w *Wire) join(near net.Conn) {
	defer func() { _ = near.Close() }()
	p := &pair{near: near, dead: make(chan struct{}), buried: make(chan struct{})}
	w.mu.Lock()
	select {
	case <-w.over:
		w.mu.Unlock()
		return
	default:
	}
	if w.cut {
		w.mu.Unlock()
		return
	}
	if w.silent {
		p.die()
	}
	w.pairs[p] = true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.pairs, p)
	}()
	if p.isDead() {
		<-p.buried
		return
	}
	far, err := net.DialTimeout("tcp", w.target, 5*time.Second)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	w.mu.Lock()
	p.far = far
	w.mu.Unlock()
	select {
	case <-p.buried: // hung up while it was put through
		return
	default:
	}
	var ways sync.WaitGroup
	ways.Go(func() { w.pass(p, far, near) })
	ways.Go(func() { w.pass(p, near, far) })
	ways.Wait()
}

// pass carries what one side says to the other. The end of one way ends the other too, except on a dead connection.
func (w *Wire) pass(p *pair, to io.Writer, from io.Reader) {
	said := make([]byte, 32<<10)
	for {
		n, err := from.Read(said)
		if d := w.held(); d > 0 && n > 0 {
			select {
			case <-time.After(d):
			case <-p.buried:
			}
		}
		if p.isDead() {
			<-p.buried
			return
		}
		if n > 0 {
			if _, failed := to.Write(said[:n]); failed != nil {
				err = failed
			}
		}
		if err != nil {
			w.mu.Lock()
			p.end()
			w.mu.Unlock()
			return
		}
	}
}

func (w *Wire) held() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.delay
}

func (p *pair) die() { p.deaf.Do(func() { close(p.dead) }) }

func (p *pair) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// end hangs up both sides; the wire's lock is held.
func (p *pair) end() {
	p.once.Do(func() {
		close(p.buried)
		_ = p.near.Close()
		if p.far != nil {
			_ = p.far.Close()
		}
	})
}
