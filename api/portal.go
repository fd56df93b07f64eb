package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// GetPortal tells where a client may ask something new.
func (s *server) GetPortal(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	desks, err := s.portalDesks(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	calendars, err := s.House.Calendars(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.Portal{}
	out.Desks = append(out.Desks, make([]portalDesk, 0, len(desks))...)
	for _, d := range desks {
		shown := portalDesk{Key: d.Key, Name: d.Name, Zone: zoneName(""), ReceptionTypes: []openapi.ReceptionType{}}
		for _, spec := range calendars {
			if spec.Key == d.Settings.Calendar {
				shown.Zone = zoneName(spec.Zone)
			}
		}
		if shown.ReceptionTypes, err = s.clientForms(ctx, d.Key); err != nil {
			s.told(c, err)
			return
		}
		out.Desks = append(out.Desks, shown)
	}
	if out.Desks == nil {
		out.Desks = []portalDesk{}
	}
	answer(c, http.StatusOK, out)
}

// portalDesk is what the document calls a desk of the portal.
type portalDesk = struct {
	Key            string                  `json:"key"`
	Name           string                  `json:"name"`
	ReceptionTypes []openapi.ReceptionType `json:"reception_types"`

	// Zone In which it works.
	Zone string `json:"zone"`
}

// portalDesks are those that take requests through the portal (E6). An issue desk takes them from colleagues only.
func (s *server) portalDesks(ctx context.Context) ([]Desk, error) {
	desks, err := s.House.Desks(ctx)
	return slices.DeleteFunc(slices.Clone(desks), func(d Desk) bool {
		return d.Kind == issueDesk || !slices.Contains(d.Manner.Routes, ticket.ChannelPortal)
	}), err
}

// clientForms are a desk's reception types with what the client fills of them. One with a field that is needed and that
// only operators fill is not offered: nobody outside could send it.
func (s *server) clientForms(ctx context.Context, desk string) ([]openapi.ReceptionType, error) {
	all, err := s.receptionTypes(ctx, desk)
	if err != nil {
		return nil, err
	}
	out := []openapi.ReceptionType{}
	for _, r := range all {
		closed := slices.ContainsFunc(r.body.Fields, func(f ticket.Field) bool { return f.Required && !f.Retired && f.By == ticket.ByOperator })
		if r.body.Retired || closed {
			continue
		}
		r.body.Fields = slices.DeleteFunc(slices.Clone(r.body.Fields), func(f ticket.Field) bool { return f.Retired || f.By != ticket.ByClient })
		out = append(out, receptions.show(r.Piece, r.body))
	}
	return out, nil
}

// OpenTicket opens a ticket for the client who asks: his first words are its first command, as those of a mail are.
func (s *server) OpenTicket(c *gin.Context, _ openapi.OpenTicketParams) {
	who := askerOf(c)
	if !who.isClient() {
		s.fail(c, problem{kind: forbidden, detail: "forbidden_staff"}.with("command", "open"))
		return
	}
	s.open(c, who, s.asking)
}

func (s *server) asking(ctx context.Context, who asker, body map[string]any) (ticket.Order, []fault, error) {
	o := newObject(body)
	order := s.newOrder(who, ticket.ClientReply, 0, o, body)
	h := &hand{s: s, ctx: ctx, who: who}
	open := &ticket.Opening{
		Desk: h.portalDesk(o), Title: o.text("title", titleRule.must()), Channel: ticket.ChannelPortal, Client: ticket.Client{ID: who.client.ID},
		Language: o.text("language", languageRule), ReceptionType: o.text("reception_type", receptionRule), Fields: readFields(o),
	}
	order.Message = o.message(true, ticket.By{Kind: ticket.ActorClient, ID: who.client.ID, Name: who.Name})
	h.withinLimits(o, open.Desk, order.Message)
	h.form(o, open.Desk, open.ReceptionType, open.Fields, nil)
	h.clientOrder(o, &order)
	o.done()
	fillIn(open, order.Message)
	order.Opening = open
	return order, *o.faults, h.err
}

// portalDesk reads the key of a desk that takes requests through the portal.
func (h *hand) portalDesk(o *object) string {
	key := o.text("desk", keyRule.must())
	if key == "" || h.err != nil {
		return ""
	}
	desks, err := h.s.portalDesks(h.ctx)
	if err != nil {
		h.err = err
		return ""
	}
	if !slices.ContainsFunc(desks, func(d Desk) bool { return d.Key == key }) {
		o.blameWorld("desk", "portal_desk", map[string]string{"key": key})
	}
	h.rec.Process.Desk = key
	return key
}
