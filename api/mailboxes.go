package api

import (
	"math"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// ListMailboxes lists those of the asker's desks.
func (s *server) ListMailboxes(c *gin.Context) {
	found, err := s.mailboxes(c)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.MailboxList{Items: make([]openapi.Mailbox, len(found)), Total: len(found)}
	for i, m := range found {
		out.Items[i] = mailbox(m)
	}
	answer(c, http.StatusOK, out)
}

func mailbox(m Mailbox) openapi.Mailbox {
	return openapi.Mailbox{
		Id: m.ID, Desk: m.Desk, Address: m.Address, State: m.State, LastError: some(m.LastError), LastSeenAt: instant(m.LastSeen),
		UidValidity: int64(m.UIDValidity), LastUid: int64(m.LastUID),
	}
}

func (s *server) mailboxes(c *gin.Context) ([]Mailbox, error) {
	ctx, done := budget(c)
	defer done()
	found, err := s.House.Mailboxes(ctx)
	return slices.DeleteFunc(slices.Clone(found), func(m Mailbox) bool { return !askerOf(c).sees(m.Desk) }), err
}

// ListLedger tells what became of each mail.
func (s *server) ListLedger(c *gin.Context, q openapi.ListLedgerParams) {
	s.fates(c, value(q.Mailbox), false, value(q.Cursor), q.Limit)
}

// ListQuarantine lists the mails that could not be taken in.
func (s *server) ListQuarantine(c *gin.Context, q openapi.ListQuarantineParams) {
	s.fates(c, value(q.Mailbox), true, value(q.Cursor), q.Limit)
}

func (s *server) fates(c *gin.Context, mailbox string, quarantine bool, cursor string, limit *int) {
	own, err := s.mailboxes(c)
	if err != nil {
		s.told(c, err)
		return
	}
	mine := func(id string) bool { return slices.ContainsFunc(own, func(m Mailbox) bool { return m.ID == id }) }
	if mailbox != "" && !mine(mailbox) {
		s.fail(c, problem{kind: notFound})
		return
	}
	most := asLong(limit)
	ctx, done := budget(c)
	defer done()
	out := openapi.FateList{Items: []openapi.Fate{}}
	// Where a page holds mails of other desks only, the next one is read: a page with a cursor is not empty.
	for {
		found, next, err := s.House.Ledger(ctx, mailbox, quarantine, cursor, most)
		if err != nil {
			s.toldQuery(c, err)
			return
		}
		for _, f := range found {
			if mine(f.Mailbox) {
				out.Items = append(out.Items, fate(f))
			}
		}
		if cursor = next; cursor == "" || len(out.Items) > 0 {
			break
		}
	}
	out.NextCursor = some(cursor)
	answer(c, http.StatusOK, out)
}

func fate(f Fate) openapi.Fate {
	out := openapi.Fate{
		Mailbox: f.Mailbox, UidValidity: int64(f.UIDValidity), Uid: int64(f.UID), Fate: f.Fate, MessageId: some(f.MessageID), Evidence: f.Evidence, At: f.At.UTC(),
	}
	if f.Number != 0 {
		out.Number = ptr(int64(f.Number))
	}
	if out.Evidence == nil {
		out.Evidence = map[string]any{}
	}
	return out
}

// GetQuarantined gives the source of a mail that could not be taken in.
func (s *server) GetQuarantined(c *gin.Context, mailbox string, uidvalidity, uid int64) {
	ctx, done := budget(c)
	defer done()
	raw, err := s.quarantined(c, mailbox, uidvalidity, uid, func(validity, uid uint32) ([]byte, error) {
		return s.House.FateSource(ctx, mailbox, validity, uid)
	})
	if err != nil {
		s.told(c, err)
		return
	}
	download(c, mailSource, inMemory(raw))
}

// RetryQuarantined has a mail that could not be taken in read again.
func (s *server) RetryQuarantined(c *gin.Context, mailbox string, uidvalidity, uid int64) {
	ctx, done := budget(c)
	defer done()
	_, err := s.quarantined(c, mailbox, uidvalidity, uid, func(validity, uid uint32) ([]byte, error) {
		return nil, s.House.Retry(ctx, mailbox, validity, uid)
	})
	if err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// quarantined does something with a mail of a mailbox of the asker's desks; others do not exist for him.
func (s *server) quarantined(c *gin.Context, mailbox string, uidvalidity, uid int64, do func(validity, uid uint32) ([]byte, error)) ([]byte, error) {
	own, err := s.mailboxes(c)
	if err != nil {
		return nil, err
	}
	fits := func(n int64) bool { return n > 0 && n <= math.MaxUint32 }
	mine := slices.ContainsFunc(own, func(m Mailbox) bool { return m.ID == mailbox })
	if !mine || !fits(uidvalidity) || !fits(uid) {
		return nil, &ticket.Error{Code: ticket.NotFound, Message: "there is no such mail in the quarantine"}
	}
	return do(uint32(uidvalidity), uint32(uid)) // both fit
}
