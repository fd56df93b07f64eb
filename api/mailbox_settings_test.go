package api

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

const salesBox = `{"desk":"support","address":"sales@desk.example","imap":{"host":"imap.desk.example","port":993,"tls":"tls"},"smtp":{"host":"smtp.desk.example","port":587,"tls":"starttls"},"login":{"mode":"password","password":"geheim-17"}}`

func TestAMailboxIsAddedChangedAndRemoved(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := call(t, door, bootstrap, "POST", "/api/v1/mailboxes", salesBox)
	r.is(t, 201)
	id, _ := r.at("id").(string)
	require.Equal(t, []string{id}, f.watched, "it is read from now on")
	require.Equal(t, map[string]any{"host": "imap.desk.example", "port": 993.0, "tls": "tls"}, r.at("settings", "imap"))
	require.Equal(t, "sales@desk.example", r.at("settings", "login", "username"))
	require.Equal(t, true, r.at("settings", "login", "password_set"))
	require.Equal(t, map[string]any{"address_hour": 5.0, "address_day": 20.0, "hour": 200.0, "ticket_ten_minutes": 10.0, "sends_minute": 0.0}, r.at("settings", "caps"))
	require.NotContains(t, string(r.raw), "geheim-17", "secrets are never shown")
	call(t, door, bootstrap, "POST", "/api/v1/mailboxes", salesBox).is(t, 409, "conflict")

	r = call(t, door, bootstrap, "PATCH", "/api/v1/mailboxes/"+id, `{"smtp":{"port":465,"tls":"tls"},"after":{"mode":"move","folder":"Done"},"caps":{"sends_minute":30},"poll_seconds":20,"sent_folder":"Sent"}`)
	r.is(t, 200)
	require.Equal(t, map[string]any{"host": "smtp.desk.example", "port": 465.0, "tls": "tls"}, r.at("settings", "smtp"), "what is left out stays")
	require.Equal(t, true, r.at("settings", "login", "password_set"))
	require.EqualValues(t, 30, r.at("settings", "caps", "sends_minute"))
	require.EqualValues(t, 20, r.at("settings", "caps", "address_day"))
	r = call(t, door, bootstrap, "PATCH", "/api/v1/mailboxes/"+id, `{"sent_folder":"","enabled":false}`)
	r.is(t, 200)
	require.Nil(t, r.at("settings", "sent_folder"))
	require.Equal(t, "Done", r.at("settings", "after", "folder"))
	require.Len(t, f.watched, 2, "one that is switched off is not read")

	call(t, door, bootstrap, "DELETE", "/api/v1/mailboxes/"+id, "").is(t, 204)
	call(t, door, bootstrap, "GET", "/api/v1/mailboxes/"+id, "").is(t, 404, "not-found")
	call(t, door, bootstrap, "PATCH", "/api/v1/mailboxes/"+id, `{}`).is(t, 404, "not-found")
}

func TestAMailboxIsStrict(t *testing.T) {
	t.Parallel()
	change := func(old, to string) string { return strings.Replace(salesBox, old, to, 1) }
	const login = `"login":{"mode":"password","password":"geheim-17"}`
	for body, want := range map[string]string{
		`{}`:                                            "/desk missing, /address missing, /imap missing, /smtp missing, /login missing",
		change(`"support"`, `"nowhere"`):                "/desk unknown_desk",
		change(`sales@desk.example`, `sales`):           "/address email",
		change(`993`, `0`):                              "/imap/port range",
		change(`imap.desk.example`, `imap/993`):         "/imap/host host",
		change(`"tls":"tls"`, `"tls":"ssl"`):            "/imap/tls enum",
		change(`"port":993,`, ``):                       "/imap/port missing",
		change(login, `"login":{"mode":"password"}`):    "/login/password needed_here",
		change(login, `"login":{"mode":"xoauth2"}`):     "/login/token_url needed_here, /login/client_id needed_here, /login/refresh_token needed_here",
		change(login, login+`,"poll_seconds":1`):        "/poll_seconds range",
		change(login, login+`,"caps":{"hour":-1}`):      "/caps/hour range",
		change(login, login+`,"after":{"mode":"move"}`): "/after/folder needed_here",
		change(login, login+`,"colour":"red"`):          "/colour unknown_field",
		change(login, `"login":{"mode":"oauthbearer","token_url":"http://login.example/token","client_id":"x","client_secret":"y"}`): "/login/token_url token_url",
	} {
		f, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/mailboxes", body)
		r.is(t, 422, "invalid")
		require.Equal(t, want, faultsOf(r), body)
		require.Len(t, f.boxes, 2)
		require.NotContains(t, string(r.raw), "geheim-17")
	}
}

// TestAHostIsANameOrAnAddress: what no server can have is refused at once, in words that say what to write, and not days
// later by the resolver.
func TestAHostIsANameOrAnAddress(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	set := func(host string, header ...string) reply {
		body := `{"smtp":{"host":` + strconv.Quote(host) + `,"port":25,"tls":"none"}}`
		return call(t, door, bootstrap, "PATCH", "/api/v1/mailboxes/box-1", body, header...)
	}
	for _, host := range []string{
		"-5", "5", "mail-.example", "mail.-x.example", "a..b", ".", ":", "1.2.3", "1.2.3.256", "[::1]", "::g", "1:2", "imap.example:993", "imap example", "imap.example/x", "メール.example",
		strings.Repeat("a", 64) + ".example",
	} {
		r := set(host)
		r.is(t, 422, "invalid")
		require.Equal(t, "/smtp/host host", faultsOf(r), host)
	}
	require.Contains(t, string(set("-5").raw), "such as imap.example.com, or an IP address")
	require.Contains(t, string(set("-5", "Accept-Language", "ja").raw), "imap.example.comのようなサーバー名")
	for _, host := range []string{"localhost", "imap.desk.example", "mail_in.lan", "4.example", "a-b.example.", "xn--bcher-kva.example", "192.0.2.1", "::1", "2001:db8::25", "::ffff:192.0.2.1"} {
		r := set(host)
		r.is(t, 200)
		require.Equal(t, host, r.at("settings", "smtp", "host"))
	}
}

func TestOnlyAdminsSeeHowAMailboxIsSet(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	r := call(t, door, bootstrap, "GET", "/api/v1/mailboxes/box-1", "")
	r.is(t, 200)
	require.NotNil(t, r.at("settings"))
	for _, key := range []string{"sato", "lead"} {
		token := f.tokenOf(t, key, scopeRead, scopeAct)
		r = call(t, door, token, "GET", "/api/v1/mailboxes/box-1", "")
		r.is(t, 200)
		require.NotContains(t, r.json, "settings")
		call(t, door, token, "GET", "/api/v1/mailboxes/box-2", "").is(t, 404, "not-found")
	}
	call(t, door, f.tokenOf(t, "lead", scopeRead), "POST", "/api/v1/mailboxes/box-2/reconcile", "").is(t, 404, "not-found")
}

func TestTryingAMailboxSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.tried = ticket.Connection{
		IMAP: ticket.Checked{OK: true, Code: "ok", Mails: 42, Abilities: []string{"IDLE", "keywords"}},
		SMTP: ticket.Checked{Code: "login", Detail: "535 5.7.8 no"},
	}
	r := call(t, door, bootstrap, "POST", "/api/v1/mailboxes/box-1/test", "", "Accept-Language", "ja")
	r.is(t, 200)
	require.Equal(t, false, r.at("ok"))
	require.EqualValues(t, 42, r.at("imap", "mails"))
	require.Equal(t, "ログインが拒否されました。ユーザー名とパスワードを確認してください。", r.at("smtp", "text"))
	require.Equal(t, "535 5.7.8 no", r.at("smtp", "detail"))
	require.Nil(t, r.at("smtp", "mails"))

	f.compared = ticket.Reconciled{Mailbox: "support@desk.example", OnServer: 4, Missing: []uint32{4}}
	r = call(t, door, bootstrap, "POST", "/api/v1/mailboxes/box-1/reconcile", "")
	r.is(t, 200)
	require.Equal(t, false, r.at("even"))
	require.Equal(t, []any{4.0}, r.at("missing"))
	require.Equal(t, []any{}, r.at("unsettled"))
	call(t, door, bootstrap, "POST", "/api/v1/mailboxes/box-9/test", "").is(t, 404, "not-found")
}

func TestAddressesWithoutAutomaticMail(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.muted = nil
	for i := range 3 {
		f.muted = append(f.muted, ticket.Undeliverable{Address: "a" + strconv.Itoa(i) + "@client.example", Why: "bounce", Since: f.now})
	}
	r := call(t, door, bootstrap, "GET", "/api/v1/undeliverable?limit=2", "")
	r.is(t, 200)
	require.Len(t, r.at("items"), 2)
	next, _ := r.at("next_cursor").(string)
	require.Len(t, call(t, door, bootstrap, "GET", "/api/v1/undeliverable?limit=2&cursor="+next, "").at("items"), 1)
	require.Len(t, call(t, door, bootstrap, "GET", "/api/v1/undeliverable?q=a1", "").at("items"), 1)
	call(t, door, bootstrap, "GET", "/api/v1/undeliverable?cursor=x", "").is(t, 400)
	call(t, door, bootstrap, "DELETE", "/api/v1/undeliverable/a1@client.example", "").is(t, 204)
	call(t, door, bootstrap, "DELETE", "/api/v1/undeliverable/a1@client.example", "").is(t, 404, "not-found")
}

func TestAMailboxGetsAKeyToSignWith(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	const box = "/api/v1/mailboxes/box-1"
	require.Nil(t, call(t, door, bootstrap, "GET", box, "").at("settings", "dkim"))
	change := func(body string) map[string]any {
		r := call(t, door, bootstrap, "PATCH", box, body)
		r.is(t, 200)
		shown, _ := r.at("settings", "dkim").(map[string]any)
		require.NotContains(t, string(r.raw), "geheim")
		return shown
	}
	made := change(`{"dkim":{"selector":"desk2026"}}`)
	require.Equal(t, false, made["sign"], "the record is published first")
	require.Equal(t, "desk2026._domainkey.desk.example", made["record_name"])
	require.Contains(t, made["record_value"], "v=DKIM1; k=rsa; p=")
	signs := change(`{"dkim":{"sign":true}}`)
	require.Equal(t, true, signs["sign"])
	require.Equal(t, made["record_value"], signs["record_value"], "the key stays")
	require.Equal(t, signs, change(`{"poll_seconds":30}`))
	require.Equal(t, signs, change(`{"dkim":{"selector":"desk2026"}}`))
	renewed := change(`{"dkim":{"selector":"desk2027"}}`)
	require.NotEqual(t, made["record_value"], renewed["record_value"])
	require.Equal(t, false, renewed["sign"])
	given := change(`{"dkim":{"private_key":"-----BEGIN geheim-----\n","sign":true}}`)
	require.NotEqual(t, renewed["record_value"], given["record_value"])
	require.Equal(t, true, given["sign"])
	require.Contains(t, f.secrets, "-----BEGIN geheim-----\n")
	require.Nil(t, change(`{"dkim":null}`))
	for body, want := range map[string]string{
		`{"dkim":{"sign":true}}`:             "/dkim/selector missing",
		`{"dkim":{"selector":"Desk.2026"}}`:  "/dkim/selector selector",
		`{"dkim":{"selector":"-a"}}`:         "/dkim/selector selector",
		`{"dkim":"yes"}`:                     "/dkim object",
		`{"dkim":{"selector":"a","bits":1}}`: "/dkim/bits unknown_field",
	} {
		r := call(t, door, bootstrap, "PATCH", box, body)
		r.is(t, 422, "invalid")
		require.Equal(t, want, faultsOf(r), body)
	}
}
