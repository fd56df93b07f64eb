package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

func forbiddenWord(w ForbiddenWord) openapi.ForbiddenWord {
	return openapi.ForbiddenWord{Id: w.ID, Desk: some(w.Desk), Word: w.Word, Action: openapi.ForbiddenWordAction(w.Action), Note: w.Note}
}

// ListForbiddenWords lists those for the asker's desks.
func (s *server) ListForbiddenWords(c *gin.Context, q openapi.ListForbiddenWordsParams) {
	ctx, done := budget(c)
	defer done()
	found, err := s.House.ForbiddenWords(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.ForbiddenWordList{Items: []openapi.ForbiddenWord{}}
	for _, w := range found {
		if w.Desk == "" || askerOf(c).sees(w.Desk) && (q.Desk == nil || *q.Desk == w.Desk) {
			out.Items = append(out.Items, forbiddenWord(w))
		}
	}
	out.Total = len(out.Items)
	answer(c, http.StatusOK, out)
}

func (h *hand) forbiddenWord(id string) ForbiddenWord {
	found, err := h.s.House.ForbiddenWords(h.ctx)
	if err != nil {
		h.err = err
		return ForbiddenWord{}
	}
	for _, w := range found {
		if w.ID == id && (w.Desk == "" || h.who.sees(w.Desk)) {
			h.mayFurnish(w.Desk)
			return w
		}
	}
	h.err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such word"}
	return ForbiddenWord{}
}

func (h *hand) readForbidden(o *object, w *ForbiddenWord) {
	w.Word = cmp.Or(o.text("word", rule{needed: w.ID == "", min: 1, max: 200, solid: true, line: true}), w.Word)
	w.Action = cmp.Or(o.word("action", false, []string{"warn", "block"}), w.Action, "warn")
	note := o.text("note", rule{max: 500, line: true})
	if o.fields["note"] != nil {
		w.Note = note
	}
}

// CreateForbiddenWord adds one.
func (s *server) CreateForbiddenWord(c *gin.Context) {
	var w ForbiddenWord
	s.edit(c, http.StatusCreated, func(h *hand, o *object) {
		p := Piece{}
		h.own(o, &p, "")
		w.Desk = p.Desk
		h.readForbidden(o, &w)
	}, func(ctx context.Context) (any, error) {
		stored, err := s.House.PutForbiddenWord(ctx, w, askerOf(c).Key)
		return forbiddenWord(stored), err
	})
}

// ChangeForbiddenWord changes one.
func (s *server) ChangeForbiddenWord(c *gin.Context, id string) {
	var w ForbiddenWord
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		if w = h.forbiddenWord(id); h.err == nil {
			h.readForbidden(o, &w)
		}
	}, func(ctx context.Context) (any, error) {
		stored, err := s.House.PutForbiddenWord(ctx, w, askerOf(c).Key)
		return forbiddenWord(stored), err
	})
}

// DeleteForbiddenWord takes one away.
func (s *server) DeleteForbiddenWord(c *gin.Context, id string) {
	s.remove(c, func(ctx context.Context) error {
		h := &hand{s: s, ctx: ctx, who: askerOf(c)}
		if h.forbiddenWord(id); h.err != nil {
			return h.err
		}
		return s.House.DropForbiddenWord(ctx, id)
	})
}
