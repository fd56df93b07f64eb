package postgres

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// told is one thing that happened to a ticket of the recount.
type told struct {
	name, from, to, kind, by string
	at                       time.Time
	minutes                  int
}

// recounted is a ticket as the recount knows it.
type recounted struct {
	laid
	resolved  *time.Time
	reception string
	clocks    map[string]string
	events    []told
	rating    int
	comment   string
	rated     time.Time
}

var tokyoZone = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		panic(err)
	}
	return zone
}()

// years lays tickets of two desks over forty days, each with a life that dice have written.
func years(t *testing.T, s *Store) []recounted {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	out := make([]recounted, 400)
	for i := range out {
		out[i] = life(r, i)
	}
	for i := range out {
		lay(t, s, out[i].laid)
	}
	batch := &pgx.Batch{}
	for _, one := range out {
		keep(batch, one)
	}
	require.NoError(t, s.pool.SendBatch(t.Context(), batch).Close())
	return out
}

func life(r *rand.Rand, i int) recounted {
	one := recounted{clocks: map[string]string{}, reception: []string{"", "returns", "invoice"}[r.IntN(3)]}
	one.laid = laid{
		number: ticket.Number(1001 + i), desk: []string{"support", "support", "repair"}[r.IntN(3)], group: []string{"", "support", "tier2"}[r.IntN(3)],
		owner: []string{"", "sato", "lead"}[r.IntN(3)], priority: ticket.Priority(1 + r.IntN(4)), channel: []ticket.Channel{ticket.ChannelMail, ticket.ChannelPhone}[r.IntN(2)],
		state: []ticket.State{ticket.New, ticket.Open, ticket.OnHold, ticket.Resolved, ticket.Closed}[r.IntN(5)], created: noon.Add(-time.Duration(r.IntN(40*24*60)) * time.Minute),
	}
	if r.IntN(9) == 0 {
		one.state, one.category = ticket.Spam, ticket.CategorySpam
	} else if r.IntN(9) == 0 {
		one.state, one.category = ticket.ResolvedInternally, ticket.CategoryTest
	}
	at := one.created
	for range r.IntN(6) {
		at = at.Add(time.Duration(1+r.IntN(3000)) * time.Minute)
		by := []string{"sato", "lead"}[r.IntN(2)]
		one.events = append(one.events, [][]told{
			{{name: "wrote", kind: "client", at: at}},
			{{name: "answered", kind: "agent", by: by, at: at, minutes: r.IntN(2) * 15}},
			{{name: "answered", kind: "system", at: at}},
			{{name: "resolved", from: "open", to: "resolved", kind: "agent", by: by, at: at}},
			{{name: "client_solved", from: "resolved", to: "resolved", kind: "client", at: at}},
			{{name: "closed", from: "resolved", to: "closed", kind: "system", at: at}, {name: "reopened", from: "closed", to: "open", kind: "client", at: at}},
		}[r.IntN(6)]...)
	}
	if r.IntN(2) == 0 {
		one.resolved = &at
	}
	one.clocks["first_response"] = []string{"met", "breached", "running"}[r.IntN(3)]
	one.clocks["next_response"] = []string{"met", "paused"}[r.IntN(2)]
	if one.breached = one.clocks["first_response"] == "breached" || r.IntN(4) == 0; one.breached {
		one.events = append(one.events, told{name: "next_response_breached", kind: "system", at: at})
	}
	if r.IntN(3) == 0 {
		one.rating, one.comment, one.rated = 1+r.IntN(5), []string{"", "fine"}[r.IntN(2)], at
	}
	return one
}

// keep stores what lay does not know of.
func keep(b *pgx.Batch, one recounted) {
	clocks := []string{"auto_close 2026-11-24T12:00:00Z #3"}
	for kind, state := range one.clocks {
		if state == "running" {
			clocks = append(clocks, kind+" 2026-11-24T12:00:00Z #2 warn 1h0m0s")
		} else {
			clocks = append(clocks, kind+" "+state+" 2026-11-24T12:00:00Z met 2026-11-24T11:00:00Z")
		}
	}
	b.Queue(`update tickets set resolved_at = $2, reception_type = nullif($3, ''), process = process || jsonb_build_object('clocks', $4::text[]) where number = $1`, one.number, one.resolved, one.reception, clocks)
	for i, e := range one.events {
		kind, message := "event", (*string)(nil)
		if e.name == "answered" || e.name == "wrote" {
			id := uuid.NewString()
			kind, message = "message", &id
			b.Queue(`insert into messages (id, ticket, by_kind, by_id, by_name, body, at, applied, work_minutes) values ($1, $2, $3, $4, '', 'x', $5, true, $6)`, id, one.number, e.kind, e.by, e.at, e.minutes)
			b.Queue(`insert into commands (ticket, seq, id, actor, by_kind, by_id, name, at, message, outcome) values ($1, $2, $3, $4, $5, $6, 'x', $7, $8, 'applied')`,
				one.number, i+1, fmt.Sprint(one.number, "-", i), e.kind+":"+e.by, e.kind, e.by, e.at, id)
		}
		b.Queue(`insert into events (ticket, revision, n, seq, at, type, name, from_state, to_state, by_kind, by_id, message) values ($1, 1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10)`,
			one.number, i+1, e.at, kind, e.name, e.from, e.to, e.kind, e.by, message)
	}
	if one.rating > 0 {
		b.Queue(`insert into feedback (ticket, rating, comment, at) values ($1, $2, $3, $4)`, one.number, one.rating, one.comment, one.rated)
	}
}

// TestReportsAgreeWithARecount: what the statements count is counted again, ticket by ticket, from what was laid.
func TestReportsAgreeWithARecount(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	all := years(t, s)
	q := ticket.ReportQuery{From: noon.AddDate(0, 0, -20), To: noon.AddDate(0, 0, -3), Zone: "Asia/Tokyo", Per: "day", By: "desk", Now: noon}
	for _, narrow := range []struct {
		desks []string
		group string
	}{{nil, ""}, {[]string{"repair"}, ""}, {[]string{"support"}, "tier2"}, {[]string{}, ""}} {
		q.Desks, q.Group = narrow.desks, narrow.group
		asked := slices.DeleteFunc(slices.Clone(all), func(one recounted) bool {
			return narrow.desks != nil && !slices.Contains(narrow.desks, one.desk) || narrow.group != "" && one.group != narrow.group
		})
		within := func(at time.Time) bool { return !at.Before(q.From) && at.Before(q.To) }
		opened := slices.DeleteFunc(slices.Clone(asked), func(one recounted) bool { return !within(one.created) })
		decent := slices.DeleteFunc(slices.Clone(asked), func(one recounted) bool { return one.category == ticket.CategorySpam })
		cohort := slices.DeleteFunc(slices.Clone(opened), func(one recounted) bool { return one.category == ticket.CategorySpam })
		recountVolume(t, s, q, decent, within)
		recountTimes(t, s, q, cohort)
		recountClocks(t, s, q, cohort)
		recountPeople(t, s, q, decent, within)
		recountGroups(t, s, q, opened, cohort, decent)
	}
}

func asked(t *testing.T, s *Store, q ticket.ReportQuery, name string) [][]any {
	t.Helper()
	q.Name = name
	r, err := s.Report(t.Context(), q)
	require.NoError(t, err)
	for _, row := range r.Rows {
		require.Len(t, row, len(r.Columns), name)
	}
	return r.Rows
}

func recountVolume(t *testing.T, s *Store, q ticket.ReportQuery, decent []recounted, within func(time.Time) bool) {
	t.Helper()
	want := map[string]*[5]int64{}
	for day := q.From.In(tokyoZone); day.Before(q.To); day = day.AddDate(0, 0, 1) {
		want[day.Format(time.DateOnly)] = &[5]int64{}
	}
	want[q.To.In(tokyoZone).Format(time.DateOnly)] = &[5]int64{}
	count := func(at time.Time, column int) {
		if within(at) {
			want[at.In(tokyoZone).Format(time.DateOnly)][column]++
		}
	}
	for _, one := range decent {
		count(one.created, 0)
		for _, e := range one.events {
			switch {
			case e.name == "answered" && e.kind == "agent":
				count(e.at, 1)
			case e.name == "resolved":
				count(e.at, 2)
			case e.name == "reopened":
				count(e.at, 3)
			case e.name == "closed":
				count(e.at, 4)
			}
		}
	}
	rows := asked(t, s, q, "volume")
	require.Len(t, rows, len(want))
	var sum int64
	for _, row := range rows {
		w := want[row[0].(string)]
		require.Equal(t, []any{row[0], w[0], w[1], w[2], w[3], w[4]}, row)
		sum += w[0] + w[1] + w[2] + w[3] + w[4]
	}
	q.Per = "hour"
	hours := asked(t, s, q, "volume")
	require.GreaterOrEqual(t, len(hours), 17*24)
	for _, row := range hours {
		for _, n := range row[1:] {
			sum -= n.(int64)
		}
	}
	require.Zero(t, sum, "hours hold what days hold")
}

// percentile interpolates between ranks, as percentile_cont says it does, in whole minutes.
func percentile(list []float64, p float64) any {
	if len(list) == 0 {
		return nil
	}
	sort.Float64s(list)
	at := p * float64(len(list)-1)
	low := int(at)
	value := list[low]
	if low+1 < len(list) {
		value += (at - float64(low)) * (list[low+1] - list[low])
	}
	return value
}

func recountTimes(t *testing.T, s *Store, q ticket.ReportQuery, cohort []recounted) {
	t.Helper()
	keys := map[string]func(recounted) any{
		"desk": func(one recounted) any { return one.desk }, "group": func(one recounted) any { return one.group },
		"agent": func(one recounted) any { return one.owner }, "priority": func(one recounted) any { return one.priority.String() },
	}
	for by, key := range keys {
		q.By = by
		rows := asked(t, s, q, "response_times")
		require.Nil(t, rows[len(rows)-1][0], "the last is all of them")
		seen := int64(0)
		for _, row := range rows {
			var tickets int64
			var first, done []float64
			for _, one := range cohort {
				if row[0] != nil && key(one) != row[0] {
					continue
				}
				tickets++
				if i := slices.IndexFunc(one.events, func(e told) bool { return e.name == "answered" && e.kind == "agent" }); i >= 0 {
					first = append(first, one.events[i].at.Sub(one.created).Minutes())
				}
				if one.resolved != nil {
					done = append(done, one.resolved.Sub(one.created).Minutes())
				}
			}
			require.Equal(t, []any{tickets, int64(len(first)), int64(len(done))}, []any{row[1], row[2], row[5]}, by)
			for i, want := range map[int]any{3: percentile(first, 0.5), 4: percentile(first, 0.9), 6: percentile(done, 0.5), 7: percentile(done, 0.9)} {
				if want == nil {
					require.Nil(t, row[i])
				} else {
					require.InDelta(t, want, row[i], 0.51)
				}
			}
			if row[0] != nil {
				seen += tickets
			}
		}
		require.EqualValues(t, len(cohort), seen, "everyone is in one line")
	}
}

func recountClocks(t *testing.T, s *Store, q ticket.ReportQuery, cohort []recounted) {
	t.Helper()
	want := map[string]*[3]int64{}
	for _, one := range cohort {
		for kind, state := range one.clocks {
			key := one.desk + " " + kind
			if want[key] == nil {
				want[key] = &[3]int64{}
			}
			broken := kind == "next_response" && slices.ContainsFunc(one.events, func(e told) bool { return e.name == "next_response_breached" })
			switch {
			case state == "breached", broken:
				want[key][1]++
			case state == "met":
				want[key][0]++
			default:
				want[key][2]++
			}
		}
	}
	rows := asked(t, s, q, "sla")
	require.Len(t, rows, len(want))
	for _, row := range rows {
		w := want[row[0].(string)+" "+row[2].(string)]
		require.Equal(t, []any{int64(1), w[0], w[1], w[2]}, []any{row[1], row[3], row[4], row[5]}, row)
		if w[0]+w[1] > 0 {
			require.InDelta(t, 100*float64(w[0])/float64(w[0]+w[1]), row[6], 0.051)
		}
	}
}

func recountPeople(t *testing.T, s *Store, q ticket.ReportQuery, decent []recounted, within func(time.Time) bool) {
	t.Helper()
	want, ratings, comments := map[string]*[3]int64{}, map[int64]int64{}, int64(0)
	for _, one := range decent {
		for _, e := range one.events {
			if e.kind != "agent" || !within(e.at) {
				continue
			}
			if want[e.by] == nil {
				want[e.by] = &[3]int64{}
			}
			switch e.name {
			case "answered":
				want[e.by][0]++
				want[e.by][2] += int64(e.minutes)
			case "resolved":
				want[e.by][1]++
			}
		}
		if one.rating > 0 && within(one.rated) {
			ratings[int64(one.rating)]++
			if one.comment != "" {
				comments++
			}
		}
	}
	rows := asked(t, s, q, "agents")
	require.Len(t, rows, len(want))
	for _, row := range rows {
		w := want[row[0].(string)]
		require.Equal(t, []any{row[0], row[0], w[0], w[1], w[2]}, row)
	}
	rows = asked(t, s, q, "feedback")
	require.Len(t, rows, 6)
	var n, sum int64
	for i, row := range rows[:5] {
		require.Equal(t, []any{int64(5 - i), ratings[int64(5-i)]}, row[:2])
		n, sum = n+ratings[int64(5-i)], sum+int64(5-i)*ratings[int64(5-i)]
	}
	require.Equal(t, []any{nil, n, comments}, []any{rows[5][0], rows[5][1], rows[5][3]})
	if n > 0 {
		require.InDelta(t, float64(sum)/float64(n), rows[5][4], 0.0051)
	}
}

// recountGroups counts channels, reception types, categories and the backlog.
func recountGroups(t *testing.T, s *Store, q ticket.ReportQuery, opened, cohort, decent []recounted) {
	t.Helper()
	tally := func(list []recounted, key func(recounted) string) map[string]int64 {
		out := map[string]int64{}
		for _, one := range list {
			if k := key(one); k != "-" {
				out[k]++
			}
		}
		return out
	}
	got := func(name string, key func([]any) string, column int) map[string]int64 {
		out := map[string]int64{}
		for _, row := range asked(t, s, q, name) {
			if row[0] != nil {
				out[key(row)] = row[column].(int64)
			}
		}
		return out
	}
	first := func(row []any) string { return row[0].(string) }
	require.Equal(t, tally(cohort, func(one recounted) string { return one.channel.String() }), got("channels", first, 1))
	require.Equal(t, tally(cohort, func(one recounted) string { return one.desk + " " + one.reception }), got("reception_types", func(row []any) string { return row[0].(string) + " " + row[1].(string) }, 2))
	require.Equal(t, tally(opened, func(one recounted) string {
		if one.category == ticket.NoCategory {
			return "-"
		}
		return one.category.String()
	}), got("categories", first, 1))
	live := func(one recounted) string {
		if !one.state.Live() {
			return "-"
		}
		return one.state.String()
	}
	require.Equal(t, tally(decent, live), got("backlog", first, 1))
	require.Equal(t, tally(decent, func(one recounted) string {
		if noon.Sub(one.created) <= 30*24*time.Hour {
			return "-"
		}
		return live(one)
	}), withoutZeros(got("backlog", first, 6)))
}

func withoutZeros(in map[string]int64) map[string]int64 {
	for key, n := range in {
		if n == 0 {
			delete(in, key)
		}
	}
	return in
}

func TestReportsOfNothingKnown(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	_, err := s.Report(t.Context(), ticket.ReportQuery{Name: "weather"})
	require.Equal(t, ticket.NotFound, code(err))
	_, err = s.Report(t.Context(), ticket.ReportQuery{Name: "response_times", By: "owner; drop table tickets"})
	require.Equal(t, ticket.Invalid, code(err))
}
