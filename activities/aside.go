package activities

import "sync"

// Aside is room for what nobody waits for, so much at once and no more.
type Aside struct {
	room chan struct{}
	all  sync.WaitGroup
}

// NewAside gives room for so many at once.
func NewAside(atOnce int) *Aside { return &Aside{room: make(chan struct{}, atOnce)} }

// Try does it beside whoever calls; false where there is no room, and it is not done.
func (a *Aside) Try(do func()) bool {
	select {
	case a.room <- struct{}{}:
	default:
		return false
	}
	a.all.Go(func() {
		defer func() { <-a.room }()
		do()
	})
	return true
}

// Wait returns when all is done; nobody may try any more. Of nothing it returns at once.
func (a *Aside) Wait() {
	if a != nil {
		a.all.Wait()
	}
}
