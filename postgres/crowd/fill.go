package crowd

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Options say how big the crowd is. The same options make the same crowd, but for ids and the time that it ends at.
type Options struct {
	Tickets  int
	Messages int    // of each ticket
	Clients  int    // 0: one for five tickets
	Agents   int    // 0: 40
	Desk     string // which is there, with its group of the same key; "": support
	Seed     uint64
	Until    time.Time // when the last ticket was updated; zero: now
	Progress func(what string, done, of int)
}

func (o Options) withDefaults() Options {
	if o.Messages < 1 {
		o.Messages = 1
	}
	if o.Clients < 1 {
		o.Clients = max(1, o.Tickets/5)
	}
	if o.Agents < 1 {
		o.Agents = 40
	}
	if o.Desk == "" {
		o.Desk = "support"
	}
	if o.Until.IsZero() {
		o.Until = time.Now()
	}
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	return o
}

// step is how far apart two tickets come in.
const step = 90 * time.Second

// Fill copies the crowd into a migrated database that has the desk and no tickets.
func Fill(ctx context.Context, url string, o Options) error {
	o = o.withDefaults()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	f := &filling{Options: o, conn: conn}
	for _, act := range []func(context.Context) error{f.people, f.dropIndexes, f.copyAll, f.makeIndexes, f.settle} {
		if err := act(ctx); err != nil {
			return fmt.Errorf("make a crowd: %w", err)
		}
	}
	return nil
}

type filling struct {
	Options
	conn    *pgx.Conn
	indexes []string // definitions
}

func (f *filling) exec(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := f.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%.60s: %w", sql, err)
		}
	}
	return nil
}

// AgentKey is the key of an agent of the crowd, counted from 1.
func AgentKey(n int) string { return fmt.Sprintf("crowd%d", n) }

func (f *filling) people(ctx context.Context) error {
	return f.exec(
		ctx,
		fmt.Sprintf(`insert into agents (key, name, email, role) select 'crowd' || n, 'Agent ' || n, 'crowd' || n || '@desk.example', 'agent' from generate_series(1, %d) n on conflict do nothing`, f.Agents),
		fmt.Sprintf(`insert into agent_desks (agent, desk) select a.key, d.key from agents a, desks d where a.key like 'crowd%%' and d.key = '%s' on conflict do nothing`, f.Desk),
		`insert into agent_groups (agent, group_key) select a.key, g.key from agents a, groups g where a.key like 'crowd1%' on conflict do nothing`,
	)
}

// dropIndexes of words: made once at the end they take a tenth of the time.
func (f *filling) dropIndexes(ctx context.Context) error {
	rows, err := f.conn.Query(ctx, `select pg_get_indexdef(indexrelid), indexrelid::regclass::text from pg_index
		where indrelid in ('ticket_words'::regclass, 'message_words'::regclass, 'clients'::regclass) and not indisprimary`)
	if err != nil {
		return err
	}
	var definition, name string
	var drop []string
	if _, err := pgx.ForEachRow(rows, []any{&definition, &name}, func() error {
		f.indexes, drop = append(f.indexes, definition), append(drop, "drop index "+name)
		return nil
	}); err != nil {
		return err
	}
	return f.exec(ctx, drop...)
}

func (f *filling) makeIndexes(ctx context.Context) error {
	if err := f.exec(ctx, `set maintenance_work_mem = '512MB'`); err != nil {
		return err
	}
	for i, definition := range f.indexes {
		f.Progress("indexes", i, len(f.indexes))
		if err := f.exec(ctx, definition); err != nil {
			return err
		}
	}
	return nil
}

// settle leaves the sequence behind the last number, the feed at the last event, and the planner informed.
func (f *filling) settle(ctx context.Context) error {
	f.Progress("statistics", 0, 1)
	return f.exec(
		ctx,
		`select setval('ticket_numbers', greatest((select max(number) from tickets), 1001))`,
		`insert into feed (position, event) select (select position from feed_end) + row_number() over (order by id), id from events e where not exists (select from feed where event = e.id)`,
		// With low left behind, each look whether an event waits for its position would read all events.
		`update feed_end set position = (select coalesce(max(position), 0) from feed), low = (select coalesce(max(id), 0) from events),
			sure_low = (select coalesce(max(id), 0) from events), sure_xid = null`,
		`vacuum analyze`,
	)
}

// copyAll copies table by table; each ticket is made anew from the seed for each table, so that nothing is kept.
func (f *filling) copyAll(ctx context.Context) error {
	c := &cast{Options: f.Options}
	all := f.Tickets * f.Messages
	for _, t := range []struct {
		table   string
		columns []string
		rows    int
		row     func(n int) []any
	}{
		{"clients", []string{"id", "name", "email", "number", "created_at"}, f.Clients, c.client},
		{"identities", []string{"kind", "value", "client"}, 2 * f.Clients, c.identity},
		{"tickets", ticketColumns, f.Tickets, c.ticket},
		{"messages", []string{"id", "ticket", "note", "by_kind", "by_id", "by_name", "body", "at", "applied"}, all, c.message},
		{"events", []string{"ticket", "revision", "n", "seq", "at", "type", "name", "by_kind", "by_id", "by_name", "message"}, all, c.event},
	} {
		c.begin()
		if err := f.copy(ctx, t.table, t.columns, t.rows, t.row); err != nil {
			return err
		}
	}
	return f.copyWords(ctx, c)
}

func (f *filling) copy(ctx context.Context, table string, columns []string, rows int, row func(n int) []any) error {
	n := 0
	_, err := f.conn.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if n >= rows {
			return nil, nil
		}
		if n%10000 == 0 {
			f.Progress(table, n, rows)
		}
		n++
		return row(n), ctx.Err()
	}))
	if err != nil {
		return fmt.Errorf("copy %s: %w", table, err)
	}
	return nil
}

// copyWords goes over a table of its own, because COPY cannot make a tsvector of a list.
func (f *filling) copyWords(ctx context.Context, c *cast) error {
	if err := f.exec(ctx, `create temporary table cut (id text, words text[])`); err != nil {
		return err
	}
	for _, t := range []struct {
		what, into string
		rows       int
		row        func(n int) []any
	}{
		{"words of clients", `update clients c set words = array_to_tsvector(w.words) from cut w where w.id = c.id`, f.Clients, c.clientWords},
		{"words of tickets", `insert into ticket_words select id::bigint, array_to_tsvector(words) from cut`, f.Tickets, c.titleWords},
		{"words of messages", `insert into message_words select id::uuid, array_to_tsvector(words) from cut`, f.Tickets * f.Messages, c.messageWords},
	} {
		c.begin()
		const portion = 50000
		for from := 0; from < t.rows; from += portion {
			f.Progress(t.what, from, t.rows)
			if err := f.copy(ctx, "cut", []string{"id", "words"}, min(portion, t.rows-from), func(n int) []any { return t.row(from + n) }); err != nil {
				return err
			}
			if err := f.exec(ctx, t.into, `truncate cut`); err != nil {
				return err
			}
		}
	}
	return nil
}
