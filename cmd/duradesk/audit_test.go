package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"duradesk/api"
	"duradesk/postgres"
	"duradesk/postgres/cluster/pgtest"
	"duradesk/ticket"
)

// TestNoChangeWithoutItsLine does everything that the audit log speaks of through the real door and record, twice: first
// while the log cannot be written, as if the process died between change and line, when nothing at all must change; then
// for good, when the line must come from the very transaction that made the change. No operation is left out.
func TestNoChangeWithoutItsLine(t *testing.T) {
	t.Parallel()
	w := newAuditWorld(t)
	done := map[string]bool{}
	for _, step := range auditSteps {
		done[step.operation] = true
		w.breakLog(t, true)
		status, _ := w.ask(t, step)
		changes, lines := w.recorded(t)
		require.GreaterOrEqual(t, status, 500, "%s: the log could not be written", step.operation)
		require.Empty(t, changes, "%s changed something without its line", step.operation)
		require.Empty(t, lines, step.operation)

		w.breakLog(t, false)
		status, body := w.ask(t, step)
		require.Equal(t, step.status, status, "%s: %s", step.operation, body)
		changes, lines = w.recorded(t)
		require.Contains(t, lines, step.action, step.operation)
		for table, transactions := range changes {
			for _, x := range transactions {
				require.Contains(t, slices.Concat(values(lines)...), x, "%s changed %s in a transaction without a line", step.operation, table)
			}
		}
		if status < 400 {
			require.NotEmpty(t, changes, "%s changed nothing", step.operation)
		}
		w.keep(t, step, body)
	}
	for _, operation := range api.AuditedOperations() {
		require.True(t, done[operation], "%s stands in the audit log, but not here", operation)
	}
}

func values[V any](m map[string]V) (out []V) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// auditWorld is a desk with its door, whose database records which transaction changed what.
type auditWorld struct {
	d        *desk
	server   *httptest.Server
	letters  letterBox
	browsers map[string]*http.Client
	kept     map[string]string
	codes    []string // recovery codes that are left
	lastLine int64
}

func newAuditWorld(t *testing.T) *auditWorld {
	t.Helper()
	d := deskAt(t, pgtest.DatabaseFrom(t, "migrated", postgres.Migrate))
	ctx := t.Context()
	require.NoError(t, d.store.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"))
	require.NoError(t, d.store.EnsureFirstDesk(ctx, postgres.FirstDesk{Key: "support", Name: "Support", Address: "support@desk.example", Group: "support", IMAPAddr: "x:1", SMTPAddr: "x:1", Username: "x", Password: "x"}))
	w := &auditWorld{d: d, letters: make(letterBox, 1), browsers: map[string]*http.Client{}, kept: map[string]string{}}
	require.NoError(t, pgx.BeginFunc(ctx, d.store.Pool(), func(tx pgx.Tx) (err error) {
		for _, name := range []string{"yamada", "suzuki"} {
			if w.kept[name], err = d.store.EnsureClient(ctx, tx, ticket.Client{Name: name, Email: name + "@client.example"}); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err := d.store.Pool().Exec(ctx, recordChanges)
	require.NoError(t, err)
	door := d.door(nil, nil)
	door.BootstrapToken, door.Mailroom, door.Postman = "bootstrap", unwatched{}, w.letters
	w.server = httptest.NewServer(api.New(door))
	t.Cleanup(w.server.Close)
	return w
}

// unwatched is a mailroom in which nobody reads.
type unwatched struct{ api.Mailroom }

func (unwatched) Watch(context.Context, string) error { return nil }

// letterBox holds letters until they are read.
type letterBox chan api.Letter

func (b letterBox) Post(_ context.Context, l api.Letter) error { b <- l; return nil }

// recordChanges has every change of a row recorded with its transaction, but for what is no change of a right or a
// setting: that something was used, and who waits at a login.
const recordChanges = `
create table broken (); create table recorded (tbl text, x text);
create function record() returns trigger language plpgsql as $$ begin
	if tg_op = 'UPDATE' and to_jsonb(old) - '{totp_step,used_at,last_used}'::text[] = to_jsonb(new) - '{totp_step,used_at,last_used}'::text[] then return null; end if;
	insert into recorded values (tg_table_name, pg_current_xact_id()); return null; end $$;
create function refuse() returns trigger language plpgsql as $$ begin
	if exists (select from broken) then raise exception 'the log cannot be written'; end if; return new; end $$;
create trigger refuse before insert on audit for each row execute function refuse();
do $$ declare r record; begin
	for r in select c.oid::regclass as name from pg_class c where relnamespace = 'public'::regnamespace and relkind = 'r' and not relispartition
		and relname not in ('recorded', 'broken', 'audit', 'login_attempts', 'one_time_links') loop
		execute format('create trigger record_change after insert or update or delete on %s for each row execute function record()', r.name);
	end loop; end $$`

func (w *auditWorld) breakLog(t *testing.T, on bool) {
	t.Helper()
	sql := `delete from broken`
	if on {
		sql = `insert into broken default values`
	}
	_, err := w.d.store.Pool().Exec(t.Context(), sql)
	require.NoError(t, err)
	_, err = w.d.store.Pool().Exec(t.Context(), `delete from recorded`)
	require.NoError(t, err)
	require.NoError(t, w.d.store.Pool().QueryRow(t.Context(), `select coalesce(max(id), 0) from audit`).Scan(&w.lastLine))
}

// recorded tells which transactions changed each table, and which wrote lines of each kind.
func (w *auditWorld) recorded(t *testing.T) (changes, lines map[string][]string) {
	t.Helper()
	read := func(sql string, args ...any) map[string][]string {
		out := map[string][]string{}
		rows, err := w.d.store.Pool().Query(t.Context(), sql, args...)
		require.NoError(t, err)
		var of, x string
		_, err = pgx.ForEachRow(rows, []any{&of, &x}, func() error { out[of] = append(out[of], x); return nil })
		require.NoError(t, err)
		return out
	}
	return read(`select tbl, x from recorded`), read(`select action, xmin::text from audit where id > $1`, w.lastLine)
}

var inBraces = regexp.MustCompile(`\{(\w+)\}`)

// ask sends the request of a step.
func (w *auditWorld) ask(t *testing.T, s auditStep) (status int, body []byte) {
	t.Helper()
	fill := func(text string) string {
		return inBraces.ReplaceAllStringFunc(text, func(name string) string {
			if made, ok := w.made(t, name[1:len(name)-1]); ok {
				return made
			}
			return name
		})
	}
	r, err := http.NewRequestWithContext(t.Context(), s.method, w.server.URL+"/api/v1/"+fill(s.path), strings.NewReader(fill(s.body)))
	require.NoError(t, err)
	browser := http.DefaultClient
	if s.who == "" {
		r.Header.Set("Authorization", "Bearer bootstrap")
	} else if browser = w.browsers[s.who]; browser == nil {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		browser = &http.Client{Jar: jar}
		w.browsers[s.who] = browser
	}
	if s.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := browser.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, body
}

// made is what a name in braces stands for; false where it is no name but text.
func (w *auditWorld) made(t *testing.T, name string) (string, bool) {
	t.Helper()
	switch name {
	case "totp":
		code, err := totp.GenerateCode(w.kept["seed"], time.Now())
		require.NoError(t, err)
		return code, true
	case "code":
		code := w.codes[0]
		w.codes = w.codes[1:]
		return code, true
	case "sign_in":
		return w.link(t, "session/link", "suzuki@client.example"), true
	case "password":
		return w.link(t, "password/link", "sato@desk.example"), true
	}
	text, ok := w.kept[name]
	return text, ok
}

// link has a one-time link mailed and reads the letter.
func (w *auditWorld) link(t *testing.T, path, email string) string {
	t.Helper()
	status, body := w.ask(t, auditStep{who: "stranger", method: "POST", path: path, body: fmt.Sprintf(`{"email":%q}`, email)})
	require.Equal(t, http.StatusAccepted, status, string(body))
	select {
	case l := <-w.letters:
		_, link, _ := strings.Cut(l.Body, "#")
		return strings.Fields(link)[0]
	case <-time.After(time.Minute):
		t.Fatal("no letter came")
		return ""
	}
}

// keep takes from an answer what later steps need.
func (w *auditWorld) keep(t *testing.T, s auditStep, body []byte) {
	t.Helper()
	if s.keeps == "" {
		return
	}
	var answer map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	require.NoError(t, d.Decode(&answer))
	if s.keeps == "codes" {
		w.codes = nil
		for _, code := range answer[s.from].([]any) {
			w.codes = append(w.codes, code.(string))
		}
		return
	}
	w.kept[s.keeps] = fmt.Sprint(answer[s.from])
	if s.keeps == "told" { // only what was told can be told again
		_, err := w.d.store.Pool().Exec(t.Context(), `update hooks set state = 'delivered', done_at = now() where id::text = $1`, w.kept["told"])
		require.NoError(t, err)
	}
}
