package postgres

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// queuePlace is that of a command in its ticket's queue. The zero value: the one that the ticket's row names last.
type queuePlace struct {
	seq int64
	at  time.Time
}

// queueCommand stores the command with the message, files and source that go with it.
func queueCommand(b *pgx.Batch, o ticket.Order, n ticket.Number, in queuePlace) {
	var message *string
	if o.Message != nil {
		id := uuid.Must(uuid.NewV7()).String()
		message = &id
		queueMessage(b, id, n, in.at, o.By.Key(), *o.Message)
		queueWords(b, id, in.seq == 1, *o.Message)
	}
	if h := o.Params.Hold; h != nil && h.Until != nil {
		until := h.Until.UTC().Truncate(time.Microsecond) // what the database keeps, so that timers compare equal
		o.Params.Hold = &ticket.HoldParams{Reason: h.Reason, Until: &until}
	}
	b.Queue(`insert into commands (ticket, seq, id, actor, by_kind, by_id, by_role, by_name, name, at, params, reason_text, message, seen_revision, fingerprint, draft)
		values ($1, coalesce(nullif($2::bigint, 0), (select seq from tickets where number = $1)), $3, $4, $5, $6, $7, $8, $9,
			coalesce($10, (select last_at from tickets where number = $1)), $11, nullif($12, ''), $13, $14, $15, nullif($16, '')::uuid)`,
		n, in.seq, o.ID, o.By.Key(), o.By.Kind.String(), o.By.ID, o.By.Role.String(), o.Name, o.Kind.String(), instantOrNil(in.at), o.Params, o.Reason, message, o.SeenRevision, o.Fingerprint, draftNamed(o))
}

// draftNamed is the draft that an order names; an id that is none names nothing.
func draftNamed(o ticket.Order) string {
	if !properUUID(o.Draft) {
		return ""
	}
	return o.Draft
}

// queueMessage stores a message with its files, of the instant that the ticket's row names last if none is given; by is who
// sends it, whose uploads it may take.
func queueMessage(b *pgx.Batch, id string, n ticket.Number, at time.Time, by string, m ticket.NewMessage) {
	b.Queue(`insert into messages (id, ticket, note, by_kind, by_id, by_name, body, body_format, html, visible, sent_to, sent_cc, work_minutes, template, mail_id, in_reply_to, raw, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), nullif($10, ''), $11, $12, $13, nullif($14, ''), nullif($15, ''), nullif($16, ''), nullif($17, ''::bytea),
			coalesce($18, (select last_at from tickets where number = $2)))`,
		id, n, m.Note, m.Author.Kind.String(), m.Author.ID, m.Author.Name, clean(m.Body), orElse(m.Format, "text"), clean(m.HTML), clean(m.Visible), orEmpty(m.To), orEmpty(m.Cc),
		m.WorkMinutes, m.Template, m.MailID, m.InReplyTo, []byte(m.Raw), instantOrNil(at))
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
