package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// latency: one client, one command after the other, each waited for until its receipt.
func (b *bench) latency(ctx context.Context) ([]row, error) {
	half := row{name: "action → receipt, p50", unit: "ms", limit: "signal → local activity with one transaction", target: target{ratio: 1.5, words: "≤ 1.5 L"}}
	slow := row{name: "action → receipt, p95", unit: "ms", limit: half.limit, target: target{ratio: 2, words: "≤ 2 L"}}
	n := b.size(300)
	number, err := b.desk.openTicket(ctx, b.round("latency"))
	if err != nil {
		return nil, err
	}
	prefix := b.round("latency")
	if err := b.bare.open(ctx, prefix, 1, true); err != nil {
		return nil, err
	}
	err = b.pairs(ctx, func(ctx context.Context) error {
		took, err := b.timed(n, func(i int) error { return b.desk.command(ctx, number, "note", remark("Note "+strconv.Itoa(i))) })
		half.product, slow.product = append(half.product, quantile(took, 50)), append(slow.product, quantile(took, 95))
		return err
	}, func(ctx context.Context) error {
		took, err := b.timed(n, func(int) error { return b.bare.ring(ctx, prefix, 0, b.round("n")) })
		half.bare, slow.bare = append(half.bare, quantile(took, 50)), append(slow.bare, quantile(took, 95))
		return err
	})
	if err != nil {
		return nil, err
	}
	return []row{half, slow}, b.bare.close(ctx, prefix, 1)
}

// timed is timed, and says what each has cost.
func (b *bench) timed(n int, do func(i int) error) ([]float64, error) {
	before := b.spending()
	took, err := timed(n, do)
	if err == nil {
		b.say("    p50 %s ms, processor time of each %s", number(quantile(took, 50)), b.spending().since(before, n+n/10))
	}
	return took, err
}

// timed does n things one after the other and gives how long each took, in milliseconds. A tenth more goes before, so
// that nothing is measured cold.
func timed(n int, do func(i int) error) ([]float64, error) {
	took := make([]float64, 0, n)
	for i := range n + n/10 {
		start := time.Now()
		if err := do(i); err != nil {
			return []float64{0}, err
		}
		if i >= n/10 {
			took = append(took, milliseconds(time.Since(start)))
		}
	}
	return took, nil
}

// throughput: 64 callers on 200 tickets.
func (b *bench) throughput(ctx context.Context) ([]row, error) {
	r := row{
		name: "commands/s, 64 callers, 200 tickets", unit: "/s", better: higher,
		limit: "workflow with one empty local activity per signal", target: target{ratio: 0.6, words: "≥ 0.6"},
	}
	const tickets = 200
	n := b.size(4000)
	numbers, err := b.desk.openTickets(ctx, b.round("throughput"), tickets)
	if err != nil {
		return nil, err
	}
	prefix := b.round("throughput")
	if err := b.bare.open(ctx, prefix, tickets, false); err != nil {
		return nil, err
	}
	err = b.pairs(ctx, func(ctx context.Context) error {
		speed, err := b.rate(n, func() error {
			return each(ctx, n, 64, func(ctx context.Context, i int) error {
				return b.desk.command(ctx, numbers[i%tickets], "note", remark("Note "+strconv.Itoa(i)))
			})
		})
		r.product = append(r.product, speed)
		return err
	}, func(ctx context.Context) error {
		round := b.round("t")
		speed, err := b.rate(n, func() error {
			return each(ctx, n, 64, func(ctx context.Context, i int) error {
				return b.bare.ring(ctx, prefix, i%tickets, round+"-"+strconv.Itoa(i))
			})
		})
		r.bare = append(r.bare, speed)
		return err
	})
	if err != nil {
		return nil, err
	}
	return []row{r}, b.bare.close(ctx, prefix, tickets)
}

// rate tells how many of n things are done in a second, and says what each has cost.
func (b *bench) rate(n int, do func() error) (float64, error) {
	before, start := b.spending(), time.Now()
	err := do()
	took := time.Since(start)
	b.say("    %.1f/s, processor time of each %s", float64(n)/took.Seconds(), b.spending().since(before, n))
	return float64(n) / took.Seconds(), err
}

// newTickets: 2,000 at once, until the last has applied its creation.
func (b *bench) newTickets(ctx context.Context) ([]row, error) {
	r := row{
		name: "2,000 new tickets at once", unit: "/s", better: higher,
		limit: "starts of a workflow that waits, until its first task is done", target: target{ratio: 0.8, words: "≥ 0.8"},
	}
	n := b.size(2000)
	err := b.longPairs(ctx, func(ctx context.Context) error {
		prefix := b.round("new")
		speed, err := b.rate(n, func() error { _, err := b.desk.openTickets(ctx, prefix, n); return err })
		r.product = append(r.product, speed)
		return err
	}, func(ctx context.Context) error {
		prefix := b.round("new")
		speed, err := b.rate(n, func() error { return b.bare.open(ctx, prefix, n, false) })
		r.bare = append(r.bare, speed)
		if err != nil {
			return err
		}
		return b.bare.close(ctx, prefix, n)
	})
	return []row{r}, err
}

// burst: one command to each of 4,000 tickets, stored as fast as the API takes them and then awaited together.
func (b *bench) burst(ctx context.Context) ([]row, error) {
	r := row{
		name: "one command to each of 4,000 tickets", unit: "/s", better: higher,
		limit: "one signal to each of 4,000 workflows with an empty local activity", target: target{ratio: 0.8, words: "≥ 0.8"},
	}
	n := b.size(4000)
	var numbers []int64
	rows, err := b.desk.pool.Query(ctx, `select number from tickets where state in ('new', 'open') order by number limit $1`, n)
	if err != nil {
		return nil, fmt.Errorf("find open tickets: %w", err)
	}
	if numbers, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
		return nil, fmt.Errorf("find open tickets: %w", err)
	}
	if len(numbers) < n {
		more, err := b.desk.openTickets(ctx, b.round("burst"), n-len(numbers))
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, more...)
	}
	prefix := b.round("burst")
	if err := b.bare.open(ctx, prefix, n, false); err != nil {
		return nil, err
	}
	err = b.longPairs(ctx, func(ctx context.Context) error {
		speed, err := b.rate(n, func() error {
			return each(ctx, n, 64, func(ctx context.Context, i int) error {
				return b.desk.command(ctx, numbers[i], "note", remark("To each"))
			})
		})
		r.product = append(r.product, speed)
		return err
	}, func(ctx context.Context) error {
		round := b.round("b")
		speed, err := b.rate(n, func() error {
			return each(ctx, n, 64, func(ctx context.Context, i int) error {
				return b.bare.ring(ctx, prefix, i, round+"-"+strconv.Itoa(i))
			})
		})
		r.bare = append(r.bare, speed)
		return err
	})
	if err != nil {
		return nil, err
	}
	return []row{r}, b.bare.close(ctx, prefix, n)
}
