package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/calendar"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
)

// TestWhatCannotBeRehearsedIsNamedAndPassed: a ticket whose calendar is not there any more, and a file that is none, do
// not keep the others from being asked; the end is an error all the same.
func TestWhatCannotBeRehearsedIsNamedAndPassed(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), pgtest.DatabaseFrom(t, "migrated", postgres.Migrate)
	sealer, err := postgres.NewSealer("a secret key that is only for tests")
	require.NoError(t, err)
	store, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: 2, Sealer: sealer})
	require.NoError(t, err)
	t.Cleanup(store.Close)
	hours, err := businessHours("Asia/Tokyo", "09:00-18:00")
	require.NoError(t, err)
	require.NoError(t, store.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"))
	require.NoError(t, store.EnsureFirstDesk(ctx, postgres.FirstDesk{
		Key: "support", Name: "Support", Address: "support@desk.example", Group: "support", IMAPAddr: "127.0.0.1:1", SMTPAddr: "127.0.0.1:1", Username: "x", Password: "x", Calendar: hours,
	}))
	for _, sql := range []string{
		`insert into clients (id) values ('c_1')`,
		`insert into tickets (number, id, desk, title, client, channel, last_at, process, state, created_at, updated_at, reply_token, applied_seq)
			select 1000 + n, gen_random_uuid(), 'support', 'x', 'c_1', 'mail', now(), jsonb_build_object('number', 1000 + n, 'state', 'open', 'policy', 1, 'calendar', case n when 2 then 9 else 1 end), 'open', now(), now(), 'r' || n, 1
			from generate_series(1, 3) n`,
	} {
		_, err := store.Pool().Exec(ctx, sql)
		require.NoError(t, err)
	}
	c := rehearseCommand{DatabaseURL: url, calendars: map[string]calendar.Spec{}, told: map[string]int{}}
	said := &strings.Builder{}
	require.NoError(t, c.database(ctx, said))
	require.ErrorIs(t, c.verdict(said), errUnread)
	require.Equal(t, "ticket 1002 cannot be rehearsed: read what is recorded of ticket 1002: version 9 of its calendar business is not there\n"+
		"2 tickets with 0 commands rehearsed: each would be answered as it was\n1 tickets could not be rehearsed\n", said.String())

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.json"), []byte(`{"process": "nobody's"}`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.json"), []byte(`{"process": "inquiry", "opening": {"state": "new"}}`), 0o600))
	files := rehearseCommand{Recorded: dir, told: map[string]int{}}
	said.Reset()
	require.NoError(t, files.files(ctx, said))
	require.ErrorIs(t, files.verdict(said), errUnread)
	require.Contains(t, said.String(), "a.json cannot be rehearsed: this build knows no process \"nobody's\"\n1 tickets with 0 commands rehearsed")
}
