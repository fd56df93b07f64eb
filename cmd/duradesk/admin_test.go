package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/ticket"
)

// TestAdministrationByCommands drives the real API on a real database with the commands that operators type.
func TestAdministrationByCommands(t *testing.T) {
	t.Parallel()
	const secret, token = "a secret key that is only for tests", "bootstrap-token-for-tests"
	url := pgtest.DatabaseFrom(t, "migrated", postgres.Migrate)
	store, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 4})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	require.NoError(t, store.EnsureAdmin(t.Context(), "admin", "Admin", "admin@desk.example"))

	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var said strings.Builder
	go func() {
		ended <- run(ctx, []string{"api", "--http", address, "--database-url", url, "--secret-key", secret, "--bootstrap-token", token, "--log-level", "error"}, &said)
	}()
	t.Cleanup(func() {
		stop()
		require.Zero(t, <-ended, said.String())
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + address + "/healthz")
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, 20*time.Second, 50*time.Millisecond)

	do := func(line string) string {
		var stderr strings.Builder
		args := append(strings.Split(line, " "), "--url", "http://"+address, "--token", token)
		if code := run(t.Context(), args, &stderr); code == 0 {
			require.Empty(t, stderr.String())
		}
		return stderr.String()
	}
	good := func(line string) { t.Helper(); require.Empty(t, do(line), line) }
	file := filepath.Join(t.TempDir(), "holidays.ics")
	require.NoError(t, os.WriteFile(file, []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Founding day\r\nDTSTART;VALUE=DATE:20270601\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), 0o600))
	source := filepath.Join(t.TempDir(), "answer.md")
	require.NoError(t, os.WriteFile(source, []byte("Subject: {{ticket.title}}\n\n{{message}}\n"), 0o600))

	good("group add key=first name=First")
	good("desk add key=help name=Help groups=first")
	good("calendar add key=office zone=Asia/Tokyo week.monday=09:00-12:00,13:00-18:00 holidays=jp")
	good("calendar set office week.saturday=10:00-12:00")
	good("calendar import office " + file + " --from 2027-01-01 --to 2027-12-31")
	good("desk set help routes=mail,phone policy.calendar=office policy.follow_up=reopen word.ja=案件 layout=text policy.first_response_minutes.urgent=30")
	good("policy set help warn_at_percent=50")
	good("user add key=sato name=Sato email=sato@desk.example role=agent groups=first")
	good("user set sato role=lead disabled=true")
	good("token add agent=admin scopes=tickets:read,tickets:act")
	good("template add desk=help occasion=answer language=ja source=@" + source)
	good("trigger add desk=help key=all name=All then.group=first when.channels=mail")
	good("macro add key=bye name.en=Bye answer=Bye")
	good("text-module add shortcut=hi text.en=Hello")
	good("forbidden-word add word=never action=block")
	for name := range resources {
		good(name + " ls")
		good(name + " fields")
	}
	good("desk show help")
	good("macro rm bye")
	good("desk ls --json")
	good("ticket ls state:open waiting>1h 請求書")
	good("ticket ls --view mine_open --sort created --json")

	d, err := store.Desk(t.Context(), "help")
	require.NoError(t, err)
	require.Equal(t, []ticket.Channel{ticket.ChannelMail, ticket.ChannelPhone}, d.Manner.Routes)
	require.Equal(t, "案件", d.Manner.Word.JA)
	require.Equal(t, []any{"office", ticket.FollowUpReopen, 50, 30 * time.Minute, 3}, []any{d.Settings.Calendar, d.Settings.FollowUp, d.Settings.WarnAt, d.Settings.FirstResponse.Urgent, d.Settings.Version})
	specs, err := store.Calendars(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, specs[0].Version)
	require.Len(t, specs[0].Holidays, 2)
	sato, err := store.Agent(t.Context(), "sato")
	require.NoError(t, err)
	require.NotNil(t, sato.Disabled)
	require.Equal(t, ticket.RoleLead, sato.Role)

	// What is wrong is said field by field, and what there is is named.
	for line, want := range map[string]string{
		"desk set help rotues=mail":                         "routes",
		"desk set help undo_send_seconds=999":               "undo_send_seconds",
		"desk set help name":                                "FIELD=VALUE",
		"desk set nowhere name=x":                           "does not exist",
		"desk show nowhere":                                 "desk ls",
		"calendar rm office":                                "calendar set",
		"token set x y=z":                                   "take this one away",
		"group rm nowhere":                                  "does not exist",
		"policy set help calendar=mars":                     "mars",
		"macro add key=x name.en=x answer=@/nowhere/at/all": "read the file",
		"macro add key=x name.en=x tags=[1":                 "no JSON",
		"ticket ls state:opne":                              "q (character 7)",
		"ticket ls --view nowhere":                          "nowhere",
		"ticket show 99":                                    "does not exist",
		"ticket answer 99":                                  "there is no text",
		"ticket answer 99 -m Hello":                         "does not exist",
		"ticket hold 99 --for 1h":                           "does not exist",
		"ticket assign 99 --owner me":                       "does not exist",
		"desk ls support":                                   "NAME=VALUE",
	} {
		require.Contains(t, do(line), want, line)
	}
	require.Equal(t, "ja", language(func(name string) string { return map[string]string{"LANG": "ja_JP.UTF-8"}[name] }))
	require.Empty(t, language(func(string) string { return "" }))
}
