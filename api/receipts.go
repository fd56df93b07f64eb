package api

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// GetReceipt gives a receipt at any time, to its actor or a lead; when it is done, to who prefers to wait for that.
func (s *server) GetReceipt(c *gin.Context, id string, _ openapi.GetReceiptParams) {
	until := time.Now().Add(s.wait(c, 0))
	who := askerOf(c)
	ctx, done := budget(c)
	defer done()
	r, err := s.Queue.Receipt(ctx, who.actor(), id)
	if err != nil {
		s.told(c, err)
		return
	}
	if r.By != who.actor().Key() {
		if !who.has(scopeRead) {
			s.fail(c, who.lacks(scopeRead))
			return
		}
		if _, err := s.visible(c, r.Number); err != nil { // of a desk that the lead is not in, or nobody can tell
			s.told(c, err)
			return
		}
	}
	if !r.Done() {
		r = s.await(c, r, until)
	}
	answer(c, http.StatusOK, s.receipt(c, r, s.current(c, r, nil)))
}

// current returns the receipt's ticket as it is now; known, where it could not be read and nothing was applied since;
// nil where there is nothing to show.
func (s *server) current(c *gin.Context, r ticket.Receipt, known *ticket.Record) *ticket.Record {
	rec, err := s.visible(c, r.Number)
	switch {
	case err == nil:
		return &rec
	case ticket.CodeOf(err) == ticket.NotFound || r.Outcome != ticket.Pending:
		return nil
	}
	return known
}

// receipt as JSON.
func (s *server) receipt(c *gin.Context, r ticket.Receipt, rec *ticket.Record) openapi.Receipt {
	why := r.Reason
	if askerOf(c).isClient() {
		why = reasonForClient(why)
	}
	out := openapi.Receipt{
		Id: r.ID, Number: int64(r.Number), Command: r.Kind.String(), Outcome: openapi.Outcome(r.Outcome.String()),
		Reason: some(why), ReasonText: s.texts.reason(s.language(c), why), At: r.At.UTC(),
	}
	if r.Revision > 0 {
		out.Revision = &r.Revision
	}
	if rec != nil {
		t := s.ticket(c, *rec, s.buttons(c))
		out.Ticket = &t
	}
	return out
}

// sayReceipt answers a command with what became of it.
func (s *server) sayReceipt(c *gin.Context, r ticket.Receipt, known *ticket.Record, order ticket.Order) {
	body := s.receipt(c, r, s.current(c, r, known))
	switch r.Outcome {
	case ticket.Pending:
		c.Header("Location", "/api/v1/receipts/"+url.PathEscape(r.ID))
		answer(c, http.StatusAccepted, body)
	case ticket.Applied, ticket.Already:
		if order.Kind == ticket.Create {
			c.Header("Location", ticketPath(r.Number))
			answer(c, http.StatusCreated, body)
			return
		}
		answer(c, http.StatusOK, body)
	case ticket.Refused, ticket.Failed:
		s.sayNo(c, r, body, order.SeenRevision)
	}
}

// sayNo answers a command that was not applied, with all that helps to go on.
func (s *server) sayNo(c *gin.Context, r ticket.Receipt, receipt openapi.Receipt, seen int64) {
	lang, k := s.language(c), refused
	switch {
	case r.Outcome == ticket.Failed:
		k = failed
	case r.Reason == "stale":
		k = stale
	}
	body := openapi.CommandProblem{
		Type: "/problems/" + string(k), Title: s.texts.say(lang, "title."+string(k), nil), Status: statusOf[k],
		Detail: receipt.ReasonText, RequestId: c.GetString(keyRequestID), Receipt: &receipt,
	}
	if receipt.Ticket != nil {
		body.Allowed = &receipt.Ticket.Allowed // what his ticket shows, and no more
	}
	if k == stale {
		s.addUnseen(c, &body, r, seen)
	}
	writeProblem(c, body.Status, lang, body)
}

func (s *server) addUnseen(c *gin.Context, body *openapi.CommandProblem, r ticket.Receipt, seen int64) {
	ctx, done := budget(c)
	defer done()
	unseen, draft, err := s.Queue.Unseen(ctx, r, seen)
	if err != nil {
		s.Log.WarnContext(ctx, "unseen items not read", "ticket", r.Number, "command", r.ID, "error", err)
	}
	body.Unseen = ptr(s.items(c, unseen))
	body.DraftId = some(draft)
}
