package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
)

// ListViews counts every view for the asker.
func (s *server) ListViews(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	counts, err := s.Reader.Views(ctx, askerOf(c).Key)
	if err != nil {
		s.told(c, err)
		return
	}
	lang := s.language(c)
	out := openapi.ViewList{Items: make([]openapi.View, len(counts)), Total: len(counts)}
	for i, v := range counts {
		out.Items[i] = openapi.View{
			Key: openapi.ViewKey(v.Key), Name: s.texts.say(lang, "view."+v.Key, nil), Count: v.Count, CountCapped: v.Capped,
		}
	}
	answer(c, http.StatusOK, out)
}
