package postgres

import (
	"context"
	"fmt"
	"slices"
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
	Client       string   // only tickets of the client with this id, and none that the staff keep among themselves
	Organisation bool     // with Client: those of everybody of his organisation
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
	var groups []string
	if q.View == viewGroups && readable(q.Viewer) {
		// Read first, so that the list is planned for these groups: they may hold everything or nothing.
		if err := s.pool.QueryRow(ctx, `select array(select group_key from agent_groups where agent = $1)`, q.Viewer).Scan(&groups); err != nil {
			return Page{}, fmt.Errorf("read the groups of %s: %w", q.Viewer, err)
		}
	}
	l, err := newListing(q, groups)
	if err != nil {
		return Page{}, err
	}
	places, err := s.places(ctx, l)
	if err != nil {
		return Page{}, fmt.Errorf("list tickets: %w", err)
	}
	shown := places[:min(len(places), l.limit)]
	var p Page
	if p.Items, err = s.records(ctx, shown); err != nil {
		return Page{}, fmt.Errorf("list tickets: %w", err)
	}
	if len(places) > l.limit {
		p.Next = l.order.write(shown[len(shown)-1], l.hash)
	} else if q.Cursor == "" {
		p.Total = len(places)
		return p, nil
	}
	query, args := l.count()
	if err := s.pool.QueryRow(ctx, query, plannedForValues(args)...).Scan(&p.Total); err != nil {
		return Page{}, fmt.Errorf("count tickets: %w", err)
	}
	p.Capped = p.Total >= CountCap
	return p, nil
}

// plannedForValues makes the statement an unnamed one, which Postgres plans for its arguments: 'spam' and 'new' want
// different plans.
func plannedForValues(args []any) []any {
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// place is where a ticket stood in the order when its page was made.
type place struct {
	number           int64
	updated, created time.Time
	priority         int16
	nextDue          *time.Time
}

// places finds one more than the limit, to know whether there are more.
func (s *Store) places(ctx context.Context, l listing) ([]place, error) {
	query, args := l.page()
	rows, err := s.pool.Query(ctx, query, plannedForValues(args)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(cr pgx.CollectableRow) (p place, err error) {
		return p, cr.Scan(&p.number, &p.updated, &p.created, &p.priority, &p.nextDue)
	})
}

const recordsQuery = `select ` + recordColumns + ` from unnest($1::bigint[]) with ordinality as page (n, place) join tickets t on t.number = page.n ` + recordJoins + ` order by page.place`

// records reads the tickets of a page, in its order. It is a statement of its own because its plan is always the same,
// while making it takes longer than running it.
func (s *Store) records(ctx context.Context, page []place) ([]ticket.Record, error) {
	if len(page) == 0 {
		return []ticket.Record{}, nil
	}
	numbers := make([]int64, len(page))
	for i, p := range page {
		numbers[i] = p.number
	}
	rows, err := s.pool.Query(ctx, recordsQuery, numbers)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanRecord)
}

// listing is a query understood.
type listing struct {
	filter *filter
	order  order
	limit  int
	after  *position
	hash   string
}

func newListing(q Query, groups []string) (listing, error) {
	var l listing
	var err error
	if l.filter, err = filterOf(q, groups); err != nil {
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

func (l listing) page() (string, []any) {
	f := &filter{conditions: slices.Clone(l.filter.conditions), args: slices.Clone(l.filter.args)}
	if l.after != nil {
		l.order.after(f, *l.after)
	}
	return `select t.number, t.updated_at, t.created_at, t.priority, t.next_due_at from tickets t
		where ` + f.sql() + ` order by ` + l.order.by() + ` limit ` + f.arg(l.limit+1) + `::int`, f.args
}

// count walks along the list's usual order: a cap alone makes the planner believe that reading the table from its start
// will do, which is false where matches are rare.
func (l listing) count() (string, []any) {
	return countUpTo("tickets t where " + l.filter.sql() + " order by t.updated_at desc, t.number desc"), l.filter.args
}

// countUpTo counts the rows of a from clause, but not beyond CountCap.
func countUpTo(from string) string {
	return fmt.Sprintf(`select count(*) from (select from %s limit %d) counted`, from, CountCap)
}
