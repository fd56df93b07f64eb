package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench measures line after line on one desk.
type bench struct {
	options

	dir      string
	progress io.Writer
	began    time.Time
	desk     *desk
	bare     *bare
	serial   int
}

// lines are what is measured, in this order: what a line leaves behind is fit for the next.
func (b *bench) lines() []struct {
	name string
	run  func(context.Context) ([]row, error)
} {
	return []struct {
		name string
		run  func(context.Context) ([]row, error)
	}{
		{"memory", b.memory},
		{"latency", b.latency},
		{"throughput", b.throughput},
		{"new", b.newTickets},
		{"burst", b.burst},
		{"mail", b.mail},
		{"history", b.history},
		{"flood", b.flood},
		{"timers", b.timers},
		{"lists", b.lists},
		{"start", b.start},
		{"killed", b.killed},
	}
}

// measure runs the lines that were asked for. One that fails is told at the end, and keeps none of the others from being
// measured.
func (b *bench) measure(ctx context.Context) ([]row, error) {
	var rows []row
	var failed error
	for _, line := range b.lines() {
		if !b.wanted(line.name) {
			continue
		}
		if err := b.ensure(ctx); err != nil {
			return rows, errors.Join(failed, err)
		}
		b.say("%s …", line.name)
		measured, err := line.run(ctx)
		for i := range measured {
			b.say("  %s: %s %s, ratio %s, %s", measured[i].name, number(median(measured[i].product)), measured[i].unit,
				number(median(measured[i].ratios())), measured[i].verdict())
		}
		rows = append(rows, measured...)
		if err != nil {
			b.say("  %v", err)
			failed = errors.Join(failed, fmt.Errorf("measure %s: %w", line.name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	return rows, failed
}

func (b *bench) wanted(name string) bool {
	for _, only := range b.Only {
		if strings.HasPrefix(name, only) {
			return true
		}
	}
	return len(b.Only) == 0
}

// known says which of the names asked for is the beginning of no line, and which lines there are.
func (b *bench) known() error {
	lines := make([]string, 0, len(b.lines()))
	for _, line := range b.lines() {
		lines = append(lines, line.name)
	}
	for _, only := range b.Only {
		if !slices.ContainsFunc(lines, func(name string) bool { return strings.HasPrefix(name, only) }) {
			return fmt.Errorf("--only %s: no line begins so; there are %s", only, strings.Join(lines, ", "))
		}
	}
	return nil
}

// ensure starts the desk before the first line.
func (b *bench) ensure(ctx context.Context) (err error) {
	if b.desk != nil {
		return nil
	}
	b.say("starting a desk in %s; a Temporal server that was never built takes about five minutes", b.dir)
	if b.desk, err = startDesk(ctx, b.Binary, filepath.Join(b.dir, "desk")); err != nil {
		return err
	}
	b.bare, err = startBare(ctx, b.desk)
	return err
}

func (b *bench) close() {
	if b.bare != nil {
		b.bare.worker.Stop()
	}
	if b.desk != nil {
		b.desk.stop()
	}
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "%6.0fs "+format+"\n", append([]any{time.Since(b.began).Seconds()}, args...)...)
}

// size is the given number times the part that was asked for, at least one.
func (b *bench) size(n int) int { return max(1, int(float64(n)*b.Part)) }

// round gives a name that no other round has.
func (b *bench) round(name string) string {
	b.serial++
	return fmt.Sprintf("%s%d", name, b.serial)
}

// pairs measures product and bare limit in turns, the one first in even rounds, the other in odd ones, so that a
// machine that warms up or slows down favours neither.
func (b *bench) pairs(ctx context.Context, product, limit func(context.Context) error) error {
	return inTurns(ctx, b.Rounds, product, limit)
}

// longPairs is pairs for what takes minutes: two of them say it, and the whole must end in half an hour.
func (b *bench) longPairs(ctx context.Context, product, limit func(context.Context) error) error {
	return inTurns(ctx, min(b.Rounds, 2), product, limit)
}

func inTurns(ctx context.Context, rounds int, product, limit func(context.Context) error) error {
	for i := range rounds {
		first, second := product, limit
		if i%2 == 1 {
			first, second = limit, product
		}
		if err := first(ctx); err != nil {
			return err
		}
		if err := second(ctx); err != nil {
			return err
		}
	}
	return nil
}
