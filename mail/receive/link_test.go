package receive_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/stretchr/testify/require"

	"duradesk/mail/receive"
	"duradesk/mail/world"
)

// soon bounds what must not hang: well above Stall, far below the minutes a hanging link would take.
const soon = 20 * time.Second

func requireSoon(t *testing.T, do func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(soon):
		require.Fail(t, "the call hangs")
		return nil
	}
}

func TestWaitIsWoken(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string][]imap.Cap{"by IDLE": nil, "by polling": {imap.CapIdle}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := &world.Faults{}
			faults.Hide(hidden...)
			w := start(t, faults)
			c := config(w.IMAPAddr())
			c.Poll = 100 * time.Millisecond
			m, _ := open(t, c)
			done := make(chan error, 1)
			go func() { done <- m.Wait(t.Context(), time.Minute) }()
			deliver(t, w, "one")
			require.NoError(t, requireSoon(t, func() error { return <-done }))
			require.Len(t, fetchAll(t, m, 1), 1)

			start := time.Now()
			require.NoError(t, m.Wait(t.Context(), 300*time.Millisecond))
			require.GreaterOrEqual(t, time.Since(start), 300*time.Millisecond, "nothing new: the whole time")
			deliver(t, w, "two")
			require.NoError(t, m.Wait(t.Context(), time.Minute))
			require.Len(t, fetchAll(t, m, 2), 1)
		})
	}
}

func TestIdleIsRenewed(t *testing.T) {
	t.Parallel()
	faults := &world.Faults{}
	w := start(t, faults)
	idles := faults.Arm(world.Fault{At: world.AtIdle}) // counts
	c := config(w.IMAPAddr())
	c.IdleAtMost = 50 * time.Millisecond
	m, _ := open(t, c)
	require.NoError(t, m.Wait(t.Context(), time.Second))
	require.Greater(t, idles.Hits(), 3)
	deliver(t, w, "one")
	require.NoError(t, m.Wait(t.Context(), time.Minute))
}

func TestContextEndsEveryCall(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *receive.Mailbox) error{
		"wait": func(ctx context.Context, m *receive.Mailbox) error { return m.Wait(ctx, time.Hour) },
		"fetch": func(ctx context.Context, m *receive.Mailbox) error {
			return m.FetchFrom(ctx, 1, func(receive.Mail) error { return nil })
		},
		"select": func(ctx context.Context, m *receive.Mailbox) error {
			_, err := m.Select(ctx)
			return err
		},
		"mark": func(ctx context.Context, m *receive.Mailbox) error {
			_, err := m.Mark(ctx, receive.Done, 1)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := &world.Faults{}
			w := start(t, faults)
			deliver(t, w, "one")
			c := config(w.IMAPAddr())
			c.Stall = time.Hour
			m, _ := open(t, c)
			for _, at := range []world.Phase{world.AtFetch, world.AtSelect, world.AtStore} {
				armed := faults.Arm(world.Fault{At: at, Do: world.Stall()})
				defer armed.Release()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			err := requireSoon(t, func() error { return call(ctx, m) })
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, requireSoon(t, m.Close))
			require.Error(t, requireSoon(t, func() error { return call(t.Context(), m) }), "of no use any more, but it does not hang")
		})
	}
}

// TestBlackHole: the server vanishes without a word, as behind a router that forgot the connection.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	silent := func(key string) string {
		return script(t, greeting,
			step{key, ""},
			step{"SELECT", "* 1 EXISTS\r\n* OK [PERMANENTFLAGS (\\*)] .\r\n{tag} OK done\r\n"},
			step{"IDLE", "+ idling\r\n"}, step{"DONE", ""})
	}
	c := func(addr string) receive.Config {
		c := config(addr)
		c.Stall, c.IdleAtMost = 200*time.Millisecond, 100*time.Millisecond
		return c
	}
	t.Run("greeting", func(t *testing.T) {
		t.Parallel()
		err := requireSoon(t, func() error {
			_, err := receive.Dial(t.Context(), c(script(t, "")))
			return err
		})
		require.Equal(t, receive.TroubleLink, receive.TroubleOf(err))
	})
	t.Run("login", func(t *testing.T) {
		t.Parallel()
		err := requireSoon(t, func() error {
			_, err := receive.Dial(t.Context(), c(silent("LOGIN")))
			return err
		})
		require.Equal(t, receive.TroubleLink, receive.TroubleOf(err))
	})
	t.Run("fetch", func(t *testing.T) {
		t.Parallel()
		m, _ := open(t, c(silent("FETCH")))
		err := requireSoon(t, func() error { _, err := m.List(t.Context(), 1); return err })
		require.Equal(t, receive.TroubleLink, receive.TroubleOf(err))
	})
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		m, _ := open(t, c(silent("nothing")))
		err := requireSoon(t, func() error { return m.Wait(t.Context(), time.Hour) })
		require.Equal(t, receive.TroubleLink, receive.TroubleOf(err))
		require.NoError(t, requireSoon(t, m.Close))
	})
}

func TestLostConnections(t *testing.T) {
	t.Parallel()
	faults := &world.Faults{}
	w := start(t, faults)
	deliver(t, w, "one", "two")
	t.Run("cut inside a literal", func(t *testing.T) {
		m, _ := open(t, config(w.IMAPAddr()))
		armed := faults.Arm(world.Fault{At: world.AtFetch, Do: world.Cut()})
		defer armed.Disarm()
		var got []receive.Mail
		err := m.FetchFrom(t.Context(), 1, func(mail receive.Mail) error { got = append(got, mail); return nil })
		require.Equal(t, receive.TroubleLink, receive.TroubleOf(err))
		require.Empty(t, got, "half a mail is no mail")
	})
	t.Run("restart during idle", func(t *testing.T) {
		m, _ := open(t, config(w.IMAPAddr()))
		idling := faults.Arm(world.Fault{At: world.AtIdle})
		defer idling.Disarm()
		done := make(chan error, 1)
		go func() { done <- m.Wait(t.Context(), time.Hour) }()
		<-idling.Hit()
		require.Eventually(t, func() bool { return w.Disconnect(desk) > 0 }, soon, 10*time.Millisecond)
		err := requireSoon(t, func() error { return <-done })
		require.Equal(t, receive.TroubleLink, receive.TroubleOf(err))
		again, _ := open(t, config(w.IMAPAddr()))
		require.Len(t, fetchAll(t, again, 1), 2)
	})
}

func TestTroubles(t *testing.T) {
	t.Parallel()
	t.Run("password", func(t *testing.T) {
		t.Parallel()
		w := start(t, nil)
		c := config(w.IMAPAddr())
		c.Password = "not-the-password"
		_, err := receive.Dial(t.Context(), c)
		require.Equal(t, receive.TroubleAuth, receive.TroubleOf(err))
		require.NotContains(t, err.Error(), c.Password)
		require.ErrorContains(t, err, "log in to "+w.IMAPAddr()+" as "+desk)
	})
	t.Run("server repeats the password", func(t *testing.T) {
		t.Parallel()
		addr := script(t, greeting, step{"LOGIN", "{tag} NO demo is wrong\r\n"})
		_, err := receive.Dial(t.Context(), config(addr))
		require.Equal(t, receive.TroubleAuth, receive.TroubleOf(err))
		require.NotContains(t, err.Error(), "demo is wrong")
	})
	t.Run("busy", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"[UNAVAILABLE] later", "[LIMIT] x", "Too many simultaneous connections"} {
			_, err := receive.Dial(t.Context(), config(script(t, greeting, step{"LOGIN", "{tag} NO " + text + "\r\n"})))
			require.Equal(t, receive.TroubleBusy, receive.TroubleOf(err), text)
		}
		_, err := receive.Dial(t.Context(), config(script(t, "* BYE try again later")))
		require.Equal(t, receive.TroubleBusy, receive.TroubleOf(err))
	})
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		w := start(t, nil)
		c := config(w.IMAPAddr())
		c.Folder = "Nowhere"
		m, err := receive.Dial(t.Context(), c)
		require.NoError(t, err)
		defer m.Close()
		_, err = m.Select(t.Context())
		require.Equal(t, receive.TroubleMissing, receive.TroubleOf(err))
	})
	t.Run("refused connection", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, listener.Close())
		_, err = receive.Dial(t.Context(), config(listener.Addr().String()))
		require.Equal(t, receive.TroubleLink, receive.TroubleOf(err))
	})
	t.Run("settings", func(t *testing.T) {
		t.Parallel()
		w := start(t, nil)
		c := config(w.IMAPAddr())
		c.TLS = receive.TLSStartTLS
		_, err := receive.Dial(t.Context(), c)
		require.Equal(t, receive.TroubleConfig, receive.TroubleOf(err), "STARTTLS is not offered: nothing is sent in the clear")
		c.TLS = "ssl"
		_, err = receive.Dial(t.Context(), c)
		require.Equal(t, receive.TroubleConfig, receive.TroubleOf(err))
		c.TLS = receive.TLSImplicit
		_, err = receive.Dial(t.Context(), c)
		require.Error(t, err)
	})
	t.Run("ended context", func(t *testing.T) {
		t.Parallel()
		w := start(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := receive.Dial(ctx, config(w.IMAPAddr()))
		require.ErrorIs(t, err, context.Canceled)
	})
	require.Equal(t, receive.Trouble(""), receive.TroubleOf(nil))
	require.Equal(t, receive.TroubleLink, receive.TroubleOf(errors.New("x")))
}

func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, pool := testCertificate(t)
	backend := imapmemserver.New()
	user := imapmemserver.NewUser(desk, "demo")
	require.NoError(t, user.Create("INBOX", nil))
	backend.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return backend.NewSession(), nil, nil
		},
		Caps:      imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIdle: {}},
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
	})
	t.Cleanup(func() { _ = server.Close() })
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	secured, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	require.NoError(t, err)
	go func() { _ = server.Serve(plain) }()
	go func() { _ = server.Serve(secured) }()

	for mode, addr := range map[receive.TLSMode]string{
		receive.TLSStartTLS: plain.Addr().String(), receive.TLSImplicit: secured.Addr().String(),
	} {
		c := config(addr)
		c.TLS = mode
		_, err := receive.Dial(t.Context(), c)
		require.Equal(t, receive.TroubleConfig, receive.TroubleOf(err), "an unknown authority is refused")
		c.TLSConfig = &tls.Config{RootCAs: pool, ServerName: "localhost"}
		m, err := receive.Dial(t.Context(), c)
		require.NoError(t, err, string(mode))
		_, err = m.Select(t.Context())
		require.NoError(t, err)
		require.NoError(t, m.Logout(t.Context()))
	}
	c := config(plain.Addr().String())
	_, err = receive.Dial(t.Context(), c)
	require.Equal(t, receive.TroubleConfig, receive.TroubleOf(err), "LOGINDISABLED: the password stays here")
}

// TestServerLiesAboutSizes: a literal far beyond the limit ends the connection instead of filling the memory.
func TestServerLiesAboutSizes(t *testing.T) {
	t.Parallel()
	addr := script(t, greeting,
		step{"SELECT", "* 1 EXISTS\r\n* OK [PERMANENTFLAGS (\\*)] .\r\n{tag} OK done\r\n"},
		step{"RFC822.SIZE", "* 1 FETCH (UID 1 RFC822.SIZE 10 FLAGS () INTERNALDATE \"24-Nov-2026 10:00:00 +0000\")\r\n{tag} OK done\r\n"},
		step{"BODY.PEEK", "* 1 FETCH (UID 1 BODY[] {3000000}\r\n" + strings.Repeat("x", 3000000) + ")\r\n{tag} OK done\r\n"})
	c := config(addr)
	c.MaxBytes = 1 << 20
	m, _ := open(t, c)
	err := requireSoon(t, func() error {
		return m.FetchFrom(t.Context(), 1, func(receive.Mail) error { require.Fail(t, "no mail"); return nil })
	})
	require.ErrorContains(t, err, "larger than the server said")
	require.NoError(t, requireSoon(t, m.Close))
}
