package postgres

import (
	"math"
	"slices"
	"strings"

	"duradesk/find"
)

// A search is answered in one of two ways, both bounded. What is rare is found: the index of words gives all tickets
// that have it, and these are filtered and sorted. What is common is walked to: along the order of the list until the
// page is full. How common a word is, the statistics of the index say, and what either way costs was measured.
const (
	costFound   = 12.0 // µs for each ticket that the index gives
	costLetters = 50.0 // for looking at its letters, where a phrase is asked for
	costPassed  = 10.0 // for each ticket that is walked past and looked into
	costMessage = 12.0 // and for each of its messages
	costPlain   = 1.0  // for each ticket that is walked past by its own columns
)

// findingPays tells whether about n tickets are better found than walked to, for a page of that size.
func (st *wordStats) findingPays(e find.Expr, n float64, page int) bool {
	if n < 200 || st.tickets == 0 {
		return true
	}
	wanted, passed := float64(page), st.looking()
	if !dear(e) {
		wanted, passed = wanted+CountCap, costPlain // here the walk counts too
	}
	return n*finding(e) <= wanted*st.tickets/n*passed
}

// worthPassing is how many tickets may be walked past, and looked into, in the time that finding about n takes.
func (st *wordStats) worthPassing(e find.Expr, n float64) int {
	return int(min(n*finding(e)/st.looking(), st.tickets))
}

// looking is what each ticket takes that is walked past and looked into.
func (st *wordStats) looking() float64 {
	return costPassed + costMessage*st.messages.total/max(1, st.tickets)
}

// finding is what each ticket takes that the index gives.
func finding(e find.Expr) float64 {
	if dear(e) && !exact(e) {
		return costFound + costLetters
	}
	return costFound
}

// estimate tells about how many tickets have what an expression looks for in an index of words; false where no such
// index narrows it.
func (st *wordStats) estimate(e find.Expr) (float64, bool) {
	switch e := e.(type) {
	case find.Word:
		return st.said(wordTerms(e)), true
	case find.Phrase:
		return st.said(find.Terms(e.Text)), true
	case find.Is:
		return st.is(e)
	case find.Or:
		sum := 0.0
		for _, p := range e {
			n, ok := st.estimate(p)
			if !ok {
				return 0, false
			}
			sum += n
		}
		return sum, len(e) > 0
	case find.And:
		_, n, ok := st.rarest(e)
		return n, ok
	}
	return 0, false
}

// rarest picks the part of a conjunction by which it is found best.
func (st *wordStats) rarest(parts []find.Expr) (find.Expr, float64, bool) {
	var best find.Expr
	least := math.Inf(1)
	for _, p := range parts {
		if n, ok := st.estimate(p); ok && n < least {
			best, least = p, n
		}
	}
	return best, least, best != nil
}

func (st *wordStats) said(terms []find.Term) float64 {
	return st.messages.rows(terms) + st.titles.rows(terms) + st.clients.rows(terms)*st.perClient
}

func (st *wordStats) is(e find.Is) (float64, bool) {
	sum := 0.0
	for _, v := range e.Values {
		switch terms := labelTerms(e.Field, v); {
		case terms != nil:
			sum += st.titles.rows(terms)
		case isKnown(e.Field):
			part, _ := knownBy(e.Field)
			sum += st.clients.rows(find.PartTerms(part, foldedFor(e.Field, v))) * st.perClient
		default:
			return 0, false
		}
	}
	return sum, len(e.Values) > 0
}

func isKnown(f find.Field) bool {
	return slices.Contains([]find.Field{find.ClientName, find.ClientNumber, find.Login, find.Email, find.Phone}, f)
}

func foldedFor(f find.Field, v string) string {
	if f == find.Phone {
		return find.FoldPhone(v)
	}
	return find.Fold(v)
}

// labelTerms are the terms in a ticket's own words; nil where they don't hold that field.
func labelTerms(f find.Field, v string) []find.Term {
	switch f { //nolint:exhaustive // the others have indexes of their own
	case find.Title:
		return find.PrefixTerms(v)
	case find.Channel:
		return []find.Term{{Lexeme: labelChannel + v}}
	case find.Language:
		return []find.Term{{Lexeme: labelLanguage + v}}
	case find.Type:
		return []find.Term{{Lexeme: labelType + v}}
	case find.ReceptionType:
		if v != find.None {
			return []find.Term{{Lexeme: labelReception + find.Fold(v)}}
		}
	}
	return nil
}

// seed is a statement that gives the numbers of all tickets that an expression may hold for.
func (c *conditions) seed(st *wordStats, e find.Expr) string {
	switch e := e.(type) {
	case find.Word:
		return c.seedSaid(wordTerms(e), e.Text)
	case find.Phrase:
		return c.seedSaid(find.Terms(e.Text), "")
	case find.Or:
		all := make([]string, len(e))
		for i, p := range e {
			all[i] = c.seed(st, p)
		}
		return strings.Join(all, "\nunion all ")
	case find.And:
		best, _, _ := st.rarest(e)
		return c.seed(st, best)
	case find.Is:
		all := make([]string, len(e.Values))
		for i, v := range e.Values {
			if terms := labelTerms(e.Field, v); terms != nil {
				all[i] = "select w.ticket from ticket_words w where w.words @@ " + c.arg(tsquery(terms)) + "::text::tsquery"
				continue
			}
			all[i] = "select k.number from clients w join tickets k on k.client = w.id where " + c.known(e.Field, v)
		}
		return strings.Join(all, "\nunion all ")
	}
	return "select 0::bigint where false"
}

func (c *conditions) seedSaid(terms []find.Term, number string) string {
	q := c.arg(tsquery(terms)) + "::text::tsquery"
	seed := "select (select m.ticket from messages m where m.id = w.message and m.applied) from message_words w where w.words @@ " + q +
		"\nunion all select w.ticket from ticket_words w where w.words @@ " + q +
		"\nunion all select k.number from clients w join tickets k on k.client = w.id where w.words @@ " + q
	if n, ok := numberIn(number); ok {
		seed += "\nunion all select " + c.arg(n) + "::bigint"
	}
	return seed
}

// exact tells whether a seed gives no ticket that its expression does not hold for.
func exact(e find.Expr) bool {
	switch e := e.(type) {
	case find.Word:
		return true
	case find.Is:
		return e.Field != find.ReceptionType // folded in the index
	case find.Or:
		return !slices.ContainsFunc(e, func(p find.Expr) bool { return !exact(p) })
	}
	return false
}

// dear tells whether an expression looks into words for each ticket that is passed.
func dear(e find.Expr) bool {
	found := false
	find.Walk(e, func(e find.Expr, _ bool) {
		switch e := e.(type) {
		case find.Word, find.Phrase:
			found = true
		case find.Is:
			found = found || e.Field == find.Title || isKnown(e.Field)
		}
	})
	return found
}
