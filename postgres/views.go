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
	// along is the order of an index that has just these: counting walks along it, and reads nothing else.
	along string
	// apart is the condition as several, of which a ticket has at most one, and each has an index of its own. What any of them
	// holds for, taken together, would all have to be read and sorted for a page.
	apart []string
	// own: all of it belongs to who looks. Whoever that is, the index of owners has it in the order of lists, so that one plan
	// does for everybody.
	own bool
}

const (
	viewerKey    = "{me}"
	viewerGroups = "{my groups}"

	alongLists  = "t.updated_at desc, t.number desc"
	alongOldest = "t.created_at, t.number"
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
	{key: "all", along: alongLists},
	{key: "unassigned", condition: "t.owner is null and t.state in (" + liveStates + ")", along: alongOldest},
	{key: viewGroups, condition: "t.group_key = any({my groups}::text[])"},
	{key: "mine_open", own: true, condition: "t.owner = {me} and t.state = 'open'", along: alongLists},
	{key: "mine_on_hold", own: true, condition: "t.owner = {me} and t.state = 'on_hold'", along: alongLists},
	{key: "mine_resolved", own: true, apart: []string{"t.owner = {me} and t.state = 'resolved'", "t.owner = {me} and t.state = 'resolved_internally'"}},
	{key: "mine_closed", own: true, condition: "t.owner = {me} and t.state = 'closed'", along: alongLists},
	{key: viewSpam, condition: "t.state = 'spam'", along: alongLists},
	{key: "incoming", condition: "t.client_spoke_last and t.state in (" + liveStates + ", 'resolved')", along: alongOldest},
	{key: "at_risk", apart: []string{
		"t.state in (" + liveStates + ") and t.breached",
		"t.state in (" + liveStates + ") and not t.breached and t.due_at <= now() + interval '1 hour'",
	}},
	{key: "handed_over", apart: []string{"t.state = 'handed_over'", "t.state = 'hand_over_answered'"}},
	{key: "attention", apart: []string{
		"t.failed",
		"not t.failed and t.number = any(array(select ticket from commands where outcome = 'pending' and at < now() - interval '5 minutes'))",
	}},
}

// whole is the condition as one; "" where it holds for all.
func (v view) whole() string {
	if len(v.apart) > 0 {
		return "(" + strings.Join(v.apart, ") or (") + ")"
	}
	return v.condition
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

// Views counts every view for that agent within the desks he may see. An admin sees all, and so does an agent who has
// no row: that is the admin before the first start.
func (s *Store) Views(ctx context.Context, agent string) ([]ViewCount, error) {
	counts := make([]ViewCount, len(views))
	into := make([]any, len(views))
	for i, v := range views {
		counts[i].Key = v.key
		into[i] = &counts[i].Count
	}
	seen, err := s.sight(ctx, agent)
	if err != nil {
		return nil, fmt.Errorf("count views: %w", err)
	}
	query, args := viewsOfAll, []any{agent, seen.groups}
	if !seen.everything {
		query, args = viewsOfDesks, append(args, seen.desks)
	}
	if err := s.pool.QueryRow(ctx, query, args...).Scan(into...); err != nil {
		return nil, fmt.Errorf("count views: %w", err)
	}
	for i := range counts {
		counts[i].Capped = counts[i].Count >= CountCap
	}
	return counts, nil
}

// sight is what an agent may see, and what his groups are.
type sight struct {
	everything    bool // as an admin, or because he is in every desk
	desks, groups []string
}

// everyDesk asks, in SQL, whether an array of keys names every desk: who sees those is asked for none.
func everyDesk(keys string) string {
	return "not exists (select from desks where key <> all(" + keys + "))"
}

// groupsOfViewer are those of the agent $1.
const groupsOfViewer = `array(select group_key from agent_groups where agent = $1)`

func (s *Store) sight(ctx context.Context, agent string) (sight, error) {
	out := sight{everything: true, groups: []string{}}
	err := s.pool.QueryRow(ctx, `
		select role = 'admin' or `+everyDesk("array(select desk from agent_desks where agent = $1)")+`,
			array(select desk from agent_desks where agent = $1), `+groupsOfViewer+`
		from agents where key = $1`, agent).Scan(&out.everything, &out.desks, &out.groups)
	if noRows(err) {
		return out, nil
	}
	return out, err
}

// The counts of all views in one statement: for who sees every desk, and for who sees some. Without the question for the
// desk, counting reads indexes only, and not the thousand rows of each view that stand all over the table.
var (
	viewsOfAll   = viewsSQL("")
	viewsOfDesks = viewsSQL("t.desk = any($3::text[])")
)

// viewsSQL counts each view along the index that fits it. $1 is the agent, $2 his groups, $3 his desks.
func viewsSQL(desks string) string {
	as := strings.NewReplacer(viewerKey, "$1::text", viewerGroups, "$2")
	counts := make([]string, len(views))
	for i, v := range views {
		var rights []string
		if desks != "" {
			rights = append(rights, desks)
		}
		if v.key != viewSpam {
			rights = append(rights, hiddenUnasked)
		}
		counts[i] = "(" + as.Replace(v.count(rights)) + ")"
	}
	return "select " + strings.Join(counts, ",\n")
}

// count counts those of a view for which some conditions hold too, up to CountCap.
func (v view) count(conditions []string) string {
	all := (&filter{conditions: conditions}).sql()
	if v.key == viewGroups {
		// Group by group: the planner does not know how many groups somebody has, nor how full they are.
		return countUpTo(fmt.Sprintf(`unnest(%s::text[]) g, lateral (
			select from tickets t where t.group_key = g and %s order by t.state, t.updated_at desc, t.number desc limit %d) mine`, viewerGroups, all, CountCap))
	}
	if len(v.apart) > 0 {
		return countApart(v.apart, all)
	}
	from := "tickets t where " + all
	if v.condition != "" {
		from += " and " + v.condition
	}
	if v.along != "" {
		from += " order by " + v.along
	}
	return countUpTo(from)
}

// countApart counts, up to CountCap, the tickets for which all of a condition hold and any of some that never hold together.
func countApart(apart []string, all string) string {
	counts := make([]string, len(apart))
	for i, one := range apart {
		counts[i] = "(" + countUpTo("tickets t where "+all+" and "+one) + ")"
	}
	return fmt.Sprintf("select least(%d, %s)", CountCap, strings.Join(counts, " + "))
}
