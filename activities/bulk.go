package activities

import (
	"context"
	"log/slog"
	"time"

	"duradesk/ticket"
)

// NameBulk is the activity's name. It reached histories: never changed.
const NameBulk = "Bulk"

// BulkJobs is the record as a bulk job's workflow needs it.
type BulkJobs interface {
	// BulkBatch stores the commands for the next few tickets of a job that runs, each under an id made of job and
	// ticket, and returns whom to ring; ticket.NotFound where there is no such job.
	BulkBatch(ctx context.Context, job string, limit int) (rings []ticket.Unrung, state ticket.BulkState, err error)
	// BulkSettled counts what has no outcome yet, and ends a job that has nothing left.
	BulkSettled(ctx context.Context, job string) (ticket.BulkState, error)
}

// Bulk are the hands of a bulk job.
type Bulk struct {
	Jobs  BulkJobs
	Bell  Bell
	Log   *slog.Logger
	Now   func() time.Time
	Crash func(point string) // called at named points; nil: not
}

// How a job goes forward: a batch is stored, rung for, and awaited, so that a pause stops soon and nobody is flooded.
const (
	bulkBatch  = 25
	bulkSettle = 10 * time.Second
	bulkTurn   = 2 * time.Minute
	bulkLook   = 100 * time.Millisecond
)

// Work takes a job forward until it is done, paused, cancelled, or its turn is over.
func (b *Bulk) Work(ctx context.Context, job string) (ticket.BulkState, error) {
	stop := beat(ctx, 2*time.Second)
	defer stop()
	until := b.Now().Add(bulkTurn)
	for {
		rings, state, err := b.Jobs.BulkBatch(ctx, job, bulkBatch)
		if err != nil {
			b.Log.WarnContext(ctx, "bulk job waits", "job", job, "error", err)
			return state, verdict(err)
		}
		if b.Crash != nil {
			b.Crash("after_bulk_batch")
		}
		for _, r := range rings {
			if err := b.Bell.Ring(ctx, r.Number, r.Name, ticket.Ring{ID: r.ID, Seq: r.Seq}); err != nil {
				b.Log.DebugContext(ctx, "bell not heard; the relay rings", "ticket", r.Number, "error", err)
			}
		}
		if state, err = b.settle(ctx, job); err != nil {
			return state, verdict(err)
		}
		if state.State != "running" || ctx.Err() != nil || b.Now().After(until) || state.Left == 0 {
			if state.State == "running" {
				state.NextAt = b.Now().Add(time.Second)
			}
			return state, nil
		}
	}
}

// settle waits for the outcomes of a batch, but not for ever: a ticket may be stuck.
func (b *Bulk) settle(ctx context.Context, job string) (ticket.BulkState, error) {
	until := b.Now().Add(bulkSettle)
	for {
		state, err := b.Jobs.BulkSettled(ctx, job)
		if err != nil || state.State != "running" || state.Open == 0 || ctx.Err() != nil || b.Now().After(until) {
			return state, err
		}
		rest(ctx, bulkLook)
	}
}
