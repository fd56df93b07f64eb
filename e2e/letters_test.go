package e2e

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

const deskAddress = "support@desk.example"

// letter is a mail that a client writes.
type letter struct {
	name, from string
	to         string // the desk's address where empty
	subject    string
	body       string
	inReplyTo  string
	references string
	header     string // further lines
	kind       string // media type; text/plain where empty
	null       bool   // an empty envelope sender, as bounces have
}

// bytes gives the mail as it is sent, and its Message-ID.
func (l letter) bytes() ([]byte, string) {
	id := "<" + uuid.NewString() + "@client.example>"
	var b bytes.Buffer
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	line("From", (&mail.Address{Name: l.name, Address: l.from}).String())
	line("To", or(l.to, deskAddress))
	line("Subject", mime.QEncoding.Encode("utf-8", l.subject))
	line("Date", time.Now().Format(time.RFC1123Z))
	line("Message-ID", id)
	line("In-Reply-To", l.inReplyTo)
	line("References", l.references)
	b.WriteString(l.header)
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n", or(l.kind, "text/plain"))
	for body := base64.StdEncoding.EncodeToString([]byte(l.body)); body != ""; {
		line := min(len(body), 76)
		b.WriteString(body[:line] + "\r\n")
		body = body[line:]
	}
	return b.Bytes(), id
}

// trySend hands a mail over; nil means that the server took it.
func (d *desk) trySend(l letter, raw []byte) (err error) {
	conn, err := net.DialTimeout("tcp", d.settings["DURADESK_SMTP_ADDR"], 10*time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil { // a server may fall silent
		return err
	}
	c, err := smtp.NewClient(conn, "localhost")
	if err != nil {
		return err
	}
	from := l.from
	if l.null {
		from = ""
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(bare(or(l.to, deskAddress))); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil { // the answer to the final dot
		return uncertainError{err}
	}
	return nil
}

// uncertainError says that all of a mail was said and the answer not heard.
type uncertainError struct{ error }

func isUncertain(err error) bool { return errors.As(err, new(uncertainError)) }

// send hands over a mail that must be taken, and gives its Message-ID.
func (d *desk) send(l letter) string {
	d.t.Helper()
	raw, id := l.bytes()
	eventually(d.t, patience, "the mail is taken", func() (string, bool) { // a server that has just started may not answer yet
		err := d.trySend(l, raw)
		require.False(d.t, isUncertain(err), "%v", err)
		return fmt.Sprint(err), err == nil
	})
	return id
}

// reply answers a mail as mail programs do.
func (m received) reply(l letter) letter {
	l.to = or(m.header("Reply-To"), m.header("From"))
	l.subject = or(l.subject, "Re: "+m.subject)
	l.inReplyTo = m.header("Message-Id")
	l.references = strings.TrimSpace(m.header("References") + " " + l.inReplyTo)
	return l
}

// received is a mail in a mailbox of the mail world.
type received struct {
	raw     []byte
	subject string
	text    string
	message *mail.Message
}

func (m received) header(name string) string { return m.message.Header.Get(name) }

// tryInbox reads all mail of an address, the oldest first.
func (d *desk) tryInbox(address string) ([]received, error) {
	c, err := imapclient.DialInsecure(d.settings["DURADESK_IMAP_ADDR"], nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	if err := c.Login(address, "demo").Wait(); err != nil {
		return nil, err
	}
	box, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return nil, err
	}
	if box.NumMessages == 0 {
		return nil, nil
	}
	body := &imap.FetchItemBodySection{Peek: true}
	fetched, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil {
		return nil, err
	}
	mails := make([]received, len(fetched))
	for i, f := range fetched {
		if mails[i], err = parse(f.FindBodySection(body)); err != nil {
			return nil, err
		}
	}
	return mails, nil
}

// inbox reads all mail of an address.
func (d *desk) inbox(address string) []received {
	d.t.Helper()
	mails, err := d.tryInbox(address)
	require.NoError(d.t, err)
	return mails
}

// awaitMail waits until an address has n mails and gives the last.
func (d *desk) awaitMail(address string, n int) received {
	d.t.Helper()
	mails := eventually(d.t, patience, fmt.Sprintf("%d mails for %s", n, address), func() ([]received, bool) {
		mails, err := d.tryInbox(address)
		return mails, err == nil && len(mails) >= n
	})
	require.Len(d.t, mails, n, "mails of %s", address)
	return mails[n-1]
}

func parse(raw []byte) (received, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return received{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return received{}, err
	}
	text, err := plain(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return received{raw: raw, subject: subject, text: text, message: m}, err
}

// plain is the text of a mail, or of the part of it that is plain.
func plain(contentType, encoding string, body io.Reader) (string, error) {
	kind, params, err := mime.ParseMediaType(or(contentType, "text/plain"))
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		switch strings.ToLower(encoding) {
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		}
		content, err := io.ReadAll(body)
		return string(content), err
	}
	for parts := multipart.NewReader(body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return "", errors.New("the mail has no plain text")
		}
		if err != nil {
			return "", err
		}
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind == "text/plain" || strings.HasPrefix(kind, "multipart/") {
			return plain(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		}
	}
}

// bare is the address in "Name <address>".
func bare(address string) string {
	if a, err := mail.ParseAddress(address); err == nil {
		return a.Address
	}
	return address
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
