package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
)

// timers: a thousand due within the same minute, on tickets that wait for their wake time, and on bare workflows that
// sleep. The product is late by the time until its row has changed, looked at every 20 ms.
func (b *bench) timers(ctx context.Context) ([]row, error) {
	half := row{name: "lateness of 1,000 timers, p50", unit: "ms", limit: "workflows that sleep", target: target{figure: 1000, words: "≤ 1 s"}}
	most := row{name: "lateness of 1,000 timers, max", unit: "ms", limit: half.limit, target: target{figure: 3000, words: "≤ 3 s"}}
	n := b.size(1000)
	began := time.Now()
	numbers, err := b.desk.openTickets(ctx, b.round("timers"), n)
	if err != nil {
		return nil, err
	}
	// To set a timer takes this machine less than to open a ticket.
	ahead := time.Since(began)*3/2 + 5*time.Second
	late, err := b.wakes(ctx, numbers, ahead)
	if err != nil {
		return nil, err
	}
	half.product, most.product = []float64{quantile(late, 50)}, []float64{quantile(late, 100)}
	if late, err = b.sleepers(ctx, n, ahead); err != nil {
		return nil, err
	}
	half.bare, most.bare = []float64{quantile(late, 50)}, []float64{quantile(late, 100)}
	return []row{half, most}, nil
}

// wakes holds tickets until instants spread over one minute, which begins so far ahead, and tells how late each was seen
// open again.
func (b *bench) wakes(ctx context.Context, numbers []int64, ahead time.Duration) ([]float64, error) {
	n := len(numbers)
	start := time.Now().Add(ahead).Truncate(time.Second)
	due := map[int64]time.Time{}
	for i, number := range numbers {
		due[number] = start.Add(time.Minute * time.Duration(i) / time.Duration(n))
	}
	err := each(ctx, n, 32, func(ctx context.Context, i int) error {
		until := due[numbers[i]].UTC().Format(time.RFC3339Nano)
		return b.desk.command(ctx, numbers[i], "hold", object{"hold": object{"reason": "scheduled", "until": until}})
	})
	if err != nil {
		return nil, err
	}
	if time.Now().After(start) {
		return nil, fmt.Errorf("this machine took longer to set the timers than was planned for: %v", time.Since(start))
	}
	var late []float64
	return late, until(ctx, 3*time.Minute, "every timer has rung", func() (bool, error) {
		rows, err := b.desk.pool.Query(ctx, `select number from tickets where number = any($1) and state <> 'on_hold'`, numbers)
		if err != nil {
			return false, fmt.Errorf("look for woken tickets: %w", err)
		}
		woken, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return false, fmt.Errorf("look for woken tickets: %w", err)
		}
		now := time.Now()
		for _, number := range woken {
			if at, waiting := due[number]; waiting {
				late = append(late, max(0, milliseconds(now.Sub(at))))
				delete(due, number)
			}
		}
		return len(due) == 0, nil
	})
}

// sleepers is the same of bare workflows.
func (b *bench) sleepers(ctx context.Context, n int, ahead time.Duration) ([]float64, error) {
	start := time.Now().Add(ahead)
	prefix := b.round("sleep")
	err := each(ctx, n, 64, func(ctx context.Context, i int) error {
		at := start.Add(time.Minute * time.Duration(i) / time.Duration(n))
		_, err := b.bare.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: bareID(prefix, i), TaskQueue: bareQueue}, "BareSleep", at)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("start sleepers: %w", err)
	}
	var late []float64
	for range n {
		select {
		case l := <-b.bare.ticked:
			late = append(late, max(0, milliseconds(l)))
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(3 * time.Minute):
			return nil, fmt.Errorf("only %s of %d bare timers rang", strconv.Itoa(len(late)), n)
		}
	}
	return late, nil
}
