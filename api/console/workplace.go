package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"duradesk/api/openapi"
)

func workplaceRoutes() []route {
	return []route{
		{pattern: "GET /{$}", serve: func(v *visit) error { return v.redirect("/views/" + firstView) }},
		{pattern: "GET /views/{view}", serve: (*visit).workplace},
		{pattern: "GET /views/{view}/{number}", serve: (*visit).workplace},
		{pattern: "GET /tickets/{number}", serve: (*visit).workplace},
		{pattern: "GET /-/views", serve: (*visit).viewsFragment},
	}
}

// firstView is what an agent sees first.
const firstView = "unassigned"

// workView is the whole workplace: views, list, ticket.
type workView struct {
	frame
	Views  []viewGroup
	List   listView
	Ticket *ticketView
}

// viewGroup is a few views under a heading.
type viewGroup struct {
	Name  string // catalog key below "views."
	Views []viewLink
}

// Movable tells whether there is an order to choose.
func (g viewGroup) Movable() bool { return len(g.Views) > 1 && g.Views[0].Saved }

type viewLink struct {
	Key, Name, Href string
	Count           string // "1000+" where it is capped
	Loud            bool   // somebody should look
	Here            bool
	Saved           bool // somebody keeps it, and it can be moved
}

// viewGroups order the views: what waits, what is mine, what is rare.
var viewGroups = []struct {
	name string
	keys []string
}{
	{"queue", []string{"unassigned", "incoming", "my_groups", "at_risk", "attention"}},
	{"mine", []string{"mine_open", "mine_on_hold", "mine_resolved", "mine_closed"}},
	{"more", []string{"all", "handed_over", "spam"}},
}

// loud are the views in which nothing should be.
var loud = map[string]bool{"attention": true, "at_risk": true}

func (v *visit) workplace() error {
	out := workView{}
	place := placeOf(v.r)
	if _, err := v.look(); err != nil {
		return err
	}
	if _, err := v.keptView(&place); err != nil {
		return err
	}
	asks := []func() error{
		func() (err error) { out.Views, err = v.views(place); return err },
		func() (err error) { out.List, err = v.list(place); return err },
	}
	if n := v.r.PathValue("number"); n != "" {
		asks = append(asks, func() (err error) { out.Ticket, err = v.ticket(n, place); return err })
	}
	if _, err := v.theHouse(); err != nil {
		return err
	}
	if err := together(asks...); err != nil {
		return err
	}
	title := out.List.Name
	if out.Ticket != nil {
		title = "#" + out.Ticket.N + " " + out.Ticket.Title
		out.List.Open = out.Ticket.Number
	}
	out.frame = v.frame(title)
	return v.show(http.StatusOK, "workplace", out)
}

// place is where in the workplace somebody is: what the list shows.
type place struct {
	View, Q, Sort string
	Columns       string // of a kept view's own table, with commas; "" for the person's
	From          string // position of the first line of the thread that is shown; "" for a thread that is opened
}

func placeOf(r *http.Request) place {
	p := place{View: r.PathValue("view"), Q: strings.TrimSpace(r.URL.Query().Get("q")), Sort: r.URL.Query().Get("sort"), From: r.URL.Query().Get("from")}
	p.Columns = r.URL.Query().Get("columns")
	if p.View == "" {
		p.View = r.URL.Query().Get("view")
	}
	if p.View == "" {
		p.View = firstView
		if p.Q != "" {
			p.View = "all"
		}
	}
	return p
}

// query is the part of an address behind the question mark that keeps the place.
func (p place) query() string {
	q := url.Values{}
	if p.Q != "" {
		q.Set("q", p.Q)
	}
	if p.Sort != "" {
		q.Set("sort", p.Sort)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func (p place) href() string { return "/views/" + url.PathEscape(p.View) + p.query() }

func (p place) ticket(number string) string {
	return "/views/" + url.PathEscape(p.View) + "/" + number + p.query()
}

// Fragment is the address of a fragment that must know the place.
func (p place) Fragment(path string) string {
	q := url.Values{"view": {p.View}}
	if p.Q != "" {
		q.Set("q", p.Q)
	}
	if p.Sort != "" {
		q.Set("sort", p.Sort)
	}
	if p.Columns != "" {
		q.Set("columns", p.Columns)
	}
	if p.From != "" {
		q.Set("from", p.From)
	}
	return path + "?" + q.Encode()
}

func (v *visit) views(at place) ([]viewGroup, error) {
	var found openapi.ViewList
	var stuck openapi.FateList
	err := together(
		func() error { return v.get("/views", &found) },
		func() error { return v.get("/quarantine?limit="+strconv.Itoa(mostStuck), &stuck) },
	)
	if err != nil {
		return nil, err
	}
	byKey := map[string]openapi.View{}
	for _, x := range found.Items {
		byKey[string(x.Key)] = x
	}
	var out []viewGroup
	for _, g := range viewGroups {
		group := viewGroup{Name: g.name}
		for _, key := range g.keys {
			x, ok := byKey[key]
			if !ok {
				continue
			}
			link := viewLink{Key: key, Name: x.Name, Href: "/views/" + key, Here: key == at.View && at.Q == ""}
			if n := deref(x.Count); n > 0 {
				link.Count = count(n, x.CountCapped)
				link.Loud = loud[key]
			}
			group.Views = append(group.Views, link)
		}
		if g.name == "more" {
			group.Views = append(group.Views, v.quarantineLink(stuck))
		}
		out = append(out, group)
	}
	saved := viewGroup{Name: "saved"}
	for _, x := range found.Items { // in the person's own order
		if x.Saved {
			link := viewLink{Key: x.Key, Name: x.Name, Href: "/views/" + url.PathEscape(x.Key), Here: x.Key == at.View && at.Q == "", Saved: true}
			if n := deref(x.Count); n > 0 {
				link.Count = count(n, x.CountCapped)
			}
			saved.Views = append(saved.Views, link)
		}
	}
	if len(saved.Views) > 0 {
		out = append(out, saved)
	}
	return out, nil
}

// mostStuck is how many mails in the quarantine are counted.
const mostStuck = 50

// quarantineLink leads to the mails that could not be taken in: no ticket yet, and nobody's to forget.
func (v *visit) quarantineLink(stuck openapi.FateList) viewLink {
	link := viewLink{Key: "quarantine", Name: say(v.lang, "shelf.quarantine"), Href: "/manage/quarantine"}
	if n := len(stuck.Items); n > 0 {
		link.Loud, link.Count = true, strconv.Itoa(n)
		if stuck.NextCursor != nil {
			link.Count += "+"
		}
	}
	return link
}

func (v *visit) viewsFragment() error {
	groups, err := v.views(placeOf(v.r))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "views", groups)
}
