package world

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-imap/v2"
)

// A wire is a connection of one of the doors. It does on the byte stream what the server libraries have no hook for:
// faults at the greeting and before SMTP's 354, a cut inside an IMAP literal, hidden IMAP capabilities.
type wire struct {
	net.Conn
	world  *World
	door   door
	number int
	hidden []imap.Cap
	onGo   func() *Armed // asked before the 354
	ended  chan struct{}
	end    sync.Once

	// Used by one goroutine at a time, like any connection's reading and writing side.
	greeted bool
	swallow bool // the next line written is not sent

	mu     sync.Mutex
	inject []byte // read before anything from the network
	left   int    // bytes until the cut, when cutting
	cuts   bool
}

// doorListener hands out wires and remembers them, so that none outlives the world.
type doorListener struct {
	net.Listener
	world *World
	door  door
}

// Accept implements net.Listener.
func (l *doorListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: conn, world: l.world, door: l.door, ended: make(chan struct{})}
	w.number, w.hidden = l.world.faults.connected(l.door)
	if !l.world.keep(w) {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	return w, nil
}

// Close implements net.Conn.
func (w *wire) Close() error {
	w.end.Do(func() {
		close(w.ended)
		w.world.forget(w)
	})
	return w.Conn.Close()
}

// Write implements net.Conn. Both server libraries write each line with one call.
func (w *wire) Write(b []byte) (int, error) {
	var struck *Armed
	switch {
	case !w.greeted:
		w.greeted = true
		at := AtGreeting
		if w.door == imapDoor {
			at = AtIMAPGreeting
		}
		struck = w.world.faults.strike(occasion{at: at, connection: w.number})
	case w.swallow:
		w.swallow = false
		return len(b), nil
	case w.onGo != nil && bytes.HasPrefix(b, []byte("354 ")):
		struck = w.onGo()
	}
	if struck != nil {
		if done, err := w.struck(struck, b); done {
			return len(b), err
		}
	}
	return w.send(b)
}

// struck carries out a fault at the greeting or before the 354. It tells whether the line is dealt with.
func (w *wire) struck(a *Armed, line []byte) (done bool, err error) {
	switch a.fault.Do.kind { //nolint:exhaustive // there is no literal to cut
	case doDrop, doDropKept:
		return true, w.Close()
	case doStall, doStallKept:
		w.wait(a)
	case doReply:
		reply := fmt.Sprintf("%d %s\r\n", a.fault.Do.code, a.fault.Do.text)
		if _, err := w.Conn.Write([]byte(reply)); err != nil {
			return true, err
		}
		if !bytes.HasPrefix(line, []byte("354 ")) {
			return true, w.Close()
		}
		// The library now waits for a message that will not come: end it at once and keep its verdict to ourselves.
		w.mu.Lock()
		w.inject = []byte(".\r\n")
		w.mu.Unlock()
		w.swallow = true
		return true, nil
	}
	return false, nil
}

// wait blocks until the fault is released, the connection is closed on our side or the world ends.
func (w *wire) wait(a *Armed) {
	select {
	case <-a.release:
	case <-w.ended:
	case <-w.world.done:
	}
}

// cutAfter closes the connection when that many more bytes have been sent.
func (w *wire) cutAfter(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cuts, w.left = true, n
}

func (w *wire) send(b []byte) (int, error) {
	if len(w.hidden) > 0 {
		if visible := withoutCaps(b, w.hidden); visible != nil {
			_, err := w.Conn.Write(visible)
			return len(b), err
		}
	}
	w.mu.Lock()
	cuts, left := w.cuts, w.left
	w.left -= len(b)
	w.mu.Unlock()
	if cuts && len(b) > left {
		n, _ := w.Conn.Write(b[:max(left, 0)])
		_ = w.Close()
		return n, net.ErrClosed
	}
	return w.Conn.Write(b)
}

var capabilityLine = regexp.MustCompile(`^(?:\* CAPABILITY|\S+ (?:OK|PREAUTH) \[CAPABILITY) [^\r\n]*\r\n$`)

// withoutCaps returns a capability line without the hidden ones, or nil if the bytes are no such line.
func withoutCaps(b []byte, hidden []imap.Cap) []byte {
	if !capabilityLine.Match(b) {
		return nil
	}
	list, text, _ := strings.Cut(strings.TrimSuffix(string(b), "\r\n"), "]")
	words := slices.DeleteFunc(strings.Split(list, " "), func(word string) bool {
		return slices.Contains(hidden, imap.Cap(word))
	})
	line := strings.Join(words, " ")
	if text != "" {
		line += "]" + text
	}
	return []byte(line + "\r\n")
}

var idleLine = regexp.MustCompile(`(?i)^\S+ IDLE\r\n$`)

// Read implements net.Conn. The IMAP library knows IDLE whatever is announced, so the word is made unknown here.
func (w *wire) Read(b []byte) (int, error) {
	w.mu.Lock()
	n := copy(b, w.inject)
	w.inject = w.inject[n:]
	w.mu.Unlock()
	if n > 0 {
		return n, nil
	}
	n, err := w.Conn.Read(b)
	if slices.Contains(w.hidden, imap.CapIdle) && idleLine.Match(b[:n]) {
		copy(b[n-len("IDLE\r\n"):], "NONE")
	}
	return n, err
}

// has says whether a capability is shown on this connection.
func (w *wire) has(c imap.Cap) bool { return !slices.Contains(w.hidden, c) }
