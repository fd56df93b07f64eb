package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// textModules are texts that agents insert by their shortcut (::key).
var textModules = furniture[ticket.TextModule, openapi.TextModule]{
	kind: "text_module",
	read: func(h *hand, o *object, p *Piece, v *ticket.TextModule) {
		h.place(o, p)
		o.words("text", rule{max: 20000}, &v.Text)
		if v.Text == (ticket.Words{}) {
			o.blame("text", "empty", nil)
		}
	},
	show: func(p Piece, v ticket.TextModule) openapi.TextModule {
		return openapi.TextModule{
			Id: pieceID(p), Desk: some(p.Desk), Shortcut: p.Key, Position: p.Position, Revision: p.Revision, Text: openapi.LongWords{En: v.Text.EN, Ja: v.Text.JA},
		}
	},
}

// ListTextModules lists those for the asker.
func (s *server) ListTextModules(c *gin.Context, q openapi.ListTextModulesParams) {
	ctx, done := budget(c)
	defer done()
	items, err := textModules.all(ctx, s, askerOf(c), value(q.Desk))
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, openapi.TextModuleList{Items: items, Total: len(items)})
}

// CreateTextModule adds one.
func (s *server) CreateTextModule(c *gin.Context) {
	textModules.make(s, c, func(h *hand, o *object, p *Piece) (v ticket.TextModule) {
		h.own(o, p, o.newKey("shortcut"))
		return v
	})
}

// ChangeTextModule changes one.
func (s *server) ChangeTextModule(c *gin.Context, id string) { textModules.change(s, c, id) }

// DeleteTextModule takes one away.
func (s *server) DeleteTextModule(c *gin.Context, id string) { textModules.drop(s, c, id) }
