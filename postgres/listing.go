package postgres

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"duradesk/find"
)

// way is how a list is made.
type way uint8

const (
	plain  way = iota // along an index of tickets, as the planner chooses
	seeded            // what is rare is found in an index of words
	walked            // what is common is walked to
)

// walkMost is how many tickets are passed, at least, before words that seemed common are found by their index after all.
const walkMost = 1500

// listing is a query understood.
type listing struct {
	query  Query
	groups []string
	now    time.Time
	parts  []find.Expr // all must hold
	seeds  []find.Expr // of these, those by which the rest is found
	stats  *wordStats
	way    way
	most   int // tickets that are passed on the way walked
	order  order
	limit  int
	after  *position
	hash   string
}

func newListing(q Query, e find.Expr, groups []string, st *wordStats) (l listing, err error) {
	l = listing{query: q, groups: groups, now: time.Now(), stats: st, limit: q.Limit}
	if and, ok := e.(find.And); ok {
		l.parts = withoutCommon(and)
	} else {
		l.parts = []find.Expr{e}
	}
	if l.order, err = orderOf(q.Sort); err != nil {
		return listing{}, err
	}
	if l.limit == 0 {
		l.limit = defaultLimit
	}
	if l.limit < 1 || l.limit > highestLimit {
		return listing{}, invalid("limit", "a limit of %d is not possible; use 1 to %d", q.Limit, highestLimit)
	}
	l.choose()
	if l.hash, err = hashOf(q); err != nil {
		return listing{}, err
	}
	if q.Cursor != "" {
		at, err := l.order.read(q.Cursor, l.hash)
		if err != nil {
			return listing{}, err
		}
		l.after = &at
	}
	return l, nil
}

// choose finds the way by how common is what is looked for.
func (l *listing) choose() {
	l.most = walkMost
	best, n, ok := l.stats.rarest(l.parts)
	if ok {
		l.seeds = []find.Expr{best}
		l.most = max(walkMost, l.stats.worthPassing(best, n))
	}
	switch {
	case ok && l.stats.findingPays(best, n, l.limit):
		l.way = seeded
	case slices.ContainsFunc(l.parts, dear):
		l.way = walked
	}
}

// conditions are those that hold whatever is asked for, in a statement that has such arguments already.
func (l listing) conditions(args ...any) *conditions {
	c := &conditions{filter: &filter{args: args}, viewer: l.query.Viewer, groups: l.groups, now: l.now}
	c.rights(l.query, find.And(l.parts))
	return c
}

const placeColumns = `t.number, t.updated_at, t.created_at, t.priority, t.next_due_at`

// page walks along an index of tickets; for what is found apart, along that of each.
func (l listing) page() (string, []any) {
	branches := l.branches()
	if len(branches) == 0 {
		return l.pageOf(l.conditions(), l.parts)
	}
	pages := make([]string, len(branches))
	var args []any
	for i, b := range branches {
		c := l.conditions(args...)
		if b.condition != "" {
			c.filter.conditions = append(c.filter.conditions, c.asViewer(b.condition))
		}
		pages[i], args = l.pageOf(c, b.parts)
	}
	return "select " + placeColumns + " from ((" + strings.Join(pages, ")\nunion all (") + ")) t order by " + l.order.by() + fmt.Sprintf(" limit %d", l.limit+1), args
}

// branch is a part of a list that no other has a ticket of.
type branch struct {
	condition string // of a view; "": none
	parts     []find.Expr
}

// branches of a list are a view's, or its states where those that have lain longest are asked for first: what is worked on
// is the newest of the desk, so that along the order of all tickets every one that is done would be passed before. None
// where it is found as one.
func (l listing) branches() (out []branch) {
	apart, rest := l.apart()
	for _, one := range apart {
		out = append(out, branch{one, rest})
	}
	if len(out) > 0 || l.order.descending || l.order.key != orders["updated"].key {
		return out
	}
	for i, p := range l.parts {
		is, ok := p.(find.Is)
		if !ok || is.Field != find.State || len(is.Values) < 2 || slices.Contains(is.Values, find.Any) {
			continue
		}
		values := slices.Clone(is.Values)
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			parts := slices.Clone(l.parts)
			parts[i] = find.Is{Field: find.State, Op: is.Op, Values: []string{v}}
			out = append(out, branch{parts: parts})
		}
		return out
	}
	return nil
}

func (l listing) pageOf(c *conditions, parts []find.Expr) (string, []any) {
	c.add(parts)
	if l.after != nil {
		l.order.after(c.filter, *l.after)
	}
	return "select " + placeColumns + " from tickets t where " + c.sql() + " order by " + l.order.by() + fmt.Sprintf(" limit %d", l.limit+1), c.args
}

// apart are the conditions of a view that is asked for with whatever else, and the rest; none where it is found as one.
func (l listing) apart() ([]string, []find.Expr) {
	for i, p := range l.parts {
		is, ok := p.(find.Is)
		if !ok || is.Field != find.View || len(is.Values) != 1 {
			continue
		}
		if v, err := viewOf(is.Values[0]); err == nil && len(v.apart) > 0 {
			return v.apart, slices.Delete(slices.Clone(l.parts), i, i+1)
		}
	}
	return nil, nil
}

// alone is the view that a list is of, where nothing else is asked for.
func (l listing) alone() (view, bool) {
	if len(l.parts) != 1 {
		return view{}, false
	}
	is, ok := l.parts[0].(find.Is)
	if !ok || is.Field != find.View || len(is.Values) != 1 {
		return view{}, false
	}
	v, err := viewOf(is.Values[0])
	return v, err == nil
}

// planned is plannedForValues, but for the first page of a view whose plan is the same for everybody.
func (l listing) planned(args []any) []any {
	if v, alone := l.alone(); alone && v.own && l.after == nil && cmp.Or(l.query.Sort, defaultSort) == defaultSort && !l.bounded() {
		return args
	}
	return plannedForValues(args)
}

// plannedToCount is planned for what counts: of a view alone, that is along an index whoever looks.
func (l listing) plannedToCount(args []any) []any {
	if _, alone := l.alone(); alone && !l.bounded() {
		return args
	}
	return plannedForValues(args)
}

// bounded reports whether a door has read bounds in time.
func (l listing) bounded() bool { return !l.query.CreatedFrom.IsZero() || !l.query.CreatedTo.IsZero() }

func (c *conditions) add(parts []find.Expr) {
	for _, p := range parts {
		if condition := c.of(p); condition != "true" {
			c.filter.conditions = append(c.filter.conditions, condition)
		}
	}
}

// seeded is the beginning of a statement in which t is everything that was found.
func (l listing) seeded(c *conditions, columns string) string {
	seed := c.seed(l.stats, l.seeds[0])
	c.add(slices.DeleteFunc(slices.Clone(l.parts), func(p find.Expr) bool { return exact(p) && same(p, l.seeds[0]) }))
	// A message that is not applied has no number, and none of it joins: to leave these out here would look for each twice.
	return "with seed as materialized (select distinct n from (" + seed + ") s (n)),\n" +
		"hits as materialized (select " + columns + " from seed join tickets t on t.number = seed.n where " + c.sql() + ")\n"
}

func same(a, b find.Expr) bool { return a.String() == b.String() }

// foundPage sorts what was found, and counts it.
func (l listing) foundPage() (string, []any) {
	c := l.conditions()
	head := l.seeded(c, placeColumns)
	page := &filter{args: c.args}
	if l.after != nil {
		l.order.after(page, *l.after)
	}
	limit := page.arg(l.limit + 1)
	return head + "select total.n, page.* from (" + countUpTo("hits") + ") total (n) left join lateral (select " + placeColumns + " from hits t where " + page.sql() +
		" order by " + l.order.by() + " limit " + limit + "::int) page on true", page.args
}

// walkPage passes at most so many tickets in order (0: any number) and looks into each.
func (l listing) walkPage(most int) (string, []any) {
	if most == 0 {
		return l.page()
	}
	c := l.conditions()
	inner := l.passing(c, most)
	look := &conditions{filter: &filter{args: c.args}, viewer: c.viewer, groups: c.groups, now: c.now}
	look.add(slices.DeleteFunc(slices.Clone(l.parts), func(p find.Expr) bool { return !dear(p) }))
	return "select " + placeColumns + " from (" + inner + ") t where " + look.sql() + " order by " + l.order.by() + " limit " + look.arg(l.limit+1) + "::int", look.args
}

// passing is the tickets in order, by all that is cheap to know of them.
func (l listing) passing(c *conditions, most int) string {
	c.add(slices.DeleteFunc(slices.Clone(l.parts), dear))
	if l.after != nil {
		l.order.after(c.filter, *l.after)
	}
	return "select t.* from tickets t where " + c.sql() + " order by " + l.order.by() + fmt.Sprintf(" limit %d", most)
}

// passed counts how many tickets a walk passes.
func (l listing) passed(most int) (string, []any) {
	c := l.conditions()
	return "select count(*) from (" + strings.Replace(l.passing(c, most), "select t.*", "select", 1) + ") passed", c.args
}

// count walks along the order of a view's own index, or else along the list's usual one: a cap alone makes the planner believe
// that reading the table from its start will do, which is false where matches are rare.
func (l listing) count() (string, []any) {
	c := l.conditions()
	if l.way == seeded {
		head := l.seeded(c, "t.number")
		return head + countUpTo("hits"), c.args
	}
	if v, alone := l.alone(); alone {
		return c.asViewer(v.count(c.conditions)), c.args
	}
	if apart, rest := l.apart(); len(apart) > 0 {
		c.add(rest)
		each := make([]string, len(apart))
		for i, one := range apart {
			each[i] = c.asViewer(one)
		}
		return countApart(each, c.sql()), c.args
	}
	c.add(l.parts)
	return countUpTo("tickets t where " + c.sql() + " order by t.updated_at desc, t.number desc"), c.args
}

// countUpTo counts the rows of a from clause, but not beyond CountCap.
func countUpTo(from string) string {
	return fmt.Sprintf(`select count(*) from (select from %s limit %d) counted`, from, CountCap)
}
