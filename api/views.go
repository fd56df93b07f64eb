package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/find"
	"duradesk/ticket"
)

// viewColumns are what a list can show.
var viewColumns = []string{
	"channel", "number", "title", "client", "last_message", "owner", "group", "desk", "state", "priority", "type", "reception_type", "category", "language", "tags", "waiting", "due", "created", "updated",
}

// ListViews counts every view for the asker: those that come with the desk, then his own, then those that others share.
func (s *server) ListViews(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	who := askerOf(c)
	counts, err := s.Reader.Views(ctx, who.Key)
	if err != nil {
		s.told(c, err)
		return
	}
	saved, err := s.SavedViews.SavedViews(ctx, who.Key)
	if err != nil {
		s.told(c, err)
		return
	}
	lang := s.language(c)
	out := openapi.ViewList{Items: make([]openapi.View, 0, len(counts)+len(saved))}
	for _, v := range counts {
		out.Items = append(out.Items, s.deskView(lang, v))
	}
	for _, v := range saved {
		shown, err := s.countedInTime(ctx, who, v)
		if err != nil {
			s.told(c, err)
			return
		}
		out.Items = append(out.Items, shown)
	}
	out.Total = len(out.Items)
	answer(c, http.StatusOK, out)
}

func (s *server) deskView(lang string, v ViewCount) openapi.View {
	return openapi.View{
		Key: v.Key, Name: s.texts.say(lang, "view."+v.Key, nil), Count: &v.Count, CountCapped: v.Capped,
		Q: "view:" + v.Key, Sort: defaultOrder, Columns: []openapi.ViewColumn{},
	}
}

const defaultOrder = "-updated"

// savedView counts one that somebody keeps. One whose line cannot be read any more counts nothing; opening it tells why. One that
// takes too long to count has no count.
func (s *server) savedView(ctx context.Context, who asker, v SavedView) (openapi.View, error) {
	out := openapi.View{Key: v.Key, Name: v.Name, Q: v.Q, Sort: openapi.Sort(v.Sort), Saved: true, Shared: v.Shared, Owner: &v.Owner, Count: new(int), Columns: []openapi.ViewColumn{}}
	for _, name := range v.Columns {
		out.Columns = append(out.Columns, openapi.ViewColumn(name))
	}
	e, err := find.Parse(v.Q)
	if err != nil {
		return out, nil //nolint:nilerr // see above
	}
	n, capped, err := s.Reader.Count(ctx, Query{Viewer: who.Key, Desks: who.desks(), Where: e})
	if errors.Is(err, ErrTooLong) { // its words are too wide; it is shown all the same, and so are the others
		out.Count = nil
		return out, nil
	}
	out.Count, out.CountCapped = &n, capped
	return out, err
}

// countedInTime counts one of several, for half of the time that is left: however long one takes, some is left for those after it.
func (s *server) countedInTime(ctx context.Context, who asker, v SavedView) (openapi.View, error) {
	if until, bounded := ctx.Deadline(); bounded {
		var done context.CancelFunc
		ctx, done = context.WithTimeout(ctx, time.Until(until)/2)
		defer done()
	}
	return s.savedView(ctx, who, v)
}

// GetView shows one with its count.
func (s *server) GetView(c *gin.Context, key string) {
	ctx, done := budget(c)
	defer done()
	who := askerOf(c)
	if slices.Contains(Views, key) {
		counts, err := s.Reader.Views(ctx, who.Key)
		if err != nil {
			s.told(c, err)
			return
		}
		for _, v := range counts {
			if v.Key == key {
				answer(c, http.StatusOK, s.deskView(s.language(c), v))
				return
			}
		}
	}
	v, err := s.SavedViews.SavedView(ctx, who.Key, key)
	if err != nil {
		s.told(c, err)
		return
	}
	shown, err := s.savedView(ctx, who, v)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, shown)
}

// CreateView keeps a list.
func (s *server) CreateView(c *gin.Context) {
	var v SavedView
	s.edit(c, http.StatusCreated, func(h *hand, o *object) {
		v = SavedView{Key: o.newKey("key"), Owner: h.who.Key, Sort: defaultOrder}
		if slices.Contains(Views, v.Key) {
			o.blameWorld("key", "reserved", map[string]string{"key": v.Key})
		}
		v.Name = o.text("name", nameRule.must())
		h.viewSettings(o, &v)
	}, func(ctx context.Context) (any, error) {
		added, err := s.SavedViews.AddSavedView(ctx, v)
		if err != nil {
			return nil, err
		}
		return s.savedView(ctx, askerOf(c), added)
	})
}

// ChangeView changes what is given and leaves the rest.
func (s *server) ChangeView(c *gin.Context, key string) {
	var v SavedView
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		if v, h.err = s.SavedViews.SavedView(h.ctx, h.who.Key, key); h.err != nil {
			return
		}
		v.Name = cmp.Or(o.text("name", nameRule), v.Name)
		h.keepsView(v)
		h.viewSettings(o, &v)
	}, func(ctx context.Context) (any, error) {
		changed, err := s.SavedViews.ChangeSavedView(ctx, v)
		if err != nil {
			return nil, err
		}
		return s.savedView(ctx, askerOf(c), changed)
	})
}

// DeleteView takes one away.
func (s *server) DeleteView(c *gin.Context, key string) {
	s.remove(c, func(ctx context.Context) error {
		h := &hand{s: s, ctx: ctx, who: askerOf(c)}
		v, err := s.SavedViews.SavedView(ctx, h.who.Key, key)
		if err != nil {
			return err
		}
		if h.keepsView(v); h.err != nil {
			return h.err
		}
		return s.SavedViews.DropSavedView(ctx, key)
	})
}

// keepsView holds that a view is the asker's own, or shared and he a lead.
func (h *hand) keepsView(v SavedView) {
	if h.err == nil && v.Owner != h.who.Key && h.who.Role < ticket.RoleLead {
		h.err = errViewOfOther
	}
}

var (
	errViewOfOther = &ticket.Error{Code: ticket.Forbidden, Key: "view_of_other", Message: "this view is kept by somebody else: only he or a lead changes it"}
	errViewShared  = &ticket.Error{Code: ticket.Forbidden, Key: "view_shared", Message: "views for everybody are a lead's to make and change: keep one of your own"}
)

// viewSettings reads what a view is made of into what was there before: what is left out stays.
func (h *hand) viewSettings(o *object, v *SavedView) {
	if q, given := o.get("q", false); given {
		text, isText := q.(string)
		if !isText {
			o.blame("q", "text", nil)
			return
		}
		v.Q = text
	}
	e, err := find.Parse(v.Q)
	var bad *find.Error
	if errors.As(err, &bad) {
		*o.faults = append(*o.faults, fault{pointer: o.pointer("q"), position: bad.At, code: "find_" + bad.Code, args: bad.Args, said: bad.Error()})
	} else {
		v.Q = e.String()
	}
	v.Sort = cmp.Or(o.word("sort", false, sorts()), v.Sort)
	if columns := o.list("columns", len(viewColumns)); o.fields["columns"] != nil {
		v.Columns = nil
		for i := range columns {
			one := &object{at: o.pointer("columns"), fields: map[string]any{itoa(i): columns[i]}, faults: o.faults}
			v.Columns = append(v.Columns, one.word(itoa(i), true, viewColumns))
		}
	}
	was := v.Shared
	o.flag("shared", &v.Shared)
	if h.err == nil && (v.Shared || was) && h.who.Role < ticket.RoleLead {
		h.err = errViewShared
	}
}

func sorts() []string {
	var out []string
	for _, name := range []string{"updated", "created", "number", "priority", "next_due"} {
		out = append(out, name, "-"+name)
	}
	return out
}

// addView puts a view's conditions into a query; false, and answered, where there is none.
func (s *server) addView(c *gin.Context, query *Query, sortGiven bool) bool {
	if query.View == "" || slices.Contains(Views, query.View) {
		return true
	}
	ctx, done := budget(c)
	defer done()
	v, err := s.SavedViews.SavedView(ctx, query.Viewer, query.View)
	switch {
	case ticket.CodeOf(err) == ticket.NotFound:
		s.fail(c, problem{kind: invalid, detail: "view", args: map[string]string{"key": query.View}, faults: []fault{{parameter: "view", code: "view", args: map[string]string{"key": query.View}}}})
		return false
	case err != nil:
		s.told(c, err)
		return false
	}
	kept := s.grammar(c, v.Q)
	if kept == nil {
		return false
	}
	query.View, query.Where = "", find.All(kept, query.Where)
	if !sortGiven {
		query.Sort = v.Sort
	}
	return true
}
