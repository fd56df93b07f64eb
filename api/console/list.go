package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"duradesk/api/openapi"
)

func listRoutes() []route {
	return []route{
		{pattern: "GET /-/list", serve: (*visit).listFragment},
		{pattern: "GET /-/rows", serve: (*visit).rowsFragment},
		{pattern: "GET /-/here", serve: (*visit).hereFragment},
	}
}

// pageSize is how many rows are fetched at once; the rest comes as the list is scrolled.
const pageSize = 50

// listView is one view of tickets, or what a search found.
type listView struct {
	Key, Name, Q, Sort string
	Count              string
	Href               string // of the list without a ticket
	Fetch              string // of the list as a fragment
	More               string // of the next page; "" on the last
	Rows               []rowView
	Sorts              []choice
	Chips              []chip
	Open               int64
	Searching          bool
	Fault              string // what is wrong with the search
	Me                 person
	Table, Compact     bool
	Columns            []columnView
	Kept               bool // somebody's own, which the person may change
}

// rowView is a ticket in a list.
type rowView struct {
	Number                   int64
	Href                     string
	Title, Client            string
	Channel, State, Priority string
	Owner, OwnerName, Group  string
	Hold                     string
	Breached, Draft          bool
	Last                     *lastView
	Due                      *dueView
	Updated                  moment
	Age                      string
	Tags                     []string
	Revision                 int64
	Open                     bool
	Columns                  []string // of a table; nil in a list of cards
	Link                     string   // the column whose text opens the ticket
	Created                  moment
	Desk, Type, Reception    string
	Category, Language       string
}

type lastView struct {
	Who, Text string
	Note      bool
	Client    bool
	At        moment
	Age       string
}

type choice struct {
	Key, Name string
	Here      bool
}

// chip is one part of a search, which can be taken away.
type chip struct{ Text, Without string }

var sortKeys = []string{"-updated", "updated", "created", "-created", "next_due", "-priority"}

// sortOf is the order asked for, or the one that a view is best read in: what has waited longest comes first in a queue.
func (p place) sortOf() string {
	switch {
	case p.Sort != "":
		return p.Sort
	case p.View == "unassigned", p.View == "incoming":
		return "created"
	case p.View == "at_risk":
		return "next_due"
	}
	return "-updated"
}

func (v *visit) list(at place) (listView, error) {
	out := listView{
		Key: at.View, Name: sayOr(v.lang, "view."+at.View, at.View), Q: at.Q, Sort: at.sortOf(), Href: at.href(), Fetch: at.Fragment("/-/list"), Searching: at.Q != "",
		Chips: chipsOf(at), Me: v.me,
	}
	kept, err := v.keptView(&at)
	if err != nil {
		return out, err
	}
	columns, err := v.columns(at)
	if err != nil {
		return out, err
	}
	if kept != nil {
		out.Name, out.Sort, out.Fetch = kept.Name, at.sortOf(), at.Fragment("/-/list")
		out.Kept = deref(kept.Owner) == v.me.Key || v.me.Lead()
	}
	out.Table, out.Columns, out.Compact = columns != nil, heads(columns, at), v.listLook.Density == "compact"
	for _, key := range sortKeys {
		out.Sorts = append(out.Sorts, choice{key, say(v.lang, "sort."+key), key == out.Sort})
	}
	err = v.fill(&out, at, "")
	if s := statusOf(err); s == http.StatusBadRequest || s == http.StatusNotFound || s == http.StatusUnprocessableEntity { // a line that cannot be read
		out.Fault, out.Count, err = v.faultOf(err), "0", nil
	}
	return out, err
}

// fill fetches one page of rows.
func (v *visit) fill(out *listView, at place, cursor string) error {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}, "sort": {at.sortOf()}, "view": {at.View}}
	if at.Q != "" {
		q.Set("q", at.Q)
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	var found openapi.TicketList
	var drafts openapi.DraftList
	err := together(
		func() error { return v.get("/tickets?"+q.Encode(), &found) },
		func() error { return v.get("/drafts", &drafts) },
	)
	if err != nil {
		return err
	}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	columns, err := v.columns(at)
	if err != nil {
		return err
	}
	names := columnNames(columns)
	begun := map[int64]bool{}
	for _, d := range drafts.Items {
		begun[d.Number] = true
	}
	for _, t := range found.Items {
		row := v.row(t, at, h, names)
		row.Draft = begun[t.Number]
		out.Rows = append(out.Rows, row)
	}
	out.Count = count(found.Total, found.TotalCapped)
	if found.NextCursor != nil {
		out.More = at.Fragment("/-/list") + "&cursor=" + url.QueryEscape(*found.NextCursor)
	}
	return nil
}

func count(n int, capped bool) string {
	if capped {
		return strconv.Itoa(n-1) + "+"
	}
	return strconv.Itoa(n)
}

func (v *visit) row(t openapi.Ticket, at place, h *house, columns []string) rowView {
	n := strconv.FormatInt(t.Number, 10)
	out := rowView{
		Number: t.Number, Href: at.ticket(n), Title: t.Title, Client: clientName(t.Client), Channel: string(t.Channel), State: string(t.State),
		Priority: string(t.Priority), Owner: deref(t.Owner), Breached: t.Breached, Updated: v.moment(t.UpdatedAt), Tags: t.Tags, Revision: t.Revision,
		Due: v.due(t), Columns: columns, Link: linkedColumn(columns), Created: v.moment(t.CreatedAt), Desk: h.desk(t.Desk), Type: t.Type, Reception: deref(t.ReceptionType),
		Category: string(deref(t.Category)), Language: t.Language,
	}
	if out.Owner != "" {
		out.OwnerName = h.agent(out.Owner)
	}
	if t.Group != nil {
		out.Group = h.group(*t.Group)
	}
	if t.Hold != nil {
		out.Hold = string(t.Hold.Reason)
	}
	since := t.UpdatedAt
	if l := t.LastMessage; l != nil {
		since = l.At
		out.Last = &lastView{
			Who: l.Name, Text: oneLine(l.Excerpt), Note: l.Kind == "note", Client: l.By == "client", At: v.moment(l.At), Age: v.age(v.c.Now().Sub(l.At)),
		}
	}
	out.Age = v.age(v.c.Now().Sub(since))
	return out
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// clientName is the best that is known of who asks.
func clientName(c openapi.Client) string {
	for _, known := range []*string{c.Name, c.Email, c.Phone, c.Number, c.Id} {
		if known != nil && *known != "" {
			return *known
		}
	}
	return "–"
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// listFragment is the list anew, or a further page of it.
func (v *visit) listFragment() error {
	at, cursor := placeOf(v.r), v.r.URL.Query().Get("cursor")
	if cursor == "" {
		out, err := v.list(at)
		if err != nil {
			return err
		}
		out.Open, _ = strconv.ParseInt(v.r.URL.Query().Get("open"), 10, 64)
		return v.show(http.StatusOK, "list", out)
	}
	look, err := v.look()
	if err != nil {
		return err
	}
	out := listView{Table: look.Layout == "table"}
	if err := v.fill(&out, at, cursor); err != nil {
		return err
	}
	return v.show(http.StatusOK, "rows", out)
}

// rowsFragment is some rows anew: those of tickets that changed while they were shown.
func (v *visit) rowsFragment() error {
	at := placeOf(v.r)
	q := url.Values{"limit": {"200"}, "number": v.r.URL.Query()["number"]}
	q["state"] = allStates
	var found openapi.TicketList
	if err := v.get("/tickets?"+q.Encode(), &found); err != nil {
		return err
	}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	columns, err := v.columns(at)
	if err != nil {
		return err
	}
	names := columnNames(columns)
	out := listView{}
	open := v.r.URL.Query().Get("open")
	for _, t := range found.Items {
		row := v.row(t, at, h, names)
		row.Open = strconv.FormatInt(t.Number, 10) == open
		out.Rows = append(out.Rows, row)
	}
	return v.show(http.StatusOK, "row-partials", out)
}

var allStates = []string{"new", "open", "on_hold", "handed_over", "hand_over_answered", "resolved", "resolved_internally", "spam", "closed", "merged", "deleted"}

// faultOf is what is wrong with a search, in a line.
func (v *visit) faultOf(err error) string {
	var p *problem
	if !errors.As(err, &p) {
		return ""
	}
	for _, e := range p.Errors {
		return v.fieldLine(e)
	}
	return p.Detail
}
