package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// The search attributes (CONTRACT §4). Their names reached a server: never changed.
var (
	AttrTicketNumber = temporal.NewSearchAttributeKeyInt64("TicketNumber")
	AttrTicketState  = temporal.NewSearchAttributeKeyKeyword("TicketState")
	AttrDesk         = temporal.NewSearchAttributeKeyKeyword("Desk")
	AttrTicketGroup  = temporal.NewSearchAttributeKeyKeyword("TicketGroup")
	AttrOwner        = temporal.NewSearchAttributeKeyKeyword("Owner")
	AttrChannel      = temporal.NewSearchAttributeKeyKeyword("Channel")
	AttrPriority     = temporal.NewSearchAttributeKeyKeyword("Priority")
	AttrNextDueAt    = temporal.NewSearchAttributeKeyTime("NextDueAt")
	AttrBreached     = temporal.NewSearchAttributeKeyBool("Breached")
)

// published are the search attributes as last written: an upsert is an event, so only changes are written.
type published struct {
	Number   int64     `json:"number,omitempty"`
	State    string    `json:"state,omitempty"`
	Desk     string    `json:"desk,omitempty"`
	Group    string    `json:"group,omitempty"`
	Owner    string    `json:"owner,omitempty"`
	Channel  string    `json:"channel,omitempty"`
	Priority string    `json:"priority,omitempty"`
	NextDue  time.Time `json:"next_due,omitzero"`
	Breached bool      `json:"breached,omitempty"`
}

func attributes(p ticket.Process) published {
	next, _ := p.Next()
	return published{
		Number: int64(p.Number), State: p.State.String(), Desk: p.Desk, Group: p.Group, Owner: p.Owner, Channel: p.Channel.String(),
		Priority: p.Priority.String(), NextDue: next.Due, Breached: p.Breached,
	}
}

// publish tells the server and the Web UI how the ticket stands.
func (r *run) publish(ctx workflow.Context) error {
	workflow.SetCurrentDetails(ctx, r.details())
	now := attributes(r.p)
	updates := changes(r.published, now)
	r.published = now
	if len(updates) == 0 {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}

func changes(was, is published) []temporal.SearchAttributeUpdate {
	var out []temporal.SearchAttributeUpdate
	if was.Number != is.Number {
		out = append(out, AttrTicketNumber.ValueSet(is.Number))
	}
	out = keyword(out, AttrTicketState, was.State, is.State)
	out = keyword(out, AttrDesk, was.Desk, is.Desk)
	out = keyword(out, AttrTicketGroup, was.Group, is.Group)
	out = keyword(out, AttrOwner, was.Owner, is.Owner)
	out = keyword(out, AttrChannel, was.Channel, is.Channel)
	out = keyword(out, AttrPriority, was.Priority, is.Priority)
	if !was.NextDue.Equal(is.NextDue) {
		if is.NextDue.IsZero() {
			out = append(out, AttrNextDueAt.ValueUnset())
		} else {
			out = append(out, AttrNextDueAt.ValueSet(is.NextDue))
		}
	}
	if was.Breached != is.Breached {
		out = append(out, AttrBreached.ValueSet(is.Breached))
	}
	return out
}

func keyword(out []temporal.SearchAttributeUpdate, key temporal.SearchAttributeKeyKeyword, was, is string) []temporal.SearchAttributeUpdate {
	switch {
	case was == is:
		return out
	case is == "":
		return append(out, key.ValueUnset())
	default:
		return append(out, key.ValueSet(is))
	}
}

// details is the ticket as the Web UI shows it, in Markdown. It is not part of the history.
func (r *run) details() string {
	p := r.p
	var b strings.Builder
	fmt.Fprintf(&b, "### #%d · %s%s\n\n", p.Number, p.State, parenthesis(p.Hold.String()+p.Category.String()))
	fmt.Fprintf(&b, "owner **%s** · group %s · desk %s · tier %d · %s · %s · revision %d\n\n", orDash(p.Owner), orDash(p.Group), orDash(p.Desk), p.Tier, p.Priority, p.Channel, p.Revision)
	fmt.Fprintf(&b, "Waits for: %s\n\n", waitsFor(p))
	for _, k := range p.Clocks {
		if k.State == ticket.Running {
			fmt.Fprintf(&b, "- %s %s\n", title(k.Kind), instant(k.Due))
		}
	}
	if r.desk.ConsoleURL != "" {
		fmt.Fprintf(&b, "\n[Open in the console](%s/tickets/%d)\n", strings.TrimRight(r.desk.ConsoleURL, "/"), p.Number)
	}
	return b.String()
}

func waitsFor(p ticket.Process) string {
	switch p.State {
	case ticket.New:
		return "an agent who takes it"
	case ticket.Open:
		return "its owner's answer"
	case ticket.OnHold:
		return p.Hold.String() + ", or the end of the hold"
	case ticket.Resolved, ticket.ResolvedInternally:
		return "the client's reply, or the auto-close"
	case ticket.Spam:
		return "restore, or the end of the retention"
	case ticket.HandedOver:
		return fmt.Sprintf("the answer of the issue desk, in #%d", p.Child.Number)
	case ticket.HandOverAnswered:
		return fmt.Sprintf("somebody who takes up the answer of #%d (%s)", p.Child.Number, p.Child.Outcome)
	case ticket.Closed, ticket.Deleted:
		return "nothing; it is final"
	case ticket.Merged:
		return fmt.Sprintf("nothing; it goes on in #%d", p.Survivor)
	case ticket.NoState:
		return "its first command"
	}
	return "its next command"
}

func parenthesis(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// Stand is what the query "state" answers.
type Stand struct {
	Process ticket.Process        `json:"process"`
	Allowed []lifecycle.Allowance `json:"allowed"` // what a signal by hand would be answered
}

func (r *run) answerQueries(ctx workflow.Context) {
	logger := workflow.GetLogger(ctx)
	if err := workflow.SetQueryHandlerWithOptions(ctx, ticket.QueryState, func() (Stand, error) {
		return Stand{Process: r.p, Allowed: lifecycle.Allowed(r.p, ticket.Operator, lifecycle.RoundTheClock(ticket.DefaultSettings()))}, nil
	}, workflow.QueryHandlerOptions{Description: "The ticket's process, and what a signal by hand would be answered."}); err != nil {
		logger.Error("query not set", "query", ticket.QueryState, "error", err)
	}
	if err := workflow.SetQueryHandlerWithOptions(ctx, ticket.QueryFuture, func() ([]lifecycle.Futurum, error) {
		return lifecycle.Future(r.p, lifecycle.RoundTheClock(ticket.DefaultSettings())), nil
	}, workflow.QueryHandlerOptions{Description: "What happens if nobody acts."}); err != nil {
		logger.Error("query not set", "query", ticket.QueryFuture, "error", err)
	}
}
