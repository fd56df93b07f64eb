package world

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// A letter is a mail for one recipient: what the delivery writes on top of it.
type letter struct {
	recipient string // with its sub-address
	trace     []byte
}

// deliver puts a mail into the INBOX of every recipient's stem, for all of them or for none. When it returns without
// error the mail is durable.
func (s *store) deliver(letters []letter, raw []byte) ([]imap.UID, error) {
	date := time.Now()
	placements := make([]placement, 0, len(letters))
	discard := func() {
		for _, p := range placements {
			_ = os.Remove(p.tmp)
		}
	}
	for _, l := range letters {
		address, err := stem(l.recipient)
		if err != nil {
			discard()
			return nil, err
		}
		box, err := s.mailbox(address)
		if err != nil {
			discard()
			return nil, err
		}
		p, err := box.inbox().prepare(date, nil, l.trace, raw)
		if err != nil {
			discard()
			return nil, err
		}
		placements = append(placements, p)
	}
	return place(placements)
}

// trace returns the header fields that the final delivery puts on top: Return-Path and Received (RFC 5321 §4.4), and
// Delivered-To with the full address that was asked for.
func (s *smtpSession) trace(recipient string) []byte {
	protocol := "ESMTP"
	if s.utf8 {
		protocol = "UTF8SMTP" // RFC 6531 §4.3
	}
	helo := strings.Map(printable, s.conn.Hostname())
	peer := "unknown"
	if host, _, err := net.SplitHostPort(s.wire.RemoteAddr().String()); err == nil {
		peer = "[" + host + "]"
	}
	from := ""
	if s.from != "" {
		from = headerForm(s.from)
	}
	return fmt.Appendf(nil, "Return-Path: <%s>\r\n%sReceived: from %s (%s)\r\n\tby %s with %s id %s\r\n\tfor <%s>;\r\n\t%s\r\n",
		from, deliveredTo(recipient), helo, peer, s.world.options.Domain, protocol, rand.Text()[:12],
		headerForm(recipient), time.Now().Format(time.RFC1123Z))
}

func deliveredTo(recipient string) string {
	return "Delivered-To: " + headerForm(recipient) + "\r\n"
}

// printable keeps a client's own name from breaking the header.
func printable(r rune) rune {
	if r <= ' ' || r == 0x7f || strings.ContainsRune("()<>;\\\"", r) {
		return '?'
	}
	return r
}
