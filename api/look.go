package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// GetListLook shows how the asker has his lists laid out.
func (s *server) GetListLook(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	found, err := s.Habits.ListLook(ctx, askerOf(c).Key)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, listLook(found))
}

func listLook(l ticket.ListLook) openapi.ListLook {
	out := openapi.ListLook{Layout: openapi.ListLayout(l.Layout), Density: openapi.ListDensity(l.Density), Columns: make([]openapi.ListColumn, len(l.Columns)), Views: list(l.Views)}
	for i, column := range l.Columns {
		out.Columns[i] = openapi.ListColumn{Name: openapi.ViewColumn(column.Name), Width: column.Width}
	}
	return out
}

// SaveListLook changes it.
func (s *server) SaveListLook(c *gin.Context) {
	look := ticket.ListLook{Columns: []ticket.ListColumn{}}
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		look.Layout = o.word("layout", true, []string{"cards", "table"})
		look.Density = o.word("density", true, []string{"normal", "compact"})
		for i, raw := range o.list("columns", len(viewColumns)) {
			one := &object{at: o.pointer("columns"), fields: map[string]any{itoa(i): raw}, faults: o.faults}
			in := one.inside(itoa(i), true)
			if in == nil {
				continue
			}
			column := ticket.ListColumn{Name: in.word("name", true, viewColumns)}
			if width, given := in.whole("width", false, 0, 2000); given {
				column.Width = int(width)
			}
			in.done()
			if slices.ContainsFunc(look.Columns, func(other ticket.ListColumn) bool { return other.Name == column.Name }) {
				in.blame("name", "form_twice", map[string]string{"key": column.Name})
			}
			look.Columns = append(look.Columns, column)
		}
		if len(look.Columns) == 0 {
			o.blame("columns", "empty", nil)
		}
		look.Views = h.viewOrder(o)
	}, func(ctx context.Context) (any, error) {
		return listLook(look), s.Habits.SetListLook(ctx, askerOf(c).Key, look)
	})
}

// viewOrder reads the order of kept views; left out, it stays as it is.
func (h *hand) viewOrder(o *object) []string {
	if _, given := o.get("views", false); given {
		return o.texts("views", mostOrdered, keyRule)
	}
	was, err := h.s.Habits.ListLook(h.ctx, h.who.Key)
	if err != nil {
		h.err = err
	}
	return was.Views
}

// mostOrdered bounds the views that somebody puts in order: more are not listed.
const mostOrdered = 100
