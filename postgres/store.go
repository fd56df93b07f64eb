package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Store puts an order into its ticket's queue, with its texts, in one transaction; from the commit on it cannot be
// lost. The same id by the same actor returns the first receipt; with another fingerprint it is a Conflict.
func (q *Queue) Store(ctx context.Context, o ticket.Order) (ticket.Receipt, bool, error) {
	var r ticket.Receipt
	repeated := false
	q.s.placeFiles(ctx, o.Message)
	err := q.write(ctx, func(tx pgx.Tx) (err error) {
		r, repeated, err = q.store(ctx, tx, o, func(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
			q.crash("before_store_commit")
			return sendLast(ctx, tx, b)
		})
		return err
	})
	if name, _ := violated(err); name == "commands_actor_id_key" {
		// A twin was stored while we were at it: its receipt is ours.
		first, found, lookup := q.first(ctx, q.s.pool, o)
		if lookup == nil && found {
			return first, true, nil
		}
		return ticket.Receipt{}, false, errorsOr(lookup, err)
	}
	if err == nil && !repeated {
		q.crash("after_store")
	}
	return r, repeated, err
}

func errorsOr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// sending runs a batch: send, or sendLast.
type sending func(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error

// store does the work within the caller's transaction; put is how the last of it is written.
func (q *Queue) store(ctx context.Context, tx pgx.Tx, o ticket.Order, put sending) (ticket.Receipt, bool, error) {
	if o.Number != 0 {
		return q.storeFor(ctx, tx, o, put)
	}
	var earlier earlierReceipt
	var pinned pins
	own := ownClient(o.By, o.Opening.Client)
	b := &pgx.Batch{}
	earlier.queue(b, o)
	pinned.queue(b, o.Opening.Desk)
	own.queue(b)
	if err := send(ctx, tx, b); err != nil {
		return ticket.Receipt{}, false, fmt.Errorf("look for an earlier command: %w", err)
	}
	if r, found, err := earlier.of(o); found || err != nil {
		return r, found, err
	}
	if pinned.policy == 0 {
		return ticket.Receipt{}, false, invalid("/desk", "there is no desk %q", o.Opening.Desk)
	}
	if err := own.refusal("/client/email"); err != nil {
		return ticket.Receipt{}, false, err
	}
	return q.storeOpening(ctx, tx, o, pinned, put)
}

func (q *Queue) storeFor(ctx context.Context, tx pgx.Tx, o ticket.Order, put sending) (ticket.Receipt, bool, error) {
	var r ticketRow
	var earlier earlierReceipt
	b := &pgx.Batch{}
	q.queueNarrowLock(b, o.Number, &r)
	if o.Writer == nil { // else it is not known yet who asks
		earlier.queue(b, o)
	}
	if err := send(ctx, tx, b); err != nil {
		if noRows(err) {
			return ticket.Receipt{}, false, notFound("there is no ticket %d", o.Number)
		}
		return ticket.Receipt{}, false, fmt.Errorf("lock ticket: %w", err)
	}
	if err := q.nameWriter(ctx, tx, &o); err != nil {
		return ticket.Receipt{}, false, err
	}
	if o.Writer != nil {
		b = &pgx.Batch{}
		earlier.queue(b, o)
		if err := send(ctx, tx, b); err != nil {
			return ticket.Receipt{}, false, fmt.Errorf("look for an earlier command: %w", err)
		}
	}
	if first, found, err := earlier.of(o); found || err != nil {
		return first, found, err
	}
	b = &pgx.Batch{}
	queueNext(b, &r, o)
	if err := put(ctx, tx, b); err != nil {
		return ticket.Receipt{}, false, fmt.Errorf("store command: %w", err)
	}
	return receiptOf(o, r.number, r.seq, r.lastAt, r.seq-r.applied), false, nil
}

// queueNext puts a command at the end of a locked ticket's queue: the next seq, an instant not before the last one.
func queueNext(b *pgx.Batch, r *ticketRow, o ticket.Order) {
	r.seq++
	r.lastAt = r.at()
	queueCommand(b, o, r.number, r.seq, r.lastAt)
	b.Queue(`update tickets set seq = $2, last_at = $3 where number = $1`, r.number, r.seq, r.lastAt)
}

// nameWriter finds or makes the client who wrote, after the ticket's lock.
func (q *Queue) nameWriter(ctx context.Context, tx pgx.Tx, o *ticket.Order) error {
	if o.Writer == nil {
		return nil
	}
	client, err := q.s.EnsureClient(ctx, tx, *o.Writer)
	if err != nil {
		return err
	}
	named(o, client)
	return nil
}

// named puts the client's id where the order speaks of a client without one.
func named(o *ticket.Order, client string) {
	if o.By.Kind == ticket.ActorClient && o.By.ID == "" {
		o.By.ID = client
	}
	if o.Message != nil && o.Message.Author.Kind == ticket.ActorClient && o.Message.Author.ID == "" {
		o.Message.Author.ID = client
	}
}

// storeOpening makes the ticket; its creation is its first command.
func (q *Queue) storeOpening(ctx context.Context, tx pgx.Tx, o ticket.Order, pinned pins, put sending) (ticket.Receipt, bool, error) {
	client, err := q.s.EnsureClient(ctx, tx, o.Opening.Client)
	if err != nil {
		return ticket.Receipt{}, false, err
	}
	named(&o, client)
	number, at, err := nextNumber(ctx, tx)
	if err != nil {
		return ticket.Receipt{}, false, err
	}
	b := &pgx.Batch{}
	queueTicket(b, number, client, pinned, at, o)
	queueCommand(b, o, number, 1, at)
	if err := put(ctx, tx, b); err != nil {
		return ticket.Receipt{}, false, fmt.Errorf("open ticket: %w", err)
	}
	return receiptOf(o, number, 1, at, 1), false, nil
}

func nextNumber(ctx context.Context, tx pgx.Tx) (n ticket.Number, at time.Time, err error) {
	if err = tx.QueryRow(ctx, `select nextval('ticket_numbers'), clock_timestamp()`).Scan(&n, &at); err != nil {
		return 0, at, fmt.Errorf("next ticket number: %w", err)
	}
	return n, at, nil
}

// pins are the versions of policy and calendar that a ticket is opened under: editing them never moves its past.
type pins struct{ policy, calendar int }

func pinsOf(ctx context.Context, tx pgx.Tx, desk string) (p pins, err error) {
	b := &pgx.Batch{}
	p.queue(b, desk)
	if err := send(ctx, tx, b); err != nil {
		return p, fmt.Errorf("read desk: %w", err)
	}
	if p.policy == 0 {
		return p, invalid("/desk", "there is no desk %q", desk)
	}
	return p, nil
}

// queue asks for the versions among other statements; policies are counted from 1, and 0 stays where there is no desk.
func (p *pins) queue(b *pgx.Batch, desk string) {
	b.Queue(`select d.policy, coalesce((select max(c.version) from calendars c where c.key = p.settings->>'calendar'), 0)
		from desks d join policies p on p.desk = d.key and p.version = d.policy where d.key = $1`, desk).QueryRow(func(row pgx.Row) error {
		if err := row.Scan(&p.policy, &p.calendar); !noRows(err) {
			return err
		}
		return nil
	})
}

// queueTicket makes the row of a ticket whose first command is stored in the same transaction.
func queueTicket(b *pgx.Batch, n ticket.Number, client string, pinned pins, at time.Time, o ticket.Order) {
	id, op := uuid.NewString(), o.Opening
	p := ticket.Process{
		Number: n, Ticket: id, Desk: op.Desk, State: ticket.New, Tier: 1, Priority: orElse(op.Priority, ticket.Normal), Channel: op.Channel, Policy: pinned.policy, Calendar: pinned.calendar,
	}
	b.Queue(`insert into tickets (number, id, desk, title, client, channel, language, type, reception_type, tags, fields, seq, last_at,
		process, state, priority, created_at, updated_at, reply_token)
		values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), $10, $11, 1, $12, $13, 'new', $14, $12, $12, $15)`,
		n, id, op.Desk, op.Title, client, op.Channel.String(), orElse(op.Language, "en"), orElse(op.Type, "question"), op.ReceptionType,
		orEmpty(op.Tags), orMap(op.Fields), at, p, int(p.Priority), token())
	b.Queue(writeTitleWords, n, titleWords(op.Title, op.Channel.String(), orElse(op.Language, "en"), orElse(op.Type, "question"), op.ReceptionType))
	if op.Follows != 0 {
		b.Queue(`insert into links (ticket, kind, other) values ($1, 'follow_up', $2), ($2, 'follow_up', $1) on conflict do nothing`, n, op.Follows)
		b.Queue(`update tickets t set mailbox = f.mailbox from tickets f where t.number = $1 and f.number = $2 and f.desk = t.desk`, n, op.Follows)
	}
}

// token makes the secret part of a ticket's reply address: 80 random bits in lower case, for relays fold case.
func token() string {
	var raw [10]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw[:]))
}

// queueCommand stores the command with the message, files and source that go with it.
func queueCommand(b *pgx.Batch, o ticket.Order, n ticket.Number, seq int64, at time.Time) {
	var message *string
	if o.Message != nil {
		id := uuid.Must(uuid.NewV7()).String()
		message = &id
		queueMessage(b, id, n, at, o.By.Key(), *o.Message)
		queueWords(b, id, seq == 1, *o.Message)
	}
	if h := o.Params.Hold; h != nil && h.Until != nil {
		until := h.Until.UTC().Truncate(time.Microsecond) // what the database keeps, so that timers compare equal
		o.Params.Hold = &ticket.HoldParams{Reason: h.Reason, Until: &until}
	}
	b.Queue(`insert into commands (ticket, seq, id, actor, by_kind, by_id, by_role, by_name, name, at, params, reason_text, message, seen_revision, fingerprint, draft)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nullif($12, ''), $13, $14, $15, nullif($16, '')::uuid)`,
		n, seq, o.ID, o.By.Key(), o.By.Kind.String(), o.By.ID, o.By.Role.String(), o.Name, o.Kind.String(), at, o.Params, o.Reason, message, o.SeenRevision, o.Fingerprint, draftNamed(o))
}

// draftNamed is the draft that an order names; an id that is none names nothing.
func draftNamed(o ticket.Order) string {
	if !properUUID(o.Draft) {
		return ""
	}
	return o.Draft
}

// queueMessage stores a message with its files; by is who sends it, whose uploads it may take.
func queueMessage(b *pgx.Batch, id string, n ticket.Number, at time.Time, by string, m ticket.NewMessage) {
	b.Queue(`insert into messages (id, ticket, note, by_kind, by_id, by_name, body, body_format, html, visible, sent_to, sent_cc, work_minutes, template, mail_id, in_reply_to, raw, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), nullif($10, ''), $11, $12, $13, nullif($14, ''), nullif($15, ''), nullif($16, ''), nullif($17, ''::bytea), $18)`,
		id, n, m.Note, m.Author.Kind.String(), m.Author.ID, m.Author.Name, clean(m.Body), orElse(m.Format, "text"), clean(m.HTML), clean(m.Visible), orEmpty(m.To), orEmpty(m.Cc),
		m.WorkMinutes, m.Template, m.MailID, m.InReplyTo, []byte(m.Raw), at)
	for i, f := range m.Files {
		// A file that is not there any more fails: nothing is sent without what was attached.
		switch {
		case f.DraftFile != "":
			b.Queue(`insert into attachments (id, message, position, name, type, content_id, inline, size, blob) select $1, $2, $3, f.name, f.type, f.content_id, f.inline, f.size, f.blob
				from (values (1)) one left join draft_files f on f.id = uuid_of($4)`, uuid.NewString(), id, i, f.DraftFile)
			continue
		case f.Upload != "":
			b.Queue(`insert into attachments (id, message, position, name, type, size, blob) select $1, $2, $3, f.name, f.type, f.size, f.blob
				from (values (1)) one left join uploads f on f.id = uuid_of($4) and f.by = $5`, uuid.NewString(), id, i, f.Upload, by)
			continue
		}
		hash := queueBytes(b, f)
		b.Queue(`insert into attachments (id, message, position, name, type, content_id, inline, size, blob) values ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, $9)`,
			uuid.NewString(), id, i, clean(f.Name), f.Type, clean(f.ContentID), f.Inline, len(f.Data), hash[:])
	}
}

// queueBytes stores what is in a file, once.
func queueBytes(b *pgx.Batch, f ticket.NewFile) [sha256.Size]byte {
	hash := sha256.Sum256(f.Data)
	placed{hash: hash[:], object: f.Object, data: f.Data}.queue(b)
	return hash
}

// clean drops what Postgres refuses in text: NUL and invalid UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

func orElse[T comparable](v, other T) T {
	var zero T
	if v == zero {
		return other
	}
	return v
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func orMap(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func receiptOf(o ticket.Order, n ticket.Number, seq int64, at time.Time, waiting int64) ticket.Receipt {
	return ticket.Receipt{ID: o.ID, Number: n, Seq: seq, Kind: o.Kind, By: o.By.Key(), At: at, Waiting: waiting}
}
