package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	ours "duradesk/worker"
)

const bareQueue = "bench"

// bare is the least that a product of this make could do: workflows that receive signals and answer each with one
// local activity, empty or with one transaction of the size of ours.
type bare struct {
	pool   *pgxpool.Pool
	client client.Client
	worker worker.Worker

	heard  sync.Map // id of a signal → chan struct{}, closed when its local activity is done
	done   atomic.Int64
	tasks  atomic.Int64
	ticked chan time.Duration // lateness of timers
}

// note is the payload of a bare signal: a reference, as ours.
type note struct {
	ID  string `json:"id"`
	Row int    `json:"row"`
}

func startBare(ctx context.Context, d *desk) (*bare, error) {
	b := &bare{pool: d.pool, client: d.temporal, ticked: make(chan time.Duration, 4096)}
	_, err := d.pool.Exec(ctx, `create schema if not exists bench;
		create table if not exists bench.tickets (number int primary key, revision bigint not null default 0, process jsonb not null default '{}');
		create table if not exists bench.messages (id bigint generated always as identity primary key, ticket int not null, body text not null);
		create table if not exists bench.events (id bigint generated always as identity primary key, ticket int not null, name text not null);
		insert into bench.tickets (number) select generate_series(0, 9999) on conflict do nothing`)
	if err != nil {
		return nil, fmt.Errorf("make the tables of the bare limit: %w", err)
	}
	b.worker = worker.New(d.temporal, bareQueue, worker.Options{
		MaxConcurrentLocalActivityExecutionSize: 12,
		StickyScheduleToStartTimeout:            ours.AstrayAfter, WorkflowTaskPollerBehavior: ours.Polling(),
	})
	b.worker.RegisterWorkflowWithOptions(b.receive, workflow.RegisterOptions{Name: "BareReceive"})
	b.worker.RegisterWorkflowWithOptions(b.sleep, workflow.RegisterOptions{Name: "BareSleep"})
	if err := b.worker.Start(); err != nil {
		return nil, fmt.Errorf("start the bare worker: %w", err)
	}
	return b, nil
}

// receive answers each signal with one local activity. withRow: the activity is one transaction, else empty.
func (b *bare) receive(ctx workflow.Context, withRow bool) error {
	if !workflow.IsReplaying(ctx) {
		b.tasks.Add(1)
	}
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 2 * time.Second, ScheduleToCloseTimeout: 7 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	signals := workflow.GetSignalChannel(ctx, "note")
	for {
		var n note
		signals.Receive(ctx, &n)
		act := b.empty
		if withRow {
			act = b.write
		}
		if err := workflow.ExecuteLocalActivity(ctx, act, n).Get(ctx, nil); err != nil {
			return err
		}
	}
}

func (b *bare) empty(_ context.Context, n note) error {
	b.answered(n)
	return nil
}

// write is one transaction: a message, an event, the ticket's row.
func (b *bare) write(ctx context.Context, n note) error {
	err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		batch.Queue(`select revision from bench.tickets where number = $1 for no key update`, n.Row)
		batch.Queue(`insert into bench.messages (ticket, body) values ($1, $2)`, n.Row, "What is said in a note of a usual length, two lines or so of it.")
		batch.Queue(`insert into bench.events (ticket, name) values ($1, 'noted')`, n.Row)
		batch.Queue(`update bench.tickets set revision = revision + 1 where number = $1`, n.Row)
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("write a bare ticket: %w", err)
	}
	b.answered(n)
	return nil
}

func (b *bare) answered(n note) {
	b.done.Add(1)
	if waiting, ok := b.heard.LoadAndDelete(n.ID); ok {
		close(waiting.(chan struct{}))
	}
}

// sleep waits for its instant and tells how late it woke.
func (b *bare) sleep(ctx workflow.Context, until time.Time) error {
	if err := workflow.Sleep(ctx, until.Sub(workflow.Now(ctx))); err != nil {
		return err
	}
	if !workflow.IsReplaying(ctx) {
		b.ticked <- time.Since(until) //workflowcheck:ignore the bare limit measures itself; nothing follows from it
	}
	return nil
}

// open starts so many workflows that wait, and returns when each has handled its first task.
func (b *bare) open(ctx context.Context, prefix string, n int, withRow bool) error {
	before := b.tasks.Load()
	err := each(ctx, n, 64, func(ctx context.Context, i int) error {
		_, err := b.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: bareID(prefix, i), TaskQueue: bareQueue}, "BareReceive", withRow)
		return err
	})
	if err != nil {
		return fmt.Errorf("start bare workflows: %w", err)
	}
	return until(ctx, 5*time.Minute, "the bare workflows wait", func() (bool, error) { return b.tasks.Load()-before >= int64(n), nil })
}

// ring signals one and waits until its local activity is done.
func (b *bare) ring(ctx context.Context, prefix string, i int, id string) error {
	done := make(chan struct{})
	b.heard.Store(id, done)
	if err := b.client.SignalWorkflow(ctx, bareID(prefix, i), "", "note", note{ID: id, Row: i % 10000}); err != nil {
		return fmt.Errorf("signal a bare workflow: %w", err)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends the bare workflows of a round, so that they do not burden the next.
func (b *bare) close(ctx context.Context, prefix string, n int) error {
	return each(ctx, n, 64, func(ctx context.Context, i int) error {
		return b.client.TerminateWorkflow(ctx, bareID(prefix, i), "", "measured")
	})
}

func bareID(prefix string, i int) string { return fmt.Sprintf("bare-%s-%d", prefix, i) }

// each does n things, so many at once, and ends at the first error.
func each(ctx context.Context, n, atOnce int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range n {
		g.Go(func() error { return do(ctx, i) })
	}
	return g.Wait()
}
