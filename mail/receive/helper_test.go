package receive_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/mail/receive"
	"duradesk/mail/world"
)

const desk = "support@desk.example"

func start(t *testing.T, faults *world.Faults) *world.World {
	t.Helper()
	w, err := world.Start(t.Context(), world.Options{Dir: t.TempDir(), Faults: faults})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func config(addr string) receive.Config {
	return receive.Config{Addr: addr, TLS: receive.TLSNone, Username: desk, Password: "demo", Stall: 5 * time.Second}
}

// open dials and selects.
func open(t *testing.T, c receive.Config) (*receive.Mailbox, receive.Folder) {
	t.Helper()
	m, err := receive.Dial(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	folder, err := m.Select(t.Context())
	require.NoError(t, err)
	return m, folder
}

func deliver(t *testing.T, w *world.World, subjects ...string) {
	t.Helper()
	for _, s := range subjects {
		_, err := w.Deliver(t.Context(), desk, []byte("From: a@client.example\r\nSubject: "+s+"\r\nMessage-ID: <"+s+"@client.example>\r\n\r\n"+s+"\r\n"))
		require.NoError(t, err)
	}
}

func fetchAll(t *testing.T, m *receive.Mailbox, from uint32) []receive.Mail {
	t.Helper()
	var mails []receive.Mail
	require.NoError(t, m.FetchFrom(t.Context(), from, func(mail receive.Mail) error {
		mails = append(mails, mail)
		return nil
	}))
	return mails
}

// script is an IMAP server that says what a test wants. Each step is answered for the command that contains its key;
// the answer "" is silence, for ever.
type step struct{ key, answer string }

func script(t *testing.T, greeting string, steps ...step) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(t.Context(), func() { _ = conn.Close() })
			go serveScript(conn, greeting, steps)
		}
	}()
	return listener.Addr().String()
}

func serveScript(conn net.Conn, greeting string, steps []step) {
	if greeting == "" {
		return // silent: the connection stays open until the test ends
	}
	fmt.Fprintf(conn, "%s\r\n", greeting)
	lines := bufio.NewScanner(conn)
	steps = append(steps, step{"CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\n{tag} OK done\r\n"})
	for lines.Scan() {
		tag, rest, _ := strings.Cut(lines.Text(), " ")
		answer := "{tag} OK done\r\n"
		for _, s := range steps {
			if strings.Contains(strings.ToUpper(rest), s.key) {
				answer = s.answer
				break
			}
		}
		if _, err := conn.Write([]byte(strings.ReplaceAll(answer, "{tag}", tag))); err != nil {
			return
		}
	}
}

const greeting = "* OK [CAPABILITY IMAP4rev1 IDLE UIDPLUS] ready"
