package postgres

import (
	"context"
	"fmt"
	"strings"

	"duradesk/ticket"
)

// ViewCount is a view with the number of tickets in it, at most CountCap.
type ViewCount struct {
	Key    string
	Count  int
	Capped bool
}

const (
	viewSpam   = "spam"
	viewGroups = "my_groups"
)

// view says which tickets t are in it; spam and tombstones are left out of all but one besides.
type view struct {
	key       string
	condition string // {me} and {my groups} stand for the agent who looks and his groups
	ordered   bool   // an index has just these, in the order of lists: counting walks along it
}

const (
	viewerKey    = "{me}"
	viewerGroups = "{my groups}"
)

// liveStates are as SQL lists them, and as the partial indexes of 002_lists.sql spell them.
var liveStates = func() string {
	var live []string
	for _, s := range ticket.States() {
		if s.Live() {
			live = append(live, "'"+s.String()+"'")
		}
	}
	return strings.Join(live, ", ")
}()

// views are in the order of CONTRACT §3.
// At risk: breached, or the nearest promise to the client falls due within the hour.
// Attention: a mail failed or is uncertain, a command was poisonous, or one has waited for 5 minutes.
var views = []view{
	{key: "all", ordered: true},
	{key: "unassigned", condition: "t.owner is null and t.state in (" + liveStates + ")", ordered: true},
	{key: viewGroups, condition: "t.group_key = any({my groups}::text[])"},
	{key: "mine_open", condition: "t.owner = {me} and t.state = 'open'", ordered: true},
	{key: "mine_on_hold", condition: "t.owner = {me} and t.state = 'on_hold'", ordered: true},
	{key: "mine_resolved", condition: "t.owner = {me} and t.state in ('resolved', 'resolved_internally')"},
	{key: "mine_closed", condition: "t.owner = {me} and t.state = 'closed'", ordered: true},
	{key: viewSpam, condition: "t.state = 'spam'", ordered: true},
	{key: "incoming", condition: "t.client_spoke_last and t.state in (" + liveStates + ", 'resolved')", ordered: true},
	{key: "at_risk", condition: "t.state in (" + liveStates + ") and (t.breached or t.due_at <= now() + interval '1 hour')"},
	{key: "handed_over", condition: "t.state in ('handed_over', 'hand_over_answered')"},
	{key: "attention", condition: "(t.failed or t.number = any(array(select ticket from commands where outcome = 'pending' and at < now() - interval '5 minutes')))"},
}

func viewOf(key string) (view, error) {
	for _, v := range views {
		if v.key == key {
			return v, nil
		}
	}
	keys := make([]string, len(views))
	for i, v := range views {
		keys[i] = v.key
	}
	return view{}, invalid("view", "%q is not a view; use one of %s", key, strings.Join(keys, ", "))
}

// Views counts every view for that agent within the desks he may see, in one round trip. An admin sees all, and so
// does an agent who has no row: that is the admin before the first start.
func (s *Store) Views(ctx context.Context, agent string) ([]ViewCount, error) {
	counts := make([]ViewCount, len(views))
	into := make([]any, len(views))
	for i, v := range views {
		counts[i].Key = v.key
		into[i] = &counts[i].Count
	}
	if err := s.pool.QueryRow(ctx, viewsQuery, agent).Scan(into...); err != nil {
		return nil, fmt.Errorf("count views: %w", err)
	}
	for i := range counts {
		counts[i].Capped = counts[i].Count >= CountCap
	}
	return counts, nil
}

var viewsQuery = viewsSQL()

// viewsSQL counts each view along the index that fits it.
func viewsSQL() string {
	counts := make([]string, len(views))
	for i, v := range views {
		counts[i] = "(" + v.count() + ")"
	}
	return `with me as materialized (
		select role = 'admin' as everything,
			array(select desk from agent_desks where agent = key) as desks,
			array(select group_key from agent_groups where agent = key) as groups
		from agents where key = $1)
		select ` + strings.Join(counts, ",\n")
}

func (v view) count() string {
	conditions := []string{"(coalesce((select everything from me), true) or t.desk = any((select desks from me)::text[]))"}
	if v.key != viewSpam {
		conditions = append(conditions, hiddenUnasked)
	}
	if v.key == viewGroups {
		// Group by group: the planner does not know how many groups somebody has, nor how full they are.
		return countUpTo(fmt.Sprintf(`me, unnest(me.groups) g, lateral (
			select from tickets t where t.group_key = g and %s order by t.state, t.updated_at desc, t.number desc limit %d) mine`, strings.Join(conditions, " and "), CountCap))
	}
	if v.condition != "" {
		conditions = append(conditions, strings.ReplaceAll(v.condition, viewerKey, "$1"))
	}
	from := "tickets t where " + strings.Join(conditions, " and ")
	if v.ordered {
		from += " order by t.updated_at desc, t.number desc"
	}
	return countUpTo(from)
}
