package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
)

// ListNotices lists the asker's own, newest first.
func (s *server) ListNotices(c *gin.Context, q openapi.ListNoticesParams) {
	before, limit, ok := s.paged(c, q.Cursor, q.Limit)
	if !ok {
		return
	}
	ctx, done := budget(c)
	defer done()
	found, err := s.People.Notices(ctx, askerOf(c).Key, before, limit+1)
	if err != nil {
		s.told(c, err)
		return
	}
	out, lang := openapi.NoticeList{}, s.language(c)
	found, out.NextCursor = onePage(found, limit, func(n Notice) int64 { return n.ID })
	out.Items = make([]openapi.Notice, len(found))
	for i, n := range found {
		out.Items[i] = openapi.Notice{
			Id: n.ID, Number: int64(n.Number), Name: n.Name, Text: s.texts.say(lang, "event."+n.Name, nil), Audience: n.Audience,
			Why: s.texts.say(lang, "audience."+n.Audience, nil), At: n.At.UTC(), ReadAt: instant(n.ReadAt),
		}
	}
	answer(c, http.StatusOK, out)
}

// ReadNotices notes what the asker has seen.
func (s *server) ReadNotices(c *gin.Context) {
	var upTo int64
	if !s.asked(c, func(o *object) { upTo, _ = o.whole("up_to", true, 1, 1<<53) }) {
		return
	}
	ctx, done := budget(c)
	defer done()
	if err := s.People.ReadNotices(ctx, askerOf(c).Key, upTo, s.Now()); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
