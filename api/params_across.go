package api

import (
	"strconv"

	"duradesk/ticket"
)

// Commands that speak of another ticket, or of one message of this.

// linkKinds are those that people make; hand_over and merged are the process's own.
var linkKinds = []string{"follow_up", "related", "duplicate", "causes"}

func (h *hand) merge(o *object, order *ticket.Order) {
	if p := o.inside("merge", true); p != nil {
		order.Params.Merge = &ticket.MergeParams{Into: h.otherTicket(p, "into")}
		p.done()
	}
}

func (h *hand) link(o *object, order *ticket.Order) {
	if p := o.inside("link", true); p != nil {
		order.Params.Link = &ticket.LinkParams{Number: h.otherTicket(p, "number"), Kind: p.word("kind", true, linkKinds)}
		p.done()
	}
}

func (h *hand) split(o *object, order *ticket.Order) {
	if p := o.inside("split", true); p != nil {
		order.Params.Split = &ticket.SplitParams{Message: h.message(p, "message")}
		p.done()
	}
}

func (h *hand) move(o *object, order *ticket.Order) {
	if p := o.inside("move", true); p != nil {
		order.Params.Move = &ticket.MoveParams{Message: h.message(p, "message"), Into: h.otherTicket(p, "into")}
		p.done()
	}
}

func (h *hand) withdraw(o *object, order *ticket.Order) {
	if p := o.inside("withdraw", true); p != nil {
		order.Params.Withdraw = &ticket.WithdrawParams{Message: h.message(p, "message")}
		p.done()
	}
}

// otherTicket reads the number of a ticket that exists for the asker.
func (h *hand) otherTicket(o *object, name string) ticket.Number {
	number, given := o.whole(name, true, 1, 1<<53)
	if !given || h.err != nil {
		return 0
	}
	n := ticket.Number(number)
	rec, err := h.s.Reader.Ticket(h.ctx, n)
	switch {
	case ticket.CodeOf(err) == ticket.NotFound, err == nil && !h.who.sees(rec.Process.Desk):
		o.blameWorld(name, "unknown_ticket", map[string]string{"number": strconv.FormatInt(number, 10)})
	case err != nil:
		h.err = err
	}
	return n
}

// message reads the id of a message of this ticket.
func (h *hand) message(o *object, name string) string {
	id := o.text(name, idRule.must())
	if id == "" || h.err != nil {
		return ""
	}
	n, err := h.s.Reader.MessageTicket(h.ctx, id)
	switch {
	case ticket.CodeOf(err) == ticket.NotFound, err == nil && n != h.rec.Process.Number:
		o.blameWorld(name, "unknown_message", nil)
	case err != nil:
		h.err = err
	}
	return id
}
