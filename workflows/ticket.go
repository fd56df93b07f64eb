package workflows

import (
	"maps"
	"time"

	"go.temporal.io/sdk/workflow"

	"duradesk/ticket"
)

// Desk holds what the workflows show but never decide by.
type Desk struct {
	// ConsoleURL leads from the details in Temporal's Web UI to the ticket in the console.
	ConsoleURL string
}

// TicketInput starts a ticket's workflow. From outside only the number and the first command's name are given; the rest is
// carried over continue-as-new. The row is the truth: what is carried saves a look, not a decision.
type TicketInput struct {
	Number    ticket.Number  `json:"number"`
	OpenedBy  string         `json:"opened_by,omitempty"` // the first command's name, where the start was its bell: for readers of the history
	Process   ticket.Process `json:"process,omitzero"`
	Heard     map[string]int `json:"heard,omitempty"`    // signals heard over all runs, by name
	Published published      `json:"published,omitzero"` // search attributes as last written
}

// run is one run of a ticket's workflow.
type run struct {
	desk      *Desk
	in        TicketInput
	firstRun  string
	p         ticket.Process
	heard     map[string]int
	armed     []armed
	published published
	canceled  bool // the cancel request was answered; the run goes on, detached from it
	limit     int  // history events after which to continue as new
	looks     int  // Applies of this run
}

// Ticket is the life of one ticket: wait, apply, set timers, start effects (HOUSE, "The heart"). It never fails on a
// business matter; it ends when the ticket is final and nothing is unapplied.
func (d *Desk) Ticket(ctx workflow.Context, in TicketInput) error {
	r := &run{desk: d, in: in, p: in.Process, heard: maps.Clone(in.Heard), published: in.Published, firstRun: workflow.GetInfo(ctx).FirstRunID}
	r.listen(ctx)
	if r.heard == nil {
		r.heard = map[string]int{}
	}
	detached, _ := workflow.NewDisconnectedContext(ctx)
	wake := r.woken(ctx)
	for {
		out, err := r.apply(detached, wake)
		if gone(err) {
			workflow.GetLogger(ctx).Warn("no ticket has this number", "ticket", in.Number)
			return nil
		}
		if err != nil {
			return err // only where this run is torn down; a business matter never gets here
		}
		r.p, r.limit = out.Process, out.ContinueAfter
		r.looks++
		r.arm(detached, out.Wanted)
		if err := r.publish(detached); err != nil {
			return err
		}
		r.startEffects(detached, out.Effects)
		wake = ticket.ApplyInput{}
		if out.More {
			continue
		}
		quiet := len(workflow.GetUnhandledSignalNames(ctx)) == 0 && !r.rang() && !r.cancelAsked(ctx)
		switch {
		case quiet && out.Final:
			return nil
		case quiet && r.tooLong(ctx):
			return r.again(ctx)
		case quiet:
			if err := workflow.Await(detached, func() bool { return r.mustWake(ctx) }); err != nil {
				return err
			}
		}
		wake = r.woken(ctx)
	}
}

// mustWake reports whether anything came: a signal of whatever name, a timer, a request to cancel.
func (r *run) mustWake(ctx workflow.Context) bool {
	return r.rang() || r.cancelAsked(ctx) || len(workflow.GetUnhandledSignalNames(ctx)) > 0
}

func (r *run) cancelAsked(ctx workflow.Context) bool { return ctx.Err() != nil && !r.canceled }

// woken collects all that came since the last look.
func (r *run) woken(ctx workflow.Context) ticket.ApplyInput {
	in := ticket.ApplyInput{Fired: r.fired(), Heard: r.drain(ctx)}
	if r.cancelAsked(ctx) {
		r.canceled = true
		in.Canceled = workflow.GetInfo(ctx).WorkflowExecution.RunID
	}
	return in
}

// tooLong reports whether the history is due to be continued as new: by the limit that the last Apply carried, or
// because the server suggests it. A run waits at least once: with a limit below what a start costs, runs would follow
// each other without end.
func (r *run) tooLong(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	if r.looks < 2 {
		return false
	}
	return info.GetContinueAsNewSuggested() || (r.limit > 0 && info.GetCurrentHistoryLength() >= r.limit)
}

// again continues as new at a quiet point: nothing is buffered, timers are set again from their absolute instants.
func (r *run) again(ctx workflow.Context) error {
	return workflow.NewContinueAsNewError(ctx, ticket.WorkflowTicket, TicketInput{
		Number: r.in.Number, Process: r.p, Heard: r.heard, Published: r.published,
	})
}

// instant writes a time as operators read it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
