package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// attempt reads all that a try at sending needs.
func (q *Queue) attempt(ctx context.Context, tx pgx.Tx, d delivery, r ticketRow) (ticket.Attempt, error) {
	out := ticket.Attempt{DeliveryState: d.stands(), No: d.attempt, Raw: d.raw}
	out.Mail = ticket.Mail{
		Occasion: d.occasion, Number: d.number, Title: r.title, Language: r.language, MailID: d.mailID, Date: d.created,
		Client: r.clientName, Previous: r.follows,
	}
	var subaddress bool
	var token string
	var secret []byte
	if d.channel != "" {
		return q.channelAttempt(ctx, tx, d, r, out)
	}
	b := &pgx.Batch{}
	b.Queue(`with box as (`+d.box()+`) select d.name, t.reply_token, m.subaddress, m.smtp_addr, m.smtp_tls, m.username, m.secret, m.address, m.id::text, m.token_mechanism, m.version
		from tickets t join desks d on d.key = t.desk join box m on true where t.number = $1`, d.number).QueryRow(func(found pgx.Row) error {
		return found.Scan(&out.Mail.Desk, &token, &subaddress, &out.SMTP.Addr, &out.SMTP.TLS, &out.SMTP.Username, &secret, &out.From, &out.SMTP.Mailbox, &out.SMTP.Mechanism, &out.SMTP.Settings)
	})
	b.Queue(`select address, cc, state from recipients where delivery = $1 order by address`, d.id).Query(func(rows pgx.Rows) error {
		return eachRecipient(rows, &out)
	})
	if d.agent != "" {
		queueNotices(b, d, &out.Mail)
	} else {
		queueLook(b, d, r, "", &out.Mail)
		q.queueThread(b, d, &out.Mail)
		q.queueBody(b, d, &out.Mail)
	}
	if err := send(ctx, tx, b); err != nil {
		return out, fmt.Errorf("read what to send: %w", err)
	}
	out.Mail.From = ticket.Address{Name: out.Mail.Desk, Address: out.From}
	address := out.From
	if subaddress && d.agent == "" {
		out.Mail.ReplyTo = token // the composer makes the address
	}
	if ticket.Automatic(d.occasion) {
		out.From = "" // automatic mail has the null sender, so that nothing answers it (RFC 3834)
	}
	if out.Raw == nil { // frozen bytes have their signature, or never get one
		var err error
		if out.Sign, err = q.signingKey(ctx, tx, out.SMTP.Mailbox); err != nil {
			return out, err
		}
	}
	return out, q.reveal(&out.SMTP, address, secret)
}

// queueLook reads how the desk's mail looks: its own template for the occasion and language, the one that the message
// (or template, where it is not stored yet) names before the standard one, and the desk's manner.
func queueLook(b *pgx.Batch, d delivery, r ticketRow, template string, m *ticket.Mail) {
	b.Queue(`select body->>'source' from furniture where kind = 'template' and desk = $1
		and key in ($2, $2 || '.' || coalesce((select template from messages where id = nullif($3, '')::uuid), nullif($4, ''))) order by length(key) desc limit 1`,
		r.desk, ticket.TemplateKey(d.occasion, languageOf(r.language), ""), d.message, template).Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, []any{&m.Template}, func() error { return nil })
		return err
	})
	m.Signature, m.Layout = r.manner.Signature.In(r.language), r.manner.Layout
	m.CloseDays = r.settings.AutoCloseDays
	if m.CloseDays == 0 {
		m.CloseDays = int(r.settings.AutoClose / (24 * time.Hour))
	}
}

// languageOf is the language of the texts that a ticket's mails are made of.
func languageOf(tag string) string {
	if first, _, _ := strings.Cut(strings.ToLower(tag), "-"); first == "ja" {
		return "ja"
	}
	return "en"
}

// queueThread collects the Message-IDs that the mail answers: the client's last one first of all.
func (q *Queue) queueThread(b *pgx.Batch, d delivery, m *ticket.Mail) {
	b.Queue(`select mail_id, by_kind = 'client' from messages where ticket = $1 and mail_id is not null and mail_id <> $2 and applied and at <= $3 order by at desc limit 20`,
		d.number, d.mailID, d.created).Query(func(rows pgx.Rows) error {
		var id string
		var client bool
		_, err := pgx.ForEachRow(rows, []any{&id, &client}, func() error {
			if client && m.InReplyTo == "" {
				m.InReplyTo = id
			}
			m.References = append([]string{id}, m.References...)
			return nil
		})
		return err
	})
}

func (q *Queue) queueBody(b *pgx.Batch, d delivery, m *ticket.Mail) {
	if d.message == "" {
		return
	}
	b.Queue(`select body, body_format, by_name from messages where id = $1`, d.message).QueryRow(func(found pgx.Row) error {
		return found.Scan(&m.Body, &m.Format, &m.Agent)
	})
	b.Queue(`select f.name, f.type, coalesce(f.content_id, ''), f.inline, f.size, f.blob, b.data, coalesce(b.object, '') from attachments f join blobs b on b.hash = f.blob where f.message = $1 order by f.position`,
		d.message).Query(func(rows pgx.Rows) (err error) {
		m.Files, err = pgx.CollectRows(rows, func(found pgx.CollectableRow) (f ticket.NewFile, err error) {
			err = found.Scan(&f.Name, &f.Type, &f.ContentID, &f.Inline, &f.Size, &f.Hash, &f.Data, &f.Object)
			return f, err
		})
		return err
	})
}

func eachRecipient(rows pgx.Rows, out *ticket.Attempt) error {
	var address, state string
	var cc bool
	_, err := pgx.ForEachRow(rows, []any{&address, &cc, &state}, func() error {
		if cc {
			out.Mail.Cc = append(out.Mail.Cc, ticket.Address{Address: address})
		} else {
			out.Mail.To = append(out.Mail.To, ticket.Address{Address: address})
		}
		if state == attempted || state == queued {
			out.Recipients = append(out.Recipients, address)
		}
		return nil
	})
	return err
}

// reveal opens a mailbox's password for the door that needs it.
func (q *Queue) reveal(a *ticket.Account, address string, sealed []byte) error {
	if len(sealed) == 0 {
		return nil
	}
	if q.s.sealer == nil {
		return fmt.Errorf("the secret key is missing: mailbox passwords cannot be read")
	}
	plain, err := q.s.sealer.Open(sealed, sealContext(address))
	if err != nil {
		return err
	}
	a.Password = ticket.Secret(plain)
	return nil
}
