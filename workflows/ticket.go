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
	number    ticket.Number
	detached  workflow.Context // a request to cancel does not reach what the run does
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
//
// What a ticket that waits has on its stack is most of what it costs in memory: so the input comes by its address, and
// what a turn needs is gone when it is over (below 4 KB the stack takes 8, not 16).
func (d *Desk) Ticket(ctx workflow.Context, in *TicketInput) error {
	if in == nil {
		in = &TicketInput{} // begun by hand: no ticket has the number 0
	}
	r := d.begin(ctx, in)
	for {
		if over, err := r.turn(ctx); over || err != nil {
			return err // an error only where this run is torn down; a business matter never gets here
		}
		if err := workflow.Await(r.detached, func() bool { return r.mustWake(ctx) }); err != nil {
			return err
		}
	}
}

func (d *Desk) begin(ctx workflow.Context, in *TicketInput) *run {
	r := &run{desk: d, number: in.Number, p: in.Process, heard: maps.Clone(in.Heard), published: in.Published, firstRun: workflow.GetInfo(ctx).FirstRunID}
	r.listen(ctx)
	if r.heard == nil {
		r.heard = map[string]int{}
	}
	r.detached, _ = workflow.NewDisconnectedContext(ctx)
	return r
}

// turn has all that came taken through the rules, until nothing more came meanwhile; true where the run is over.
func (r *run) turn(ctx workflow.Context) (over bool, err error) {
	wake := r.woken(ctx)
	for {
		out, err := r.apply(r.detached, wake)
		if gone(err) {
			workflow.GetLogger(ctx).Warn("no ticket has this number", "ticket", r.number)
			return true, nil
		}
		if err != nil {
			return false, err
		}
		r.p, r.limit = out.Process, out.ContinueAfter
		r.looks++
		r.arm(r.detached, out.Wanted)
		if err := r.publish(r.detached); err != nil {
			return false, err
		}
		r.startEffects(r.detached, out.Effects)
		wake = ticket.ApplyInput{}
		if out.More {
			continue
		}
		quiet := len(workflow.GetUnhandledSignalNames(ctx)) == 0 && !r.rang() && !r.cancelAsked(ctx)
		switch {
		case quiet && out.Final:
			return true, nil
		case quiet && r.tooLong(ctx):
			return true, r.again(ctx)
		case quiet:
			return false, nil
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
		Number: r.number, Process: r.p, Heard: r.heard, Published: r.published,
	})
}

// instant writes a time as operators read it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
