package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/ticket"
)

// edit is the way of every change of the house: read takes the body apart, and where nothing is wrong with it, save
// stores what was read and returns what is answered.
func (s *server) edit(c *gin.Context, status int, read func(h *hand, o *object), save func(ctx context.Context) (any, error)) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	o := newObject(body)
	h := &hand{s: s, ctx: ctx, who: askerOf(c)}
	read(h, o)
	if h.err != nil {
		s.told(c, h.err)
		return
	}
	o.done()
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	out, err := save(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, status, out)
}

// asked takes the body of a request apart; false where something is wrong with it, which it has answered then.
func (s *server) asked(c *gin.Context, read func(o *object)) bool {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return false
	}
	o := newObject(body)
	read(o)
	o.done()
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return false
	}
	return true
}

// remove takes something away: 204, or why not.
func (s *server) remove(c *gin.Context, drop func(ctx context.Context) error) {
	ctx, done := budget(c)
	defer done()
	if err := drop(ctx); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// manner is that of a desk, whether the asker is in it or not; false where there is none.
func (h *hand) manner(desk string) (ticket.Manner, bool) {
	desks, err := h.s.House.Desks(h.ctx)
	if err != nil {
		h.err = err
		return ticket.Manner{}, false
	}
	i := slices.IndexFunc(desks, func(d Desk) bool { return d.Key == desk })
	if i < 0 {
		return ticket.Manner{}, false
	}
	return desks[i].Manner, true
}

// findDesk is the desk with that key; ticket.NotFound for one that the asker is not in.
func (h *hand) findDesk(key string) Desk {
	if h.err != nil {
		return Desk{}
	}
	desks, err := h.s.House.Desks(h.ctx)
	if err != nil {
		h.err = err
		return Desk{}
	}
	for _, d := range desks {
		if d.Key == key && h.who.sees(key) {
			return d
		}
	}
	h.err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such desk"}
	return Desk{}
}
