package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestViewsListAndCountTheSame(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	now := time.Now().UTC().Truncate(time.Microsecond)
	soon, later := now.Add(30*time.Minute), now.Add(2*time.Hour)
	lay(
		t, s,
		laid{number: 1001, state: ticket.New, group: "support", spoke: true, due: &soon, nextDue: &soon},
		laid{number: 1002, state: ticket.Open, owner: "sato", group: "support", due: &later, nextDue: &later},
		laid{number: 1003, state: ticket.OnHold, owner: "sato", breached: true},
		laid{number: 1004, state: ticket.OnHold, owner: "lead", nextDue: &soon}, // its wake-up: no promise to the client
		laid{number: 1005, state: ticket.Resolved, owner: "sato", spoke: true, breached: true},
		laid{number: 1006, state: ticket.ResolvedInternally, owner: "sato"},
		laid{number: 1007, state: ticket.Closed, owner: "sato", spoke: true, group: "tier2"},
		laid{number: 1008, state: ticket.Spam, owner: "sato", spoke: true, failed: true, breached: true, group: "support"},
		laid{number: 1009, state: ticket.Deleted, failed: true, group: "support"},
		laid{number: 1010, state: ticket.Closed, failed: true},
		laid{number: 1011, state: ticket.New, desk: "repair", failed: true},
		laid{number: 1012, state: ticket.New, owner: "", group: ""},
	)
	command := `insert into commands (ticket, seq, id, actor, by_kind, by_id, name, at, outcome) values ($1, $2, $3, 'agent:sato', 'agent', 'sato', 'note', $4, $5)`
	exec(t, s, command, 1002, 1, "old and pending", now.Add(-6*time.Minute), "pending")
	exec(t, s, command, 1002, 2, "older and pending", now.Add(-7*time.Minute), "pending")
	exec(t, s, command, 1003, 1, "young and pending", now.Add(-4*time.Minute), "pending")
	exec(t, s, command, 1004, 1, "old and applied", now.Add(-6*time.Minute), "applied")

	exec(t, s, `insert into agent_desks (agent, desk) values ('lead', 'repair')`)

	for agent, want := range map[string]map[string][]ticket.Number{
		"sato": {
			"all":           {1012, 1010, 1007, 1006, 1005, 1004, 1003, 1002, 1001},
			"unassigned":    {1012, 1001},
			"my_groups":     {1002, 1001},
			"mine_open":     {1002},
			"mine_on_hold":  {1003},
			"mine_resolved": {1006, 1005},
			"mine_closed":   {1007},
			"spam":          {1008},
			"incoming":      {1005, 1001},
			"at_risk":       {1003, 1001},
			"handed_over":   {},
			"attention":     {1010, 1002},
		},
		"admin": { // in the group support, owner of nothing, and in every desk
			"all":        {1012, 1011, 1010, 1007, 1006, 1005, 1004, 1003, 1002, 1001},
			"unassigned": {1012, 1011, 1001},
			"my_groups":  {1002, 1001},
			"mine_open":  {}, "mine_on_hold": {}, "mine_resolved": {}, "mine_closed": {},
			"spam":      {1008},
			"incoming":  {1005, 1001},
			"at_risk":   {1003, 1001},
			"attention": {1011, 1010, 1002}, "handed_over": {},
		},
		"lead": { // no admin, but in every desk
			"all":        {1012, 1011, 1010, 1007, 1006, 1005, 1004, 1003, 1002, 1001},
			"unassigned": {1012, 1011, 1001},
			"my_groups":  {1002, 1001},
			"mine_open":  {}, "mine_on_hold": {1004}, "mine_resolved": {}, "mine_closed": {},
			"spam":      {1008},
			"incoming":  {1005, 1001},
			"at_risk":   {1003, 1001},
			"attention": {1011, 1010, 1002}, "handed_over": {},
		},
		"nobody yet": {
			"all":        {1012, 1011, 1010, 1007, 1006, 1005, 1004, 1003, 1002, 1001},
			"unassigned": {1012, 1011, 1001},
			"my_groups":  {}, "mine_open": {}, "mine_on_hold": {}, "mine_resolved": {}, "mine_closed": {},
			"spam":      {1008},
			"incoming":  {1005, 1001},
			"at_risk":   {1003, 1001},
			"attention": {1011, 1010, 1002}, "handed_over": {},
		},
	} {
		var desks []string
		if agent == "sato" {
			desks = []string{"support"}
		}
		counts, err := s.Views(t.Context(), agent)
		require.NoError(t, err)
		require.Len(t, counts, len(want))
		for i, c := range counts {
			require.Equal(t, views[i].key, c.Key)
			require.Equal(t, want[c.Key], listed1(t, s, Query{View: c.Key, Viewer: agent, Desks: desks}), "%s of %s", c.Key, agent)
			require.Equal(t, len(want[c.Key]), c.Count, "%s of %s", c.Key, agent)
			require.False(t, c.Capped)
		}
	}
	// The states of hand-overs are read by their names; the process does not know them yet.
	exec(t, s, `update tickets set state = 'hand_over_answered' where number in (1002, 1008)`)
	counts, err := s.Views(t.Context(), "sato")
	require.NoError(t, err)
	require.Equal(t, ViewCount{Key: "handed_over", Count: 2}, counts[10])
}

func TestViewCountsEndAtTheCap(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	var all []laid
	for n := ticket.Number(1); n <= CountCap+5; n++ {
		all = append(all, laid{number: n, state: ticket.Open, owner: "sato"})
	}
	lay(t, s, all...)
	counts, err := s.Views(t.Context(), "sato")
	require.NoError(t, err)
	require.Equal(t, ViewCount{Key: "all", Count: CountCap, Capped: true}, counts[0])
	require.Equal(t, ViewCount{Key: "mine_open", Count: CountCap, Capped: true}, counts[3])
	require.Equal(t, ViewCount{Key: "unassigned"}, counts[1])
}

// apartIsWhole pages through the views whose tickets are found along several indexes: each ticket is met once, in order,
// and counted once, as if the condition were one.
func apartIsWhole(t *testing.T, s *Store) {
	exec(t, s, `update tickets set breached = breached or number % 13 = 1, failed = failed or number % 97 = 1`)
	exec(t, s, `update commands set outcome = 'pending' where ticket % 501 = 2`)
	exec(t, s, `update tickets set state = case when number % 3 = 0 then 'handed_over' else 'hand_over_answered' end where state = 'closed' and number % 41 = 0`)
	for _, v := range views {
		if len(v.apart) == 0 {
			continue
		}
		for _, sort := range []string{"-updated", "created", "number", "-priority", "next_due"} {
			q := Query{View: v.key, Viewer: "a7", Desks: []string{"support"}, Priorities: []ticket.Priority{ticket.Low, ticket.High}, Sort: sort, Limit: 7}
			o, err := orderOf(sort)
			require.NoError(t, err)
			rows, err := s.pool.Query(t.Context(), "select t.number from tickets t where t.priority in (1, 3) and "+hiddenUnasked+" and ("+strings.ReplaceAll(v.whole(), viewerKey, "'a7'")+") order by "+o.by())
			require.NoError(t, err)
			want, err := pgx.CollectRows(rows, pgx.RowTo[ticket.Number])
			require.NoError(t, err)
			require.Greater(t, len(want), 2*q.Limit, "%s: too few to page through", v.key)
			require.Less(t, len(want), CountCap)

			first, err := s.List(t.Context(), q)
			require.NoError(t, err)
			require.Equal(t, len(want), first.Total)
			got := []ticket.Number{}
			for page := first; ; q.Cursor = page.Next {
				if q.Cursor != "" {
					page, err = s.List(t.Context(), q)
					require.NoError(t, err)
				}
				for _, r := range page.Items {
					got = append(got, r.Process.Number)
				}
				if page.Next == "" {
					break
				}
			}
			require.Equal(t, want, got, "%s by %s", v.key, sort)
		}
	}
}

// apartIsShort holds that a page of such a view reads a page, however many tickets are in it.
func apartIsShort(t *testing.T, s *Store) {
	exec(t, s, `update tickets set state = 'handed_over' where state = 'closed' and owner is distinct from 'a7'`)
	exec(t, s, `update tickets set owner = 'a7', state = case when number % 3 = 0 then 'resolved' else 'resolved_internally' end where state in ('resolved', 'closed')`)
	exec(t, s, `vacuum analyze tickets`)
	for _, view := range []string{"handed_over", "mine_resolved"} {
		q := Query{View: view, Viewer: "a7"}
		n, _, err := s.Count(t.Context(), q)
		require.NoError(t, err)
		require.Greater(t, n, 900, view)
		read, plan := pagesRead(t, s, q)
		require.Less(t, read, 150, "%s\n%s", view, plan)
	}
}
