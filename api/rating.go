package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// ratedTicket is the ticket that a link of a mail lets its reader rate; ticket.NotFound for a link that is forged or
// expired, and for a ticket that is no more.
func (s *server) ratedTicket(c *gin.Context, link string) (ticket.Record, error) {
	gone := &ticket.Error{Code: ticket.NotFound, Message: "this link is not valid any more"}
	n, ok := s.MailKeys.VerifyRatingToken(link, s.Now())
	if !ok {
		return ticket.Record{}, gone
	}
	ctx, done := budget(c)
	defer done()
	rec, err := s.Reader.Ticket(ctx, ticket.Number(n))
	if err == nil && (rec.Process.State == ticket.Spam || rec.Process.State == ticket.Deleted || rec.Client.ID == "") {
		err = gone
	}
	return rec, err
}

// ReadRatingLink tells what a link is about, and rates nothing.
func (s *server) ReadRatingLink(c *gin.Context, q openapi.ReadRatingLinkParams) {
	rec, err := s.ratedTicket(c, q.Link)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, openapi.RatingLink{Number: int64(rec.Process.Number), Title: rec.Title})
}

// RateByLink rates as the client of the ticket, who need not sign in: the link came to his mailbox.
func (s *server) RateByLink(c *gin.Context, _ openapi.RateByLinkParams) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	o := newObject(body)
	link := o.text("link", rule{needed: true, min: 1, max: 200})
	rating, _ := o.whole("rating", true, 1, 5)
	params := &ticket.FeedbackParams{Rating: int(rating), Comment: o.text("comment", rule{min: 1, max: 2000})}
	id := o.text("id", rule{min: 1, max: 100})
	o.done()
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	rec, err := s.ratedTicket(c, link)
	if err != nil {
		s.told(c, err)
		return
	}
	who := asker{Person: Person{Name: rec.Client.Name}, client: rec.Client}
	read := newObject(body)
	order := s.newOrder(who, ticket.Feedback, rec.Process.Number, read, body)
	if id != "" {
		order.ID = "rate:" + id // nobody's but the link's: an id that the client himself gave stays his
	}
	order.Params.Feedback = params
	s.carryOut(c, order, nil)
}
