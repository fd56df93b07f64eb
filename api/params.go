package api

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"duradesk/ticket"
)

// hand is what a command's own fields are read with.
type hand struct {
	s   *server
	ctx context.Context // lives for one reading
	who asker
	rec ticket.Record // the ticket; empty for create
	err error         // of a port
}

// spec says how one command reads its body.
type spec struct {
	kind    ticket.Kind
	message presence
	params  func(h *hand, o *object, order *ticket.Order)
}

// presence of a message.
type presence uint8

const (
	without presence = iota
	optional
	needed
)

// specs are the commands that this door takes for a ticket that is there.
var specs = map[ticket.Kind]spec{
	ticket.ClientReply:   {ticket.ClientReply, needed, (*hand).clientReply},
	ticket.AgentResponse: {ticket.AgentResponse, needed, nil},
	ticket.Hold:          {ticket.Hold, optional, (*hand).hold},
	ticket.Resolve:       {ticket.Resolve, optional, (*hand).resolve},
	ticket.Escalate:      {ticket.Escalate, without, (*hand).escalate},
	ticket.Assign:        {ticket.Assign, without, (*hand).assign},
	ticket.Note:          {ticket.Note, needed, nil},
	ticket.Close:         {ticket.Close, without, nil},
	ticket.Restore:       {ticket.Restore, without, nil},
	ticket.Delete:        {ticket.Delete, without, nil},
	ticket.Classify:      {ticket.Classify, without, (*hand).classify},
	ticket.ClientVerdict: {ticket.ClientVerdict, without, (*hand).verdict},
	ticket.Merge:         {ticket.Merge, without, (*hand).merge},
	ticket.Unmerge:       {ticket.Unmerge, without, nil},
	ticket.LinkTo:        {ticket.LinkTo, without, (*hand).link},
	ticket.Recall:        {ticket.Recall, without, nil},
	ticket.Promise:       {ticket.Promise, without, (*hand).promise},
	ticket.Feedback:      {ticket.Feedback, without, (*hand).feedback},
	ticket.Split:         {ticket.Split, without, (*hand).split},
	ticket.Move:          {ticket.Move, without, (*hand).move},
	ticket.Withdraw:      {ticket.Withdraw, without, (*hand).withdraw},
}

// farthest is how far ahead a wake time may lie: what is further is a slip of the pen.
const farthest = 10 * 366 * 24 * time.Hour

func (h *hand) hold(o *object, order *ticket.Order) {
	p := o.inside("hold", true)
	if p == nil {
		return
	}
	params := ticket.HoldParams{Until: p.instant("until", false)}
	params.Reason, _ = named(p, "reason", true, ticket.HoldReasons())
	p.done()
	h.ahead(p, "until", params.Until)
	order.Params.Hold = &params
}

// ahead holds an instant to be in the future, and not too far.
func (h *hand) ahead(o *object, name string, t *time.Time) {
	if t != nil && !t.After(h.s.Now()) {
		o.blameWorld(name, "until_in_past", nil)
	}
	h.near(o, name, t)
}

func (h *hand) near(o *object, name string, t *time.Time) {
	if t != nil && t.After(h.s.Now().Add(farthest)) {
		o.blame(name, "too_far", nil)
	}
}

func (h *hand) resolve(o *object, order *ticket.Order) {
	order.Params.Resolve = &ticket.ResolveParams{}
	if p := o.inside("resolve", false); p != nil {
		order.Params.Resolve.Category, _ = named(p, "category", false, ticket.Categories())
		order.Params.Resolve.Solution = p.text("solution", rule{min: 1, max: 20000, solid: true})
		p.done()
	}
}

func (h *hand) escalate(o *object, order *ticket.Order) {
	p := o.inside("escalate", true)
	if p == nil {
		return
	}
	params := &ticket.EscalateParams{
		Group: h.group(p, "group"), Desk: h.issueDesk(p, "desk"), Title: p.text("title", titleRule), Body: p.long("body", false),
		ReceptionType: p.text("reception_type", receptionRule), Fields: readFields(p),
	}
	order.Params.Escalate = params
	h.form(p, params.Desk, params.ReceptionType, params.Fields, nil)
	order.Reason = p.text("reason", rule{needed: true, min: 1, max: 1000, solid: true})
	p.done()
	if params.Desk != "" {
		if params.Group != "" {
			p.blame("group", "not_both", map[string]string{"other": "desk"})
		}
		return
	}
	for _, name := range []string{"title", "body", "reception_type", "fields"} {
		if p.fields[name] != nil && p.fields["desk"] == nil {
			p.blame(name, "needs_other", map[string]string{"other": "desk"})
		}
	}
}

// issueDesk reads the key of a desk that inquiries are handed over to (N57). The asker need not be in it.
func (h *hand) issueDesk(o *object, name string) string {
	key := o.text(name, keyRule)
	if key == "" || h.err != nil {
		return ""
	}
	desks, err := h.s.House.Desks(h.ctx)
	if err != nil {
		h.err = err
		return ""
	}
	var known []string
	for _, d := range desks {
		if d.Kind == issueDesk {
			known = append(known, d.Key)
		}
	}
	if !slices.Contains(known, key) {
		o.blameWorld(name, "unknown_issue_desk", map[string]string{"key": key, "known": strings.Join(known, ", ")})
	}
	return key
}

func (h *hand) assign(o *object, order *ticket.Order) {
	p := o.inside("assign", true)
	if p == nil {
		return
	}
	params := ticket.AssignParams{Group: h.cleared(p, "group", h.group), Owner: h.cleared(p, "owner", h.owner)}
	p.done()
	if len(p.fields) == 0 {
		*o.faults = append(*o.faults, fault{pointer: p.at, code: "nothing"})
	}
	order.Params.Assign = &params
}

// cleared tells null, which clears, from a field that is left out, which changes nothing.
func (h *hand) cleared(o *object, name string, read func(*object, string) string) *string {
	key := read(o, name)
	if _, given := o.fields[name]; !given {
		return nil
	}
	return &key
}

func (h *hand) clientReply(o *object, order *ticket.Order) {
	params := ticket.ReplyParams{Channel: ticket.ChannelPhone, Mute: true}
	if p := o.inside("client_reply", false); p != nil {
		if channel, given := named(p, "channel", false, channels); given {
			params.Channel = channel
		}
		if id := p.text("client", idRule); id != "" && id != h.rec.Client.ID {
			p.blameWorld("client", "unknown_client", nil)
		}
		p.done()
	}
	order.Params.Reply = &params
}

// group reads the key of a group that is there.
func (h *hand) group(o *object, name string) string {
	key := o.text(name, keyRule)
	if key == "" || h.err != nil {
		return ""
	}
	groups, err := h.s.House.Groups(h.ctx)
	if err != nil {
		h.err = err
		return ""
	}
	if !slices.ContainsFunc(groups, func(g Group) bool { return g.Key == key }) {
		o.blameWorld(name, "unknown_group", map[string]string{"key": key})
	}
	return key
}

// owner reads the key of an agent who sees the ticket's desk; "me" is the asker.
func (h *hand) owner(o *object, name string) string {
	key := o.text(name, keyRule)
	if key == "" || h.err != nil {
		return ""
	}
	if key == "me" || key == h.who.Key {
		return h.who.Key
	}
	p, err := h.s.People.Agent(h.ctx, key)
	switch {
	case ticket.CodeOf(err) == ticket.NotFound:
		o.blameWorld(name, "unknown_agent", map[string]string{"key": key})
	case err != nil:
		h.err = err
	case p.Disabled != nil:
		o.blameWorld(name, "agent_disabled", map[string]string{"key": key})
	case h.rec.Process.Desk != "" && !(asker{Person: p}).sees(h.rec.Process.Desk):
		o.blameWorld(name, "owner_elsewhere", map[string]string{"key": key, "desk": h.rec.Process.Desk})
	}
	return key
}

func itoa(n int) string { return strconv.Itoa(n) }
