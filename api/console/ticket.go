package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"duradesk/api/openapi"
)

func ticketRoutes() []route {
	return []route{
		{pattern: "GET /-/tickets/{number}", serve: (*visit).ticketFragment},
		{pattern: "GET /-/tickets/{number}/fresh", serve: (*visit).freshFragment},
		{pattern: "GET /-/tickets/{number}/then", serve: (*visit).thenFragment},
		{pattern: "GET /-/tickets/{number}/older", serve: (*visit).olderFragment},
		{pattern: "GET /-/tickets/{number}/events", serve: (*visit).eventsFragment},
		{pattern: "GET /-/tickets/{number}/history", serve: (*visit).historyFragment},
		{pattern: "GET /-/tickets/{number}/clocks/{clock}", serve: (*visit).clockFragment},
		{pattern: "GET /-/tickets/{number}/messages/{message}", serve: (*visit).messageFrame},
	}
}

// ticketView is one ticket with all that is said in it.
type ticketView struct {
	openapi.Ticket
	N         string
	Place     place
	Lang      string
	Client    clientView
	OwnerName string
	GroupName string
	DeskName  string
	Mine      bool
	Due       *dueView
	Hold      *holdView
	Created   moment
	Updated   moment
	Closes    *moment
	Wanted    *moment
	Clocks    []clockView
	Future    []futureView
	Own       []fieldView
	Linked    []linkView
	Items     []itemView
	Older     string // address of what was said before what is shown; "" where that is all
	Shared    []sharedDraft
	Main      []action
	Others    []action
	Refused   []refusedView
	Compose   composeView
	Past      *moment // set where it is shown as it stood then
	Moments   []moment
	Waiting   bool // its first command is not applied yet
}

type clientView struct {
	openapi.Client
	Name, Initial string
}

type holdView struct {
	Reason string
	Until  *moment
}

type clockView struct {
	ID, Kind, State string
	Due, Met        *moment
	Left, Level     string
}

type futureView struct {
	At          moment
	In          string
	Why, Effect string
	Timer       string
}

type fieldView struct{ Name, Value string }

type linkView struct {
	Kind string
	N    string
	Href string
}

// refusedView is what cannot be done now, and why: for the palette.
type refusedView struct{ Command, Why string }

func (v *visit) ticketFragment() error {
	t, err := v.ticket(v.r.PathValue("number"), placeOf(v.r))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "ticket", t)
}

// freshFragment is what may have changed of a ticket that is shown: everything but what the agent writes.
func (v *visit) freshFragment() error {
	t, err := v.ticket(v.r.PathValue("number"), placeOf(v.r))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "ticket-fresh", t)
}

// ticket asks for all that the pane shows.
func (v *visit) ticket(number string, at place) (*ticketView, error) {
	path := "/tickets/" + url.PathEscape(number)
	var t openapi.Ticket
	var said openapi.Timeline
	var future openapi.Future
	var h *house
	var drafts map[string]draftView
	var shared []sharedDraft
	err := together(
		func() (err error) { drafts, shared, err = v.drafts(number); return err },
		func() error { return v.get(path, &t) },
		func() (err error) { said, err = v.thread(path, at.From); return err },
		func() error { return v.get(path+"/future", &future) },
		func() (err error) { h, err = v.theHouse(); return err },
	)
	if err != nil {
		return nil, err
	}
	if len(said.Items) > 0 {
		at.From = strconv.FormatInt(said.Items[0].Seq, 10)
	}
	out := v.ticketOf(t, at, h)
	out.Shared = shared
	if out.Items, err = v.items(said.Items, t); err != nil {
		return nil, err
	}
	out.Older = olderThan(out.N, said.NextCursor)
	for _, f := range future.Items {
		out.Future = append(out.Future, futureView{
			At: v.moment(f.At), In: v.age(f.At.Sub(v.c.Now())), Why: f.Why, Timer: string(f.Timer), Effect: v.effect(f.Effect),
		})
	}
	for _, i := range said.Items {
		if n := len(out.Moments); n == 0 || out.Moments[n-1].Machine != i.At.UTC().Format(time.RFC3339) {
			out.Moments = append(out.Moments, v.moment(i.At))
		}
	}
	v.act(out, h)
	out.Compose = v.compose(out, h, drafts)
	return out, nil
}

// effect of a timer: a state that is entered, or an event.
func (v *visit) effect(word string) string {
	if known("state." + word) {
		return say(v.lang, "state."+word)
	}
	return sayOr(v.lang, "event."+word, word)
}

func (v *visit) ticketOf(t openapi.Ticket, at place, h *house) *ticketView {
	out := &ticketView{
		Ticket: t, N: strconv.FormatInt(t.Number, 10), Place: at, Lang: v.lang, Client: clientView{Client: t.Client, Name: clientName(t.Client)},
		DeskName: h.desk(t.Desk), Due: v.due(t), Created: v.moment(t.CreatedAt), Updated: v.moment(t.UpdatedAt), Closes: v.momentOf(t.ClosesAt),
		Wanted: v.momentOf(t.DueAt), Waiting: t.Revision == 0,
	}
	out.Client.Initial = initial(out.Client.Name)
	if t.Owner != nil {
		out.OwnerName, out.Mine = h.agent(*t.Owner), *t.Owner == v.me.Key
	}
	if t.Group != nil {
		out.GroupName = h.group(*t.Group)
	}
	if t.Hold != nil {
		out.Hold = &holdView{Reason: string(t.Hold.Reason), Until: v.momentOf(t.Hold.Until)}
	}
	for _, k := range t.Clocks {
		c := clockView{ID: k.Id, Kind: string(k.Kind), State: string(k.State), Due: v.momentOf(k.DueAt), Met: v.momentOf(k.MetAt)}
		if k.DueAt != nil && k.State == "running" {
			d := v.dueOf(k)
			c.Left, c.Level = d.Left, d.Level
		}
		out.Clocks = append(out.Clocks, c)
	}
	for _, l := range t.Links {
		n := strconv.FormatInt(l.Number, 10)
		out.Linked = append(out.Linked, linkView{Kind: string(l.Kind), N: n, Href: "/tickets/" + n})
	}
	out.Own = fieldsOf(t.Fields)
	return out
}

// initial is the sign for a person in a round.
func initial(name string) string {
	for _, r := range name {
		return string(r)
	}
	return "?"
}

// thenFragment is the ticket as it stood at an instant.
func (v *visit) thenFragment() error {
	number, at := v.r.PathValue("number"), v.r.URL.Query().Get("at")
	then, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid-query"), say(v.lang, "field.time"))
	}
	path := "/tickets/" + url.PathEscape(number)
	var t openapi.Ticket
	var said openapi.Timeline
	var h *house
	err = together(
		func() error {
			return v.get(path+"?at="+url.QueryEscape(then.Add(time.Second-1).UTC().Format(time.RFC3339Nano)), &t)
		},
		func() (err error) { said, err = v.thread(path, placeOf(v.r).From); return err },
		func() (err error) { h, err = v.theHouse(); return err },
	)
	if err != nil {
		return err
	}
	out := v.ticketOf(t, placeOf(v.r), h)
	out.Past = v.momentOf(&then)
	var until []openapi.TimelineItem
	for _, i := range said.Items {
		if i.At.Before(then.Add(time.Second)) {
			until = append(until, i)
		}
	}
	if out.Items, err = v.items(until, t); err != nil {
		return err
	}
	return v.show(http.StatusOK, "ticket-then", out)
}

// historyView is what else the client asked.
type historyView struct {
	N    string
	Rows []rowView
}

// historyFragment lists the client's other tickets (N46).
func (v *visit) historyFragment() error {
	var t openapi.Ticket
	if err := v.get("/tickets/"+url.PathEscape(v.r.PathValue("number")), &t); err != nil {
		return err
	}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	q := url.Values{"limit": {"50"}, "sort": {"-created"}, "state": allStates[:9]}
	switch {
	case t.Client.Email != nil:
		q.Set("email", *t.Client.Email)
	case t.Client.Phone != nil:
		q.Set("phone", *t.Client.Phone)
	case t.Client.Number != nil:
		q.Set("client_number", *t.Client.Number)
	default:
		return v.show(http.StatusOK, "history", historyView{})
	}
	var found openapi.TicketList
	if err := v.get("/tickets?"+q.Encode(), &found); err != nil {
		return err
	}
	out := historyView{N: v.r.PathValue("number")}
	for _, other := range found.Items {
		if other.Number != t.Number {
			row := v.row(other, place{View: "all"}, h, nil)
			row.Href = "/tickets/" + strconv.FormatInt(other.Number, 10)
			out.Rows = append(out.Rows, row)
		}
	}
	return v.show(http.StatusOK, "history", out)
}

// explainView is why a clock falls due when it does.
type explainView struct {
	openapi.Explanation
	N     string
	Due   *moment
	Lines []explainLine
	// Picture has the days from beginning to end; nil where the record does not reach all of it.
	Picture *deadlineView
}

type explainLine struct {
	From, To, Text, Name, Span string
	Counted                    bool
}

// clockFragment shows the proof of a deadline.
func (v *visit) clockFragment() error {
	out := explainView{N: v.r.PathValue("number")}
	err := v.get("/tickets/"+url.PathEscape(out.N)+"/clocks/"+url.PathEscape(v.r.PathValue("clock"))+"/explain", &out.Explanation)
	if err != nil {
		return err
	}
	out.Due = v.momentOf(out.Clock.DueAt)
	for _, l := range out.Explanation.Lines {
		from, _ := time.Parse(time.RFC3339, l.FromLocal)
		to, _ := time.Parse(time.RFC3339, l.ToLocal)
		out.Lines = append(out.Lines, explainLine{
			From: v.dayAndTime(from), To: v.dayAndTime(to), Text: l.Text, Name: deref(l.Name), Span: v.span(l.Minutes), Counted: l.Counted,
		})
	}
	out.Picture = v.pictureOf(out.Explanation)
	return v.show(http.StatusOK, "explain", out)
}

// dayAndTime is on the clock of the calendar that counts, not of the reader.
func (v *visit) dayAndTime(t time.Time) string {
	if v.lang == "ja" {
		return t.Format("1/2") + "(" + weekdaysJA[t.Weekday()] + ") " + t.Format("15:04")
	}
	return t.Format("Mon 2 Jan 15:04")
}

func (v *visit) span(minutes int64) string {
	return say(v.lang, "span", "h", strconv.FormatInt(minutes/60, 10), "m", strconv.FormatInt(minutes%60, 10))
}
