package postgres

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
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

// hiddenUnasked keeps spam, tombstones and what was merged away out. It is written with constants, so that the planner sees that the index
// tickets_visible will do.
const hiddenUnasked = "t.state not in ('spam', 'deleted', 'merged')"

// filterOf turns a query into conditions, groups being those of its viewer; an unknown view, and text that no row can hold, is ticket.Invalid.
func filterOf(q Query, groups []string) (*filter, error) {
	if err := q.readable(); err != nil {
		return nil, err
	}
	f := &filter{}
	if err := f.view(q, groups); err != nil {
		return nil, err
	}
	if q.Desks != nil {
		f.where("t.desk = any(%s::text[])", q.Desks)
	}
	f.own(q)
	if err := f.words(q.Text); err != nil {
		return nil, err
	}
	f.process(q)
	f.client(q)
	if q.Title != "" {
		f.where("t.title ilike %s", contains(q.Title))
	}
	if !q.CreatedFrom.IsZero() {
		f.where("t.created_at >= %s", q.CreatedFrom)
	}
	if !q.CreatedTo.IsZero() {
		f.where("t.created_at <= %s", q.CreatedTo)
	}
	return f, nil
}

// own lets a client's tickets through: neither what the issue desk works on, nor spam.
func (f *filter) own(q Query) {
	if q.Client == "" {
		return
	}
	if q.Organisation {
		f.where("t.client in (select %s union all select b.id from clients a join clients b using (organisation) where a.id = %s)", q.Client, q.Client)
	} else {
		f.where("t.client = %s", q.Client)
	}
	f.conditions = append(f.conditions, "coalesce(t.process->>'parent', '0') = '0'", "t.state not in ('spam', 'deleted')")
}

func (f *filter) view(q Query, groups []string) error {
	if len(q.States) == 0 && q.View != viewSpam {
		f.conditions = append(f.conditions, hiddenUnasked)
	}
	if q.View == "" {
		return nil
	}
	v, err := viewOf(q.View)
	if err != nil || v.condition == "" {
		return err
	}
	if strings.Contains(v.condition, viewerGroups) {
		v.condition = strings.ReplaceAll(v.condition, viewerGroups, f.arg(orEmpty(groups)))
	}
	if strings.Contains(v.condition, viewerKey) {
		v.condition = strings.ReplaceAll(v.condition, viewerKey, f.arg(q.Viewer))
	}
	f.conditions = append(f.conditions, v.condition)
	return nil
}

// process adds what mirrors the process, and the other plain columns.
func (f *filter) process(q Query) {
	f.oneOf("t.state", texts(q.States))
	if len(q.Priorities) > 0 {
		f.where("t.priority = any(%s::smallint[])", integers[int16](q.Priorities))
	}
	f.oneOf("t.channel", texts(q.Channels))
	f.oneOf("t.category", texts(q.Categories))
	if len(q.Numbers) > 0 {
		f.where("t.number = any(%s::bigint[])", integers[int64](q.Numbers))
	}
	f.keys("t.group_key", q.Groups)
	f.keys("t.owner", q.Owners)
	f.keys("t.desk", q.DeskKeys)
	f.keys("t.type", q.Types)
	f.keys("t.language", q.Languages)
	if len(q.Tags) > 0 {
		f.where("t.tags <> '{}' and t.tags && %s::text[]", q.Tags) // the index holds only those with tags
	}
}

// keys lets one of some words through; the empty word stands for none.
func (f *filter) keys(column string, wanted []string) {
	if len(wanted) == 0 {
		return
	}
	named := make([]string, 0, len(wanted))
	for _, w := range wanted {
		if w != "" {
			named = append(named, w)
		}
	}
	switch {
	case len(named) == 0:
		f.where(column + " is null")
	case len(named) == len(wanted):
		f.oneOf(column, named)
	default:
		f.where("("+column+" is null or "+column+" = any(%s::text[]))", named)
	}
}

// oneOf lets one of some words through, if there are any. A single word is compared plainly: then an index that has
// the column in front yields its rows in order.
func (f *filter) oneOf(column string, words []string) {
	switch len(words) {
	case 0:
	case 1:
		f.where(column+" = %s", words[0])
	default:
		f.where(column+" = any(%s::text[])", words)
	}
}

// client adds what is asked of the client: any of his identities counts, not only the last one he used.
func (f *filter) client(q Query) {
	if q.ClientName != "" {
		f.where("t.client in (select id from clients where name ilike %s)", contains(q.ClientName))
	}
	if q.Email != "" {
		f.where("t.client in (select client from identities where kind = 'mail' and value like %s)", contains(FoldAddress(q.Email)))
	}
	if q.ClientNumber != "" {
		f.where("t.client in (select client from identities where kind = 'number' and value like %s)", contains(foldNumber(q.ClientNumber)))
	}
	if q.Phone != "" {
		f.where("t.client in (select client from identities where kind = 'phone' and value like %s)", contains(FoldPhone(q.Phone)))
	}
}

// mostWords bounds what one search may cost.
const mostWords = 32

// words asks for every word of a text, each wherever it occurs: title, conversation, client or number.
func (f *filter) words(text string) error {
	words := strings.Fields(text)
	if len(words) > mostWords {
		return invalid("q", "a search for %d words is not possible; use at most %d", len(words), mostWords)
	}
	for _, word := range words {
		part := f.arg(contains(word))
		condition := "t.title ilike " + part +
			" or exists (select from clients w where w.id = t.client and (w.name ilike " + part + " or w.email ilike " + part + "))" +
			" or exists (select from messages w where w.ticket = t.number and w.applied and w.body ilike " + part + ")"
		if n, err := strconv.ParseInt(strings.Trim(word, "#[]"), 10, 64); err == nil {
			condition += " or t.number = " + f.arg(n)
		}
		f.conditions = append(f.conditions, "("+condition+")")
	}
	return nil
}

// readable refuses what Postgres cannot read as text.
func (q Query) readable() error {
	all := slices.Concat([]string{q.Viewer, q.Text, q.Title, q.ClientName, q.ClientNumber, q.Email, q.Phone},
		q.Desks, q.Groups, q.Owners, q.DeskKeys, q.Types, q.Tags, q.Languages)
	for _, text := range all {
		if !readable(text) {
			return invalid("", "a search text holds NUL or bytes that are not UTF-8: leave them out")
		}
	}
	return nil
}

func readable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

var likeSpecial = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// contains makes the pattern that finds s anywhere, letter for letter.
func contains(s string) string { return "%" + likeSpecial.Replace(norm.NFC.String(s)) + "%" }

func texts[T fmt.Stringer](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.String()
	}
	return out
}

func integers[N int16 | int64, T ~uint8 | ~int64](values []T) []N {
	out := make([]N, len(values))
	for i, v := range values {
		out[i] = N(v)
	}
	return out
}
