package postgres

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// many furnishes a desk with 8,000 tickets (20,000 with DURADESK_SOAK=1) as years leave them: most closed, a heap of spam
// and tombstones, few live; 40 agents, two messages each.
func many(t testing.TB) *Store {
	t.Helper()
	tickets := 8000
	if os.Getenv("DURADESK_SOAK") != "" {
		tickets = 20000
	}
	s := furnished(t)
	exec(t, s, `insert into agents (key, name, email, role) select 'a' || n, 'Agent ' || n, 'a' || n || '@desk.example', 'agent' from generate_series(1, 40) n`)
	exec(t, s, `insert into agent_desks (agent, desk) select key, 'support' from agents where key like 'a%' on conflict do nothing`)
	exec(t, s, `insert into agent_groups (agent, group_key) select key, 'tier2' from agents where key like 'a1%' on conflict do nothing`)
	exec(t, s, `insert into clients (id, name, email) select 'c_' || n, 'Client ' || n, 'c' || n || '@client.example' from generate_series(1, 3000) n`)
	exec(t, s, `insert into identities (kind, value, client) select 'mail', email, id from clients where email is not null`)
	exec(t, s, `
		insert into tickets (number, id, desk, title, client, channel, process, state, owner, group_key, priority, breached, failed, reception_type, next_due_at, due_at,
			last_at, created_at, updated_at, client_spoke_last, reply_token)
		select n, gen_random_uuid(), 'support', 'Ticket about thing ' || n % 977, 'c_' || 1 + n % 3000, 'mail',
			jsonb_build_object('number', n, 'state', state, 'policy', 1, 'tier', 1, 'channel', 'mail', 'priority', 'normal'),
			state, case when n % 10 > 0 and state <> 'new' then 'a' || 1 + n % 40 end, case when n % 3 = 0 then 'support' when n % 50 = 1 then 'tier2' end,
			1 + n % 4, n % 200 = 0, n % 1000 = 0, case when n % 31 = 0 then 'repairs' end,
			case when state in ('new', 'open', 'on_hold', 'resolved') then at + interval '1 day' end,
			case when state in ('new', 'open') then at + interval '6 hours' end, at, at, at + n % 1000 * interval '1 second', n % 11 = 0, 'r' || n
		from generate_series(1, $1) n,
			lateral (select now() - ($1 - n) * interval '2 minutes' as at, case
				when n % 4 = 0 then 'deleted' when n % 7 = 0 then 'spam' when n > $1 - 100 then 'new' when n > $1 - 500 then 'open' when n > $1 - 700 then 'on_hold'
				when n > $1 - 2000 then 'resolved' when n > $1 - 2100 then 'resolved_internally' else 'closed' end as state) made`, tickets)
	exec(t, s, `insert into messages (id, ticket, by_kind, by_id, by_name, body, at, applied)
		select gen_random_uuid(), t.number, 'client', t.client, '', 'I would like to say ' || (t.number * k) % 1009 || ' things', t.created_at, true from tickets t, generate_series(1, 2) k`)
	exec(t, s, `insert into events (ticket, revision, n, seq, at, type, name, by_kind, message)
		select ticket, 1, row_number() over (partition by ticket order by id), 1, at, 'message', 'said', 'client', id from messages`)
	exec(t, s, `insert into commands (ticket, seq, id, actor, by_kind, by_id, name, at, outcome)
		select number, 1, 'c' || number, 'agent:a1', 'agent', 'a1', 'note', created_at, case when number % 5000 = 0 then 'pending' else 'applied' end from tickets`)
	cut(t, s)
	exec(t, s, `vacuum analyze`)
	return s
}

// plan explains a statement as it would run with these values, and as it would for any values.
func plan(t *testing.T, s *Store, sql string, args []any) string {
	t.Helper()
	var all strings.Builder
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "set local plan_cache_mode = "+mode); err != nil {
				return err
			}
			rows, err := tx.Query(t.Context(), "explain "+sql, append([]any{pgx.QueryExecModeDescribeExec}, args...)...)
			if err != nil {
				return err
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			all.WriteString(mode + "\n" + strings.Join(lines, "\n") + "\n")
			return err
		})
		require.NoError(t, err)
	}
	return all.String()
}

func requireIndexed(t *testing.T, what, plan string) {
	t.Helper()
	for _, table := range []string{"tickets", "messages", "events", "commands"} {
		if strings.Contains(plan, "Seq Scan on "+table) {
			t.Errorf("%s reads all %s\n%s", what, table, plan)
		}
	}
}

// TestPlans holds the shape of the cost, not a machine's speed.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := many(t)
	t.Run("lists walk indexes", func(t *testing.T) { listsWalkIndexes(t, s) })
	t.Run("views walk indexes", func(t *testing.T) { viewsWalkIndexes(t, s) })
	t.Run("timelines walk indexes", func(t *testing.T) { timelinesWalkIndexes(t, s) })
	t.Run("reports walk indexes", func(t *testing.T) { reportsWalkIndexes(t, s) })
	t.Run("the feed's end is near", func(t *testing.T) { feedsEndIsNear(t, s) })
	t.Run("keys walk indexes", func(t *testing.T) { keysWalkIndexes(t, s) })
	t.Run("all ways find the same", func(t *testing.T) { waysFindTheSame(t, s) })
	t.Run("pages are few", func(t *testing.T) { listsTouchFewPages(t, s) })
	t.Run("states found apart are whole", func(t *testing.T) { statesApartAreWhole(t, s) })
	t.Run("views found apart are whole", func(t *testing.T) { apartIsWhole(t, s) })
	t.Run("views found apart are short", func(t *testing.T) { apartIsShort(t, s) })
}

// feedsEndIsNear holds that who looks whether an event waits for its position reads only what came last, whatever joins
// the planner takes to be cheap. It is asked every second by each process.
func feedsEndIsNear(t *testing.T, s *Store) {
	_, err := s.Feed(t.Context())
	require.NoError(t, err)
	exec(t, s, `analyze feed, feed_end`)
	for _, off := range []string{"mergejoin", "hashjoin", "nestloop"} {
		err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "set local enable_"+off+" = off"); err != nil {
				return err
			}
			rows, err := tx.Query(t.Context(), "explain "+behindQuery, pgx.QueryExecModeDescribeExec)
			if err != nil {
				return err
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NotRegexp(t, `Seq Scan on (events|feed) |Join`, strings.Join(lines, "\n"), "without "+off)
			return err
		})
		require.NoError(t, err)
	}
}

// keysWalkIndexes holds that a key that comes as text finds its row by the index, also in a plan for any key; and that no
// query reads keys as texts, for which there is none: each note read every message that way.
func keysWalkIndexes(t *testing.T, s *Store) {
	for _, table := range []string{"messages", "deliveries", "attachments"} {
		err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
			column := map[string]string{"attachments": "message"}[table]
			exec := func(sql string) {
				_, err := tx.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
				require.NoError(t, err)
			}
			exec(`set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off`) // few rows are read whole otherwise
			exec(fmt.Sprintf(`prepare by_%s (text) as select from %[1]s where %s = uuid_of($1)`, table, cmp.Or(column, "id")))
			rows, err := tx.Query(t.Context(), fmt.Sprintf(`explain execute by_%s ('no key')`, table), pgx.QueryExecModeSimpleProtocol)
			require.NoError(t, err)
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			require.NotContains(t, strings.Join(lines, "\n"), "Seq Scan", table)
			exec("deallocate by_" + table)
			return nil
		})
		require.NoError(t, err)
	}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	asText := regexp.MustCompile(`(?m)^.*(?:where|and|or|on) \(?(?:[a-z]+\.)?(?:id|message|mailbox|delivery|blob)::text = .*$`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if !strings.HasSuffix(file, "_test.go") {
			require.Empty(t, asText.FindAllString(string(source), -1), file)
		}
	}
}

// Parts of titles and messages are not among these: no index finds them, so the planner may read what it likes.
func listsWalkIndexes(t *testing.T, s *Store) {
	queries := map[string]Query{
		"plain":          {},
		"one desk":       {Desks: []string{"support"}},
		"new":            {States: []ticket.State{ticket.New}},
		"spam, deleted":  {States: []ticket.State{ticket.Spam, ticket.Deleted}},
		"urgent":         {Priorities: []ticket.Priority{ticket.Urgent}},
		"group":          {Groups: []string{"support"}},
		"no owner":       {Owners: []string{""}},
		"owner":          {Owners: []string{"a7"}},
		"numbers":        {Numbers: []ticket.Number{5, 6}},
		"tag":            {Tags: []string{"vip"}},
		"reception type": {ReceptionTypes: []string{"repairs"}},
		"address":        {Email: "c77@"},
		"name":           {ClientName: "client 77"},
		"created":        {CreatedFrom: time.Now().Add(-time.Hour)},
	}
	for _, v := range views {
		queries["view "+v.key] = Query{View: v.key, Viewer: "a7"}
	}
	for name, q := range queries {
		for _, sort := range []string{"-updated", "-created", "number", "-priority", "next_due"} {
			q.Sort, q.Cursor = sort, ""
			l, err := s.listing(t.Context(), q)
			require.NoError(t, err)
			sql, args := l.page()
			requireIndexed(t, fmt.Sprintf("page of %s by %s", name, sort), plan(t, s, sql, args))

			first, err := s.List(t.Context(), q)
			require.NoError(t, err)
			if q.Cursor = first.Next; q.Cursor != "" {
				l, err = s.listing(t.Context(), q)
				require.NoError(t, err)
				sql, args = l.page()
				requireIndexed(t, fmt.Sprintf("next page of %s by %s", name, sort), plan(t, s, sql, args))
			}
		}
		l, err := s.listing(t.Context(), q)
		require.NoError(t, err)
		sql, args := l.count()
		requireIndexed(t, "count of "+name, plan(t, s, sql, args))
		if name == "reception type" {
			require.Contains(t, plan(t, s, sql, args), "tickets_reception", "walking along all tickets, most have none")
		}
	}
	requireIndexed(t, "the rows of a page", plan(t, s, recordsQuery, []any{[]int64{7, 5, 9}}))
}

func viewsWalkIndexes(t *testing.T, s *Store) {
	requireIndexed(t, "views of all desks", plan(t, s, viewsOfAll, []any{"a7", []string{"tier2"}}))
	requireIndexed(t, "views of some desks", plan(t, s, viewsOfDesks, []any{"a7", []string{"tier2"}, []string{"support"}}))
	require.Contains(t, plan(t, s, viewsOfAll, []any{"a7", []string{"tier2"}}), "Index Only Scan using tickets_owner", "counting reads no tickets where no desk is asked for")
	for _, key := range []string{"mine_open", "mine_on_hold", "mine_resolved", "mine_closed"} {
		q := Query{View: key, Viewer: "a7", Desks: []string{"support"}, Sort: defaultSort}
		l, err := s.listing(t.Context(), q)
		require.NoError(t, err)
		for _, of := range []func() (string, []any){l.page, l.count} {
			sql, args := of()
			require.Equal(t, args, l.planned(args), "planned once")
			require.Regexp(t, `(?s)tickets_owner.*force_generic_plan.*tickets_owner`, plan(t, s, sql, args))
		}
		q.Priorities = []ticket.Priority{ticket.Urgent}
		l, err = s.listing(t.Context(), q)
		require.NoError(t, err)
		_, args := l.page()
		require.Len(t, l.planned(args), len(args)+1, "planned for what is asked for")
	}
	l, err := s.listing(t.Context(), Query{View: "at_risk"})
	require.NoError(t, err)
	for _, of := range []func() (string, []any){l.page, l.count} {
		sql, args := of()
		require.Contains(t, plan(t, s, sql, args), "Index Only Scan using tickets_due", "what falls due soon is read from its index alone, and joined with nothing")
	}
	for view, index := range map[string]string{"unassigned": "tickets_unassigned", "incoming": "tickets_unanswered", "my_groups": "tickets_group"} {
		l, err := s.listing(t.Context(), Query{View: view, Viewer: "a17"})
		require.NoError(t, err)
		sql, args := l.count()
		require.Equal(t, args, l.plannedToCount(args), "planned once")
		require.Regexp(t, "(?s)Index Only Scan using "+index+".*force_generic_plan.*Index Only Scan using "+index, plan(t, s, sql, args), "%s is counted without reading a ticket", view)
		require.Regexp(t, "Index Only Scan using "+index, plan(t, s, viewsOfAll, []any{"a17", []string{"tier2"}}))
	}
	for _, c := range []struct{ view, sort, index string }{ // as the console sorts them
		{"unassigned", "created", "tickets_unassigned"}, {"incoming", "created", "tickets_unanswered"}, {"at_risk", "next_due", "Index Only Scan using tickets_due"},
	} {
		l, err := s.listing(t.Context(), Query{View: c.view, Sort: c.sort})
		require.NoError(t, err)
		sql, args := l.page()
		require.Contains(t, plan(t, s, sql, args), c.index, "%s by %s passes what is done", c.view, c.sort)
	}
	counts, err := s.Views(t.Context(), "a7")
	require.NoError(t, err)
	require.Equal(t, ViewCount{Key: "all", Count: CountCap, Capped: true}, counts[0])
}

func timelinesWalkIndexes(t *testing.T, s *Store) {
	items, _, err := s.Timeline(t.Context(), 777, 0, 200, true)
	require.NoError(t, err)
	require.Len(t, items, 2)
	for _, sql := range []string{timelineQuery + timelineTail, filesQuery, mailsQuery} {
		args := []any{int64(777), int64(0), true, 31}
		switch sql {
		case filesQuery:
			args = []any{[]string{items[0].MessageID}}
		case mailsQuery:
			args = []any{[]string{items[0].MessageID}, []string{}}
		}
		requireIndexed(t, sql, plan(t, s, sql, args))
	}
}

// reportsWalkIndexes: a day costs as much as a day holds. The backlog is read along the states.
func reportsWalkIndexes(t *testing.T, s *Store) {
	q := ticket.ReportQuery{From: time.Now().AddDate(0, 0, -1), To: time.Now(), Zone: "Asia/Tokyo", Per: "day", Now: time.Now()}
	for name, r := range reports {
		sql, args, err := reportArgs(q).RewriteQuery(t.Context(), nil, strings.NewReplacer("{key}", "t.desk", "{order}", "0").Replace(r.sql), nil)
		require.NoError(t, err)
		requireIndexed(t, name, plan(t, s, sql, args))
	}
}

// listsTouchFewPages: thirty rows cost a bounded number of pages however many tickets there are.
func listsTouchFewPages(t *testing.T, s *Store) {
	for name, q := range map[string]Query{"plain": {}, "mine": {View: "mine_open", Viewer: "a7"}, "new": {View: "unassigned"}, "next due": {Sort: "next_due"}} {
		read, plan := pagesRead(t, s, q)
		require.Less(t, read, 600, "%s\n%s", name, plan)
	}
}

// pagesRead is how many pages of the database a page of a list reads, and by which plan.
func pagesRead(t *testing.T, s *Store, q Query) (int, string) {
	t.Helper()
	l, err := s.listing(t.Context(), q)
	require.NoError(t, err)
	sql, args := l.page()
	rows, err := s.pool.Query(t.Context(), "explain (analyze, buffers, format text) "+sql, append([]any{pgx.QueryExecModeDescribeExec}, args...)...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	var hit, read int
	for _, line := range lines {
		if n, _ := fmt.Sscanf(strings.TrimSpace(line), "Buffers: shared hit=%d read=%d", &hit, &read); n > 0 {
			break
		}
	}
	plan := strings.Join(lines, "\n")
	require.Positive(t, hit+read, plan)
	return hit + read, plan
}

func BenchmarkList(b *testing.B) {
	s := many(b)
	for name, q := range map[string]Query{"plain": {}, "mine": {View: "mine_open", Viewer: "a7"}, "my groups": {View: "my_groups", Viewer: "a17"}, "no groups": {View: "my_groups", Viewer: "a7"}, "word": {Text: "thing"}, "rare word": {Text: "nowhere"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := s.List(b.Context(), q)
				require.NoError(b, err)
			}
		})
	}
	b.Run("views", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Views(b.Context(), "a7")
			require.NoError(b, err)
		}
	})
	b.Run("timeline", func(b *testing.B) {
		for b.Loop() {
			_, _, err := s.Timeline(b.Context(), 777, 0, 30, true)
			require.NoError(b, err)
		}
	})
}
