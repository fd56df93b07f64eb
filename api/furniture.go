package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"duradesk/ticket"
)

// furniture is one kind of the documents that a desk is furnished with: T is how it is kept, O how it is shown.
type furniture[T, O any] struct {
	kind string
	read func(h *hand, o *object, p *Piece, v *T) // what is left out stays
	show func(p Piece, v T) O
}

// of opens a piece. One that cannot be read was written by a newer program.
func (f furniture[T, O]) of(p Piece) (T, error) {
	var v T
	if err := json.Unmarshal(p.Body, &v); err != nil {
		return v, fmt.Errorf("read %s %s: %w", p.Kind, p.Key, err)
	}
	return v, nil
}

// all lists those of the desks that the asker is in, and those of every desk; of one desk only where it is named.
func (f furniture[T, O]) all(ctx context.Context, s *server, who asker, desk string) ([]O, error) {
	pieces, err := s.House.Pieces(ctx, f.kind)
	if err != nil {
		return nil, err
	}
	out := []O{}
	for _, p := range pieces {
		if p.Desk != "" && !who.sees(p.Desk) || desk != "" && p.Desk != "" && p.Desk != desk {
			continue
		}
		v, err := f.of(p)
		if err != nil {
			return nil, err
		}
		out = append(out, f.show(p, v))
	}
	return out, nil
}

// find is one by its id.
func (f furniture[T, O]) find(ctx context.Context, s *server, who asker, id string) (p Piece, v T, err error) {
	desk, key := pieceOf(id)
	pieces, err := s.House.Pieces(ctx, f.kind)
	if err != nil {
		return p, v, err
	}
	for _, p := range pieces {
		if p.Desk == desk && p.Key == key && (desk == "" || who.sees(desk)) {
			v, err = f.of(p)
			return p, v, err
		}
	}
	return p, v, &ticket.Error{Code: ticket.NotFound, Message: "there is no such " + f.kind}
}

// make adds one.
func (f furniture[T, O]) make(s *server, c *gin.Context, begin func(h *hand, o *object, p *Piece) T) {
	p := Piece{Kind: f.kind, ChangedBy: askerOf(c).Key}
	var v T
	s.edit(c, http.StatusCreated, func(h *hand, o *object) {
		v = begin(h, o, &p)
		f.read(h, o, &p, &v)
	}, f.save(s, &p, &v))
}

// change changes what is given of one, and leaves the rest.
func (f furniture[T, O]) change(s *server, c *gin.Context, id string) {
	var p Piece
	var v T
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		if p, v, h.err = f.find(h.ctx, s, h.who, id); h.err != nil {
			return
		}
		h.mayFurnish(p.Desk)
		p.ChangedBy = h.who.Key
		f.read(h, o, &p, &v)
	}, f.save(s, &p, &v))
}

func (f furniture[T, O]) save(s *server, p *Piece, v *T) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		body, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("write %s %s: %w", p.Kind, p.Key, err)
		}
		p.Body = body
		stored, err := s.House.PutPiece(ctx, *p)
		if err != nil {
			return nil, err
		}
		return f.show(stored, *v), nil
	}
}

// drop takes one away.
func (f furniture[T, O]) drop(s *server, c *gin.Context, id string) {
	s.remove(c, func(ctx context.Context) error {
		h := &hand{s: s, ctx: ctx, who: askerOf(c)}
		p, _, err := f.find(ctx, s, h.who, id)
		if err != nil {
			return err
		}
		if h.mayFurnish(p.Desk); h.err != nil {
			return h.err
		}
		return s.House.DropPiece(ctx, p.Kind, p.Desk, p.Key)
	})
}

// pieceID is how a piece is named outside: its key, with its desk before it where it belongs to one.
func pieceID(p Piece) string {
	if p.Desk == "" {
		return p.Key
	}
	return p.Desk + ":" + p.Key
}

func pieceOf(id string) (desk, key string) {
	if desk, key, has := strings.Cut(id, ":"); has {
		return desk, key
	}
	return "", id
}

// mayFurnish: a lead furnishes the desks that he is in; what is for every desk is an admin's.
func (h *hand) mayFurnish(desk string) {
	if h.err == nil && desk == "" && h.who.Role < ticket.RoleAdmin {
		h.err = &ticket.Error{Code: ticket.Forbidden, Key: "furnish_all", Message: "only an admin may write what is for every desk"}
	}
}

// own reads whose a new piece is: of one desk, or of every desk where none is named.
func (h *hand) own(o *object, p *Piece, key string) {
	if o.fields["desk"] != nil {
		p.Desk = h.desk(o)
	} else {
		o.get("desk", false)
		h.mayFurnish("")
	}
	p.Key = key
}

// place reads the position of a piece, and the revision that the asker has seen.
func (h *hand) place(o *object, p *Piece) {
	o.count("position", 100_000, &p.Position)
	if p.Revision == 0 {
		return
	}
	if n, given := o.whole("revision", false, 1, 1<<53); given {
		p.Revision = n
	}
}
