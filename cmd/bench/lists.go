package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"duradesk/find"
)

// usual is the number of tickets for which the figures of lists are promised. A bigger crowd is held against one of
// this size too.
const usual = 100_000

// asked is a list as people ask for it, over the API.
type asked struct {
	name   string
	paths  []string // each is asked as often; the slowest counts
	target target
}

// questions are the lists of the report. Views are asked in the usual order, and those
// that an agent's console shows in another, in that too.
func questions(rare string) []asked {
	search := func(q string) string { return "/tickets?q=" + url.QueryEscape(q) }
	views := asked{name: "view, the slowest", target: target{figure: 5, words: "≤ 5 ms"}}
	for _, v := range find.Views {
		views.paths = append(views.paths, "/tickets?view="+v)
	}
	views.paths = append(views.paths, "/tickets?view=unassigned&sort=created", "/tickets?view=incoming&sort=created", "/tickets?view=at_risk&sort=next_due")
	return []asked{
		{"list of 30, newest first", []string{"/tickets"}, target{figure: 5, words: "≤ 5 ms"}},
		views,
		{"counts of all views", []string{"/views"}, target{}},
		{"search, a rare word", []string{search(rare)}, target{figure: 10, words: "≤ 10 ms"}},
		{"search, common words", []string{search("please"), search("please invoice"), search("請求書 変更")}, target{figure: 50, words: "≤ 50 ms"}},
		{"search, two Japanese characters", []string{search("在庫"), search("確認"), search("返品")}, target{figure: 50, words: "≤ 50 ms"}},
	}
}

// lists: what is asked of a desk with many tickets, beside the bare query of a page along its index; for a crowd that is
// bigger than usual, beside the same of a usual one.
func (b *bench) lists(ctx context.Context) ([]row, error) {
	crowd, err := b.gather(ctx, b.Crowd)
	if err != nil {
		return nil, err
	}
	defer crowd.close(ctx)
	var smaller *crowded
	if b.Crowd > usual {
		if smaller, err = b.gather(ctx, usual); err != nil {
			return nil, err
		}
		defer smaller.close(ctx)
	}
	restless, err := b.rest(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := b.ask(ctx, crowd, smaller)
	for i := range rows {
		rows[i].note = strings.Join(slices.DeleteFunc([]string{rows[i].note, restless}, func(s string) bool { return s == "" }), "; ")
	}
	return rows, err
}

// asks is how often a path was asked for before it is measured: each connection of the desk has read the catalogue by then,
// and keeps its plans.
const asks = 10

// ask measures every question, in pairs.
func (b *bench) ask(ctx context.Context, c, smaller *crowded) ([]row, error) {
	var rows []row
	n := b.size(100)
	for _, q := range questions(crowdOf(c.tickets).RareWord()) {
		r := row{name: fmt.Sprintf("%s, %s tickets, p95", q.name, thousands(c.tickets)), unit: "ms", limit: "the query of one page along its index", target: q.target}
		limit := func(ctx context.Context) (float64, error) { return c.page(ctx, n) }
		if smaller != nil {
			r.limit = "the same over " + thousands(smaller.tickets) + " tickets"
			limit = func(ctx context.Context) (float64, error) { return smaller.slowest(ctx, q, n) }
			if q.target.figure == 5 {
				r.target = target{ratio: 1.5, figure: 5, words: "≤ 5 ms, ≤ 1.5 of " + thousands(smaller.tickets)}
			}
		}
		if found, err := c.found(ctx, q.paths); err != nil {
			return rows, err
		} else if found != "" {
			r.note = found
		}
		for _, desk := range []*crowded{c, smaller} {
			if desk == nil {
				continue
			}
			if _, err := desk.slowest(ctx, q, asks); err != nil {
				return rows, err
			}
		}
		err := b.pairs(ctx, func(ctx context.Context) error {
			took, err := c.slowest(ctx, q, n)
			r.product = append(r.product, took)
			return err
		}, func(ctx context.Context) error {
			took, err := limit(ctx)
			r.bare = append(r.bare, took)
			return err
		})
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// slowest is the p95 of the slowest of some paths, each asked n times one after the other.
func (c *crowded) slowest(ctx context.Context, q asked, n int) (float64, error) {
	worst := 0.0
	for _, path := range q.paths {
		took, err := timed(n, func(int) error { return c.call(ctx, http.MethodGet, path, nil, nil) })
		if err != nil {
			return 0, err
		}
		worst = max(worst, quantile(took, 95))
	}
	return worst, nil
}

// found tells how many tickets the paths find, so that a reader sees that something was found.
func (c *crowded) found(ctx context.Context, paths []string) (string, error) {
	var list []string
	for _, path := range paths {
		var page struct {
			Total  *int `json:"total"`
			Capped bool `json:"total_capped"`
		}
		if err := c.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return "", err
		}
		if page.Total == nil {
			return "", nil
		}
		list = append(list, strconv.Itoa(*page.Total)+map[bool]string{true: "+"}[page.Capped])
	}
	slices.Sort(list)
	return "found " + strings.Join(slices.Compact(list), ", "), nil
}

// page is the p95 of the bare query.
func (c *crowded) page(ctx context.Context, n int) (float64, error) {
	took, err := timed(n, func(int) error {
		rows, err := c.conn.Query(ctx, `select number, title, state, updated_at from tickets where state not in ('spam', 'deleted', 'merged') order by updated_at desc, number desc limit 30`)
		if err != nil {
			return fmt.Errorf("ask for a bare page: %w", err)
		}
		_, err = pgx.CollectRows(rows, pgx.RowToMap)
		return err
	})
	return quantile(took, 95), err
}

func thousands(n int) string {
	if n >= 1000 {
		return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
	}
	return strconv.Itoa(n)
}
