package world_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

const (
	desk   = "support@desk.example"
	client = "yamada@client.example"
)

// start opens a world that ends with the test. What is not set is chosen.
func start(t *testing.T, options world.Options) *world.World {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	w, err := world.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

// within is a context for what must happen soon.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func mail(subject string) []byte {
	return []byte("From: " + client + "\r\nTo: " + desk + "\r\nSubject: " + subject +
		"\r\nMessage-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@client.example>\r\n\r\nHello, " + subject + "\r\n")
}

// dialSMTP returns a client that has greeted.
func dialSMTP(t *testing.T, w *world.World) *smtp.Client {
	t.Helper()
	conn, err := net.Dial("tcp", w.SMTPAddr())
	require.NoError(t, err)
	c := smtp.NewClient(conn)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.Hello("client.example"))
	return c
}

// send sends one mail and returns the first error of the conversation.
func send(c *smtp.Client, from string, opts *smtp.MailOptions, raw []byte, to ...string) error {
	if err := c.Mail(from, opts); err != nil {
		return err
	}
	for _, recipient := range to {
		if err := c.Rcpt(recipient, nil); err != nil {
			return err
		}
	}
	data, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write(raw); err != nil {
		return err
	}
	return data.Close()
}

// login returns an IMAP client that is logged in.
func login(t *testing.T, w *world.World, address string, options *imapclient.Options) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(w.IMAPAddr(), options)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.Login(address, "demo").Wait())
	return c
}

// open logs in and selects INBOX.
func open(t *testing.T, w *world.World, address string, options *imapclient.Options) *imapclient.Client {
	t.Helper()
	c := login(t, w, address, options)
	_, err := c.Select("INBOX", nil).Wait()
	require.NoError(t, err)
	return c
}

func deliver(t *testing.T, w *world.World, to string, subjects ...string) []imap.UID {
	t.Helper()
	var uids []imap.UID
	for _, subject := range subjects {
		uid, err := w.Deliver(t.Context(), to, mail(subject))
		require.NoError(t, err)
		uids = append(uids, uid)
	}
	return uids
}

func messages(t *testing.T, w *world.World, address, folder string) []world.Message {
	t.Helper()
	found, err := w.Messages(address, folder)
	require.NoError(t, err)
	return found
}

func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(10 * time.Second):
		require.FailNow(t, "nothing came within 10 s")
		panic("unreachable")
	}
}

// all is every message of the selected folder.
func all() imap.SeqSet {
	var set imap.SeqSet
	set.AddRange(1, 0)
	return set
}

func smtpCode(t *testing.T, err error) int {
	t.Helper()
	var reply *smtp.SMTPError
	require.ErrorAs(t, err, &reply)
	return reply.Code
}

// A bareTalk is a bare connection to the IMAP door, for what a client library hides.
type bareTalk struct {
	t     *testing.T
	conn  net.Conn
	lines *bufio.Reader
}

func talk(t *testing.T, w *world.World) bareTalk {
	t.Helper()
	conn, err := net.Dial("tcp", w.IMAPAddr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	b := bareTalk{t, conn, bufio.NewReader(conn)}
	_, err = b.lines.ReadString('\n')
	require.NoError(t, err)
	return b
}

// say says a line and returns what comes back: all lines up to the tagged answer, or to one that announces a literal.
func (b bareTalk) say(line string) string {
	b.t.Helper()
	_, err := fmt.Fprintf(b.conn, "%s\r\n", line)
	require.NoError(b.t, err)
	tag, _, _ := strings.Cut(line, " ")
	var said strings.Builder
	for {
		answer, err := b.lines.ReadString('\n')
		said.WriteString(answer)
		if err != nil || strings.HasPrefix(answer, tag+" ") || strings.HasSuffix(answer, "}\r\n") {
			return said.String()
		}
	}
}
