package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// finish waits until the desk has caught up after midnight, counts everything again in the database, and writes it.
func (d *day) finish(ctx context.Context, file string, out io.Writer) error {
	d.say("midnight; the desk catches up")
	behind, told := time.Now(), time.Now()
	err := until(ctx, 20*time.Minute, "everything that came is applied and sent", func() (bool, error) {
		if err := pause(ctx, 100*time.Millisecond); err != nil { // looking costs too
			return false, err
		}
		d.mu.Lock()
		sent := d.sent
		d.mu.Unlock()
		var pending, unsent, unread int
		err := d.desk.pool.QueryRow(ctx, `select (select count(*) from commands where outcome = 'pending'), (select count(*) from deliveries where finished_at is null),
			greatest(0, $2 - (select count(*) from messages where raw is not null and by_kind = 'client' and at >= $1))`, d.began, sent).Scan(&pending, &unsent, &unread)
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			d.say("    %d mails not read yet, %d commands not applied, %d mails not sent", unread, pending, unsent)
		}
		return pending+unsent+unread == 0, err
	})
	if err != nil {
		return err
	}
	k, err := d.count(ctx)
	if err != nil {
		return err
	}
	k.caught = time.Since(behind)
	report := d.report(k)
	if file == "" {
		_, err = io.WriteString(out, report)
		return err
	}
	return writeDocument(file, report, d.plots(k))
}

// counted is what the database knows of the day.
type counted struct {
	tickets, letters, answers, sent, uncertain, failed, refused int
	caught                                                      time.Duration
	hours                                                       [24]served
	channels                                                    []channelServed
}

// served is how the tickets of an hour fared; times are minutes of the day that is played.
type served struct {
	tickets, kept int
	half, slow    float64
	backlog       int // tickets not resolved at its end
}

type channelServed struct {
	name string
	served
}

const selectServed = `with answered as (
	select t.number, t.created_at, t.channel, t.resolved_at,
		extract(epoch from (select min(m.at) from messages m where m.ticket = t.number and m.applied and not m.note and m.by_kind = 'agent') - t.created_at) * %[1]d / 60 as minutes,
		exists (select from events e where e.ticket = t.number and e.name = 'first_response_breached') as late
	from tickets t where t.created_at >= $1)
select %[2]s as part, count(*), count(*) filter (where not late and minutes is not null),
	coalesce(percentile_cont(0.5) within group (order by minutes), 'NaN'), coalesce(percentile_cont(0.95) within group (order by minutes), 'NaN')
from answered group by 1 order by 1`

// count asks the database, not what the players remember.
func (d *day) count(ctx context.Context) (counted, error) {
	var k counted
	err := d.desk.pool.QueryRow(ctx, `select
		(select count(*) from tickets where created_at >= $1), (select count(*) from messages where by_kind = 'client' and raw is not null and at >= $1),
		(select count(*) from messages where by_kind = 'agent' and applied and at >= $1), (select count(*) from deliveries where state = 'accepted' and created_at >= $1),
		(select count(*) from deliveries where state = 'uncertain'), (select count(*) from commands where outcome = 'failed'), (select count(*) from commands where outcome = 'refused')`,
		d.began).Scan(&k.tickets, &k.letters, &k.answers, &k.sent, &k.uncertain, &k.failed, &k.refused)
	if err != nil {
		return k, fmt.Errorf("count the day: %w", err)
	}
	hour := fmt.Sprintf("least(23, floor(extract(epoch from created_at - $1) * %d / 3600))::int", d.speed)
	if err := d.served(ctx, hour, func(part any, s served) { k.hours[int(part.(int32))] = s }); err != nil {
		return k, err
	}
	if err := d.served(ctx, "channel", func(part any, s served) { k.channels = append(k.channels, channelServed{part.(string), s}) }); err != nil {
		return k, err
	}
	for h := range k.hours {
		end := d.began.Add(time.Duration(h+1) * time.Hour / d.speed)
		err := d.desk.pool.QueryRow(ctx, `select count(*) from tickets t where created_at >= $1 and created_at < $2
			and coalesce((select e.to_state from events e where e.ticket = t.number and e.at < $2 and e.to_state <> '' order by e.n desc limit 1), 'new') in ('new', 'open', 'on_hold')`,
			d.began, end).Scan(&k.hours[h].backlog)
		if err != nil {
			return k, fmt.Errorf("count the backlog: %w", err)
		}
	}
	return k, nil
}

func (d *day) served(ctx context.Context, by string, each func(part any, s served)) error {
	rows, err := d.desk.pool.Query(ctx, fmt.Sprintf(selectServed, d.speed, by), d.began)
	if err != nil {
		return fmt.Errorf("count what was served: %w", err)
	}
	var part any
	var s served
	_, err = pgx.ForEachRow(rows, []any{&part, &s.tickets, &s.kept, &s.half, &s.slow}, func() error { each(part, s); return nil })
	if err != nil {
		return fmt.Errorf("count what was served: %w", err)
	}
	return nil
}

// report writes the day as a document.
func (d *day) report(k counted) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "# A day in the life\n\nWritten by `make day`: one business day of %d agents and %d tickets, played %d times as fast through the real system (API, worker, mail in and out, "+
		"Temporal, Postgres on one machine), with the desk's targets shortened likewise. Times of clients are minutes of that day; times of the machine are real.\n\n", dayAgents, int(dayTickets*d.part), d.speed)
	fmt.Fprintf(&b, "| | |\n|---|--:|\n| Tickets | %d |\n| Mails that clients sent / that are messages of tickets | %d / %d |\n| Answers of agents | %d |\n| Mails that the desk sent | %d |\n"+
		"| Mails of which nobody knows whether they went | %d |\n| Commands refused / failed | %d / %d |\n| Clients still waiting at midnight | %d |\n| Letters that would have come after midnight | %d |\n"+
		"| Until the desk had applied and sent everything after midnight | %s s |\n\n",
		k.tickets, d.sent, k.letters, k.answers, k.sent, k.uncertain, k.refused, k.failed, len(d.work), d.lost, number(k.caught.Seconds()))
	b.WriteString("## By hour\n\n![Tickets](a-day/tickets.svg)\n\n![First response](a-day/response.svg)\n\n![Machine](a-day/machine.svg)\n\n![Processors](a-day/processors.svg)\n\n")
	b.WriteString("| Hour | Tickets | Mails | Actions | Backlog at its end | First response, median (min) | p95 | SLA kept | Action → receipt, p50 (ms) | p95 | Mail → in the event log, p50 (s) | p95 | Processors: Temporal | Postgres | API and worker | players |\n" +
		"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for h, seen := range d.hours {
		s := k.hours[h]
		fmt.Fprintf(&b, "| %02d | %d | %d | %d | %d | %s | %s | %s | %s | %s | %s | %s | %.2f | %.2f | %.2f | %.2f |\n", h, s.tickets, seen.mails, seen.actions, s.backlog, number(s.half), number(s.slow), s.share(),
			number(percentile(seen.took, 50)), number(percentile(seen.took, 95)), number(percentile(seen.shown, 50)), number(percentile(seen.shown, 95)), seen.busy["Temporal"], seen.busy["Postgres"], seen.busy["serve"], seen.busy["bench"])
	}
	b.WriteString("\n## By channel\n\n| Channel | Tickets | First response, median (min) | p95 | SLA kept |\n|---|--:|--:|--:|--:|\n")
	for _, c := range k.channels {
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s |\n", c.name, c.tickets, number(c.half), number(c.slow), c.share())
	}
	return b.String()
}

func (s served) share() string {
	if s.tickets == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(s.kept)/float64(s.tickets))
}

func percentile(list []float64, percent int) float64 {
	if len(list) == 0 {
		return median(nil)
	}
	return quantile(list, percent)
}

// plots are the pictures beside the table.
func (d *day) plots(k counted) map[string]string {
	var tickets, backlog, half, slow, quick, tail, temporal, all [24]float64
	for h := range d.hours {
		tickets[h], backlog[h] = float64(k.hours[h].tickets), float64(k.hours[h].backlog)
		half[h], slow[h] = k.hours[h].half, k.hours[h].slow
		quick[h], tail[h] = percentile(d.hours[h].took, 50), percentile(d.hours[h].took, 95)
		temporal[h] = d.hours[h].busy["Temporal"]
		for _, busy := range d.hours[h].busy {
			all[h] += busy
		}
	}
	return map[string]string{
		"tickets":    bars("Tickets", "tickets", byHour, [2]string{"new", "backlog at the end"}, tickets[:], backlog[:]),
		"response":   bars("First response", "min", byHour, [2]string{"median", "p95"}, half[:], slow[:]),
		"processors": bars("Processors busy", "", byHour, [2]string{"Temporal", "all, players too"}, temporal[:], all[:]),
		"machine":    bars("Action → receipt", "ms", byHour, [2]string{"p50", "p95"}, quick[:], tail[:]),
	}
}

// byHour is the axis of a day: every third hour has its label.
var byHour = axis{by: "hour", label: func(h int) string {
	if h%3 != 0 {
		return ""
	}
	return fmt.Sprintf("%02d", h)
}}
