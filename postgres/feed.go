package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"duradesk/ticket"
)

// feedChannel is where the feed's writer tells its new end; presenceChannel where presence changed: "<number> <desk>";
// deliveryChannel how a message fares: "<number> <desk> <client> <revision>".
const (
	feedChannel     = "duradesk_feed"
	presenceChannel = "duradesk_presence"
	deliveryChannel = "duradesk_delivery"
)

// queueStir tells readers of the stream that a message of a ticket has another state. That is no event of the ticket,
// and nobody misses much with it.
func queueStir(b *pgx.Batch, n ticket.Number) {
	b.Queue(`select pg_notify($1, concat_ws(' ', number, desk, client, revision)) from tickets where number = $2`, deliveryChannel, n)
}

// feedBatch is how many events one transaction gives their positions.
const feedBatch = 1000

// Hint says that a ticket changed, and for whom that is.
type Hint struct {
	Position int64
	Number   ticket.Number
	Revision int64
	Desk     string
	Client   string
}

// Feed gives every committed event that has none yet its position, and returns the feed's end. Any number may do it at
// once: they wait for each other.
func (s *Store) Feed(ctx context.Context) (int64, error) {
	for {
		var end, added int64
		err := s.write(ctx, func(tx pgx.Tx) (err error) {
			end, added, err = s.feed(ctx, tx)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("write the feed: %w", err)
		}
		if added < feedBatch {
			return end, nil
		}
	}
}

// feedState is what the writer of the feed finds.
type feedState struct {
	end, low, sureLow   int64
	paired, sure, valid bool
	hooked              bool // somebody outside is told
}

func (s *Store) feed(ctx context.Context, tx pgx.Tx) (end, added int64, err error) {
	var f feedState
	b := &pgx.Batch{}
	f.queue(b)
	if err := send(ctx, tx, b); err != nil {
		return 0, 0, err
	}
	b = &pgx.Batch{}
	b.Queue(`with fresh as (
			select e.id, row_number() over (order by e.id) as place from events e
			where e.id > $1 and not exists (select from feed f where f.event = e.id) order by e.id limit $3
		) insert into feed (position, event) select $2 + place, id from fresh`, f.low, f.end, feedBatch).Exec(func(done pgconn.CommandTag) error {
		added = done.RowsAffected()
		return nil
	})
	if err := send(ctx, tx, b); err != nil {
		return 0, 0, err
	}
	if added > 0 && f.hooked {
		if err := fanOut(ctx, tx, f.end); err != nil {
			return 0, 0, err
		}
	}
	b = &pgx.Batch{}
	f.queueEnd(b, added)
	if added > 0 {
		b.Queue(`select pg_notify($1, $2)`, feedChannel, fmt.Sprint(f.end+added))
	}
	return f.end + added, added, sendLast(ctx, tx, b)
}

func (f *feedState) queue(b *pgx.Batch) {
	// Whoever waited for the lock sees, in the statements that follow, all that its holder has written. It is not the
	// row's own lock that is waited for: that may be granted in steps, with our xid drawn before its last holder read
	// sure_low, and then sure_xid would lie below transactions that drew their ids in between.
	b.Queue(`select pg_advisory_xact_lock(hashtextextended('duradesk: feed', 0))`)
	b.Queue(`select position, low, sure_low, sure_xid is not null from feed_end for update`).
		QueryRow(func(row pgx.Row) error { return row.Scan(&f.end, &f.low, &f.sureLow, &f.paired) })
	// Asked before the events are read: a transaction that has ended by now shows in what is read.
	b.Queue(`select coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= sure_xid, false), coalesce(sure_xid <= pg_current_xact_id(), false) from feed_end`).
		QueryRow(func(row pgx.Row) error { return row.Scan(&f.sure, &f.valid) })
	b.Queue(`select exists (select from webhooks where enabled)`).QueryRow(func(row pgx.Row) error { return row.Scan(&f.hooked) })
}

// queueEnd writes how far the feed came.
//
// The pair sure_low, sure_xid: the highest event id that was drawn when an earlier writer of the feed looked, and the xid of
// a later writer. Whoever draws an event's id has his xid before (he locked his ticket), so all ids up to sure_low were drawn
// by transactions below sure_xid; once these have ended, none of the ids can still appear. (The snapshot's own xmax would
// not do: it is behind the transactions that run.) A database that was restored elsewhere may count transactions anew: then
// the pair is made anew too.
func (f *feedState) queueEnd(b *pgx.Batch, added int64) {
	end := f.end + added
	switch {
	case !f.paired:
		b.Queue(`update feed_end set position = $1, sure_xid = pg_current_xact_id()`, end)
	case !f.valid || f.sure && added < feedBatch:
		low := f.low
		if f.valid {
			low = f.sureLow
		}
		// A sequence that nobody has drawn from shows the first value as if it were its last.
		b.Queue(`update feed_end set position = $1, low = $2, sure_low = (select last_value - (not is_called)::int from events_id_seq), sure_xid = null`, end, low)
	case added > 0:
		b.Queue(`update feed_end set position = $1`, end)
	}
}

// behindQuery looks through the few events above low. The planner does not know how few they are, takes a third of all,
// and would read the whole feed to compare it with these, every second: order, limit and offset leave it one way, event by event.
const behindQuery = `select (select e.id from events e where e.id > (select low from feed_end)
	and not exists (select from feed f where f.event = e.id offset 0) order by e.id limit 1) is not null`

// feedBehind tells, without writing anything, whether an event waits for its position.
func (s *Store) feedBehind(ctx context.Context) (behind bool, err error) {
	err = s.pool.QueryRow(ctx, behindQuery).Scan(&behind)
	return behind, err
}

// FeedEnd returns the newest position.
func (s *Store) FeedEnd(ctx context.Context) (end int64, err error) {
	if err = s.pool.QueryRow(ctx, `select position from feed_end`).Scan(&end); err != nil {
		return 0, fmt.Errorf("read the feed's end: %w", err)
	}
	return end, nil
}

// Hints lists what happened after a position, oldest first.
func (s *Store) Hints(ctx context.Context, after int64, limit int) ([]Hint, error) {
	rows, err := s.pool.Query(ctx, `select f.position, e.ticket, e.revision, t.desk, t.client
		from feed f join events e on e.id = f.event join tickets t on t.number = e.ticket
		where f.position > $1 order by f.position limit $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read hints: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Hint])
	if err != nil {
		return nil, fmt.Errorf("read hints: %w", err)
	}
	return out, nil
}

// Stir is one thing heard: the feed has grown, or with a number, presence at that ticket has changed; with a client too,
// how a message of the ticket fares.
type Stir struct {
	Number   ticket.Number
	Desk     string
	Client   string
	Revision int64
}

// Follow tells fn, from one goroutine, of everything that stirs until ctx ends. Notices may be lost with their
// connection; so fn is told that the feed may have grown once a second too.
func (s *Store) Follow(ctx context.Context, fn func(Stir)) {
	heard, stop := s.notices.follow()
	defer stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case stir := <-heard:
			fn(stir)
		case <-tick.C:
			fn(Stir{})
		}
	}
}
