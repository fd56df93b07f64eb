package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// CountCap is where exact counts end.
const CountCap = 1001

// Query is a list request. Empty fields don't filter. Spam and deleted tickets are left out unless States or View asks
// for them.
type Query struct {
	View         string   // a view key, with Viewer as "me"
	Viewer       string   // agent key
	Desks        []string // desks the viewer may see; nil: all
	Text         string   // words that must all occur in title, messages, client or number
	States       []ticket.State
	Priorities   []ticket.Priority
	Channels     []ticket.Channel
	Numbers      []ticket.Number
	Groups       []string // "" means none
	Owners       []string // "" means none
	DeskKeys     []string
	Types        []string
	Tags         []string // any of them
	Languages    []string
	Categories   []ticket.Category
	Title        string // contained in, case folded
	ClientName   string
	ClientNumber string
	Email        string
	Phone        string
	CreatedFrom  time.Time
	CreatedTo    time.Time
	Sort         string // updated, created, number, priority, next_due; "-" in front: descending; default -updated
	Limit        int    // 1-200, 0: 30
	Cursor       string // opaque; from Page.Next
}

// Page is one page of a list.
type Page struct {
	Items  []ticket.Record
	Next   string // "" on the last page
	Total  int    // at most CountCap
	Capped bool   // there are CountCap or more
}

const (
	defaultLimit = 30
	highestLimit = 200
)

// List returns one page in the order that q asks for. It is complete and free of doubles whatever is added meanwhile;
// a ticket that moves within the order while somebody pages may be met again or not at all.
func (s *Store) List(ctx context.Context, q Query) (Page, error) {
	l, err := newListing(q)
	if err != nil {
		return Page{}, err
	}
	query, args := l.page()
	// An unnamed statement is planned for its values: 'spam' and 'new' want different plans.
	rows, err := s.pool.Query(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	if err != nil {
		return Page{}, fmt.Errorf("list tickets: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanListed)
	if err != nil {
		return Page{}, fmt.Errorf("list tickets: %w", err)
	}
	p := Page{Items: make([]ticket.Record, 0, min(len(found), l.limit))}
	for _, r := range found[:min(len(found), l.limit)] {
		p.Items = append(p.Items, r.Record)
	}
	if len(found) > l.limit {
		p.Next = l.cursorAt(found[l.limit-1])
	} else if q.Cursor == "" {
		p.Total = len(found)
		return p, nil
	}
	query, args = l.count()
	err = s.pool.QueryRow(ctx, query, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...).Scan(&p.Total)
	if err != nil {
		return Page{}, fmt.Errorf("count tickets: %w", err)
	}
	p.Capped = p.Total >= CountCap
	return p, nil
}

// listing is a query understood.
type listing struct {
	filter *filter
	order  order
	limit  int
	after  *position
	hash   string
}

func newListing(q Query) (listing, error) {
	var l listing
	var err error
	if l.filter, err = filterOf(q); err != nil {
		return listing{}, err
	}
	if l.order, err = orderOf(q.Sort); err != nil {
		return listing{}, err
	}
	l.limit = q.Limit
	if l.limit == 0 {
		l.limit = defaultLimit
	}
	if l.limit < 1 || l.limit > highestLimit {
		return listing{}, invalid("limit", "a limit of %d is not possible; use 1 to %d", q.Limit, highestLimit)
	}
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

// page asks for one row more than the limit, to know whether there are more.
func (l listing) page() (string, []any) {
	f := &filter{conditions: append([]string(nil), l.filter.conditions...), args: append([]any(nil), l.filter.args...)}
	if l.after != nil {
		l.order.after(f, *l.after)
	}
	limit := f.arg(l.limit + 1)
	return `select ` + recordColumns + ` from (
		select t.* from tickets t where ` + f.sql() + ` order by ` + l.order.by() + ` limit ` + limit + `::int) t
	` + recordJoins + ` order by ` + l.order.by(), f.args
}

func (l listing) count() (string, []any) { return countUpTo(l.filter.sql()), l.filter.args }

// countUpTo counts the tickets t under a condition, but not beyond CountCap. It walks the list's own index: a cap
// makes the planner trust that reading the table from its start will do, which is false where matches are rare.
func countUpTo(condition string) string {
	return fmt.Sprintf(`select count(*) from (select 1 from tickets t where %s order by t.updated_at desc, t.number desc limit %d) counted`, condition, CountCap)
}

func (l listing) cursorAt(r listed) string { return l.order.write(r, l.hash) }
