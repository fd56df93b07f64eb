package console

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAChannelTellsItsSecretOnceAndHowItsMessagesFare(t *testing.T) {
	t.Parallel()
	api := newHouseAPI("admin")
	status, page := visitPage(t, api, "GET", "/manage/channels/line", nil)
	require.Equal(t, 200, status, page)
	require.Contains(t, page, "POST /api/v1/inbound/line")
	require.Regexp(t, `(?s)#1042.*room-7.*不明（届いている可能性があります）.*3回目。 nobody answered`, page)
	require.Contains(t, page, `href="?cursor=more"`)

	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	api.answers["POST /channels"] = `{"key":"shop","secret":"` + secret + `"}`
	api.answers["POST /channels/line/rotate"] = `{"key":"line","secret":"` + secret + `"}`
	_, page = visitPage(t, api, "GET", "/manage/channels/-new", nil)
	form := formOn(t, page)
	form.Set("key", "shop")
	status, page = visitPage(t, api, "POST", "/manage/channels", form)
	require.Equal(t, 200, status)
	require.Contains(t, page, secret)
	require.Equal(t, map[string]any{"key": "shop", "desk": "support", "kind": "chat", "enabled": true, "verified": []any{}}, api.sent)
	_, page = visitPage(t, api, "POST", "/-/channels/line/rotate", nil)
	require.Contains(t, page, secret)
}

func TestAnArticleIsSeenAsItReadsAndAsItWas(t *testing.T) {
	t.Parallel()
	api := newHouseAPI("agent")
	status, page := visitPage(t, api, "GET", "/manage/articles/support:reset", nil)
	require.Equal(t, 200, status, page)
	require.Regexp(t, `(?s)suzuki.*前の題.*前の文`, page)
	require.Contains(t, page, `/manage/articles/-new?copy=support%3Areset&amp;desk=support&amp;key=reset-en&amp;language=en`)
	_, page = visitPage(t, api, "GET", "/manage/articles/-new?copy=support%3Areset&desk=support&key=reset-en&language=en", nil)
	form := formOn(t, page)
	require.Equal(t, []string{"reset-en", "en", "# 手順\n\n- 一", "印刷のやり直し"}, []string{form.Get("key"), form.Get("language"), form.Get("body"), form.Get("title")}, "to be translated")

	_, page = visitPage(t, newHouseAPI("admin"), "GET", "/manage/articles/support:reset", nil)
	require.Contains(t, page, `href="/manage/articles/support:reset?version=3"`)
	api = newHouseAPI("admin")
	_, page = visitPage(t, api, "GET", "/manage/articles/support:reset?version=3", nil)
	form = formOn(t, page)
	require.Equal(t, []string{"前の題", "前の文", "", "draft"}, []string{form.Get("title"), form.Get("body"), form.Get("tags"), form.Get("state")}, "of an old version, to be saved")
	require.Contains(t, page, "第3版")
	visitPage(t, api, "POST", "/manage/articles/support:reset", form)
	require.Equal(t, []any{"前の題", "前の文", 4.}, []any{api.sent["title"], api.sent["body"], api.sent["revision"]}, "over the version that is stored")
	status, _ = visitPage(t, api, "GET", "/manage/articles/support:reset?version=9", nil)
	require.Equal(t, 404, status)

	_, page = visitPage(t, api, "POST", "/-/articles/try", url.Values{"title": {"A <b>"}, "language": {"en"}, "body": {"# One\n\n<script>x</script> ![p](https://elsewhere.example/p.png)"}})
	require.Contains(t, page, `<html lang="en">`)
	require.Contains(t, page, "<h1>A &lt;b&gt;</h1>")
	require.Contains(t, page, "<h1>One</h1>")
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "<img")
}

func TestATriggerChoosesAmongTheReceptionTypesThatThereAre(t *testing.T) {
	t.Parallel()
	api := newHouseAPI("admin")
	api.answers["GET /triggers"] = strings.Replace(api.answers["GET /triggers"], `"channels":["mail"]`, `"channels":["mail"],"reception_types":["gone"]`, 1)
	_, page := visitPage(t, api, "GET", "/manage/triggers/support:night", nil)
	require.Regexp(t, `(?s)name="when.reception_types" value="repair"[^>]*>\s*修理`, page)
	require.Regexp(t, `name="when.reception_types" value="gone" checked`, page, "what it names already stays")
	form := formOn(t, page)
	form.Add("when.reception_types", "repair")
	visitPage(t, api, "POST", "/manage/triggers/support:night", form)
	require.ElementsMatch(t, []any{"gone", "repair"}, api.sent["when"].(map[string]any)["reception_types"])

	delete(api.answers, "GET /desks/support/reception-types")
	_, page = visitPage(t, api, "GET", "/manage/triggers/-new", nil)
	require.Regexp(t, `<input[^>]*name="when.reception_types"[^>]*type="text"|<input[^>]*type="text"[^>]*name="when.reception_types"`, page, "where there are none: any word")
}

func TestACalendarTakesAFileIn(t *testing.T) {
	t.Parallel()
	api := newHouseAPI("admin")
	api.answers["POST /calendars/tokyo/import"] = `{"calendar":{"key":"tokyo"},"holidays":["2027-06-01 創立記念日"],"closed":[],"left":[{"name":"会議","at":"20270611T140000","why":"終日の予定ではありません。"}]}`
	sent := func(file string, more ...string) string {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		if file != "" {
			part, err := w.CreateFormFile("file", "holidays.ics")
			require.NoError(t, err)
			_, err = io.WriteString(part, file)
			require.NoError(t, err)
		}
		for i := 0; i < len(more); i += 2 {
			require.NoError(t, w.WriteField(more[i], more[i+1]))
		}
		require.NoError(t, w.Close())
		r := httptest.NewRequest("POST", "/-/calendars/tokyo/import", &body)
		r.Header.Set("Content-Type", w.FormDataContentType())
		r.Header.Set("HX-Request", "true")
		answer := httptest.NewRecorder()
		New(Options{API: api}).ServeHTTP(answer, r)
		return answer.Body.String()
	}
	page := sent("BEGIN:VCALENDAR", "from", "2027-01-01", "to", "2027-12-31", "try", "1")
	require.Equal(t, map[string]any{"file": "QkVHSU46VkNBTEVOREFS", "from": "2027-01-01", "to": "2027-12-31", "dry_run": true}, api.sent)
	require.Regexp(t, `(?s)1件が追加されます.*創立記念日.*対象外 1件.*終日の予定ではありません。`, page)
	page = sent("BEGIN:VCALENDAR", "from", "2027-01-01", "to", "2027-12-31")
	require.Equal(t, false, api.sent["dry_run"])
	require.Contains(t, page, "1件を追加しました")
	require.Contains(t, page, `href="/manage/calendars/tokyo"`)
	api.sent = nil
	require.Contains(t, sent("", "from", "2027-01-01"), "ファイルを選択してください。")
	require.Nil(t, api.sent)
}

func TestAClientIsFoundChangedAndGivenAccess(t *testing.T) {
	t.Parallel()
	api := newHouseAPI("lead")
	api.answers["GET /clients"] = `{"items":[{"id":"c_01","name":null,"email":"mori@client.example","phone":null,"number":null,"access":"none","tickets":3}],"next_cursor":null}`
	api.answers["GET /clients/c_01"] = `{"id":"c_01","name":"森","email":"mori@client.example","phone":null,"number":"A-1","access":"full","organisation":"client.example","language":null,"notes":"午後のみ","identities":[{"kind":"external","value":"line/U1"}],"merged_into":null,"tickets":3}`
	_, page := visitPage(t, api, "GET", "/manage/clients?q=mori", nil)
	require.Regexp(t, `(?s)href="/manage/clients/c_01">mori@client.example</a>.*href="/views/all\?q=client%3Ac_01"`, page)
	_, page = visitPage(t, api, "GET", "/manage/clients/c_01", nil)
	require.Contains(t, page, "外部チャネル：line/U1")
	require.Regexp(t, `(?s)<option value="full" selected>.*value="client.example"`, page)
	status, _ := visitPage(t, api, "POST", "/manage/clients/c_01", formOn(t, page))
	require.Equal(t, 303, status)
	require.Equal(t, map[string]any{"name": "森", "email": "mori@client.example", "phone": nil, "number": "A-1", "language": nil, "notes": "午後のみ"}, api.sent)

	api.answers["PUT /clients/c_01/access"] = `{"id":"c_01"}`
	status, _ = visitPage(t, api, "POST", "/-/clients/c_01/access", url.Values{"access": {"portal"}, "organisation": {""}})
	require.Equal(t, 303, status)
	require.Equal(t, map[string]any{"access": "portal"}, api.sent)

	api.role = "agent"
	_, page = visitPage(t, api, "GET", "/manage/clients/c_01", nil)
	require.NotContains(t, page, "アクセスを保存", "a lead gives it")
}

func TestAMailboxKeepsChangesAndDropsItsSigning(t *testing.T) {
	t.Parallel()
	api := newHouseAPI("admin")
	const box = `{"id":"b1","desk":"support","address":"support@desk.example","state":"ok","last_error":null,"settings":{"enabled":true,"imap":{"host":"i","port":993,"tls":"tls"},"smtp":{"host":"s","port":587,"tls":"starttls"},"dkim":`
	signing := func(stored string, change func(url.Values)) any {
		api.answers["GET /mailboxes/b1"] = box + stored + `}}`
		status, page := visitPage(t, api, "GET", "/manage/mailboxes/b1", nil)
		require.Equal(t, 200, status, page)
		form := formOn(t, page)
		change(form)
		status, page = visitPage(t, api, "POST", "/manage/mailboxes/b1", form)
		require.Equal(t, 303, status, page)
		said, given := api.sent["dkim"]
		if !given {
			return "left as it is"
		}
		return said
	}
	const stored = `{"selector":"desk2026","sign":true,"record_name":"desk2026._domainkey.desk.example","record_value":"v=DKIM1"}`
	require.Equal(t, "left as it is", signing(`null`, func(url.Values) {}))
	require.Equal(t, map[string]any{"selector": "desk2026", "sign": false}, signing(`null`, func(f url.Values) { f.Set("dkim.selector", "desk2026") }))
	require.Equal(t, map[string]any{"selector": "desk2026", "sign": true}, signing(stored, func(url.Values) {}))
	require.Nil(t, signing(stored, func(f url.Values) { f.Set("dkim.selector", "") }), "taken away")
	_, page := visitPage(t, api, "GET", "/manage/mailboxes/b1", nil)
	require.Contains(t, page, "desk2026._domainkey.desk.example")
}
