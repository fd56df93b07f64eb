package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// What a client sees of the desk: his own tickets, with full access also those of his organisation; what was said to
// him and how it stands, nothing of what the staff keep among themselves.

// exists reports whether a ticket exists for the asker.
func (s *server) exists(ctx context.Context, who asker, rec ticket.Record) (bool, error) {
	if !who.isClient() {
		return who.sees(rec.Process.Desk), nil
	}
	switch {
	case rec.Process.Parent != 0: // the issue desk's side of a hand-over
		return false, nil
	case rec.Client.ID == who.client.ID:
		return true, nil
	case who.client.Access == string(full) && rec.Client.ID != "":
		return s.Identity.Together(ctx, who.client.ID, rec.Client.ID)
	}
	return false, nil
}

// clientStates are those that a client is told by another name: how the desk works inside is not his.
var clientStates = map[ticket.State]ticket.State{
	ticket.HandedOver: ticket.Open, ticket.HandOverAnswered: ticket.Open, ticket.ResolvedInternally: ticket.Resolved, ticket.Spam: ticket.Closed,
}

func shownToClient(st ticket.State) ticket.State {
	if other, ok := clientStates[st]; ok {
		return other
	}
	return st
}

// forClient takes out of a ticket what is the staff's own.
func forClient(out openapi.Ticket, who asker, rec ticket.Record) openapi.Ticket {
	out.State = openapi.State(shownState(shownToClient(rec.Process.State)))
	out.Category, out.Solution, out.HandOver, out.MergedInto = nil, nil, nil, nil
	out.Owner, out.Group, out.Tier, out.Priority, out.Breached = nil, nil, 1, openapi.Priority(ticket.Normal.String()), false
	out.Tags, out.Fields, out.Clocks, out.Links, out.DueAt, out.TemporalUrl = []string{}, map[string]any{}, []openapi.Clock{}, []openapi.Link{}, nil, nil
	out.ReceptionType = nil
	if rec.Process.Hold != ticket.HoldClient {
		out.Hold = nil
	}
	if out.LastMessage != nil && out.LastMessage.Kind != "public" {
		out.LastMessage = nil
	}
	if rec.Client.ID != who.client.ID {
		out.Client = openapi.Client{Id: some(rec.Client.ID), Name: some(rec.Client.Name), Access: out.Client.Access}
	}
	if rec.Process.State == ticket.Spam {
		out.Allowed = []openapi.Allowance{}
	}
	return out
}

// reasonForClient is why his command was refused, as his ticket shows it: one in the spam box looks closed to him.
func reasonForClient(reason string) string {
	if reason == "in_spam_restore_first" {
		return "closed_use_follow_up"
	}
	return reason
}

// clientEvents are what a client is told beside what was said.
var clientEvents = []string{"created", "resolved", "closed", "reopened", "client_solved", "client_not_solved", "client_cancelled", "feedback_given"}

// itemsForClient leaves out notes and what happened among the staff, and takes out of the rest what is not his.
func itemsForClient(in []ticket.Item) []ticket.Item {
	out := make([]ticket.Item, 0, len(in))
	for _, it := range in {
		switch {
		case it.Type == "note", it.Type == "event" && !clientTold(it.Event):
			continue
		case it.Event != nil && !clientTold(it.Event):
			it.Event = nil
		case it.Event != nil:
			it.Event = &ticket.Event{Name: it.Event.Name, From: shownToClient(it.Event.From), To: shownToClient(it.Event.To)}
		}
		it.Delivery, it.HasRaw, it.Threading = nil, false, nil
		if it.By.Kind != ticket.ActorClient {
			it.By.ID, it.CommandID = "", ""
		}
		out = append(out, it)
	}
	return out
}

func clientTold(e *ticket.Event) bool { return e != nil && slices.Contains(clientEvents, e.Name) }

// clientList is the list of a client's tickets. Of the criteria he has the state: the others speak of what is not his.
func (s *server) clientList(c *gin.Context, who asker, q openapi.ListTicketsParams) {
	query := Query{
		Own: who.client.ID, Organisation: who.client.Access == string(full), States: clientStatesAsked(parsed(q.State, ticket.ParseState)),
		Sort: string(value(q.Sort)), Limit: asLong(q.Limit), Cursor: value(q.Cursor),
	}
	if q.State != nil && len(query.States) == 0 { // nothing is in it
		answer(c, http.StatusOK, openapi.TicketList{Items: []openapi.Ticket{}})
		return
	}
	switch query.Sort {
	case "":
		query.Sort = "-updated"
	case "priority", "-priority", "next_due", "-next_due":
		s.fail(c, problem{kind: forbidden, detail: "forbidden_client"})
		return
	}
	ctx, done := budget(c)
	defer done()
	page, err := s.Reader.List(ctx, query)
	if err != nil {
		s.toldQuery(c, err)
		return
	}
	answer(c, http.StatusOK, s.ticketList(c, page))
}

// clientStatesAsked turns what a client asks for into the states behind it.
func clientStatesAsked(asked []ticket.State) []ticket.State {
	var out []ticket.State
	for _, st := range ticket.States() {
		if slices.Contains(asked, shownToClient(st)) && st != ticket.Spam && st != ticket.Deleted {
			out = append(out, st)
		}
	}
	return out
}

// clientOrder makes a client's command what he may say: no other channel than the portal, nothing of the staff's. What
// came since is nothing that a client must have seen.
func (h *hand) clientOrder(o *object, order *ticket.Order) {
	order.SeenRevision = 0
	if m, ok := o.fields["message"].(map[string]any); ok {
		for _, name := range []string{"to", "cc", "template", "work_minutes"} {
			if m[name] != nil {
				*o.faults = append(*o.faults, fault{pointer: "/message/" + name, code: "staff_only"})
			}
		}
	}
	if order.Kind == ticket.Classify {
		h.clientClassify(o, order)
	}
	if order.Kind != ticket.ClientReply {
		return
	}
	if o.fields["client_reply"] != nil {
		o.blame("client_reply", "staff_only", nil)
	}
	order.Params.Reply = &ticket.ReplyParams{Channel: ticket.ChannelPortal}
	h.openRoute()
}

// openRoute holds that the desk lets clients write by the portal (E6).
func (h *hand) openRoute() {
	if manner, there := h.manner(h.rec.Process.Desk); there && !slices.Contains(manner.Routes, ticket.ChannelPortal) {
		h.err = &ticket.Error{Code: ticket.Forbidden, Key: "portal_closed", Message: "this desk takes no messages through the portal: write a mail"}
	}
}
