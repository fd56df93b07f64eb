package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"duradesk/find"
	"duradesk/ticket"
)

// CountCap is where exact counts end.
const CountCap = 1001

// Query is a list request. Empty fields don't filter. Spam and deleted tickets are left out unless States or View asks
// for them.
type Query struct {
	View           string    // a view key, with Viewer as "me"
	Viewer         string    // agent key
	Desks          []string  // desks the viewer may see; nil: all
	Own            string    // id of the client whose list it is: only his tickets, and none that the staff keep among themselves
	Organisation   bool      // with Own: those of everybody of his organisation
	Where          find.Expr `json:"-"` // nil: everything
	Text           string    // the grammar of package find, added to Where
	States         []ticket.State
	Priorities     []ticket.Priority
	Channels       []ticket.Channel
	Numbers        []ticket.Number
	Groups         []string // "" means none
	Owners         []string // "" means none
	DeskKeys       []string
	Types          []string
	Tags           []string // any of them
	Languages      []string
	ReceptionTypes []string
	Categories     []ticket.Category
	Title          string // its words, or their beginnings
	ClientName     string
	ClientNumber   string
	Login          string
	Email          string
	Phone          string
	Client         string // id
	CreatedFrom    time.Time
	CreatedTo      time.Time
	Sort           string // updated, created, number, priority, next_due; "-" in front: descending; default -updated
	Limit          int    // 1-200, 0: 30
	Cursor         string // opaque; from Page.Next
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
// a ticket that moves within the order while somebody pages may be met again or not at all. ErrTooLong: the context's time
// was too short for it.
func (s *Store) List(ctx context.Context, q Query) (_ Page, err error) {
	defer func() { err = s.tooLong(ctx, err) }()
	l, err := s.listing(ctx, q)
	if err != nil {
		return Page{}, err
	}
	found, err := s.look(ctx, l)
	if err != nil {
		return Page{}, fmt.Errorf("list tickets: %w", err)
	}
	shown := found.places[:min(len(found.places), l.limit)]
	var counting errgroup.Group
	if found.uncounted { // while the page is read: neither needs the other
		counting.Go(func() (err error) {
			found.total, err = s.count(ctx, l)
			found.capped = found.total >= CountCap
			return err
		})
	}
	items, err := s.records(ctx, shown)
	if err := errors.Join(err, counting.Wait()); err != nil {
		return Page{}, fmt.Errorf("list tickets: %w", err)
	}
	p := Page{Items: items, Total: found.total, Capped: found.capped}
	if len(found.places) > l.limit {
		p.Next = l.order.write(shown[len(shown)-1], l.hash)
	}
	return p, nil
}

// Count tells how many tickets a query finds, and whether there may be more: counting ends at CountCap, or earlier where
// it would take long. ErrTooLong: as List.
func (s *Store) Count(ctx context.Context, q Query) (n int, capped bool, err error) {
	defer func() { err = s.tooLong(ctx, err) }()
	q.Limit, q.Cursor = highestLimit, ""
	l, err := s.listing(ctx, q)
	if err != nil {
		return 0, false, err
	}
	if l.way == walked {
		found, err := s.look(ctx, l)
		return found.total, found.capped, err
	}
	n, err = s.count(ctx, l)
	return n, n >= CountCap, err
}

// listing understands a query. What its viewer holds is read first, so that the list is planned for it: his groups may hold
// everything or nothing, and who sees every desk is asked for none, as in Views.
func (s *Store) listing(ctx context.Context, q Query) (listing, error) {
	e, err := q.all()
	if err != nil {
		return listing{}, err
	}
	seen := sight{everything: q.Desks == nil}
	if asksForGroups(e) || !seen.everything {
		err := s.pool.QueryRow(ctx, `select `+groupsOfViewer+`, $2::text[] is null or `+everyDesk("$2::text[]"), q.Viewer, q.Desks).
			Scan(&seen.groups, &seen.everything)
		if err != nil {
			return listing{}, fmt.Errorf("read what %s may see: %w", q.Viewer, err)
		}
	}
	st, err := s.wordStats(ctx)
	if err != nil {
		return listing{}, err
	}
	l, err := newListing(q, e, seen.groups, st)
	if seen.everything {
		l.query.Desks = nil // the cursor's hash has them: it is good for the same rights only
	}
	return l, err
}

func asksForGroups(e find.Expr) bool {
	asks := false
	find.Walk(e, func(e find.Expr, _ bool) {
		is, ok := e.(find.Is)
		asks = asks || ok && (is.Field == find.Group && slices.Contains(is.Values, find.Mine) || is.Field == find.View && slices.Contains(is.Values, viewGroups))
	})
	return asks
}

// found is a page's places, one more than its limit if there are more, and how many there are in all.
type found struct {
	places    []place
	total     int
	capped    bool // there are at least so many
	uncounted bool // neither total nor capped is known yet
}

// look goes the listing's way.
func (s *Store) look(ctx context.Context, l listing) (f found, err error) {
	switch l.way {
	case seeded:
		query, args := l.foundPage()
		f.places, f.total, err = s.counted(ctx, query, args)
		f.capped = f.total >= CountCap
		return f, err
	case walked:
		return s.walk(ctx, l)
	case plain:
	}
	query, args := l.page()
	if f.places, err = s.places(ctx, query, l.planned(args)); err != nil {
		return f, err
	}
	if len(f.places) <= l.limit && l.after == nil {
		f.total = len(f.places)
		return f, nil
	}
	f.uncounted = true
	return f, nil
}

// walk passes tickets in order and looks into each. Where the page is not full after as many as it would take to find them,
// the words stand apart in time, or never together: then they are found after all, and the whole takes twice as long as the
// better way at most.
func (s *Store) walk(ctx context.Context, l listing) (f found, err error) {
	query, args := l.walkPage(l.most)
	if f.places, err = s.places(ctx, query, plannedForValues(args)); err != nil {
		return f, err
	}
	if len(f.places) > l.limit {
		f.total, f.capped = len(f.places), true
		return f, nil
	}
	passed := 0
	query, args = l.passed(l.most)
	if err := s.pool.QueryRow(ctx, query, plannedForValues(args)...).Scan(&passed); err != nil {
		return f, err
	}
	if passed < l.most {
		f.total, f.capped = len(f.places), l.after != nil
		return f, nil
	}
	if l.seeds != nil {
		query, args = l.foundPage()
		f.places, f.total, err = s.counted(ctx, query, args)
		f.capped = f.total >= CountCap
		return f, err
	}
	query, args = l.walkPage(0)
	f.places, err = s.places(ctx, query, plannedForValues(args))
	f.total, f.capped = len(f.places), len(f.places) > l.limit || l.after != nil
	return f, err
}

// count counts up to CountCap.
func (s *Store) count(ctx context.Context, l listing) (n int, err error) {
	query, args := l.count()
	if err = s.pool.QueryRow(ctx, query, l.plannedToCount(args)...).Scan(&n); err != nil {
		err = fmt.Errorf("count tickets: %w", err)
	}
	return n, err
}

// plannedForValues makes the statement an unnamed one, which Postgres plans for its arguments: 'spam' and 'new' want
// different plans. One without arguments, as the views of who sees every desk are, is planned once for each connection: to
// make its plan takes as long as the rest of it.
func plannedForValues(args []any) []any {
	if len(args) == 0 {
		return nil
	}
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
func (s *Store) places(ctx context.Context, query string, args []any) ([]place, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(cr pgx.CollectableRow) (p place, err error) {
		return p, cr.Scan(&p.number, &p.updated, &p.created, &p.priority, &p.nextDue)
	})
}

// counted is places with the total in front of each; without places there is one row that has only the total.
func (s *Store) counted(ctx context.Context, query string, args []any) (places []place, total int, err error) {
	rows, err := s.pool.Query(ctx, query, plannedForValues(args)...)
	if err != nil {
		return nil, 0, err
	}
	var number *int64
	var updated, created, nextDue *time.Time
	var priority *int16
	_, err = pgx.ForEachRow(rows, []any{&total, &number, &updated, &created, &priority, &nextDue}, func() error {
		if number != nil {
			places = append(places, place{*number, *updated, *created, *priority, nextDue})
		}
		return nil
	})
	return places, total, err
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
	return pgx.CollectRows(rows, (&recordReader{}).read)
}
