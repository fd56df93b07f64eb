package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"duradesk/find"
	"duradesk/ticket"
)

// filter collects conditions on tickets t with their arguments. Values reach SQL as arguments only.
type filter struct {
	conditions []string
	args       []any
}

// arg takes a value in and returns its placeholder.
func (f *filter) arg(value any) string {
	f.args = append(f.args, value)
	return "$" + strconv.Itoa(len(f.args))
}

// where adds a condition; each %s in it is filled with the placeholder of the next value.
func (f *filter) where(condition string, values ...any) {
	places := make([]any, len(values))
	for i, v := range values {
		places[i] = f.arg(v)
	}
	f.conditions = append(f.conditions, fmt.Sprintf(condition, places...))
}

func (f *filter) sql() string {
	if len(f.conditions) == 0 {
		return "true"
	}
	return strings.Join(f.conditions, " and ")
}

// hidden states are left out of lists unless somebody asks for them. Written with constants, so that the planner sees
// that the index tickets_visible will do.
var hiddenStates = []string{"spam", "deleted", "merged"}

const hiddenUnasked = "t.state not in ('spam', 'deleted', 'merged')"

// all is everything that a query asks for, as one expression.
func (q Query) all() (find.Expr, error) {
	if err := q.readable(); err != nil {
		return nil, err
	}
	parts := []find.Expr{q.Where}
	if q.View != "" {
		if _, err := viewOf(q.View); err != nil {
			return nil, err
		}
		parts = append(parts, find.Is{Field: find.View, Op: find.Equal, Values: []string{q.View}})
	}
	if q.Text != "" {
		text, err := find.Parse(q.Text)
		if err != nil {
			return nil, invalid("q", "%v", err)
		}
		parts = append(parts, text)
	}
	for _, c := range q.criteria() {
		if len(c.Values) > 0 {
			parts = append(parts, c)
		}
	}
	return find.All(parts...), nil
}

// criteria are the plain ones; an empty key stands for none.
func (q Query) criteria() []find.Is {
	is := func(f find.Field, values []string) find.Is {
		out := find.Is{Field: f, Op: find.Equal, Values: slices.Clone(values)}
		for i, v := range out.Values {
			if v == "" {
				out.Values[i] = find.None
			}
		}
		return out
	}
	one := func(f find.Field, v string) find.Is {
		if v == "" {
			return find.Is{}
		}
		return is(f, []string{v})
	}
	return []find.Is{
		is(find.State, texts(q.States)), is(find.Priority, texts(q.Priorities)), is(find.Channel, texts(q.Channels)), is(find.Category, texts(q.Categories)),
		is(find.Number, numbers(q.Numbers)), is(find.Group, q.Groups), is(find.Owner, q.Owners), is(find.Desk, q.DeskKeys), is(find.Type, q.Types),
		is(find.Language, q.Languages), is(find.Tag, q.Tags), is(find.ReceptionType, q.ReceptionTypes), one(find.Title, q.Title), one(find.ClientName, q.ClientName),
		one(find.ClientNumber, q.ClientNumber), one(find.Login, q.Login), one(find.Email, q.Email), one(find.Phone, q.Phone), one(find.Client, q.Client),
	}
}

func numbers(all []ticket.Number) []string {
	out := make([]string, len(all))
	for i, n := range all {
		out[i] = strconv.FormatInt(int64(n), 10)
	}
	return out
}

// rights are the conditions that are not the asker's to choose: the desks he may see, the states that lists leave out,
// and the bounds in time that a door has read.
func (f *filter) rights(q Query, e find.Expr) {
	if c := hiddenCondition(e); c != "" {
		f.conditions = append(f.conditions, c)
	}
	if q.Desks != nil {
		f.where("t.desk = any(%s::text[])", q.Desks)
	}
	f.own(q)
	if !q.CreatedFrom.IsZero() {
		f.where("t.created_at >= %s", q.CreatedFrom)
	}
	if !q.CreatedTo.IsZero() {
		f.where("t.created_at <= %s", q.CreatedTo)
	}
}

// own lets a client's tickets through: neither what the issue desk works on, nor spam.
func (f *filter) own(q Query) {
	if q.Own == "" {
		return
	}
	if q.Organisation {
		f.where("t.client in (select %s union all select b.id from clients a join clients b using (organisation) where a.id = %s)", q.Own, q.Own)
	} else {
		f.where("t.client = %s", q.Own)
	}
	f.conditions = append(f.conditions, "coalesce(t.process->>'parent', '0') = '0'", "t.state not in ('spam', 'deleted')")
}

// hiddenCondition leaves spam, tombstones and what was merged away out, but for those that are asked for by name.
func hiddenCondition(e find.Expr) string {
	asked := map[string]bool{}
	find.Walk(e, func(e find.Expr, negated bool) {
		is, ok := e.(find.Is)
		switch {
		case !ok || negated:
		case is.Field == find.State:
			for _, v := range is.Values {
				asked[v] = true
			}
		case is.Field == find.View && slices.Contains(is.Values, viewSpam):
			asked[viewSpam] = true
		}
	})
	rest := slices.DeleteFunc(slices.Clone(hiddenStates), func(s string) bool { return asked[s] || asked[find.Any] })
	switch len(rest) {
	case len(hiddenStates):
		return hiddenUnasked
	case 0:
		return ""
	}
	return "t.state not in ('" + strings.Join(rest, "', '") + "')"
}

// readable refuses what Postgres cannot read as text.
func (q Query) readable() error {
	all := slices.Concat([]string{q.Viewer, q.Text, q.Title, q.ClientName, q.ClientNumber, q.Login, q.Email, q.Phone, q.Client},
		q.Desks, q.Groups, q.Owners, q.DeskKeys, q.Types, q.Tags, q.Languages, q.ReceptionTypes)
	for _, text := range all {
		if !readable(text) {
			return invalid("", "a search text holds NUL or bytes that are not UTF-8: leave them out")
		}
	}
	return nil
}

func readable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

var likeSpecial = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func texts[T fmt.Stringer](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.String()
	}
	return out
}
