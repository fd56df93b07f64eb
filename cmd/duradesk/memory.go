package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// quietFor is for how long a process must have had little to do before it gives memory back.
const quietFor = 2 * time.Second

// giveBack returns to the system what starting needed, or a rush of work, whenever a process comes to rest: it would keep it
// for minutes, and twice what it lives by.
func giveBack(ctx context.Context) {
	tick := time.NewTicker(quietFor)
	defer tick.Stop()
	var kept hoard
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if kept.idle(heap()) {
				debug.FreeOSMemory()
			}
		}
	}
}

// heap reads how many bytes were ever allocated, and how many lived at the last collection of garbage.
func heap() (allocated, live uint64) {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64(), sample[1].Value.Uint64()
}

// hoard is what a process may keep without need.
type hoard struct {
	last  uint64 // allocated at the last look
	given uint64 // allocated when memory was given back
}

// idle tells whether it is worth a collection of garbage, and costs nobody who works: little was allocated since the last
// look, much since memory was given back.
func (h *hoard) idle(allocated, live uint64) bool {
	lately := allocated - h.last
	h.last = allocated
	if lately > live/8 || allocated-h.given < live/2 {
		return false
	}
	h.given = allocated
	return true
}
