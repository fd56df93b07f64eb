package main

import (
	"context"
	"time"
)

// A desk at rest polls and sweeps: Temporal's server alone takes a twentieth of a processor. What it does beyond that was
// left to it by the lines before: mails that go out, a store that its autovacuum clears up.
const (
	restful   = 0.2 // of one processor
	restLook  = 2 * time.Second
	restLimit = 5 * time.Minute
)

// rest waits until the desk has worked off what the lines before left to it: what is measured next is another database, and
// would be measured under that load. It says so where the desk does not come to rest.
func (b *bench) rest(ctx context.Context) (string, error) {
	began := time.Now()
	for looks := 0; ; looks++ {
		busy, err := b.busy(ctx)
		if err != nil {
			return "", err
		}
		took := time.Since(began)
		switch {
		case busy < restful:
			if looks > 0 {
				b.say("  the desk came to rest after %.0f s", took.Seconds())
			}
			return "", nil
		case took > restLimit:
			return "the desk was still at work", nil
		}
	}
}

// busy is how many processors the desk's parts use together.
func (b *bench) busy(ctx context.Context) (float64, error) {
	before, from := b.spending(), time.Now()
	if err := pause(ctx, restLook); err != nil {
		return 0, err
	}
	used, took := time.Duration(0), time.Since(from)
	for part, now := range b.spending() {
		if part != "bench" {
			used += now - before[part]
		}
	}
	return used.Seconds() / took.Seconds(), nil
}
