package dispatch

import (
	"context"

	"duradesk/ticket"
)

// Rebuild starts every open ticket's workflow again from its row, every delivery that is not done, every
// webhook and bulk job with something left to do, and every mailbox: for a Temporal whose store was lost. tell is called with the number of tickets rung so far.
func (r *Relay) Rebuild(ctx context.Context, tell func(done int)) error {
	done := 0
	for after := ticket.Number(0); ; {
		page, err := r.Record.OpenTickets(ctx, after, atOnce)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if err := r.ringAll(ctx, page); err != nil {
			return err
		}
		done += len(page)
		tell(done)
		after = page[len(page)-1]
	}
	if err := r.restartDeliveries(ctx); err != nil {
		return err
	}
	if err := r.chores(ctx, true); err != nil {
		return err
	}
	return r.sweep(ctx)
}

func (r *Relay) restartDeliveries(ctx context.Context) error {
	for after := ""; ; {
		page, err := r.Record.Unfinished(ctx, after, atOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := r.startAll(ctx, page, r.Bell.StartDelivery); err != nil {
			return err
		}
		after = page[len(page)-1]
	}
}
