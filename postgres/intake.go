package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Mailbox returns the settings and the cursor of a mailbox; ticket.NotFound where it is gone or switched off.
func (q *Queue) Mailbox(ctx context.Context, id string) (ticket.Mailbox, error) {
	version, err := q.MailboxVersion(ctx, id) // first: newer settings may pass for older ones, never the other way
	if err != nil {
		return ticket.Mailbox{}, err
	}
	a, err := q.s.Account(ctx, id)
	if err != nil {
		return ticket.Mailbox{}, err
	}
	if !a.Enabled {
		return ticket.Mailbox{}, notFound("mailbox %s is switched off", id)
	}
	rows, err := q.s.pool.Query(ctx, `select lower(address) from mailboxes union select lower(address) from desks`)
	if err != nil {
		return ticket.Mailbox{}, fmt.Errorf("list our addresses: %w", err)
	}
	self, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return ticket.Mailbox{}, fmt.Errorf("list our addresses: %w", err)
	}
	box := ticket.Mailbox{
		ID: a.ID, Version: version, Desk: a.Desk, Address: a.Address, Self: self, Folder: a.Folder, UIDValidity: a.UIDValidity, LastUID: a.LastUID, FromStart: a.FromStart,
		IMAP: ticket.Account{Mailbox: a.ID, Addr: a.IMAPAddr, TLS: a.IMAPTLS, Username: a.Username, Password: a.Password},
	}
	var seconds int
	err = q.s.pool.QueryRow(ctx, `select first_uid, after_intake, after_folder, authserv_id, token_mechanism, poll_seconds from mailboxes where id = $1`, id).
		Scan(&box.FirstUID, &box.After.Mode, &box.After.Folder, &box.Authserv, &box.IMAP.Mechanism, &seconds)
	if err != nil {
		return ticket.Mailbox{}, fmt.Errorf("read cursor: %w", err)
	}
	box.Poll = time.Duration(seconds) * time.Second
	return box, nil
}

// Receive keeps the sources of mails before anything is done with them, and counts how often each was begun.
func (q *Queue) Receive(ctx context.Context, mails []ticket.Received) ([]ticket.Begun, error) {
	begun := make([]ticket.Begun, len(mails))
	err := q.write(ctx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		for _, m := range slices.SortedFunc(slices.Values(mails), bySource) { // in one order everywhere: two mailboxes may have the same ones
			b.Queue(`insert into blobs as b (hash, data) values ($1, $2)
				on conflict (hash) do update set data = excluded.data, object = null where b.data is null`, m.Digest[:], m.Raw)
		}
		for i, m := range mails {
			b.Queue(`insert into ledger as l (mailbox, uidvalidity, uid, fate, digest, raw, attempts) values ($1, $2, $3, 'received', $4, $4, 1)
				on conflict (mailbox, uidvalidity, uid) do update set
					attempts = case when l.fate <> 'received' then l.attempts when l.raw is null then 1 else l.attempts + 1 end,
					digest = case when l.fate = 'received' and l.raw is null then excluded.digest else l.digest end,
					raw = case when l.fate = 'received' and l.raw is null then excluded.raw else l.raw end
				returning fate <> 'received', attempts`, m.Mailbox, m.UIDValidity, m.UID, m.Digest[:]).
				QueryRow(func(row pgx.Row) error { return row.Scan(&begun[i].Done, &begun[i].Attempts) })
		}
		return send(ctx, tx, b)
	})
	if err != nil {
		return nil, fmt.Errorf("keep sources: %w", err)
	}
	if slices.ContainsFunc(begun, func(b ticket.Begun) bool { return !b.Done }) {
		q.crash("after_receive")
	}
	return begun, nil
}

// Unbegun takes back that a mail was begun, where the error that ended it says nothing of the mail.
func (q *Queue) Unbegun(ctx context.Context, mail ticket.Received, because error) error {
	if !Away(because) && !errors.Is(because, context.Canceled) {
		return nil
	}
	_, err := q.s.pool.Exec(ctx, `update ledger set attempts = attempts - 1 where mailbox = $1 and uidvalidity = $2 and uid = $3 and fate = 'received' and raw is not null and attempts > 0`,
		mail.Mailbox, mail.UIDValidity, mail.UID)
	if err != nil {
		return fmt.Errorf("take back that a mail was begun: %w", err)
	}
	return nil
}

func bySource(a, b ticket.Received) int { return bytes.Compare(a.Digest[:], b.Digest[:]) }

// Find looks up what a mail's headers may refer to, and whether the writer takes part in what was found.
func (q *Queue) Find(ctx context.Context, t ticket.Traces) (ticket.Found, error) {
	out := ticket.Found{Tickets: map[string]ticket.FoundTicket{}}
	if len(t.Deliveries)+len(t.Tokens)+len(t.MailIDs)+len(t.Numbers) == 0 {
		return out, nil // most of those that open a ticket
	}
	var trace string
	var f ticket.FoundTicket
	err := q.s.plannedOnce(ctx, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&trace, &f.Number, &f.Desk, &f.Participant}, func() error {
			out.Tickets[trace] = f
			return nil
		})
		return err
	}, `
with traces as (
  select d.id::text as trace, d.ticket from deliveries d where d.id = any($1::uuid[])
  union select t.reply_token, t.number from tickets t where t.reply_token = any($2)
  union select m.mail_id, m.ticket from messages m where m.mail_id = any($3)
  union select '#' || t.number, t.number from tickets t where t.number = any($4)
)
select x.trace, x.ticket, t.desk,
  exists (select from identities i where i.client = t.client and i.kind = 'mail' and i.value = $5)
  or exists (select from messages m where m.ticket = x.ticket and m.applied and $5 = any (select lower(a) from unnest(m.sent_to || m.sent_cc) a))
from traces x join tickets t on t.number = x.ticket`, uuids(t.Deliveries), orEmpty(t.Tokens), orEmpty(t.MailIDs), plainNumbers(t.Numbers), FoldAddress(t.From))
	if err != nil {
		return out, fmt.Errorf("look up traces: %w", err)
	}
	return out, nil
}

// uuids leaves out what is none: a forged Message-ID must not fail the query.
func uuids(list []string) []string {
	out := []string{}
	for _, s := range list {
		if isUUID(s) {
			out = append(out, s)
		}
	}
	return out
}

func isUUID(s string) bool {
	return len(s) == 36 && strings.Trim(strings.ToLower(s), "0123456789abcdef-") == ""
}

func plainNumbers(list []ticket.Number) []int64 {
	out := []int64{}
	for _, n := range list {
		out = append(out, int64(n))
	}
	return out
}

// errSettled ends a transaction whose mail has its fate already.
var errSettled = errors.New("the mail has its fate")

// contentOf is null where nothing is known of it.
func contentOf(f ticket.Fate) []byte {
	if f.Content == [32]byte{} {
		return nil
	}
	return f.Content[:]
}

// Settle gives a mail its one fate and stores the command that goes with it, in one transaction. A mail that lay in
// this mailbox before, under another UID, is a duplicate; so is one that came to it on another way, by what its sender
// wrote.
func (q *Queue) Settle(ctx context.Context, f ticket.Fate) (ticket.Settled, error) {
	var out ticket.Settled
	if f.Order != nil {
		q.s.placeFiles(ctx, f.Order.Message)
	}
	err := q.write(ctx, func(tx pgx.Tx) (err error) {
		out, err = q.settleIn(ctx, tx, f)
		return err
	})
	if errors.Is(err, errSettled) {
		return out, nil
	}
	if err == nil {
		q.crash("after_settle")
	}
	return out, err
}

func (q *Queue) settleIn(ctx context.Context, tx pgx.Tx, f ticket.Fate) (ticket.Settled, error) {
	out := ticket.Settled{Fate: f.Fate}
	var fate string
	var twin *int64
	b := &pgx.Batch{}
	// Of twins one is settled at a time: two leaders for a moment must not both miss the other's.
	b.Queue(`select pg_advisory_xact_lock(key) from (select distinct hashtextextended('mailbox ' || $1 || encode(bytes, 'hex'), 0) as key
		from (values ($2::bytea), ($3)) known (bytes) where bytes is not null order by key) x`, f.Mailbox, f.Digest[:], contentOf(f))
	b.Queue(`select l.fate, (select coalesce(o.ticket, 0) from ledger o where o.mailbox = l.mailbox and (o.uidvalidity, o.uid) <> (l.uidvalidity, l.uid)
			and o.fate in ('message', 'automatic', 'bounce') and (o.digest = l.digest or o.content = $4) limit 1)
		from ledger l where l.mailbox = $1 and l.uidvalidity = $2 and l.uid = $3 for update`, f.Mailbox, f.UIDValidity, f.UID, contentOf(f)).
		QueryRow(func(row pgx.Row) error { return row.Scan(&fate, &twin) })
	if err := send(ctx, tx, b); err != nil {
		return out, fmt.Errorf("find ledger line: %w", err)
	}
	if fate != "received" {
		out.Fate = fate
		return out, errSettled
	}
	b = &pgx.Batch{}
	if twin != nil && f.Fate != "quarantined" {
		n := ticket.Number(*twin)
		queueFate(b, f, "duplicate", n, 0)
		return ticket.Settled{Fate: "duplicate", Number: n}, q.writeFate(ctx, tx, b)
	}
	var r ticket.Receipt
	if f.Order != nil {
		put := send // a report locks the ticket and reads what stands there
		if len(f.Bounces) == 0 {
			put = func(_ context.Context, _ pgx.Tx, stored *pgx.Batch) error { // goes along with the fate
				b.QueuedQueries = append(b.QueuedQueries, stored.QueuedQueries...)
				return nil
			}
		}
		var err error
		if r, _, err = q.store(ctx, tx, *f.Order, put); err != nil {
			return out, err
		}
		out.Number, out.Kind, out.Ring = r.Number, r.Kind, ticket.Ring{ID: r.ID, Seq: r.Seq}
		if f.Order.Opening != nil {
			queueOrigin(b, r.Number, f)
		}
	}
	reported, err := q.report(ctx, tx, f)
	if err != nil {
		return out, err
	}
	if f.Reached != "" { // whoever answers our mail has it: the address works again
		b.Queue(`delete from undeliverable where address = $1 and why = 'bounce'`, FoldAddress(f.Reached))
	}
	queueFate(b, f, f.Fate, orElse(r.Number, reported), r.Seq)
	return out, q.writeFate(ctx, tx, b)
}

// queueOrigin ties a ticket that a mail opened to the one that it may belong to.
func queueOrigin(b *pgx.Batch, n ticket.Number, f ticket.Fate) {
	if f.Suspected != 0 {
		b.Queue(`insert into links (ticket, kind, other) select x.a, 'related', x.b from (values ($1::bigint, $2::bigint), ($2, $1)) x (a, b)
			where exists (select from tickets where number = $2) on conflict do nothing`, n, int64(f.Suspected))
	}
}

func queueFate(b *pgx.Batch, f ticket.Fate, fate string, n ticket.Number, seq int64) {
	b.Queue(`update ledger set fate = $4, ticket = nullif($5, 0), seq = nullif($6, 0), mail_id = nullif($7, ''), evidence = $8, content = $9, at = clock_timestamp()
		where mailbox = $1 and uidvalidity = $2 and uid = $3`, f.Mailbox, f.UIDValidity, f.UID, fate, int64(n), seq, clean(f.MailID), orMap(f.Evidence), contentOf(f))
}

// writeFate ends the transaction with it.
func (q *Queue) writeFate(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	q.crash("before_settle_commit")
	if err := sendLast(ctx, tx, b); err != nil {
		return fmt.Errorf("write fate: %w", err)
	}
	return nil
}

// Marked notes that the server shows these mails as done, and moves the cursor over everything settled before them.
func (q *Queue) Marked(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) error {
	q.crash("after_server_mark")
	err := q.write(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update ledger set marked = true where mailbox = $1 and uidvalidity = $2 and uid = any($3)`, mailbox, uidvalidity, wide(uids)); err != nil {
			return fmt.Errorf("note marked mails: %w", err)
		}
		_, err := tx.Exec(ctx, `update mailboxes set last_uid = greatest(case when uidvalidity = $2 then last_uid else 0 end, (select max(u) from unnest($3::bigint[]) u)), uidvalidity = $2
			where id = $1`, mailbox, uidvalidity, wide(uids))
		return err
	})
	if err == nil {
		q.crash("after_mark")
	}
	return err
}

// Begun notes which UIDVALIDITY a mailbox has at the first contact, and from which UID on its mail is taken in.
func (q *Queue) Begun(ctx context.Context, mailbox string, uidvalidity, lastUID uint32) error {
	_, err := q.s.pool.Exec(ctx, `update mailboxes set uidvalidity = $2, last_uid = $3, first_uid = $3 where id = $1`, mailbox, uidvalidity, int64(lastUID))
	if err != nil {
		return fmt.Errorf("note first contact: %w", err)
	}
	return nil
}

// Seen notes how a mailbox stands: polling, or failed with a problem that names no secret.
func (q *Queue) Seen(ctx context.Context, mailbox, state, problem string) error {
	_, err := q.s.pool.Exec(ctx, `update mailboxes set state = $2, last_error = nullif($3, ''), last_seen_at = clock_timestamp(),
		troubles = case when $2 = 'polling' then 0 else troubles end where id = $1`, mailbox, state, clean(problem))
	if err != nil {
		return fmt.Errorf("note how the mailbox stands: %w", err)
	}
	return nil
}

// Known returns those of the UIDs that have their fate and are marked: nothing is left to do for them.
func (q *Queue) Known(ctx context.Context, mailbox string, uidvalidity uint32, uids []uint32) (map[uint32]bool, error) {
	rows, err := q.s.pool.Query(ctx, `select uid from ledger where mailbox = $1 and uidvalidity = $2 and uid = any($3) and fate <> 'received' and marked`, mailbox, uidvalidity, wide(uids))
	if err != nil {
		return nil, fmt.Errorf("list known mails: %w", err)
	}
	known, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("list known mails: %w", err)
	}
	out := map[uint32]bool{}
	for _, u := range known {
		out[uint32(u)] = true // UIDs are 32 bits (RFC 9051)
	}
	return out, nil
}

func wide(uids []uint32) []int64 {
	out := make([]int64, len(uids))
	for i, u := range uids {
		out[i] = int64(u)
	}
	return out
}

// MailboxesToWatch lists the ids of the mailboxes that are switched on, but for those whose login was refused too often:
// they wait for other settings.
func (q *Queue) MailboxesToWatch(ctx context.Context) ([]string, error) {
	rows, err := q.s.pool.Query(ctx, `select id::text from mailboxes where enabled and troubles < $1 order by address`, ticket.LoginsRefused)
	if err != nil {
		return nil, fmt.Errorf("list mailboxes: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
