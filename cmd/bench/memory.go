package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// memory: API and worker as one process, at rest, with tickets in its cache, and with the same tickets after a restart.
func (b *bench) memory(ctx context.Context) ([]row, error) {
	rest := row{name: "memory of serve at rest", unit: "MB", target: target{figure: 60, words: "≤ 60 MB"}}
	warm := row{name: "memory per warm ticket", unit: "KB", target: target{figure: 50, words: "≤ 50 KB"}, note: "2,000 tickets, all of them in the cache; no mail goes out meanwhile"}
	idle := row{name: "memory per idle ticket after a restart", unit: "KB", target: target{figure: 1, words: "≤ 1 KB"}}
	n := b.size(2000)
	before, err := b.resident(ctx)
	if err != nil {
		return nil, err
	}
	prefix := b.round("memory")
	err = each(ctx, n, 64, func(ctx context.Context, i int) error {
		// Without an address: two thousand acknowledgements on their way would be measured with the tickets.
		_, err := b.desk.openTicketOf(ctx, object{"name": prefix + "-" + strconv.Itoa(i)})
		return err
	})
	if err != nil {
		return nil, err
	}
	with, err := b.resident(ctx)
	if err != nil {
		return nil, err
	}
	b.desk.stopServe()
	if err := b.desk.startServe(ctx); err != nil {
		return nil, err
	}
	after, err := b.resident(ctx)
	if err != nil {
		return nil, err
	}
	rest.product = []float64{before / 1024}
	warm.product = []float64{max(0, with-before) / float64(n)}
	idle.product = []float64{max(0, after-before) / float64(n)}
	return []row{rest, warm, idle}, nil
}

// resident is the least memory of serve, in KB, within five seconds: a collection of garbage is in it.
func (b *bench) resident(ctx context.Context) (float64, error) {
	least := 0.0
	for range 50 {
		now, err := residentOf(b.desk.serve.PID())
		if err != nil {
			return 0, err
		}
		if least == 0 || now < least {
			least = now
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return least, nil
}

// residentOf reads VmRSS of a process, in KB.
func residentOf(pid int) (float64, error) {
	content, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(content)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			if err != nil {
				return 0, fmt.Errorf("understand %q: %w", line, err)
			}
			return kb, nil
		}
	}
	return 0, fmt.Errorf("process %d does not tell its memory", pid)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
