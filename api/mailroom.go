package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// outsideTime is how long foreign mail servers are given; the longest that a request may take is two minutes.
const outsideTime = 70 * time.Second

// TestMailbox tries a mailbox's servers.
func (s *server) TestMailbox(c *gin.Context, id string) {
	found, err := s.mailboxOf(c, id)
	if err != nil {
		s.told(c, err)
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), outsideTime)
	defer cancel()
	got, err := s.Mailroom.Try(ctx, found.ID)
	if err != nil {
		s.told(c, err)
		return
	}
	s.note(c, askerOf(c).actor().Key(), "mailbox.tried", c.Request.URL.Path, nil) // with its secrets, from here
	lang := s.language(c)
	c.Header("Content-Language", lang)
	out := openapi.MailboxTest{Ok: got.IMAP.OK && got.SMTP.OK, Imap: s.tried(lang, got.IMAP), Smtp: s.tried(lang, got.SMTP)}
	out.Imap.Mails = nil
	if got.IMAP.OK {
		out.Imap.Mails = ptr(got.IMAP.Mails)
	}
	answer(c, http.StatusOK, out)
}

func (s *server) tried(lang string, t ticket.Checked) openapi.MailDoorTest {
	return openapi.MailDoorTest{
		Ok: t.OK, Code: openapi.MailDoorTestCode(t.Code), Text: s.texts.say(lang, "mailbox."+t.Code, nil), Detail: some(t.Detail), Abilities: list(t.Abilities),
	}
}

// ReconcileMailbox compares a mailbox with its ledger.
func (s *server) ReconcileMailbox(c *gin.Context, id string) {
	found, err := s.mailboxOf(c, id)
	if err != nil {
		s.told(c, err)
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), outsideTime)
	defer cancel()
	r, err := s.Mailroom.Reconcile(ctx, found.ID)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, openapi.Reconciliation{
		Mailbox: found.ID, Address: found.Address, Even: r.Even(), OnServer: r.OnServer, Missing: wide(r.Missing), Unsettled: wide(r.Unsettled),
	})
}

func wide(uids []uint32) []int64 {
	out := make([]int64, len(uids))
	for i, u := range uids {
		out[i] = int64(u)
	}
	return out
}

// ListUndeliverable lists the addresses that get no automatic mail.
func (s *server) ListUndeliverable(c *gin.Context, q openapi.ListUndeliverableParams) {
	ctx, done := budget(c)
	defer done()
	most := asLong(q.Limit)
	found, next, err := s.House.Undeliverable(ctx, value(q.Q), value(q.Cursor), most)
	if err != nil {
		s.toldQuery(c, err)
		return
	}
	out := openapi.UndeliverableList{Items: make([]openapi.Undeliverable, len(found)), NextCursor: some(next)}
	for i, u := range found {
		out.Items[i] = openapi.Undeliverable{Address: u.Address, Why: openapi.UndeliverableWhy(u.Why), Status: some(u.Status), Reason: some(u.Reason), Since: u.Since.UTC()}
		if u.Number != 0 {
			out.Items[i].Number = ptr(int64(u.Number))
		}
	}
	answer(c, http.StatusOK, out)
}

// ClearUndeliverable lets an address have automatic mail again.
func (s *server) ClearUndeliverable(c *gin.Context, address string) {
	ctx, done := budget(c)
	defer done()
	if err := s.House.ClearUndeliverable(ctx, address); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
