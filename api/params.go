package api

import (
	"context"
	"slices"
	"strconv"
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
}

// farthest is how far ahead a wake time may lie: what is further is a slip of the pen.
const farthest = 10 * 366 * 24 * time.Hour

func (h *hand) hold(o *object, order *ticket.Order) {
	p := o.inside("hold", true)
	if p == nil {
		return
	}
	params := ticket.HoldParams{Until: p.instant("until")}
	params.Reason, _ = named(p, "reason", true, ticket.HoldReasons())
	p.done()
	if u := params.Until; u != nil && !u.After(h.s.Now()) {
		p.blameWorld("until", "until_in_past", nil)
	} else if u != nil && u.After(h.s.Now().Add(farthest)) {
		p.blame("until", "too_far", nil)
	}
	order.Params.Hold = &params
}

func (h *hand) resolve(o *object, order *ticket.Order) {
	order.Params.Resolve = &ticket.ResolveParams{}
	if p := o.inside("resolve", false); p != nil {
		order.Params.Resolve.Category, _ = named(p, "category", false, ticket.Categories())
		p.done()
	}
}

func (h *hand) escalate(o *object, order *ticket.Order) {
	p := o.inside("escalate", true)
	if p == nil {
		return
	}
	order.Params.Escalate = &ticket.EscalateParams{Group: h.group(p, "group")}
	order.Reason = p.text("reason", rule{needed: true, min: 1, max: 1000, solid: true})
	p.done()
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
		if id := p.text("client", rule{min: 1, max: 100}); id != "" && id != h.rec.Client.ID {
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
	case h.rec.Process.Desk != "" && !(asker{Person: p}).sees(h.rec.Process.Desk):
		o.blameWorld(name, "owner_elsewhere", map[string]string{"key": key, "desk": h.rec.Process.Desk})
	}
	return key
}

func itoa(n int) string { return strconv.Itoa(n) }
