package main

import (
	"encoding/json"
	"log/slog"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"duradesk/activities"
	"duradesk/cmd/duradesk/doctor"
	"duradesk/mail/world"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/ticket"
)

// TestTheDoctorLooksIntoMailboxes: a mail without a line in the ledger, and a login that is refused, on a real server.
func TestTheDoctorLooksIntoMailboxes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w, err := world.Start(ctx, world.Options{Dir: t.TempDir(), SMTPAddr: "127.0.0.1:0", IMAPAddr: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	sealer, err := postgres.NewSealer("a secret key that is only for tests")
	require.NoError(t, err)
	store, err := postgres.Open(ctx, postgres.Config{URL: pgtest.DatabaseFrom(t, "migrated", postgres.Migrate), MaxConns: 4, Sealer: sealer})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	require.NoError(t, store.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"))
	first := postgres.FirstDesk{
		Key: "support", Name: "Support", Address: "support@desk.example", Group: "support", IMAPAddr: w.IMAPAddr(), SMTPAddr: w.SMTPAddr(), Username: "support@desk.example", Password: "demo", FromStart: true,
	}
	require.NoError(t, store.EnsureFirstDesk(ctx, first))
	require.NoError(t, smtp.SendMail(w.SMTPAddr(), nil, "yamada@client.example", []string{"support@desk.example"}, []byte("Subject: hello\r\n\r\nhello\r\n")))
	_, err = store.Pool().Exec(ctx, `update mailboxes set state = 'polling', last_seen_at = now()`)
	require.NoError(t, err)

	queue := postgres.NewQueue(store, postgres.QueueConfig{})
	hands := &activities.Mailboxes{Intake: queue, Post: post{}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	wrong := func() map[string]string {
		d := &doctor.Desk{Store: store, Reconcile: hands.Reconcile, Now: time.Now, Temporal: lazyTemporal(t), Language: "ja"}
		out := map[string]string{}
		for _, f := range d.Examine(ctx) {
			if f.Level != doctor.OK {
				out[f.Code] = f.Text + " " + f.Todo
			}
		}
		delete(out, "temporal_away")
		return out
	}
	require.Contains(t, wrong(), "ledger_differs")
	require.Contains(t, wrong()["ledger_differs"], "台帳にないもの 1 通")
	accounts, err := store.Accounts(ctx)
	require.NoError(t, err)
	box, err := queue.Mailbox(ctx, accounts[0].ID)
	require.NoError(t, err)
	raw := []byte("x")
	received := ticket.Received{Mailbox: box.ID, UIDValidity: uidValidity(t, w), UID: 1, Raw: raw}
	require.NoError(t, queue.Begun(ctx, box.ID, received.UIDValidity, 0))
	_, err = queue.Receive(ctx, []ticket.Received{received})
	require.NoError(t, err)
	require.Contains(t, wrong()["ledger_differs"], "未処理のもの 1 通")
	_, err = queue.Settle(ctx, ticket.Fate{Received: received, Fate: "ignored"})
	require.NoError(t, err)
	require.Empty(t, wrong())

	first.Password = "wrong"
	require.NoError(t, store.EnsureFirstDesk(ctx, first))
	require.Contains(t, wrong(), "mailbox_failed")
	for range ticket.LoginsRefused {
		_, err = queue.Refused(ctx, box.ID, box.Version, "LOGIN refused")
		require.NoError(t, err)
	}
	require.Contains(t, wrong()["mailbox_refused"], "LOGIN refused")
}

func TestTheDoctorIsPrintedForPeopleAndForPrograms(t *testing.T) {
	t.Parallel()
	found := []doctor.Finding{{Check: "database", Level: doctor.OK, Text: "fine"}, {Check: "clock", Level: doctor.Warning, Code: "x", Text: "slow", Todo: "mend it"}}
	var out strings.Builder
	require.NoError(t, (&doctorCommand{}).tell(&out, found))
	require.Equal(t, "warning  slow\n         → mend it\n", out.String())
	out.Reset()
	require.NoError(t, (&doctorCommand{All: true}).tell(&out, found[:1]))
	require.Equal(t, "ok       fine\n1 ✓\n", out.String())
	out.Reset()
	require.NoError(t, (&doctorCommand{JSON: true}).tell(&out, found))
	var told struct {
		OK       bool
		Worst    string
		Findings []doctor.Finding
	}
	require.NoError(t, json.Unmarshal([]byte(out.String()), &told))
	require.True(t, told.OK, "a warning is no error")
	require.Equal(t, "warning", told.Worst)
	require.Equal(t, found, told.Findings)
	require.Equal(t, doctor.Error, doctor.Worst(append(found, doctor.Finding{Level: doctor.Error})))
}

// lazyTemporal is a client of a server that is not there.
func lazyTemporal(t *testing.T) client.Client {
	t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// uidValidity is that of the desk's mailbox on the server.
func uidValidity(t *testing.T, w *world.World) uint32 {
	t.Helper()
	open, err := post{}.Open(t.Context(), ticket.Account{Addr: w.IMAPAddr(), TLS: "none", Username: "support@desk.example", Password: "demo"}, "INBOX")
	require.NoError(t, err)
	defer func() { _ = open.Close() }()
	validity, _ := open.Folder()
	return validity
}
