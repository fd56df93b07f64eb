package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/find"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

const usualLimit = 30

// asLong is how long a page may be.
func asLong(limit *int) int {
	if limit == nil {
		return usualLimit
	}
	return *limit
}

// ListTickets lists and searches.
func (s *server) ListTickets(c *gin.Context, q openapi.ListTicketsParams) {
	if who := askerOf(c); who.isClient() {
		s.clientList(c, who, q)
		return
	}
	query := listQuery(askerOf(c), q)
	if query.Where = s.grammar(c, value(q.Q)); query.Where == nil || !s.addView(c, &query, q.Sort != nil) {
		return
	}
	if query.Desks != nil && len(query.Desks) == 0 {
		answer(c, http.StatusOK, openapi.TicketList{Items: []openapi.Ticket{}})
		return
	}
	ctx, done := budget(c)
	defer done()
	page, err := s.Reader.List(ctx, query)
	if err != nil {
		s.toldQuery(c, err)
		return
	}
	answer(c, http.StatusOK, s.ticketList(c, page))
}

func (s *server) ticketList(c *gin.Context, page Page) openapi.TicketList {
	out := openapi.TicketList{Items: make([]openapi.Ticket, len(page.Items)), NextCursor: some(page.Next), Total: page.Total, TotalCapped: page.Capped}
	b := s.buttons(c)
	for i, r := range page.Items {
		out.Items[i] = s.ticket(c, r, b)
	}
	return out
}

// grammar reads what is looked for. What cannot be read is answered, with the place and what would be possible, and nil
// returned.
func (s *server) grammar(c *gin.Context, q string) find.Expr {
	e, err := find.Parse(q)
	var bad *find.Error
	if errors.As(err, &bad) {
		s.fail(c, problem{kind: invalid, detail: "search", args: map[string]string{"position": strconv.Itoa(bad.At)}, faults: []fault{findFault(bad)}})
		return nil
	}
	return e
}

// findFault points to the character that cannot be read.
func findFault(e *find.Error) fault {
	return fault{parameter: "q", position: e.At, code: "find_" + e.Code, args: e.Args, said: e.Error()}
}

// listQuery is what the URL asks for; its values were held against the document before.
func listQuery(who asker, q openapi.ListTicketsParams) Query {
	out := Query{
		View: string(value(q.View)), Viewer: who.Key, Desks: who.desks(),
		States: parsed(q.State, ticket.ParseState), Priorities: parsed(q.Priority, ticket.ParsePriority),
		Channels: parsed(q.Channel, ticket.ParseChannel), Categories: parsed(q.Category, ticket.ParseCategory),
		Groups: keys(q.Group, "none", ""), Owners: keys(ptr(keys(q.Owner, "me", who.Key)), "none", ""), DeskKeys: value(q.Desk),
		Tags: value(q.Tag), Languages: value(q.Language), Title: value(q.Title), ClientName: value(q.ClientName),
		ClientNumber: value(q.ClientNumber), Login: value(q.Login), Client: value(q.Client), ReceptionTypes: keys(q.ReceptionType, "none", ""), Email: value(q.Email), Phone: value(q.Phone),
		CreatedFrom: value(q.CreatedFrom), CreatedTo: value(q.CreatedTo),
		Sort: string(value(q.Sort)), Limit: asLong(q.Limit), Cursor: value(q.Cursor),
	}
	for _, n := range value(q.Number) {
		out.Numbers = append(out.Numbers, ticket.Number(n))
	}
	for _, t := range value(q.Type) {
		out.Types = append(out.Types, string(t))
	}
	if out.Sort == "" {
		out.Sort = "-updated"
	}
	return out
}

// value of an optional parameter.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func parsed[W ~string, T any](words *[]W, parse func(string) (T, error)) []T {
	var out []T
	for _, w := range value(words) {
		if v, err := parse(string(w)); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// keys replaces a word that stands for something by what it stands for.
func keys(in *[]string, word, means string) []string {
	var out []string
	for _, k := range value(in) {
		if k == word {
			k = means
		}
		out = append(out, k)
	}
	return out
}

// GetTicket shows one ticket, as it is or as it was.
func (s *server) GetTicket(c *gin.Context, n openapi.Number, q openapi.GetTicketParams) {
	rec, err := s.visible(c, ticket.Number(n))
	if err == nil && q.At != nil {
		ctx, done := budget(c)
		defer done()
		rec, err = s.Reader.TicketAt(ctx, ticket.Number(n), *q.At)
	}
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, s.ticket(c, rec, s.buttons(c)))
}

// GetFuture tells what happens if nobody acts.
func (s *server) GetFuture(c *gin.Context, n openapi.Number) {
	rec, err := s.visible(c, ticket.Number(n))
	if err != nil {
		s.told(c, err)
		return
	}
	table, policy := s.rules(rec)
	lang := s.language(c)
	out := openapi.Future{Items: []openapi.FutureItem{}}
	for _, f := range table.Future(rec.Process, policy) {
		out.Items = append(out.Items, openapi.FutureItem{
			At: f.At.UTC(), Timer: openapi.ClockKind(f.Clock.String()), Effect: f.Effect, Why: s.texts.say(lang, "future."+futureKey(f), nil),
		})
	}
	answer(c, http.StatusOK, out)
}

// futureKey tells a warning from what it warns of.
func futureKey(f lifecycle.Futurum) string {
	if strings.HasSuffix(f.Effect, "_warned") {
		return f.Clock.String() + "_warned"
	}
	return f.Clock.String()
}
