package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/lifecycle"
	"duradesk/ticket"
)

// batchLimit bounds one Apply; the workflow calls again while there is more.
const batchLimit = 100

// Apply takes every unapplied command of a ticket, and every clock that is due, through the rules: in the order of
// their instants, a command before a timer that falls due while it waits. It writes row, events, receipts and
// deliveries in one transaction. Run again it finds nothing unapplied and returns the ticket as it is.
//
// A poisonous command (a panic, or SQLSTATE class 22 or 23) makes it start over, one command at a time: the culprit
// gets outcome failed, the rest goes on. Everything else is infrastructure, and the caller tries again.
func (q *Queue) Apply(ctx context.Context, in ticket.ApplyInput) (ticket.ApplyResult, error) {
	out, err := q.applyLocked(ctx, in, false)
	if poisonous(err) {
		q.s.log.WarnContext(ctx, "a command is poisonous; going one by one", "ticket", in.Number, "error", err)
		out, err = q.applyLocked(ctx, in, true)
	}
	if err == nil {
		q.crash("after_apply_commit")
	}
	return out, err
}

// applyLocked starts over where tickets are spoken of that were not locked.
func (q *Queue) applyLocked(ctx context.Context, in ticket.ApplyInput, careful bool) (out ticket.ApplyResult, err error) {
	var more errMoreLocks
	for range lockRounds {
		out, err = q.applyOnce(ctx, in, careful, more.numbers)
		if !errors.As(err, &more) {
			return out, err
		}
	}
	return out, err
}

// errPanic is a panic while a command was applied.
type errPanic struct{ value any }

func (e errPanic) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// hopeless makes poison of what no retry can mend: a command that names something that is not there. What a newer
// program wrote is none: that one can.
func hopeless(err error) error {
	if code := ticket.CodeOf(err); noRows(err) || code != "" && code != ticket.Newer {
		return errPanic{err}
	}
	return err
}

func poisonous(err error) bool {
	var p errPanic
	state := sqlState(err)
	return errors.As(err, &p) || strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23")
}

// applying is one run of Apply under the ticket's lock.
type applying struct {
	q       *Queue
	tx      pgx.Tx
	row     ticketRow
	careful bool
	writes  *pgx.Batch
	p       ticket.Process
	done    int
	changed time.Time // instant of the last command that was answered
	endings endings
	told    string // of the ticket, to whoever waits
	errands []ticket.Errand
	next    []stored                     // what triggers asked for: answered before anything else
	unread  []string                     // deliveries not started yet
	others  map[ticket.Number]*ticketRow // tickets spoken of, under their locks
	table   *lifecycle.Table
	policy  lifecycle.Policy
}

// stored is one unapplied command with what the effects need of its message.
type stored struct {
	ticket.Command
	byName     string
	why        string // of a trigger's command: the conditions that held
	reasonText string
	note       bool
	authorKind string
	authorID   string
	authorName string
	excerpt    string
	to, cc     []string
	draft      string
	calls      bool // a note that may call somebody by his key
}

func (q *Queue) applyOnce(ctx context.Context, in ticket.ApplyInput, careful bool, others []ticket.Number) (ticket.ApplyResult, error) {
	var out ticket.ApplyResult
	var notice string
	err := q.write(ctx, func(tx pgx.Tx) error {
		a := &applying{q: q, tx: tx, careful: careful, writes: &pgx.Batch{}, others: map[ticket.Number]*ticketRow{}}
		commands, more, err := a.begin(ctx, in, others)
		if err != nil {
			return err
		}
		now := a.row.now
		for _, f := range in.Fired {
			// A fired timer that still stands is due, whatever this machine's clock says.
			if k, ok := lifecycle.Due(a.p, ticket.TimerParams(f)); ok && k.Rings().After(now) {
				now = k.Rings()
			}
		}
		if err := a.run(ctx, commands, now, more); err != nil {
			return err
		}
		if err := a.end(ctx); err != nil {
			return err
		}
		out, notice = a.result(more), a.told
		return nil
	})
	if err == nil && notice != "" {
		q.s.notices.tell(notice) // who waits in this process need not wait for the notice's way through Postgres
	}
	return out, err
}

// begin locks the ticket, gives rows to what came by hand, and reads what is unapplied.
func (a *applying) begin(ctx context.Context, in ticket.ApplyInput, others []ticket.Number) ([]stored, bool, error) {
	var commands []stored
	b := &pgx.Batch{}
	a.queueLocks(b, in.Number, others)
	b.Queue(selectUnapplied, in.Number, batchLimit+1).Query(func(rows pgx.Rows) (err error) {
		commands, err = pgx.CollectRows(rows, scanStored)
		return err
	})
	b.Queue(`select id::text from deliveries where ticket = $1 and not started`, in.Number).Query(func(rows pgx.Rows) (err error) {
		a.unread, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err := send(ctx, a.tx, b); err != nil {
		if noRows(err) {
			return nil, false, notFound("there is no ticket %d", in.Number)
		}
		return nil, false, fmt.Errorf("read queue: %w", err)
	}
	a.p = a.row.process
	if err := a.rules(ctx); err != nil {
		return nil, false, err
	}
	if in.Revision > a.p.Revision {
		return nil, false, ticket.ErrRowBehind
	}
	if err := a.checkLocks(commands, len(commands)+len(in.Heard)+len(in.Canceled) > 0); err != nil {
		return nil, false, err
	}
	rung, err := a.rung(ctx, in, commands)
	if err != nil {
		return nil, false, err
	}
	hands, err := a.byHand(ctx, in, rung)
	if err != nil {
		return nil, false, err
	}
	commands = append(commands, hands...)
	if len(commands) > batchLimit {
		return commands[:batchLimit], true, nil
	}
	return commands, false, nil
}

// rules finds the table that the desk works by, and the policy that is pinned to the ticket.
func (a *applying) rules(ctx context.Context) (err error) {
	var ok bool
	if a.table, ok = a.q.rules(a.row.rules); !ok {
		return fmt.Errorf("desk %s works by the process %q, which this program does not know", a.row.desk, a.row.rules)
	}
	a.policy, err = a.q.s.policy(ctx, a.tx, a.row.settings, a.p.Calendar)
	return err
}

const selectUnapplied = `
select c.seq, c.id, c.by_kind, c.by_id, c.by_role, c.by_name, c.name, c.at, c.params, coalesce(c.reason_text, ''), coalesce(c.message::text, ''), c.seen_revision,
       coalesce(m.note, false), coalesce(m.by_kind, ''), coalesce(m.by_id, ''), coalesce(m.by_name, ''), coalesce(left(coalesce(m.visible, m.body), 400), ''),
       coalesce(m.sent_to, '{}'), coalesce(m.sent_cc, '{}'), coalesce(c.draft::text, ''), coalesce(m.note and m.body like '%@%', false)
from commands c left join messages m on m.id = c.message
where c.ticket = $1 and c.outcome = 'pending' order by c.seq limit $2`

func scanStored(rows pgx.CollectableRow) (stored, error) {
	var s stored
	var kind, role, name string
	err := rows.Scan(&s.Seq, &s.ID, &kind, &s.By.ID, &role, &s.byName, &name, &s.At, &s.Params, &s.reasonText, &s.Message, &s.SeenRevision,
		&s.note, &s.authorKind, &s.authorID, &s.authorName, &s.excerpt, &s.to, &s.cc, &s.draft, &s.calls)
	if err != nil {
		return s, err
	}
	// An unknown word means that a newer program wrote it: infrastructure, a newer worker takes it.
	if err := errors.Join(s.By.Kind.UnmarshalText([]byte(kind)), s.By.Role.UnmarshalText([]byte(role)), s.Kind.UnmarshalText([]byte(name))); err != nil {
		return s, fmt.Errorf("command %d was written by a newer program: %w", s.Seq, err)
	}
	s.excerpt = excerpt(s.excerpt)
	return s, nil
}

// excerpt is a list row's view of a message: one line of at most 160 characters.
func excerpt(s string) string {
	line := []rune(strings.Join(strings.Fields(s), " "))
	if len(line) > 160 {
		return string(line[:159]) + "…"
	}
	return string(line)
}

// run merges commands and clocks by their instants and answers each.
func (a *applying) run(ctx context.Context, commands []stored, now time.Time, more bool) error {
	for i := 0; ; {
		k, running := a.p.Next()
		switch {
		case len(a.next) > 0:
			c := a.next[0]
			a.next = a.next[1:]
			if err := a.answer(ctx, c); err != nil {
				return err
			}
		case i < len(commands) && !(running && k.Rings().Before(commands[i].At)):
			if err := a.answer(ctx, commands[i]); err != nil {
				return err
			}
			i++
		case running && (i < len(commands) || (!more && !k.Rings().After(now))):
			if err := a.answer(ctx, a.timer(k)); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// timer gives a row to a clock that is due; the same clock, due and generation is the same command.
func (a *applying) timer(k ticket.Clock) stored {
	c := lifecycle.TimerCommand(a.row.number, k)
	c.Seq = a.giveRow(c, "")
	return stored{Command: c}
}

// giveRow stores a command that has no row yet, at the end of the queue.
func (a *applying) giveRow(c ticket.Command, name string) int64 {
	a.row.seq++
	a.writes.Queue(`insert into commands (ticket, seq, id, actor, by_kind, by_id, by_role, by_name, name, at, params, signalled_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10)`,
		a.row.number, a.row.seq, c.ID, c.By.Key(), c.By.Kind.String(), c.By.ID, c.By.Role.String(), name, c.Kind.String(), c.At, c.Params)
	return a.row.seq
}

// answer takes one command through the rules and writes what follows. In the careful way each has a savepoint, and a
// poisonous one is marked failed.
func (a *applying) answer(ctx context.Context, c stored) error {
	if !a.careful {
		return a.decide(ctx, c)
	}
	if err := a.flush(ctx); err != nil { // rows given to timers and hands stand outside the savepoint
		return err
	}
	before := *a
	inner, err := a.tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	a.tx = inner
	if err = a.decide(ctx, c); err == nil {
		a.saveRow() // a process that the row refuses is this command's doing too
		err = a.flush(ctx)
	}
	a.tx = before.tx
	if err == nil {
		return inner.Commit(ctx)
	}
	if !poisonous(err) {
		return err
	}
	if rolled := inner.Rollback(ctx); rolled != nil {
		return fmt.Errorf("back to savepoint: %w", rolled)
	}
	*a = before
	a.writes = &pgx.Batch{}
	a.poisoned(c, err)
	return a.flush(ctx)
}

func (a *applying) flush(ctx context.Context) error {
	b := a.writes
	a.writes = &pgx.Batch{}
	return send(ctx, a.tx, b)
}

// decide asks the table; a panic in it is this command's, not the desk's.
func (a *applying) decide(ctx context.Context, c stored) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errPanic{v}
		}
	}()
	if err := a.facts(ctx, &c); err != nil {
		return hopeless(err)
	}
	d := a.table.Apply(a.p, c.Command, a.policy)
	opens := a.p.Revision == 0 && d.Process.Revision > 0
	if d.Process.Revision != a.p.Revision {
		a.writes.Queue(`insert into revisions (ticket, revision, at, process) values ($1, $2, $3, $4)`, a.row.number, d.Process.Revision, c.At, d.Process)
	}
	a.p = d.Process
	a.done++
	if c.At.After(a.changed) {
		a.changed = c.At
	}
	a.receipt(c, d.Answer, d.Reason, "")
	if err := a.draft(ctx, c, d.Answer); err != nil {
		return err
	}
	for _, h := range d.Events {
		a.event(c, h, d.Rule, eventData(c))
	}
	for _, e := range d.Effects {
		if err := a.perform(ctx, e, c); err != nil {
			return hopeless(err)
		}
	}
	if err := a.across(c, d); err != nil || !opens {
		return err
	}
	return a.trigger(ctx, c)
}

func (a *applying) receipt(c stored, o ticket.Outcome, reason, failure string) {
	a.writes.Queue(`update commands set outcome = $3, reason = nullif($4, ''), revision = $5, applied_at = $6, failure = nullif($7, '') where ticket = $1 and seq = $2`,
		a.row.number, c.Seq, o.String(), reason, a.p.Revision, a.row.now, failure)
	a.endings.add(c, o, a.p.Revision, reason)
}

// poisoned ends a command that cannot be applied: outcome failed, its message stays visible, the ticket is in a seen
// queue, a clock that sent it stops.
func (a *applying) poisoned(c stored, cause error) {
	a.p.Revision++
	a.p.Seq = max(a.p.Seq, c.Seq)
	a.p.Failed = true
	if t := c.Params.Timer; t != nil && c.Kind.Timer() {
		a.p.Clocks = lifecycle.Without(a.p.Clocks, t.Clock)
	}
	a.done++
	a.receipt(c, ticket.Failed, "poisonous", cause.Error())
	if c.Message != "" {
		a.writes.Queue(`update messages set applied = true where id = $1`, c.Message)
		a.event(c, lifecycle.Happening{Type: kindOfMessage(c), Name: "kept"}, "", nil)
	}
	a.event(c, lifecycle.Happening{Type: "event", Name: "failed", From: a.p.State, To: a.p.State, Why: "poisonous"}, "", nil)
}

func kindOfMessage(c stored) string {
	if c.note {
		return "note"
	}
	return "message"
}

// end writes the ticket's row and tells whoever waits.
func (a *applying) end(ctx context.Context) error {
	if a.done > 0 {
		a.saveRow()
		a.told = a.endings.notice(a.row.number, a.p.Revision, a.p.Seq, a.row.now)
		a.writes.Queue(`select pg_notify($1, $2)`, channel, a.told)
	} else {
		// What rang may have been the sweeper, for an instant that no clock of the ticket has: left as it is, it would ring
		// for ever, and so many at a time that timers that are lost indeed would wait behind them.
		_, _, next, _ := deadlines(a.p)
		a.writes.Queue(`update tickets set next_due_at = $2 where number = $1 and next_due_at is distinct from $2`, a.row.number, next)
	}
	a.q.crash("before_apply_commit")
	if err := sendLast(ctx, a.tx, a.writes); err != nil {
		return fmt.Errorf("write outcome: %w", err)
	}
	return nil
}

// result is small, whatever the batch.
func (a *applying) result(more bool) ticket.ApplyResult {
	out := ticket.ApplyResult{Process: a.p, More: more, Final: a.p.State.Final() && !more, Effects: a.errands}
	out.Wanted = a.p.Wanted()
	for _, id := range a.unread {
		out.Effects = append(out.Effects, ticket.Errand{Delivery: id})
	}
	return out
}
