package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"duradesk/ticket"
)

// Record is what the relay reads: rows that say "not rung", "not started", "overdue".
type Record interface {
	// Unrung lists commands whose bell may not have been heard, and lends them to the caller for a few seconds.
	Unrung(ctx context.Context, limit int) ([]ticket.Unrung, error)
	// Rung notes that they were rung.
	Rung(ctx context.Context, tickets []ticket.Number) error
	// Unring takes the loan of a ticket back: the bell could not be rung.
	Unring(ctx context.Context, n ticket.Number) error
	// Unstarted lists deliveries whose workflow may not run.
	Unstarted(ctx context.Context, limit int) ([]string, error)
	// Roused lists deliveries whose workflow waits for something that has changed.
	Roused(ctx context.Context, limit int) ([]string, error)
	// Unfinished pages through the deliveries that are not done, started or not.
	Unfinished(ctx context.Context, after string, limit int) ([]string, error)
	// Started notes that they run, and were rung where they were roused.
	Started(ctx context.Context, deliveries []string) error
	// Overdue pages through the tickets whose timer should have rung a minute ago.
	Overdue(ctx context.Context, after ticket.Overdue, limit int) ([]ticket.Overdue, error)
	// Chores lists workflows of webhooks and bulk jobs that rows want and that may not run; with all, whether or not.
	Chores(ctx context.Context, limit int, all bool) ([]ticket.Chore, error)
	// CleanFiles takes away files that nobody refers to any more.
	CleanFiles(ctx context.Context) error
	// MailboxesToWatch lists the mailboxes that are switched on.
	MailboxesToWatch(ctx context.Context) ([]string, error)
	// UntoldNotices lists agents who have notices to be mailed of which their workflow may not know, and lends them to the
	// caller for a few seconds.
	UntoldNotices(ctx context.Context, limit int) ([]string, error)
	// UntellNotices takes the loan of an agent back: his workflow could not be told.
	UntellNotices(ctx context.Context, agent string) error
	// OpenTickets pages through the tickets that need a workflow.
	OpenTickets(ctx context.Context, after ticket.Number, limit int) ([]ticket.Number, error)
}

// Relay rings where a bell was not heard, starts what was not started, and sweeps for lost timers. Any number may run
// at once: whatever they do is harmless twice.
type Relay struct {
	Bell   *Bell
	Record Record
	Log    *slog.Logger
	// Swept is called for each lost timer found, for metrics; nil: not.
	Swept func()
	// Crash is called at named points, so that a test can end the process there; nil: not.
	Crash func(point string)

	// swept is how far the sweeper came: it goes on from there, so that each has its turn, however many there are for
	// which ringing does not help.
	swept ticket.Overdue
}

// How often the relay looks, how much it takes at once, and how many calls it has in flight (many callers contend for
// the one writer of a small Temporal).
const (
	lookEvery  = time.Second
	sweepEvery = 30 * time.Second
	atOnce     = 500
	inFlight   = 8
)

// Run works until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	look, sweep := time.NewTicker(lookEvery), time.NewTicker(sweepEvery)
	defer look.Stop()
	defer sweep.Stop()
	r.round(ctx, r.sweep)
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			r.round(ctx, r.look)
		case <-sweep.C:
			r.round(ctx, r.sweep)
			r.round(ctx, r.Record.CleanFiles)
		}
	}
}

func (r *Relay) round(ctx context.Context, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := do(ctx); err != nil && ctx.Err() == nil {
		r.Log.WarnContext(ctx, "the relay tries again", "error", err)
	}
}

// look rings for commands, starts deliveries, tells of notices and rings for chores: side by side, for what cannot be done for
// one kind must not keep the others waiting.
func (r *Relay) look(ctx context.Context) error {
	kinds := []func(context.Context) error{
		r.commands, r.deliveries, r.notices,
		func(ctx context.Context) error { return r.chores(ctx, false) },
	}
	failed := make([]error, len(kinds))
	var all sync.WaitGroup
	for i, look := range kinds {
		all.Go(func() { failed[i] = look(ctx) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// commands rings for those that were not heard.
func (r *Relay) commands(ctx context.Context) error {
	list, err := r.Record.Unrung(ctx, atOnce)
	if err != nil || len(list) == 0 {
		return err
	}
	return r.ringFor(ctx, list)
}

// notices tells the workflows of agents that something is to be mailed.
func (r *Relay) notices(ctx context.Context) error {
	agents, err := r.Record.UntoldNotices(ctx, atOnce)
	if err != nil {
		return err
	}
	g, inner := limited(ctx)
	for _, agent := range agents {
		g.Go(func() error {
			err := r.Bell.RingNotices(inner, agent)
			if err != nil {
				r.Log.DebugContext(ctx, "notices wait", "agent", agent, "error", err)
				return r.Record.UntellNotices(context.WithoutCancel(ctx), agent)
			}
			return nil
		})
	}
	return g.Wait()
}

func (r *Relay) chores(ctx context.Context, all bool) error {
	list, err := r.Record.Chores(ctx, atOnce, all)
	if err != nil || len(list) == 0 {
		return err
	}
	var g errgroup.Group // what fails stops none of the others
	g.SetLimit(inFlight)
	for _, c := range list {
		g.Go(func() error { return r.Bell.StartChore(ctx, c) })
	}
	return g.Wait()
}

// ringFor rings first and notes it afterwards: where this process dies in between, another rings once more.
func (r *Relay) ringFor(ctx context.Context, commands []ticket.Unrung) error {
	if r.Crash != nil {
		r.Crash("after_relay_look")
	}
	var mu sync.Mutex
	var rung []ticket.Number
	g, inner := limited(ctx)
	for _, c := range commands {
		g.Go(func() error {
			if err := r.Bell.Ring(inner, c.Number, c.Name, ticket.Ring{ID: c.ID, Seq: c.Seq}); err != nil {
				r.Log.DebugContext(ctx, "not rung", "ticket", c.Number, "error", err)
				return r.Record.Unring(context.WithoutCancel(ctx), c.Number)
			}
			mu.Lock()
			defer mu.Unlock()
			rung = append(rung, c.Number)
			return nil
		})
	}
	if err := g.Wait(); err != nil || len(rung) == 0 {
		return err
	}
	return r.Record.Rung(ctx, rung)
}

func (r *Relay) deliveries(ctx context.Context) error {
	ids, err := r.Record.Unstarted(ctx, atOnce)
	if err != nil {
		return err
	}
	failed := r.startAll(ctx, ids, r.Bell.StartDelivery)
	if ids, err = r.Record.Roused(ctx, atOnce); err != nil {
		return errors.Join(failed, err)
	}
	return errors.Join(failed, r.startAll(ctx, ids, r.Bell.RingDelivery))
}

func (r *Relay) startAll(ctx context.Context, ids []string, start func(context.Context, string) error) error {
	var g errgroup.Group // what fails stops none of the others
	g.SetLimit(inFlight)
	runs := make([]bool, len(ids))
	for i, id := range ids {
		g.Go(func() error {
			err := start(ctx, id)
			runs[i] = err == nil
			return err
		})
	}
	failed := g.Wait()
	var started []string
	for i, id := range ids {
		if runs[i] {
			started = append(started, id)
		}
	}
	if len(started) == 0 {
		return failed
	}
	return errors.Join(failed, r.Record.Started(context.WithoutCancel(ctx), started))
}

// sweep is a net, not the clock: it rings where a timer was lost (a reset, a terminated workflow, an older backup),
// and sees that every mailbox is watched.
func (r *Relay) sweep(ctx context.Context) error {
	mailboxes, err := r.Record.MailboxesToWatch(ctx)
	if err != nil {
		return err
	}
	for _, id := range mailboxes {
		if err := r.Bell.StartMailbox(ctx, id); err != nil {
			return err
		}
	}
	lost, err := r.Record.Overdue(ctx, r.swept, atOnce)
	if err != nil {
		return err
	}
	numbers := make([]ticket.Number, len(lost))
	for i, o := range lost {
		numbers[i] = o.Number
		r.Log.WarnContext(ctx, "a timer was lost; ringing", "ticket", o.Number)
		if r.Swept != nil {
			r.Swept()
		}
	}
	r.swept = behind(lost, atOnce)
	return r.ringAll(ctx, numbers)
}

// behind is where the next page begins: at the beginning where this one was not full.
func behind(page []ticket.Overdue, limit int) ticket.Overdue {
	if len(page) < limit {
		return ticket.Overdue{}
	}
	return page[len(page)-1]
}

func (r *Relay) ringAll(ctx context.Context, numbers []ticket.Number) error {
	g, inner := limited(ctx)
	for _, n := range numbers {
		g.Go(func() error { return r.Bell.Ring(inner, n, ticket.SignalBell, ticket.Ring{}) })
	}
	return g.Wait()
}

func limited(ctx context.Context) (*errgroup.Group, context.Context) {
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(inFlight)
	return g, inner
}
