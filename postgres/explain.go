package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Explain tells how Postgres would answer a query: the plan of each statement that List may run for it, made for these
// values. It is for people who wonder, and for the test that no list reads a table from end to end.
func (s *Store) Explain(ctx context.Context, q Query) ([]string, error) {
	l, err := s.listing(ctx, q)
	if err != nil {
		return nil, err
	}
	var plans []string
	for _, statement := range l.statements() {
		sql, args := statement()
		rows, err := s.pool.Query(ctx, "explain "+sql, append([]any{pgx.QueryExecModeDescribeExec}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("explain a list: %w", err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, fmt.Errorf("explain a list: %w", err)
		}
		plans = append(plans, strings.Join(lines, "\n"))
	}
	return plans, nil
}

// statements are those that look may run on the listing's way.
func (l listing) statements() []func() (string, []any) {
	found := func() (string, []any) { return l.foundPage() }
	switch l.way {
	case seeded:
		return []func() (string, []any){found}
	case walked:
		all := []func() (string, []any){
			func() (string, []any) { return l.walkPage(l.most) }, func() (string, []any) { return l.passed(l.most) },
		}
		if l.seeds == nil {
			return append(all, l.page)
		}
		return append(all, found)
	case plain:
	}
	return []func() (string, []any){l.page, l.count}
}
