package postgres

import (
	"sync"
	"time"
)

// Acknowledgements leave at once until so many come together; those beyond the rate are left to the relay, which starts
// them when the tickets themselves are done: in a flood a ticket that people see goes before a mail that says so.
const (
	promptBurst = 10
	promptRate  = 1 // a second
)

// pace tells for whom there is time now. Its zero value is rested.
type pace struct {
	mu   sync.Mutex
	used float64 // of promptBurst
	last time.Time
}

// take reports whether one more may go at this instant, and counts it.
func (p *pace) take(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if passed := now.Sub(p.last); passed > 0 {
		p.used = max(0, p.used-promptRate*passed.Seconds())
		p.last = now
	}
	if p.used+1 > promptBurst {
		return false
	}
	p.used++
	return true
}
