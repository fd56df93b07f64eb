package postgres

import (
	"context"
	"fmt"
	"strings"
)

// ViewCount is a view with the number of tickets in it, at most CountCap.
type ViewCount struct {
	Key    string
	Count  int
	Capped bool
}

const viewSpam = "spam"

// viewKeys lists the views in the order of CONTRACT §3.
var viewKeys = []string{
	"all", "unassigned", "my_groups", "mine_open", "mine_on_hold", "mine_resolved", "mine_closed", viewSpam, "incoming", "at_risk", "handed_over", "attention",
}

// What stands in a view's condition for the agent who looks, and for his groups.
const (
	viewerKey    = "{me}"
	viewerGroups = "{my groups}"
)

// viewConditions say what is in each view, on tickets t; spam and tombstones are left out of all but one besides.
// At risk: breached, or the nearest promise to the client falls due within the hour.
// Attention: a mail failed or is uncertain, a command was poisonous, or one has waited for 5 minutes.
var viewConditions = map[string]string{
	"all":           "",
	"unassigned":    "t.state = 'new'",
	"my_groups":     "t.group_key = any(" + viewerGroups + ")",
	"mine_open":     "t.owner = {me} and t.state = 'open'",
	"mine_on_hold":  "t.owner = {me} and t.state = 'on_hold'",
	"mine_resolved": "t.owner = {me} and t.state in ('resolved', 'resolved_internally')",
	"mine_closed":   "t.owner = {me} and t.state = 'closed'",
	viewSpam:        "t.state = 'spam'",
	"incoming":      "t.client_spoke_last and t.state in (" + liveStates + ", 'resolved', 'resolved_internally')",
	"at_risk":       "t.state in (" + liveStates + ") and (t.breached or t.due_at <= now() + interval '1 hour')",
	"handed_over":   "t.state in ('handed_over', 'hand_over_answered')",
	"attention":     "(t.failed or t.number = any(array(select ticket from commands where outcome = 'pending' and at < now() - interval '5 minutes')))",
}

const liveStates = "'new', 'open', 'on_hold', 'handed_over', 'hand_over_answered'"

// Views counts every view for that agent within the desks he may see, in one round trip; ticket.NotFound for an
// unknown agent.
func (s *Store) Views(ctx context.Context, agent string) ([]ViewCount, error) {
	counts := make([]ViewCount, len(viewKeys))
	var known bool
	into := []any{&known}
	for i, key := range viewKeys {
		counts[i].Key = key
		into = append(into, &counts[i].Count)
	}
	if err := s.pool.QueryRow(ctx, viewsQuery, agent).Scan(into...); err != nil {
		return nil, fmt.Errorf("count views: %w", err)
	}
	if !known {
		return nil, notFound("there is no agent %q", agent)
	}
	for i := range counts {
		counts[i].Capped = counts[i].Count >= CountCap
	}
	return counts, nil
}

var viewsQuery = viewsSQL()

// viewsSQL counts each view along the index that fits it.
func viewsSQL() string {
	var b strings.Builder
	b.WriteString(`with me as materialized (
		select role = 'admin' as everything,
			array(select desk from agent_desks where agent = key) as desks,
			array(select group_key from agent_groups where agent = key) as groups
		from agents where key = $1)
		select exists (select from me)`)
	for _, key := range viewKeys {
		conditions := []string{"((select everything from me) or t.desk = any((select desks from me)::text[]))"}
		if key != viewSpam {
			conditions = append(conditions, hiddenUnasked)
		}
		if c := viewConditions[key]; c != "" {
			c = strings.ReplaceAll(c, viewerGroups, "(select groups from me)::text[]")
			conditions = append(conditions, strings.ReplaceAll(c, viewerKey, "$1"))
		}
		b.WriteString(",\n(" + countUpTo(strings.Join(conditions, " and ")) + ")")
	}
	return b.String()
}
