package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"mime"
	"net/smtp"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
)

// mail: from when mails lie in a mailbox until the last is a ticket that people see. The mailbox is one of Dovecot; where that
// is not to be had, of the desk's own mail server, and to hand the mails over is then part of what is measured.
func (b *bench) mail(ctx context.Context) ([]row, error) {
	r := row{
		name: "mail in the mailbox → ticket visible", unit: "/s", better: higher, limit: "starts of a workflow",
		target: target{ratio: 0.5, figure: 120, words: "≥ 0.5, and ≥ 120/s"},
	}
	alone := row{name: "the same, beside mails that are only fetched and parsed", unit: "/s", better: higher, limit: "IMAP fetch and enmime"}
	n := b.size(500)
	come := b.post
	box, err := b.openDovecot(ctx)
	if err != nil {
		b.say("  without Dovecot: %v", err)
		r.note = "by the desk's own mail server, for there is no Dovecot here"
	} else {
		defer box.stop()
		come, r.note = box.post, "from Dovecot"
	}
	err = b.pairs(ctx, func(ctx context.Context) error {
		title := b.round("Mailed")
		var before int64
		if err := b.desk.pool.QueryRow(ctx, `select coalesce(max(number), 0) from tickets`).Scan(&before); err != nil {
			return fmt.Errorf("read the highest number: %w", err)
		}
		speed, err := b.rate(n, func() error {
			if err := come(ctx, title, n); err != nil {
				return err
			}
			return until(ctx, 10*time.Minute, "every mail is a ticket", func() (bool, error) {
				if err := pause(ctx, 50*time.Millisecond); err != nil { // looking costs too: not at the tickets of before
					return false, err
				}
				var seen int
				err := b.desk.pool.QueryRow(ctx, `select count(*) from tickets where number > $1 and title = $2 and revision > 0`, before, title).Scan(&seen)
				return seen >= n, err
			})
		})
		r.product = append(r.product, speed)
		return err
	}, func(ctx context.Context) error {
		prefix := b.round("start")
		speed, err := b.rate(n, func() error {
			return each(ctx, n, 64, func(ctx context.Context, i int) error {
				_, err := b.bare.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: bareID(prefix, i), TaskQueue: bareQueue}, "BareReceive", false)
				return err
			})
		})
		r.bare = append(r.bare, speed)
		if err != nil {
			return err
		}
		if err := b.bare.close(ctx, prefix, n); err != nil || box == nil {
			return err
		}
		speed, err = b.rate(n, func() error { return box.read(ctx, b.round("read"), n) })
		alone.bare = append(alone.bare, speed)
		return err
	})
	if box == nil {
		return []row{r}, err
	}
	alone.product = r.product
	return []row{r, alone}, err
}

// post hands n mails to the desk's address over a few connections, each from a client of its own.
func (b *bench) post(ctx context.Context, title string, n int) error {
	return each(ctx, n, 4, func(_ context.Context, i int) error {
		return b.desk.post(fmt.Sprintf("%s-%d@client.example", title, i), fmt.Sprintf("Client %d", i), title, complaint)
	})
}

const complaint = "プリンターが動きません。 It has not worked since this morning."

// post hands over one mail from a client.
func (d *desk) post(from, name, subject, body string) error {
	letter := write(from, name, "support@desk.example", subject, body)
	if err := smtp.SendMail(d.settings["DURADESK_SMTP_ADDR"], nil, from, []string{"support@desk.example"}, letter); err != nil {
		return fmt.Errorf("hand over a mail: %w", err)
	}
	return nil
}

// write makes a mail.
func write(from, name, to, subject, body string) []byte {
	return fmt.Appendf(nil, "From: %s <%s>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%s@client.example>\r\nDate: %s\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n",
		name, from, to, mime.QEncoding.Encode("utf-8", subject), rand.Text(), time.Now().Format(time.RFC1123Z), body)
}

// start: `up`, with the Temporal server built before, until a command can be sent: in a new directory, and again in the
// same one.
func (b *bench) start(ctx context.Context) ([]row, error) {
	const note = "with the Temporal server built before; API and worker are started behind `up`, as one process, and are in the figure"
	cold := row{name: "up in a new directory → ready", unit: "s", note: note}
	warm := row{name: "up in a directory of before → ready", unit: "s", note: note}
	for range b.Rounds {
		dir := filepath.Join(b.dir, b.round("start"))
		for _, r := range []*row{&cold, &warm} {
			began := time.Now()
			d, err := startDesk(ctx, b.Binary, dir)
			if err != nil {
				return nil, err
			}
			r.product = append(r.product, time.Since(began).Seconds())
			d.stop()
		}
	}
	return []row{cold, warm}, nil
}
