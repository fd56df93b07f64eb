package postgres

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"duradesk/find"
	"duradesk/ticket"
)

// conditions writes expressions as SQL on tickets t. Values reach SQL as arguments only.
type conditions struct {
	*filter
	viewer string   // "me"
	groups []string // "mine"
	now    time.Time
}

// of is the condition of an expression: right for every ticket, whichever way the list is walked.
func (c *conditions) of(e find.Expr) string {
	switch e := e.(type) {
	case find.And:
		return c.join(withoutCommon(e), " and ", "true")
	case find.Or:
		return c.join(e, " or ", "false")
	case find.Not:
		return "not coalesce(" + c.of(e.Of) + ", false)"
	case find.Word:
		return c.said(wordTerms(e), "", e.Text)
	case find.Phrase:
		return c.said(find.Terms(e.Text), find.Fold(e.Text), "")
	case find.Is:
		return c.is(e)
	}
	return "true"
}

func (c *conditions) join(parts []find.Expr, with, none string) string {
	if len(parts) == 0 {
		return none
	}
	all := make([]string, len(parts))
	for i, p := range parts {
		all[i] = c.of(p)
	}
	return "(" + strings.Join(all, with) + ")"
}

// withoutCommon leaves out words that say little, if others remain.
func withoutCommon(parts []find.Expr) []find.Expr {
	rest := slices.DeleteFunc(slices.Clone(parts), func(e find.Expr) bool {
		w, ok := e.(find.Word)
		return ok && !slices.ContainsFunc(wordTerms(w), func(t find.Term) bool { return !find.IsCommon(t) })
	})
	if len(rest) == 0 {
		return parts
	}
	return rest
}

func (c *conditions) is(e find.Is) string {
	switch e.Field {
	case find.State:
		if slices.Contains(e.Values, find.Any) {
			return "true"
		}
		return c.words("t.state", e.Values)
	case find.Priority:
		return c.priority(e)
	case find.Channel:
		return c.words("t.channel", e.Values)
	case find.Type:
		return c.words("t.type", e.Values)
	case find.Language:
		return c.words("t.language", e.Values)
	case find.ReceptionType:
		return c.receptionType(withNone(e.Values))
	case find.Category:
		return c.words("t.category", withNone(e.Values))
	case find.Tag:
		return c.where1("(t.tags <> '{}' and t.tags && %s::text[])", e.Values) // the index holds only those with tags
	case find.Owner:
		return c.keys("t.owner", c.mean(e.Values))
	case find.Group:
		return c.keys("t.group_key", c.mean(e.Values))
	case find.Desk:
		return c.words("t.desk", e.Values)
	case find.Client:
		return c.words("t.client", e.Values)
	case find.Number:
		return c.number(e)
	case find.Title:
		return c.any(e.Values, func(v string) string {
			return "exists (select from ticket_words w where w.ticket = t.number and w.words @@ " + c.arg(tsquery(find.PrefixTerms(v))) + "::text::tsquery" + oneTicket
		})
	case find.ClientName, find.ClientNumber, find.Login, find.Email, find.Phone:
		return c.any(e.Values, func(v string) string {
			return "exists (select from clients w where w.id = t.client and " + c.known(e.Field, v) + oneTicket
		})
	case find.Created:
		return c.time("t.created_at", e)
	case find.Updated:
		return c.time("t.updated_at", e)
	case find.Resolved:
		return c.time("t.resolved_at", e)
	case find.Due:
		return c.time("t.due_at", e)
	case find.Waiting:
		return c.span("t.waiting_since", e)
	case find.Age:
		return c.span("t.created_at", e)
	case find.Idle:
		return c.span("t.updated_at", e)
	case find.View:
		return c.any(e.Values, c.inView)
	}
	return "false"
}

func (c *conditions) any(values []string, of func(string) string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = of(v)
	}
	return "(" + strings.Join(all, " or ") + ")"
}

// where1 is a condition with one value.
func (c *conditions) where1(condition string, value any) string {
	return strings.Replace(condition, "%s", c.arg(value), 1)
}

// receptionType compares plainly, as the index has it, unless none is wanted too: that is null, or empty once it was
// taken away.
func (c *conditions) receptionType(wanted []string) string {
	if slices.Contains(wanted, "") {
		return c.words("coalesce(t.reception_type, '')", wanted)
	}
	return c.words("t.reception_type", wanted)
}

// words lets one of some words through. A single one is compared plainly: then an index that has the column in front
// yields its rows in order.
func (c *conditions) words(column string, words []string) string {
	if len(words) == 1 {
		return c.where1(column+" = %s", words[0])
	}
	return c.where1(column+" = any(%s::text[])", words)
}

// keys is words, and the empty word stands for none.
func (c *conditions) keys(column string, wanted []string) string {
	named := slices.DeleteFunc(slices.Clone(wanted), func(w string) bool { return w == "" })
	switch {
	case len(named) == len(wanted):
		return c.words(column, named)
	case len(named) == 0:
		return column + " is null"
	}
	return c.where1("("+column+" is null or "+column+" = any(%s::text[]))", named)
}

func withNone(values []string) []string {
	out := slices.Clone(values)
	for i, v := range out {
		if v == find.None {
			out[i] = ""
		}
	}
	return out
}

// mean puts in who asks.
func (c *conditions) mean(values []string) []string {
	var out []string
	for _, v := range withNone(values) {
		switch v {
		case find.Me:
			out = append(out, c.viewer)
		case find.Mine:
			out = append(out, c.groups...)
		default:
			out = append(out, v)
		}
	}
	return orEmpty(out)
}

func (c *conditions) priority(e find.Is) string {
	var all []int16
	for _, v := range e.Values {
		if p, err := ticket.ParsePriority(v); err == nil {
			all = append(all, int16(p))
		}
	}
	if e.Op != find.Equal && len(all) == 1 {
		return c.where1("t.priority "+string(e.Op)+" %s::smallint", all[0])
	}
	return c.where1("t.priority = any(%s::smallint[])", all)
}

func (c *conditions) number(e find.Is) string {
	var all []int64
	for _, v := range e.Values {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			all = append(all, n)
		}
	}
	if e.Op != find.Equal && len(all) == 1 {
		return c.where1("t.number "+string(e.Op)+" %s::bigint", all[0])
	}
	return c.where1("t.number = any(%s::bigint[])", all)
}

// time compares with a part of the calendar: at most 2026-01-31 ends with that day.
func (c *conditions) time(column string, e find.Is) string {
	return c.any(e.Values, func(v string) string {
		from, to, ok := find.Instants(v, c.now)
		instant := from.Equal(to)
		switch {
		case !ok:
			return "false"
		case e.Op == find.Less:
			return c.where1(column+" < %s", from)
		case e.Op == find.AtLeast:
			return c.where1(column+" >= %s", from)
		case e.Op == find.AtMost && instant:
			return c.where1(column+" <= %s", to)
		case e.Op == find.AtMost:
			return c.where1(column+" < %s", to)
		case e.Op == find.More && instant:
			return c.where1(column+" > %s", to)
		case e.Op == find.More:
			return c.where1(column+" >= %s", to)
		case instant:
			return c.where1(column+" = %s", from)
		}
		return "(" + c.where1(column+" >= %s", from) + c.where1(" and "+column+" < %s)", to)
	})
}

// span compares how long something has lasted: the longer, the earlier it began.
func (c *conditions) span(column string, e find.Is) string {
	turned := map[find.Op]string{find.More: "<", find.AtLeast: "<=", find.Less: ">", find.AtMost: ">="}[e.Op]
	return c.any(e.Values, func(v string) string {
		d, ok := find.Span(v)
		if !ok || turned == "" {
			return "false"
		}
		return c.where1(column+" "+turned+" %s", c.now.Add(-d))
	})
}

// inView is the condition of a view that comes with the desk.
func (c *conditions) inView(key string) string {
	v, err := viewOf(key)
	if err != nil || v.whole() == "" {
		return "true"
	}
	return c.asViewer("(" + v.whole() + ")")
}

// asViewer puts who looks, and his groups, into a condition of a view.
func (c *conditions) asViewer(condition string) string {
	if strings.Contains(condition, viewerGroups) {
		condition = strings.ReplaceAll(condition, viewerGroups, c.arg(orEmpty(c.groups)))
	}
	if strings.Contains(condition, viewerKey) {
		condition = strings.ReplaceAll(condition, viewerKey, c.arg(c.viewer))
	}
	return condition
}
