package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// Queue is the command table as the engine uses it: store, apply, deliver, take in. The row is the truth, the signal
// is a bell (HOUSE, "The heart").
type Queue struct {
	s     *Store
	rules func(process string) (*lifecycle.Table, bool)
	mint  Mint
	crash func(point string)
	acks  pace
}

// Mint makes the names under which mail leaves. Both are fixed before the first attempt.
type Mint interface {
	// MessageID returns the Message-ID, without angle brackets, of the delivery with that id.
	MessageID(kind, delivery, domain string) string
}

// QueueConfig says by which rules commands are applied.
type QueueConfig struct {
	Rules *lifecycle.Table // nil: the one that the ticket's desk names
	Mint  Mint
	// Crash is called at named points, so that a test can end the process there.
	Crash func(point string)
}

// NewQueue returns the queue of a store.
func NewQueue(s *Store, c QueueConfig) *Queue {
	if c.Crash == nil {
		c.Crash = func(string) {}
	}
	rules := lifecycle.ByName
	if c.Rules != nil {
		rules = func(string) (*lifecycle.Table, bool) { return c.Rules, true }
	}
	return &Queue{s: s, rules: rules, mint: c.Mint, crash: c.Crash}
}

// channel is where Apply tells that a ticket changed: "<number> <revision> <highest command applied>".
const channel = "duradesk_ticket"

// ticketRow is a ticket's row under its lock.
type ticketRow struct {
	number     ticket.Number
	id         string
	desk       string
	deskAddr   string
	rules      string // name of the table that the desk works by
	title      string
	client     string
	clientName string
	clientMail string
	language   string
	channel    string
	seq        int64
	lastAt     time.Time
	applied    int64
	items      int64
	process    ticket.Process
	blind      bool // the process is not asked for, and a newer program may have written it
	settings   ticket.Settings
	manner     ticket.Manner // of its desk
	last       ticket.LastMessage
	spokeLast  bool
	waiting    *time.Time    // since when the client waits for an answer
	follows    ticket.Number // the closed ticket that this one follows up
	spoken     spoken        // the conversation outside mail that it belongs to
	now        time.Time     // read after the lock
}

const ticketRowQuery = `
select t.number, t.id::text, t.desk, d.address, d.process, t.title, t.client, c.name, coalesce(c.email, ''), t.language, t.channel, t.seq, t.last_at,
       t.applied_seq, t.items, t.process, p.settings, t.last_by, t.last_name, t.last_kind, t.last_at_message, t.last_excerpt,
       t.client_spoke_last, t.waiting_since, d.manner, coalesce((select other from links l where l.ticket = t.number and l.kind = 'follow_up' and l.other < t.number limit 1), 0),
       coalesce(t.conversation, 0), coalesce(h.id::text, ''), coalesce(h.key, ''), coalesce(v.key, ''), coalesce(v.person, '')
from tickets t
join desks d on d.key = t.desk
join clients c on c.id = t.client
join policies p on p.desk = t.desk and p.version = (t.process->>'policy')::int
left join conversations v on v.id = t.conversation
left join channels h on h.id = v.channel and h.url <> '' and h.removed_at is null
where t.number = $1`

const lockRow = ticketRowQuery + ` for no key update of t`

// queueLock puts the lock and the clock, read after it, at the head of a batch. Timeouts are local to the transaction.
func (q *Queue) queueLock(b *pgx.Batch, n ticket.Number, r *ticketRow) {
	q.queueBounds(b)
	b.Queue(lockRow, n).QueryRow(func(found pgx.Row) error { return scanTicketRow(found, r) })
	queueClock(b, r)
}

// queueNarrowLock is queueLock for who puts a command at the end of the queue, and needs no more of the row than that.
func (q *Queue) queueNarrowLock(b *pgx.Batch, n ticket.Number, r *ticketRow) {
	q.queueBounds(b)
	b.Queue(`select number, seq, last_at, applied_seq from tickets where number = $1 for no key update`, n).
		QueryRow(func(found pgx.Row) error { return found.Scan(&r.number, &r.seq, &r.lastAt, &r.applied) })
	queueClock(b, r)
}

// queueBounds sets what holds for a transaction under a ticket's lock: its timeouts, and that statements, all of them by
// keys, are planned once for a connection and not anew for each of the first values.
func (q *Queue) queueBounds(b *pgx.Batch) {
	b.Queue(`select set_config('lock_timeout', $1, true), set_config('statement_timeout', $2, true), set_config('plan_cache_mode', 'force_generic_plan', true)`,
		millis(q.s.lockTimeout), millis(q.s.statementTimeout))
}

func queueClock(b *pgx.Batch, r *ticketRow) {
	// Not now(): that is when the transaction began, which may be before a rival's commit.
	b.Queue(`select clock_timestamp()`).QueryRow(func(found pgx.Row) error { return found.Scan(&r.now) })
}

func scanTicketRow(found pgx.Row, r *ticketRow) error {
	lastBy, lastAt := "", (*time.Time)(nil)
	r.manner = ticket.DefaultManner() // what the row leaves out stays so
	var process any = &r.process
	if r.blind {
		process = new([]byte)
	}
	err := found.Scan(&r.number, &r.id, &r.desk, &r.deskAddr, &r.rules, &r.title, &r.client, &r.clientName, &r.clientMail, &r.language, &r.channel, &r.seq, &r.lastAt,
		&r.applied, &r.items, process, &r.settings, &lastBy, &r.last.Name, &r.last.Kind, &lastAt, &r.last.Excerpt,
		&r.spokeLast, &r.waiting, &r.manner, &r.follows, &r.spoken.id, &r.spoken.channel, &r.spoken.key, &r.spoken.conversation, &r.spoken.person)
	if err != nil {
		return err
	}
	if lastAt != nil {
		r.last.At = *lastAt
	}
	return r.last.By.UnmarshalText([]byte(lastBy))
}

// at is the instant of a command stored now: never before the one stored last.
func (r *ticketRow) at() time.Time {
	if r.lastAt.After(r.now) {
		return r.lastAt
	}
	return r.now
}

func millis(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// send runs a batch and returns its first error.
func send(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, b).Close()
}
