package workflows

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

const number ticket.Number = 1042

// line is one row of the fake queue.
type line struct {
	ticket.Command
	outcome ticket.Outcome
	reason  string
	done    bool
}

// desk is a record in memory: the real table over one ticket's row, with the queue's order and its receipts. It does
// what the real one does for a ticket's workflow, and fails where a test asks it to.
type desk struct {
	mu       sync.Mutex
	clock    func() time.Time
	rules    *lifecycle.Table
	settings ticket.Settings
	there    bool
	p        ticket.Process
	lines    []*line
	events   []string
	batch    int

	inputs    []ticket.ApplyInput
	quick     int // local activities that reached the row
	patient   int // ordinary ones
	fail      func(ctx context.Context, local bool) error
	unstarted []string
	started   []string
	rung      []ticket.Number
	away      bool // the bell cannot start anything
}

func newDesk(clock func() time.Time) *desk {
	return &desk{
		clock: clock, rules: lifecycle.Inquiry, settings: plain(), there: true, batch: 100,
		p: ticket.Process{
			Number: number, Ticket: "3f6f3bb1-8f6f-4b53-9a38-5f1f0f6f3bb1", Desk: "support", State: ticket.New, Tier: 1,
			Priority: ticket.Normal, Channel: ticket.ChannelMail, Policy: 1,
		},
	}
}

var (
	client = ticket.Actor{Kind: ticket.ActorClient, ID: "c_1"}
	sato   = ticket.Actor{Kind: ticket.ActorAgent, ID: "sato", Role: ticket.RoleAgent}
	lead   = ticket.Actor{Kind: ticket.ActorAgent, ID: "lead", Role: ticket.RoleLead}
)

// store puts a command into the queue, as the API or the intake does before the bell is rung.
func (d *desk) store(k ticket.Kind, by ticket.Actor, set func(*ticket.Command)) ticket.Ring {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := ticket.Command{Kind: k, By: by, At: d.clock().UTC().Truncate(time.Microsecond), Seq: int64(len(d.lines) + 1)}
	c.ID = fmt.Sprintf("cmd-%d", c.Seq)
	if k == ticket.ClientReply || k == ticket.AgentResponse || k == ticket.Note {
		c.Message = "message-" + c.ID
	}
	if set != nil {
		set(&c)
	}
	d.lines = append(d.lines, &line{Command: c})
	return ticket.Ring{ID: c.ID, Seq: c.Seq}
}

// Apply answers all that waits, a command before a timer that falls due at the same instant.
func (d *desk) Apply(ctx context.Context, in ticket.ApplyInput) (ticket.ApplyResult, error) {
	local := activity.GetInfo(ctx).IsLocalActivity
	if d.fail != nil {
		if err := d.fail(ctx, local); err != nil {
			return ticket.ApplyResult{}, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inputs = append(d.inputs, in)
	if local {
		d.quick++
	} else {
		d.patient++
	}
	if !d.there {
		return ticket.ApplyResult{}, &ticket.Error{Code: ticket.NotFound, Message: "there is no such ticket"}
	}
	if in.Revision > d.p.Revision {
		return ticket.ApplyResult{}, ticket.ErrRowBehind
	}
	d.byHand(in)
	now := d.clock()
	for _, f := range in.Fired {
		if k, ok := lifecycle.Due(d.p, ticket.TimerParams(f)); ok && k.Rings().After(now) {
			now = k.Rings()
		}
	}
	more := d.answerAll(now)
	return d.result(more), nil
}

func (d *desk) answerAll(now time.Time) (more bool) {
	var waiting []*line
	for _, l := range d.lines {
		if !l.done {
			waiting = append(waiting, l)
		}
	}
	if len(waiting) > d.batch {
		waiting, more = waiting[:d.batch], true
	}
	for {
		k, running := d.p.Next()
		switch {
		case len(waiting) > 0 && !(running && k.Rings().Before(waiting[0].At)):
			d.answer(waiting[0])
			waiting = waiting[1:]
		case running && (len(waiting) > 0 || (!more && !k.Rings().After(now))):
			d.answer(d.row(lifecycle.TimerCommand(number, k)))
		default:
			return more
		}
	}
}

func (d *desk) row(c ticket.Command) *line {
	c.Seq = int64(len(d.lines) + 1)
	l := &line{Command: c}
	d.lines = append(d.lines, l)
	return l
}

func (d *desk) answer(l *line) {
	out := d.rules.Apply(d.p, l.Command, lifecycle.RoundTheClock(d.settings))
	d.p, l.outcome, l.reason, l.done = out.Process, out.Answer, out.Reason, true
	for _, e := range out.Events {
		d.events = append(d.events, e.Name)
	}
	for _, e := range out.Effects {
		switch e { //nolint:exhaustive // the rest needs texts, which this record has not
		case lifecycle.SendMessage, lifecycle.Acknowledge:
			d.unstarted = append(d.unstarted, fmt.Sprintf("mail-%d-%d", l.Seq, len(d.unstarted)+len(d.started)))
		default:
		}
	}
}

func (d *desk) result(more bool) ticket.ApplyResult {
	out := ticket.ApplyResult{Process: d.p, More: more, Final: d.p.State.Final() && !more}
	out.Wanted = d.p.Wanted()
	for _, id := range d.unstarted {
		out.Effects = append(out.Effects, ticket.Errand{Delivery: id})
	}
	return out
}

// byHand gives rows to what came without one.
func (d *desk) byHand(in ticket.ApplyInput) {
	for _, h := range in.Heard {
		if h.Ring.ID != "" && d.known(h.Ring.ID) {
			continue
		}
		d.take(handCommand(in.FirstRun, h, d.clock()))
	}
	if in.Canceled != "" {
		admin := ticket.Actor{Kind: ticket.ActorOperator, ID: ticket.Operator.ID, Role: ticket.RoleAdmin}
		d.take(ticket.Command{ID: ticket.CancelID(in.Canceled), Kind: ticket.Close, At: d.clock(), By: admin})
	}
}

func handCommand(firstRun string, h ticket.Heard, now time.Time) ticket.Command {
	c := ticket.Command{ID: ticket.HandID(firstRun, h.Count, h.Name), At: now, By: ticket.Operator, Kind: ticket.Unreadable}
	kind, err := ticket.ParseKind(h.Name)
	switch {
	case h.Problem != "":
		c.Params.Problem = h.Problem
	case h.Ring.ID != "" || err != nil || kind == ticket.NoKind || kind.Timer() || kind == ticket.Unreadable:
		c.Params.Problem = "unknown_command"
	default:
		c.Kind = kind
		switch kind { //nolint:exhaustive // the rest work bare
		case ticket.Create, ticket.ClientReply, ticket.AgentResponse, ticket.Assign, ticket.Note, ticket.AutomaticMail, ticket.DeliveryFailed, ticket.Promise:
			c.Params.Problem = "payload_missing"
		default:
		}
	}
	return c
}

func (d *desk) take(c ticket.Command) {
	if !d.known(c.ID) {
		d.row(c)
		return
	}
	d.events = append(d.events, "repeated")
}

func (d *desk) known(id string) bool {
	for _, l := range d.lines {
		if l.ID == id {
			return true
		}
	}
	return false
}

// Started notes that these mails are under way.
func (d *desk) Started(_ context.Context, deliveries []string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.started = append(d.started, deliveries...)
	var left []string
	for _, id := range d.unstarted {
		if !isIn(deliveries, id) {
			left = append(left, id)
		}
	}
	d.unstarted = left
	return nil
}

// Ring notes that another ticket was rung.
func (d *desk) Ring(_ context.Context, n ticket.Number, _ string, _ ticket.Ring) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rung = append(d.rung, n)
	return nil
}

// StartDelivery answers as a Temporal that may be away.
func (d *desk) StartDelivery(context.Context, string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return fmt.Errorf("nobody answers")
	}
	return nil
}

func isIn(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// plain settings have one clock of response and give no warnings: the shell is tried here, not the rules.
func plain() ticket.Settings {
	s := ticket.DefaultSettings()
	s.NextResponse, s.Resolution, s.WarnAt = ticket.Targets{}, ticket.Targets{}, 0
	return s
}
