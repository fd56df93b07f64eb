package console

import (
	"html/template"
	"net/http"
	"net/url"
)

// cell is one of a line in a list.
type cell struct {
	Text   string
	Small  string // below it
	Tone   string // good, bad, wait; "" for none
	Time   *moment
	Code   bool // a word for machines
	Link   string
	Do     string // where its button posts to
	DoText string
}

type listRow struct {
	ID, Href string
	Cells    []cell
	Fresh    bool // it was just saved
}

// shelfView is the list of one kind of thing.
type shelfView struct {
	frame
	Key     string
	Columns []string
	Rows    []listRow
	New     string // where one is added; "" where the person may not
	Saved   string // what was just done; catalog key
	More    string
	Above   template.HTML
	Below   template.HTML
}

// Nav is what stands beside the page.
func (f frame) Nav(here string) []managedGroup { return managedBy(f.Me, f.Lang, here) }

func (v *visit) shelfPage() error {
	s := v.theShelf()
	if s == nil {
		return v.nothing()
	}
	q := v.r.URL.Query()
	all, next, err := s.things(v, q.Get("cursor"))
	if err != nil {
		return err
	}
	out := shelfView{frame: v.frame(say(v.lang, "shelf."+s.key)), Key: s.key, Columns: s.columns}
	for _, t := range all {
		r := listRow{ID: s.id(t), Cells: s.row(v, t)}
		if !s.fixed {
			r.Href = s.href(r.ID)
		}
		r.Fresh = r.ID == q.Get("at")
		out.Rows = append(out.Rows, r)
	}
	if s.mayMake(v.me) {
		out.New = "/manage/" + s.key + "/-new"
	}
	if done := "manage." + q.Get("done"); q.Has("done") && known(done) {
		out.Saved = done
	}
	if next != "" {
		q.Set("cursor", next)
		out.More = "/manage/" + s.key + "?" + q.Encode()
	}
	if out.Above, err = v.part(s.above, nil); err != nil {
		return err
	}
	if out.Below, err = v.part(s.below, nil); err != nil {
		return err
	}
	return v.show(http.StatusOK, "shelf", out)
}

// part draws a piece of a page, where there is one.
func (v *visit) part(give func(*visit, thing) (string, any, error), t thing) (template.HTML, error) {
	if give == nil {
		return "", nil
	}
	name, data, err := give(v, t)
	if err != nil || name == "" {
		return "", err
	}
	body, err := v.draw(name, data)
	return template.HTML(body), err // our own template wrote it
}

func (s *shelf) back(done, id string) string {
	return "/manage/" + s.key + "?" + url.Values{"done": {done}, "at": {id}}.Encode()
}
