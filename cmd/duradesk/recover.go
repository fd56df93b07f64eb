package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"duradesk/dispatch"
	"duradesk/ticket"
)

// recoverCommand makes a database that was restored from a backup fit to go on beside a Temporal that remembers more.
type recoverCommand struct {
	settings
	Next int64 `help:"Give the next ticket at least this number: for a Temporal that was lost or restored too, which cannot tell which numbers clients have seen." placeholder:"NUMBER"`
}

// Run compares, repairs and tells what is lost. It may be repeated.
func (c *recoverCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx, "recover", 10*time.Second)
	if err != nil {
		return err
	}
	defer d.store.Close()
	if err := d.store.CheckSchema(ctx); err != nil {
		return err
	}
	temporal, err := d.temporal(ctx, os.Stderr)
	if err != nil {
		return err
	}
	defer temporal.Close()
	since, err := d.store.LastWord(ctx)
	if err != nil {
		return err
	}
	memory := &dispatch.Memory{Client: temporal.Client, Namespace: temporal.namespace}
	tell := nowAndThen(os.Stdout)
	var remembered ticket.Remembered
	err = temporal.patience.Do(ctx, func(ctx context.Context) (err error) {
		// A minute more: the clocks of two servers are never the same.
		remembered, err = memory.Since(ctx, since.Add(-time.Minute), func(done int) { tell("%d workflows read\n", done) })
		return err
	})
	if err != nil {
		return err
	}
	remembered.Highest = max(remembered.Highest, ticket.Number(c.Next-1))
	if err := temporal.patience.Do(ctx, func(ctx context.Context) error { return memory.End(ctx, remembered.Ahead) }); err != nil {
		return err
	}
	recovered, err := d.queue.Recover(ctx, since, remembered)
	if err != nil {
		return err
	}
	if err := temporal.rebuild(ctx, d, func(int) {}); err != nil {
		return fmt.Errorf("start every open ticket from its row: %w", err)
	}
	report(os.Stdout, recovered)
	return nil
}

func report(out io.Writer, r ticket.Recovered) {
	fmt.Fprintf(out, "the record ends at %s; the next ticket is %d\n", r.Since.UTC().Format(time.RFC3339), r.Next)
	fmt.Fprintf(out, "%d mails may have left since and are uncertain: a person decides\n", r.Uncertain)
	for _, n := range r.Gone {
		fmt.Fprintf(out, "lost: ticket %d (its workflow in Temporal tells when it came; mail that opened it is read again from its mailbox)\n", n)
	}
	for _, h := range r.Lost {
		id := h.ID
		if id == "" {
			id = "sent by hand"
		}
		fmt.Fprintf(out, "lost: %s of ticket %d at %s, %s\n", h.Name, h.Number, h.At.UTC().Format(time.RFC3339), id)
	}
	fmt.Fprintf(out, "%d commands and %d tickets are lost; each ticket that is left has a note of it\n", len(r.Lost), len(r.Gone))
}
