package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// wordsVersion names how text is cut into words. Another one means that all of it is cut anew.
const wordsVersion = "1"

const (
	factWords  = "words"  // the version by which all is cut
	fillBatch  = 20       // rows in one transaction, which are locked until it ends: well below a second, on a busy machine too
	fillsWords = 60060060 // key of the advisory lock: one fills at a time
)

// filler cuts what an older program has written, or a newer one cuts otherwise.
type filler struct {
	conn     *pgx.Conn
	progress func(what string, done int)
}

// fillWords gives words to all rows that have none. It may be ended at any time and goes on where it stopped; rows that
// are written meanwhile bring their own.
func fillWords(ctx context.Context, conn *pgx.Conn, progress func(what string, done int)) error {
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, fillsWords); err != nil {
		return fmt.Errorf("wait for others who cut words: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, fillsWords) }()
	f := filler{conn, progress}
	version := ""
	if err := conn.QueryRow(ctx, `select coalesce((select value from facts where name = $1), '')`, factWords).Scan(&version); err != nil {
		return fmt.Errorf("read how words were cut: %w", err)
	}
	if version != wordsVersion && version != "" {
		if err := f.forget(ctx); err != nil {
			return err
		}
	}
	for _, fill := range []func(context.Context) error{f.clients, f.tickets, f.messages} {
		if err := fill(ctx); err != nil {
			return err
		}
	}
	if version == wordsVersion {
		return nil
	}
	_, err := conn.Exec(ctx, `insert into facts (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`, factWords, wordsVersion)
	return err
}

// forget drops the words of another version.
func (f filler) forget(ctx context.Context) error {
	for _, sql := range []string{`truncate ticket_words, message_words`, `update clients set words = null`, `delete from facts where name like '` + factWords + `%'`} {
		if _, err := f.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("drop the words of an older version: %w", err)
		}
	}
	return nil
}

func (f filler) clients(ctx context.Context) error {
	return f.batches(ctx, "clients", `select id from clients where words is null and id > $2 order by id limit $1`, func(tx pgx.Tx, id string) error { return rewordClient(ctx, tx, id) })
}

func (f filler) tickets(ctx context.Context) error {
	const missing = `select t.number::text from tickets t where t.number > coalesce(nullif($2, ''), '0')::bigint and not exists (select from ticket_words w where w.ticket = t.number)
		order by t.number limit $1`
	return f.batches(ctx, "tickets", missing, func(tx pgx.Tx, n string) error {
		var title, channel, language, kind, reception string
		err := tx.QueryRow(ctx, `select title, channel, language, type, coalesce(reception_type, '') from tickets where number = $1::bigint for no key update`, n).
			Scan(&title, &channel, &language, &kind, &reception)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, writeTitleWords, n, titleWords(title, channel, language, kind, reception))
		return err
	})
}

func (f filler) messages(ctx context.Context) error {
	// Ids of messages are in the order of time (UUID v7).
	const missing = `select m.id::text from messages m where m.id > coalesce(nullif($2, ''), '00000000-0000-0000-0000-000000000000')::uuid
		and not exists (select from message_words w where w.message = m.id) order by m.id limit $1`
	return f.batches(ctx, "messages", missing, func(tx pgx.Tx, id string) error {
		var body, visible string
		var first bool
		var files []string
		err := tx.QueryRow(ctx, `select body, coalesce(visible, ''), not exists (select from messages e where e.ticket = m.ticket and e.at < m.at),
			array(select name from attachments f where f.message = m.id and not f.inline) from messages m where id = $1 for no key update`, id).Scan(&body, &visible, &first, &files)
		if err != nil {
			return err
		}
		if !first && visible != "" {
			body = visible
		}
		_, err = tx.Exec(ctx, `insert into message_words (message, words) values ($1, array_to_tsvector($2::text[])) on conflict do nothing`, id, lexemes(append(files, body)...))
		return err
	})
}

// batches fills until nothing is missing, from where an earlier run has come to.
func (f filler) batches(ctx context.Context, what, missing string, fill func(tx pgx.Tx, id string) error) error {
	mark, after := factWords+"_"+what, ""
	if err := f.conn.QueryRow(ctx, `select coalesce((select value from facts where name = $1), '')`, mark).Scan(&after); err != nil {
		return fmt.Errorf("read how far words are cut: %w", err)
	}
	for done := 0; ; f.progress(what, done) {
		rows, err := f.conn.Query(ctx, missing, fillBatch, after)
		if err != nil {
			return fmt.Errorf("look for %s without words: %w", what, err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("look for %s without words: %w", what, err)
		}
		if len(ids) == 0 {
			return nil
		}
		err = pgx.BeginFunc(ctx, f.conn, func(tx pgx.Tx) error {
			for _, id := range ids {
				if err := fill(tx, id); err != nil {
					return fmt.Errorf("cut the words of %s %s: %w", what, id, err)
				}
			}
			_, err := tx.Exec(ctx, `insert into facts (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value`, mark, ids[len(ids)-1])
			return err
		})
		if err != nil {
			return err
		}
		after = ids[len(ids)-1]
		done += len(ids)
	}
}
