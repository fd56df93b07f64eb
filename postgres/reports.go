package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Of every report: whose tickets count. Spam is nobody's request.
const (
	reportedAll = ` (@desks::text[] is null or t.desk = any(@desks::text[])) and (@group::text = '' or t.group_key = @group::text)`
	reported    = ` t.category <> 'spam' and` + reportedAll
	openedThen  = ` t.created_at >= @from and t.created_at < @to and`
)

// counted is one kind of figures: its statement gives a row for each line, in the order of the columns.
type counted struct {
	columns []ticket.ReportColumn
	sql     string
}

func columnsOf(words string) (out []ticket.ReportColumn) {
	for _, word := range strings.Fields(words) {
		key, kind, _ := strings.Cut(word, ":")
		out = append(out, ticket.ReportColumn{Key: key, Kind: kind})
	}
	return out
}

// reports by name. The names and the keys of columns reached the outside: append only.
var reports = map[string]counted{
	"volume": {columnsOf("time:text opened:count answered:count resolved:count reopened:count closed:count"), `
		with happened as (
			select t.created_at as at, 'opened' as what from tickets t where` + openedThen + reported + `
			union all
			select e.at, case when e.name in ('answered', 'closed', 'reopened') then e.name else 'resolved' end
			from events e join tickets t on t.number = e.ticket
			where e.name in ('answered', 'resolved', 'resolved_internally', 'client_solved', 'client_cancelled', 'closed', 'reopened')
				and e.at >= @from and e.at < @to and case when e.name = 'answered' then e.by_kind = 'agent' else e.from_state <> e.to_state end and` + reported + `
		), counted as (
			select date_trunc(@per, at at time zone @zone) as slot, what, count(*) as n from happened group by 1, 2
		), slots as (
			select generate_series(date_trunc(@per, @from::timestamptz at time zone @zone), @to::timestamptz at time zone @zone - interval '1 microsecond', ('1 ' || @per::text)::interval) as slot
		)
		select to_char(s.slot, case @per::text when 'hour' then 'YYYY-MM-DD HH24:00' else 'YYYY-MM-DD' end),
			coalesce(sum(n) filter (where what = 'opened'), 0)::bigint, coalesce(sum(n) filter (where what = 'answered'), 0)::bigint,
			coalesce(sum(n) filter (where what = 'resolved'), 0)::bigint, coalesce(sum(n) filter (where what = 'reopened'), 0)::bigint,
			coalesce(sum(n) filter (where what = 'closed'), 0)::bigint
		from slots s left join counted c using (slot) group by s.slot order by s.slot`},

	// {by} is one of responseKeys. The first answer is found along the ticket's own timeline.
	"response_times": {columnsOf("{by}:text tickets:count answered:count first_response_median_minutes:minutes first_response_p90_minutes:minutes " +
		"resolved:count resolution_median_minutes:minutes resolution_p90_minutes:minutes"), `
		select key, count(*), count(first), ` + median("first", "0.5") + `, ` + median("first", "0.9") + `,
			count(done), ` + median("done", "0.5") + `, ` + median("done", "0.9") + `
		from (
			select {key} as key, {order} as place, extract(epoch from f.at - t.created_at) as first, extract(epoch from t.resolved_at - t.created_at) as done
			from tickets t left join lateral (
				select e.at from events e where e.ticket = t.number and e.name = 'answered' and e.by_kind = 'agent' order by e.n limit 1) f on true
			where` + openedThen + reported + `) x
		group by grouping sets ((key, place), ()) order by grouping(key), place, key`},

	// A clock stands in a process as a text that begins with its kind and its state, which is left out while it runs.
	"sla": {columnsOf("desk:text policy:count clock:text kept:count breached:count running:count kept_percent:percent"), `
		select desk, policy, clock, kept, breached, running, round(100.0 * kept / nullif(kept + breached, 0), 1)::float8
		from (
			select desk, policy, clock, count(*) filter (where late) as breached, count(*) filter (where not late and state = 'met') as kept,
				count(*) filter (where not late and state <> 'met') as running
			from (
				select t.desk, (t.process->>'policy')::bigint as policy, c.kind as clock, c.state, c.state = 'breached' or coalesce(c.kind || '_breached' = any(b.names), false) as late
				from tickets t cross join lateral (
					select case jsonb_typeof(k) when 'object' then k->>'kind' else split_part(k #>> '{}', ' ', 1) end as kind,
						case jsonb_typeof(k) when 'object' then k->>'state' else split_part(k #>> '{}', ' ', 2) end as state
					from jsonb_array_elements(t.process->'clocks') k) c
				cross join lateral (select array_agg(e.name) as names from events e where t.breached and e.ticket = t.number) b
				where` + openedThen + reported + ` and c.kind in ('first_response', 'next_response', 'resolution')) one
			group by 1, 2, 3) x
		order by desk, policy, array_position(array['first_response', 'next_response', 'resolution'], clock)`},

	"backlog": {columnsOf("state:text tickets:count up_to_1_day:count up_to_3_days:count up_to_7_days:count up_to_30_days:count older:count oldest_minutes:minutes"), `
		select state, count(*), count(*) filter (where age <= interval '1 day'), count(*) filter (where age > interval '1 day' and age <= interval '3 days'),
			count(*) filter (where age > interval '3 days' and age <= interval '7 days'), count(*) filter (where age > interval '7 days' and age <= interval '30 days'),
			count(*) filter (where age > interval '30 days'), (extract(epoch from max(age)) / 60)::bigint
		from (select t.state, @now::timestamptz - t.created_at as age from tickets t
			where t.state in ('new', 'open', 'on_hold', 'handed_over', 'hand_over_answered') and` + reported + `) x
		group by grouping sets ((state), ()) order by grouping(state), array_position(array['new', 'open', 'on_hold', 'handed_over', 'hand_over_answered'], state)`},

	"channels": {columnsOf("channel:text opened:count share_percent:percent resolved:count"), `
		select t.channel, count(*), ` + share + `, count(t.resolved_at)
		from tickets t where` + openedThen + reported + ` group by t.channel order by 2 desc, 1`},

	"agents": {columnsOf("agent:text name:text answers:count resolved:count worked_minutes:minutes"), `
		with did as (
			select e.by_id as agent, count(*) filter (where e.name = 'answered') as answers, count(*) filter (where e.name <> 'answered') as resolved, 0::bigint as worked
			from events e join tickets t on t.number = e.ticket
			where e.name in ('answered', 'resolved', 'resolved_internally') and e.by_kind = 'agent' and e.at >= @from and e.at < @to
				and (e.name = 'answered' or e.from_state <> e.to_state) and` + reported + ` group by 1
			union all
			select k.by_id, 0, 0, sum(m.work_minutes) from messages m join commands k on k.message = m.id join tickets t on t.number = m.ticket
			where m.work_minutes > 0 and m.applied and k.by_kind = 'agent' and m.at >= @from and m.at < @to and` + reported + ` group by 1
		)
		select d.agent, coalesce(max(a.name), d.agent), sum(d.answers)::bigint, sum(d.resolved)::bigint, sum(d.worked)::bigint
		from did d left join agents a on a.key = d.agent group by d.agent order by 3 desc, 4 desc, 1`},

	"feedback": {columnsOf("rating:count answers:count share_percent:percent comments:count average:average"), `
		with given as (select f.rating, f.comment from feedback f join tickets t on t.number = f.ticket where f.at >= @from and f.at < @to and` + reported + `)
		select r::bigint, count(g.rating), round(100.0 * count(g.rating) / nullif((select count(*) from given), 0), 1)::float8,
			count(g.rating) filter (where g.comment <> ''), case when grouping(r) = 1 then round(avg(g.rating), 2)::float8 end
		from generate_series(5, 1, -1) r left join given g on g.rating = r group by grouping sets ((r), ()) order by grouping(r), r desc`},

	"reception_types": {columnsOf("desk:text reception_type:text opened:count share_percent:percent resolved:count resolution_median_minutes:minutes"), `
		select t.desk, coalesce(t.reception_type, ''), count(*), ` + share + `, count(t.resolved_at), ` + median("extract(epoch from t.resolved_at - t.created_at)", "0.5") + `
		from tickets t where` + openedThen + reported + ` group by 1, 2 order by 1, 3 desc, 2`},

	"categories": {columnsOf("category:text tickets:count share_percent:percent"), `
		select t.category, count(*), ` + share + ` from tickets t where` + openedThen + ` t.category <> '' and` + reportedAll + ` group by 1 order by 2 desc, 1`},
}

// share of a group in all that was counted.
const share = `round(100.0 * count(*) / sum(count(*)) over (), 1)::float8`

// median is a percentile of seconds, in whole minutes.
func median(seconds, at string) string {
	return fmt.Sprintf("round(percentile_cont(%s) within group (order by %s) / 60)::bigint", at, seconds)
}

// responseKeys are what response times are told apart by, and their order.
var responseKeys = map[string][2]string{
	"desk": {"t.desk", "0"}, "group": {"coalesce(t.group_key, '')", "0"}, "agent": {"coalesce(t.owner, '')", "0"},
	"priority": {"(array['low', 'normal', 'high', 'urgent'])[t.priority]", "-t.priority"},
}

// Report counts. An unknown name is ticket.NotFound, something unknown to tell apart by ticket.Invalid.
func (s *Store) Report(ctx context.Context, q ticket.ReportQuery) (ticket.Report, error) {
	r, known := reports[q.Name]
	if !known {
		return ticket.Report{}, notFound("there is no report %q", q.Name)
	}
	if strings.Contains(r.sql, "{key}") {
		by, ok := responseKeys[q.By]
		if !ok {
			return ticket.Report{}, invalid("/by", "%q tells no response times apart", q.By)
		}
		r.sql = strings.NewReplacer("{key}", by[0], "{order}", by[1]).Replace(r.sql)
		r.columns = append([]ticket.ReportColumn{{Key: q.By, Kind: "text"}}, r.columns[1:]...)
	}
	rows, err := s.pool.Query(ctx, r.sql, reportArgs(q))
	if err != nil {
		return ticket.Report{}, fmt.Errorf("count the report %s: %w", q.Name, err)
	}
	out := ticket.Report{Columns: r.columns}
	out.Rows, err = pgx.CollectRows(rows, func(cr pgx.CollectableRow) ([]any, error) { return cr.Values() })
	if err != nil {
		return ticket.Report{}, fmt.Errorf("count the report %s: %w", q.Name, err)
	}
	return out, nil
}

func reportArgs(q ticket.ReportQuery) pgx.NamedArgs {
	return pgx.NamedArgs{"from": q.From, "to": q.To, "zone": q.Zone, "per": q.Per, "desks": q.Desks, "group": q.Group, "now": q.Now}
}
