package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// The steady load: so many agents, each of whom acts twice in a second, on so many tickets that are open at any time.
const (
	steadyAgents  = 5
	steadyTickets = 200
	steadyPause   = 500 * time.Millisecond
	steadyWindows = 10 // the time is looked at in so many parts
)

// steady is a desk under a load that does not change: what grows nevertheless would end every desk one day.
type steady struct {
	desk *desk

	mu      sync.Mutex
	numbers []int64
	opened  int
	windows [steadyWindows]window
}

// window is a part of the time.
type window struct {
	took             []float64 // of actions, in ms
	memory, temporal float64   // of serve and of Temporal, in MB, at its end
	database, file   float64   // of Postgres and of Temporal's file, in bytes, at its end
	grown, fileGrown float64   // what they grew for each action, in bytes
}

// steadily loads the desk for so long and judges whether it stayed as it was.
func (b *bench) steadily(ctx context.Context, out io.Writer) error {
	if err := b.ensure(ctx); err != nil {
		return err
	}
	s := &steady{desk: b.desk}
	var err error
	if s.numbers, err = b.desk.openTickets(ctx, b.round("steady"), steadyTickets); err != nil {
		return err
	}
	part := b.Steady / steadyWindows
	var last window
	for i := range s.windows {
		// The first part warms everything up; what the stores grew is counted from its end.
		if err := s.load(ctx, i, part); err != nil {
			return err
		}
		w := &s.windows[i]
		if err := s.look(ctx, w); err != nil {
			return err
		}
		if n := float64(len(w.took)); i > 0 && n > 0 {
			w.grown, w.fileGrown = (w.database-last.database)/n, (w.file-last.file)/n
		}
		last = *w
		b.say("part %2d of %d: %4d actions, p50 %s ms, p95 %s ms; serve %s MB, Temporal %s MB; an action grew Postgres by %s KB, Temporal's file by %s KB", i+1, steadyWindows,
			len(w.took), number(percentile(w.took, 50)), number(percentile(w.took, 95)), number(w.memory), number(w.temporal), number(w.grown/1024), number(w.fileGrown/1024))
	}
	rows := s.rows()
	printTable(out, rows)
	if err := s.write(b.options, rows); err != nil {
		return err
	}
	for _, r := range rows {
		if r.verdict() == "missed" {
			return errors.New("the desk did not stay as it was: " + r.name)
		}
	}
	return nil
}

// load lets the agents act until a part of the time is over.
func (s *steady) load(ctx context.Context, i int, part time.Duration) error {
	group, ctx := errgroup.WithContext(ctx)
	end := time.Now().Add(part)
	for a := range steadyAgents {
		group.Go(func() error {
			for n := 0; ; n++ {
				next := time.Now().Add(steadyPause)
				if next.After(end) {
					return nil
				}
				if err := s.act(ctx, i, a+n*steadyAgents); err != nil {
					return err
				}
				if !sleepUntil(ctx, next) {
					return ctx.Err()
				}
			}
		})
	}
	return group.Wait()
}

// act does the next thing. Of ten, one ends a ticket and opens another, so that as many are open at any time.
func (s *steady) act(ctx context.Context, i, n int) error {
	s.mu.Lock()
	at := n % len(s.numbers)
	number := s.numbers[at]
	s.mu.Unlock()
	start := time.Now()
	var err error
	switch n % 10 {
	case 0, 3, 6:
		err = s.desk.command(ctx, number, "agent-response", remark("Please try it again, and tell us what it says then."))
	case 1, 4, 7:
		err = s.desk.command(ctx, number, "note", remark("Looked into it; the other office has the same."))
	case 2, 5, 8:
		err = s.desk.command(ctx, number, "hold", object{"hold": object{"reason": "client"}, "message": remark("What stands on its display?")["message"]})
	case 9:
		if err = s.desk.command(ctx, number, "close", object{}); err == nil {
			err = s.replace(ctx, at)
		}
	}
	took := milliseconds(time.Since(start))
	s.mu.Lock()
	defer s.mu.Unlock()
	if n%10 != 9 { // two actions at once are another measure
		s.windows[i].took = append(s.windows[i].took, took)
	}
	return err
}

func (s *steady) replace(ctx context.Context, at int) error {
	s.mu.Lock()
	s.opened++
	name := "steady-more-" + strconv.Itoa(s.opened)
	s.mu.Unlock()
	number, err := s.desk.openTicket(ctx, name)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.numbers[at] = number
	return nil
}

// look reads what the desk holds now.
func (s *steady) look(ctx context.Context, w *window) error {
	memory, err := residentOf(s.desk.serve.PID())
	if err != nil {
		return err
	}
	w.memory = memory / 1024
	parents, _, names := processes()
	for pid, name := range names {
		if name != "Temporal" || !below(parents, pid, s.desk.up.PID()) {
			continue
		}
		if memory, err = residentOf(pid); err != nil {
			return err
		}
		w.temporal += memory / 1024
	}
	if err := s.desk.pool.QueryRow(ctx, `select pg_database_size(current_database())::float8`).Scan(&w.database); err != nil {
		return fmt.Errorf("ask for the size of the database: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(s.desk.dir, "temporal", "*"))
	if err != nil {
		return fmt.Errorf("find Temporal's file: %w", err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() { // a journal comes and goes
			w.file += float64(info.Size())
		}
	}
	return nil
}

// rows are what is judged: the last third of the time against the second to the fourth part; the first warms up.
func (s *steady) rows() []row {
	line := func(name, unit string, bound float64, of func(w window) float64) row {
		r := row{
			name: name, unit: unit, limit: "the same after a tenth of the time",
			target: target{ratio: bound, words: fmt.Sprintf("≤ %g of the beginning", bound)},
		}
		for i := range 3 {
			r.bare = append(r.bare, of(s.windows[1+i]))
			r.product = append(r.product, of(s.windows[steadyWindows-3+i]))
		}
		return r
	}
	return []row{
		line("action → receipt, p50, at the end", "ms", 1.25, func(w window) float64 { return percentile(w.took, 50) }),
		line("action → receipt, p95, at the end", "ms", 1.5, func(w window) float64 { return percentile(w.took, 95) }),
		line("memory of serve at the end", "MB", 1.15, func(w window) float64 { return w.memory }),
		line("memory of Temporal at the end", "MB", 1.25, func(w window) float64 { return w.temporal }),
		line("growth of Postgres per action at the end", "B", 1.25, func(w window) float64 { return w.grown }),
		line("growth of Temporal's file per action at the end", "B", 1.25, func(w window) float64 { return w.fileGrown }),
	}
}

// write writes the report as a document, with its pictures.
func (s *steady) write(o options, rows []row) error {
	if o.Write == "" {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Steady load\n\nWritten by `make steady`: %d agents act twice a second for %v on %d tickets that are open at any time (answers, notes, holds; one action of ten closes a ticket and opens another). "+
		"A desk that stays as it was has flat lines. The end is held against the second to the fourth tenth of the time; the first warms up.\n\n", steadyAgents, o.Steady, steadyTickets)
	b.WriteString("| Line | Unit | At the end (median) | At the beginning | Ratio | Target | Verdict |\n|---|---|--:|--:|--:|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.name, r.unit, number(median(r.product)), number(median(r.bare)), number(median(r.product)/median(r.bare)), r.target.words, r.verdict())
	}
	b.WriteString("\n![Actions](steady/actions.svg)\n\n![Memory](steady/memory.svg)\n\n![Growth](steady/growth.svg)\n\n")
	b.WriteString("| Tenth | Actions | p50 (ms) | p95 (ms) | serve (MB) | Temporal (MB) | Postgres grew (KB per action) | Temporal's file grew (KB per action) |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, w := range s.windows {
		fmt.Fprintf(&b, "| %d | %d | %s | %s | %s | %s | %s | %s |\n", i+1, len(w.took), number(percentile(w.took, 50)), number(percentile(w.took, 95)), number(w.memory), number(w.temporal), number(w.grown/1024), number(w.fileGrown/1024))
	}
	return writeDocument(o.Write, b.String(), s.plots())
}

func (s *steady) plots() map[string]string {
	of := func(value func(w window) float64) []float64 {
		list := make([]float64, len(s.windows))
		for i, w := range s.windows {
			list[i] = value(w)
		}
		return list
	}
	tenths := axis{by: "tenth", label: func(i int) string { return strconv.Itoa(i + 1) }}
	return map[string]string{
		"actions": bars("Action → receipt", "ms", tenths, [2]string{"p50", "p95"}, of(func(w window) float64 { return percentile(w.took, 50) }), of(func(w window) float64 { return percentile(w.took, 95) })),
		"memory":  bars("Memory", "MB", tenths, [2]string{"serve", "Temporal"}, of(func(w window) float64 { return w.memory }), of(func(w window) float64 { return w.temporal })),
		"growth":  bars("Growth per action", "KB", tenths, [2]string{"Postgres", "Temporal's file"}, of(func(w window) float64 { return w.grown / 1024 }), of(func(w window) float64 { return w.fileGrown / 1024 })),
	}
}
