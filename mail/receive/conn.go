package receive

import (
	"net"
	"sync"
	"time"
)

// watchedConn gives every read a deadline while an answer is awaited. go-imap's own deadlines end with the first byte
// of an answer and do not exist in IDLE, so a black-holed link would block for ever (measured).
type watchedConn struct {
	net.Conn

	mu    sync.Mutex
	stall time.Duration // 0: nothing is awaited
}

// expect starts (or, with 0, ends) the wait for an answer: each read must bring something within stall. A read that is
// blocked already gets the new deadline too.
func (c *watchedConn) expect(stall time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stall = stall
	c.arm()
}

func (c *watchedConn) arm() {
	var deadline time.Time
	if c.stall > 0 {
		deadline = time.Now().Add(c.stall)
	}
	_ = c.Conn.SetReadDeadline(deadline) // fails only on a closed connection, which the read will report
}

func (c *watchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.mu.Lock()
		c.arm()
		c.mu.Unlock()
	}
	return n, err
}

// SetReadDeadline ignores what go-imap asks for: the deadlines are ours.
func (c *watchedConn) SetReadDeadline(time.Time) error { return nil }

// SetDeadline keeps the write half only, for the same reason.
func (c *watchedConn) SetDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(t) }
