package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// fault is something that befalls a part, or a wire between two, for a while.
type fault struct {
	what, how string
	lasts     time.Duration
	pause     time.Duration // before it
}

func (f fault) String() string {
	return fmt.Sprintf("%s %s for %v", f.how, f.what, f.lasts.Round(time.Millisecond))
}

// The wires, by who is called over them.
const (
	wireHTTP     = "HTTP"
	wirePostgres = "SQL"
	wireTemporal = "gRPC"
	wireIMAP     = "IMAP"
	wireSMTP     = "SMTP"
)

var (
	wires   = []string{wireHTTP, wirePostgres, wireTemporal, wireIMAP, wireSMTP}
	onParts = []string{"kill", "stop", "restart"}
	onWires = []string{"delay", "drop", "half-open"}
)

// plan deals faults as cards: each one that there is, in an order drawn from the seed, and again until the time is over.
func plan(r *rand.Rand, names, hows []string) func() fault {
	var deck []fault
	return func() fault {
		if len(deck) == 0 {
			for _, what := range names {
				for _, how := range hows {
					deck = append(deck, fault{what: what, how: how})
				}
			}
			r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		f := deck[0]
		deck = deck[1:]
		between := func(least, most time.Duration) time.Duration {
			return least + time.Duration(r.Int64N(int64(most-least)))
		}
		f.pause, f.lasts = between(200*time.Millisecond, 1500*time.Millisecond), between(300*time.Millisecond, 2500*time.Millisecond)
		return f
	}
}

// hand lets faults happen one after the other until the time is over; two hands work at the same time.
func (c *chaos) hand(next func() fault, do func(fault)) {
	for {
		f := next()
		if !c.wait(f.pause) {
			return
		}
		c.told("%s", f)
		c.mu.Lock()
		c.happened[f.how]++
		c.mu.Unlock()
		do(f)
	}
}

// wait waits a while, and until the desk keeps up; false when the time is over.
func (c *chaos) wait(d time.Duration) bool {
	for {
		select {
		case <-time.After(d):
		case <-c.over:
			return false
		}
		if !c.behind.Load() {
			return true
		}
	}
}

// noMoreThan looks, until it is over, whether more waits to be done than so much, and lets people wait as long: on a slow
// machine what they ask for would pile up, and what comes last would never come.
func (c *chaos) noMoreThan(much int) {
	for {
		n := 0
		err := c.pool.QueryRow(c.t.Context(), `select (select count(*) from commands where outcome = 'pending')
			+ (select count(*) from deliveries where finished_at is null and next_at < clock_timestamp())`).Scan(&n)
		c.behind.Store(err == nil && n > much)
		select {
		case <-time.After(500 * time.Millisecond):
		case <-c.over:
			c.behind.Store(false)
			return
		}
	}
}

func (c *chaos) befallPart(f fault) {
	l := c.limbs[f.what]
	c.standing(l)
	switch f.how {
	case "stop":
		l.freeze()
		c.wait(f.lasts)
		l.thaw()
		return
	case "kill":
		l.kill()
		c.wait(f.lasts)
	case "restart":
		l.end()
	}
	if err := l.start(); err != nil {
		c.t.Errorf("%v", err)
	}
}

// standing finds a part that ended though nobody ended it, and starts it again. Whatever is away, each part waits for it: that
// somebody starts it again would hide here what no desk may count on.
func (c *chaos) standing(l *limb) {
	select {
	case <-l.current().Done():
		c.told("%s has ended by itself", l.name)
		c.finds(ended, "%s, seen after %v", l.name, time.Since(c.began).Round(time.Millisecond))
		if err := l.start(); err != nil {
			c.t.Errorf("%v", err)
		}
	default:
	}
}

func (c *chaos) befallWire(f fault) {
	w := c.wires[f.what]
	switch f.how {
	case "delay":
		w.Delay(f.lasts / 20)
	case "drop":
		w.Cut()
	case "half-open":
		w.Silence()
	}
	c.wait(f.lasts)
	w.Mend()
}

// heal mends every wire and hangs up what fell silent, as the network's own timeouts would in time.
func (c *chaos) heal() {
	for _, w := range c.wires {
		w.Mend()
		w.Bury()
	}
	for _, l := range c.limbs {
		l.thaw()
	}
}

// told keeps what happened, for the log of a run that fails.
func (c *chaos) told(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(&c.story, "%7.2fs %s\n", time.Since(c.began).Seconds(), fmt.Sprintf(format, args...))
}

func (c *chaos) storyTold() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.TrimSpace(c.story.String())
}
