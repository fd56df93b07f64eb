package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/activities"
	"duradesk/e2e/dovecot"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/ticket"
)

// tokenServer grants tokens and tells a mail server whether one is good. Each refresh token is good once.
type tokenServer struct {
	*httptest.Server
	mu      sync.Mutex
	granted int
	refresh string
	good    map[string]bool
	lasts   time.Duration
}

func startTokens(t *testing.T) *tokenServer {
	s := &tokenServer{refresh: "r0", good: map[string]bool{}, lasts: time.Hour}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("GET /introspect", s.introspect)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *tokenServer) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.PostFormValue("refresh_token") != s.refresh || r.PostFormValue("client_secret") != "client" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"the grant was revoked"}`))
		return
	}
	s.granted++
	access := fmt.Sprintf("access%d", s.granted)
	s.refresh, s.good[access] = fmt.Sprintf("r%d", s.granted), true
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": access, "refresh_token": s.refresh, "expires_in": int(s.lasts.Seconds())})
}

func (s *tokenServer) introspect(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"active": s.good[r.URL.Query().Get("token")], "username": "support@desk.example"})
}

func (s *tokenServer) change(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

// worker is one process with that record.
func deskAt(t *testing.T, url string) *desk {
	t.Helper()
	d, err := settings{DatabaseURL: url, SecretKey: "only for tests: 32 characters and more", Connections: 4}.open(t.Context(), "test", 10*time.Second)
	require.NoError(t, err)
	t.Cleanup(d.store.Close)
	return d
}

// A mailbox on a Dovecot that lets in by token: tokens are got, replaced before their end and when they are refused, by
// one of two workers at a time, and a grant that was taken back stops the mailbox with an alert.
func TestAMailboxLogsInByToken(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{ticket.LoginXOAuth2, ticket.LoginOAuthBearer} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			tokens := startTokens(t)
			server := dovecot.Start(t, dovecot.Options{Introspect: tokens.URL + "/introspect?token="})
			url := pgtest.Database(t)
			require.NoError(t, postgres.Migrate(t.Context(), url))
			one, two := deskAt(t, url), deskAt(t, url)
			require.NoError(t, one.store.EnsureAdmin(t.Context(), "admin", "Admin", "admin@desk.example"))
			require.NoError(t, one.store.EnsureFirstDesk(t.Context(), postgres.FirstDesk{
				Key: "support", Name: "Support", Address: "support@desk.example", Group: "support", Admin: "admin", IMAPAddr: server.IMAPAddr, SMTPAddr: "127.0.0.1:1", FromStart: true,
			}))
			boxes, err := one.store.Mailboxes(t.Context())
			require.NoError(t, err)
			set, err := one.store.MailSettings(t.Context(), boxes[0].ID)
			require.NoError(t, err)
			set.Login = ticket.MailLogin{Mode: mode, Username: "support@desk.example", TokenURL: tokens.URL + "/token", ClientID: "desk", ClientSecret: "client", RefreshToken: "r0"}
			set, err = one.store.ChangeMailbox(t.Context(), set)
			require.NoError(t, err)
			server.Fill("support@desk.example", [][]byte{[]byte("From: a@client.example\r\n\r\nx\r\n")})

			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					d := []*desk{one, two}[i%2]
					r, err := mailroom{d: d}.Reconcile(context.WithoutCancel(t.Context()), set.ID)
					if err != nil || r.OnServer != 1 {
						t.Errorf("%+v %v", r, err)
					}
				})
			}
			all.Wait()
			require.Equal(t, 1, tokens.granted, "one asked, the others waited")
			connection, err := mailroom{d: two}.Try(t.Context(), set.ID)
			require.NoError(t, err)
			require.True(t, connection.IMAP.OK, connection.IMAP)
			require.Equal(t, 1, connection.IMAP.Mails)
			require.Equal(t, "unreachable", connection.SMTP.Code)

			// The server no longer takes the token, long before its end.
			tokens.change(func() { clear(tokens.good); tokens.lasts = 8 * time.Second })
			_, err = mailroom{d: two}.Reconcile(t.Context(), set.ID)
			require.NoError(t, err)
			require.Equal(t, 2, tokens.granted)

			// The next lives for 8 s: after 6 it is replaced although it is still good.
			held, err := one.queue.Token(t.Context(), set.ID)
			require.NoError(t, err)
			in := one.loggedIn()
			in.Tokens.Now = func() time.Time { return held.IssuedAt.Add(6500 * time.Millisecond) }
			open, err := in.Open(t.Context(), ticket.Account{Mailbox: set.ID, Addr: server.IMAPAddr, TLS: "none", Username: "support@desk.example", Mechanism: strings.ToUpper(mode)}, "INBOX")
			require.NoError(t, err)
			require.NoError(t, open.Close())
			require.Equal(t, 3, tokens.granted)

			// Somebody takes the grant back.
			tokens.change(func() { clear(tokens.good); tokens.refresh = "another" })
			_, err = mailroom{d: one}.Reconcile(t.Context(), set.ID)
			require.ErrorContains(t, err, activities.ErrStopped.Error())
			boxes, err = one.store.Mailboxes(t.Context())
			require.NoError(t, err)
			require.Equal(t, "stopped", boxes[0].State)
			require.Contains(t, boxes[0].LastError, "the grant was revoked")
			watched, err := one.queue.MailboxesToWatch(t.Context())
			require.NoError(t, err)
			require.Empty(t, watched)
			connection, err = mailroom{d: one}.Try(t.Context(), set.ID)
			require.NoError(t, err)
			require.Equal(t, "token", connection.IMAP.Code)

			// He grants anew.
			set, err = one.store.MailSettings(t.Context(), set.ID)
			require.NoError(t, err)
			set.Login.RefreshToken = "another"
			_, err = one.store.ChangeMailbox(t.Context(), set)
			require.NoError(t, err)
			_, err = mailroom{d: one}.Reconcile(t.Context(), set.ID)
			require.NoError(t, err)
		})
	}
}
