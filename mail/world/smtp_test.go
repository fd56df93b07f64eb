package world_test

import (
	"bytes"
	"fmt"
	netsmtp "net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

func TestSMTPDeliversToAnybody(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{Domain: "mail.desk.example"})
	c := dialSMTP(t, w)
	raw := mail("printer")
	require.NoError(t, send(c, client, nil, raw, "Support+Token.1@Desk.Example", "sato@elsewhere.test"))

	inbox := messages(t, w, desk, "INBOX")
	require.Len(t, inbox, 1)
	text := string(inbox[0].Raw)
	require.True(t, strings.HasPrefix(text, "Return-Path: <"+client+">\r\nDelivered-To: Support+Token.1@Desk.Example\r\nReceived: from client.example ([127.0.0.1])\r\n\tby mail.desk.example with ESMTP id "), text)
	require.True(t, strings.HasSuffix(text, "\r\n"+string(raw)), "the message itself is untouched")
	require.Len(t, messages(t, w, "sato@elsewhere.test", "INBOX"), 1)
	require.Equal(t, []string{"sato@elsewhere.test", desk}, w.Addresses())
}

func TestSMTPStandardClient(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	auth := netsmtp.PlainAuth("", "anybody", "any", "127.0.0.1")
	require.NoError(t, netsmtp.SendMail(w.SMTPAddr(), auth, client, []string{desk}, mail("standard")))
	require.Len(t, messages(t, w, desk, "INBOX"), 1)
}

func TestSMTPNullSenderDSNAndAuth(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	c := dialSMTP(t, w)
	require.NoError(t, c.Auth(sasl.NewPlainClient("", "anybody", "whatever")))
	require.NoError(t, c.Mail("", &smtp.MailOptions{Return: smtp.DSNReturnHeaders, EnvelopeID: "QQ314159"}))
	require.NoError(t, c.Rcpt(desk, &smtp.RcptOptions{
		Notify:                []smtp.DSNNotify{smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed},
		OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: desk,
	}))
	data, err := c.Data()
	require.NoError(t, err)
	_, err = data.Write(mail("bounce"))
	require.NoError(t, err)
	require.NoError(t, data.Close())
	require.Contains(t, string(messages(t, w, desk, "INBOX")[0].Raw), "Return-Path: <>\r\n")
}

func TestSMTPSizeLimit(t *testing.T) {
	t.Parallel()
	limit, ok := dialSMTP(t, start(t, world.Options{})).MaxMessageSize()
	require.True(t, ok)
	require.Equal(t, 50<<20, limit)

	w := start(t, world.Options{MaxMessage: 100_000})
	c := dialSMTP(t, w)
	require.Equal(t, 552, smtpCode(t, c.Mail(client, &smtp.MailOptions{Size: 100_001})))
	big := append(mail("big"), bytes.Repeat([]byte("0123456789\r\n"), 10_000)...)
	require.Equal(t, 552, smtpCode(t, send(c, client, nil, big, desk)), "one that had not told its size")
	require.Empty(t, messages(t, w, desk, "INBOX"))
	require.NoError(t, send(c, client, nil, mail("small"), desk), "the connection goes on")
}

func TestSMTPBytesAndUTF8Addresses(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	c := dialSMTP(t, w)
	raw := []byte("From: x\r\nSubject: \xe9\xe8 latin one\r\n\r\n.leading dot\r\n..two\r\n\xff\xfe\x80 bytes, no line end at the end")
	require.NoError(t, send(c, client, &smtp.MailOptions{Body: smtp.Body8BitMIME}, raw, desk))
	require.True(t, bytes.HasSuffix(messages(t, w, desk, "INBOX")[0].Raw, append(raw, "\r\n"...)))

	require.Equal(t, 553, smtpCode(t, send(c, client, nil, raw, "山田@例え.jp")), "SMTPUTF8 was not asked for")
	require.NoError(t, send(c, "送信@例え.jp", &smtp.MailOptions{UTF8: true}, mail("utf8"), "山田+x@例え.JP"))
	require.NoError(t, send(c, client, nil, mail("ascii"), "postmaster@xn--r8jz45g.jp"))
	got := messages(t, w, "山田@xn--r8jz45g.jp", "INBOX")
	require.Len(t, got, 1, "both forms of a domain are one")
	require.Contains(t, string(got[0].Raw), "Delivered-To: 山田+x@例え.JP\r\n")
	require.Contains(t, string(got[0].Raw), "with UTF8SMTP")
	require.Len(t, messages(t, w, "postmaster@例え.jp", "INBOX"), 1)
}

func TestSMTPHostileAddresses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, world.Options{Dir: dir})
	c := dialSMTP(t, w)
	long := strings.Repeat("長", 100) + "@" + strings.Repeat("a", 200) + ".example"
	hostile := []string{
		`"../../../etc/passwd"@x.example`, `"a b"@x.example`, `"quo\"te"@x.example`, `..@x.example`, `.@x.example`,
		`%2e%2e@x.example`, `"with@at"@x.example`, `a/b@x.example`, `~@x.example`, long,
	}
	for i, address := range hostile {
		require.NoError(t, c.Mail(client, &smtp.MailOptions{UTF8: true}))
		require.NoError(t, c.Rcpt(address, nil), address)
		data, err := c.Data()
		require.NoError(t, err)
		_, err = data.Write(mail(fmt.Sprint(i)))
		require.NoError(t, err)
		require.NoError(t, data.Close())
	}
	require.Len(t, w.Addresses(), len(hostile))
	require.Contains(t, w.Addresses(), "../../../etc/passwd@x.example")
	for _, address := range w.Addresses() {
		require.Len(t, messages(t, w, address, "INBOX"), 1, address)
	}
	addresses := w.Addresses()
	require.NoError(t, w.Close())
	again := start(t, world.Options{Dir: dir})
	require.Equal(t, addresses, again.Addresses())
}

func TestSMTPSameRecipientTwiceIsOneCopy(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	c := dialSMTP(t, w)
	require.NoError(t, send(c, client, nil, mail("twice"), desk, desk, "support+a@desk.example", "support+b@desk.example"))
	inbox := messages(t, w, desk, "INBOX")
	require.Len(t, inbox, 3, "one per distinct recipient")
	require.Equal(t, []imap.UID{1, 2, 3}, []imap.UID{inbox[0].UID, inbox[1].UID, inbox[2].UID})
}

func TestWaitMessagesWakes(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	got := make(chan []world.Message, 1)
	go func() {
		found, err := w.WaitMessages(t.Context(), "Support+any@desk.example", 2)
		if err == nil {
			got <- found
		}
	}()
	deliver(t, w, desk, "one", "two")
	require.Len(t, receive(t, got), 2)

	ctx := within(t, 20*time.Millisecond)
	_, err := w.WaitMessages(ctx, desk, 3)
	require.ErrorContains(t, err, "wait for 3 messages, 2 are there")
}
