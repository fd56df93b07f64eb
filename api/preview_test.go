package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const previewOf = "/api/v1/tickets/1042/preview"

func TestAPreviewIsTheMailAsTheClientGetsIt(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead)
	r := call(t, door, sato, "POST", previewOf, `{"command":"resolve","message":{"body":"新しい**紙**をお入れください。\n\n<script>x</script>","attachments":[{"name":"a.pdf","type":"application/pdf","data":"AAAA"}]}}`)
	r.is(t, 200)
	require.Equal(t, "applied", r.at("outcome"))
	require.Equal(t, "Re: [#1042] プリンターが動きません", r.at("mail", "subject"))
	require.Contains(t, r.at("mail", "html"), "新しい<strong>紙</strong>をお入れください。")
	require.NotContains(t, r.at("mail", "html"), "<script>")
	require.Contains(t, r.at("mail", "text"), "新しい紙をお入れください。")
	require.Contains(t, r.at("mail", "text"), "-- サポート")
	require.Equal(t, []any{"yamada@client.example"}, r.at("mail", "to"))
	require.Equal(t, map[string]any{"name": "サポート", "address": "support@desk.example"}, r.at("mail", "from"))
	require.Equal(t, []any{map[string]any{"name": "a.pdf", "type": "application/pdf", "size": 3.0}}, r.at("mail", "attachments"))
	require.Zero(t, f.stores, "nothing is stored")

	for body, want := range map[string]string{
		`{"command":"resolve","resolve":{"category":"test"},"message":{"body":"x"}}`: "not_sent",
		`{"command":"hold","message":{"body":"x"}}`:                                  "",
		`{"command":"hold","hold":{"reason":"client"},"message":{"body":"x"}}`:       "",
	} {
		r := call(t, door, sato, "POST", previewOf, body)
		r.is(t, 200)
		if want == "" {
			require.NotNil(t, r.at("mail"), body)
			continue
		}
		require.Equal(t, want, r.at("no_mail"), body)
		require.Nil(t, r.at("mail"))
	}
	r = call(t, door, sato, "POST", "/api/v1/tickets/1045/preview", `{"command":"agent-response","message":{"body":"x"}}`)
	require.Equal(t, [2]any{"refused", "refused"}, [2]any{r.at("outcome"), r.at("no_mail")})
	require.NotEmpty(t, r.at("reason_text"))
	f.tickets[1042].Client.Email = ""
	require.Equal(t, "no_address", call(t, door, sato, "POST", previewOf, `{"command":"agent-response","message":{"body":"x"}}`).at("no_mail"))
	require.Equal(t, "/message missing, /command enum", faultsOf(sorry(t, call(t, door, sato, "POST", previewOf, `{"command":"note"}`))))
}

func sorry(t *testing.T, r reply) reply {
	t.Helper()
	r.is(t, 422, "invalid")
	return r
}

func TestForbiddenWordsWarnOrBlock(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.taboo = []Forbidden{{Word: "返金", Action: "block", Note: "「ご返品」と書いてください。"}, {Word: "返金", Action: "warn"}, {Word: "キャンセル", Action: "warn"}}
	sato := f.tokenOf(t, "sato", scopeRead, scopeAct)
	const body = `{"body":"返 金とｷｬﾝｾﾙについて"}`
	r := call(t, door, sato, "POST", previewOf, `{"command":"agent-response","message":`+body+`}`)
	r.is(t, 200)
	require.Equal(t, true, r.at("blocked"))
	require.Equal(t, []any{
		map[string]any{"word": "キャンセル", "as": "ｷｬﾝｾﾙ", "times": 1.0, "action": "warn", "note": ""},
		map[string]any{"word": "返金", "as": "返 金", "times": 1.0, "action": "block", "note": "「ご返品」と書いてください。"},
	}, r.at("forbidden"))

	for command, extra := range map[string]string{"agent-response": "", "hold": `"hold":{"reason":"client"},`, "resolve": ""} {
		r := call(t, door, sato, "POST", "/api/v1/tickets/1042/"+command, `{`+extra+`"message":`+body+`}`, "Accept-Language", "ja")
		r.is(t, 422, "invalid")
		require.Equal(t, "/message/body forbidden_word", faultsOf(r))
		require.Contains(t, r.at("errors", 0, "detail"), "「返 金」")
	}
	require.Zero(t, f.stores)
	call(t, door, sato, "POST", "/api/v1/tickets/1042/note", `{"message":`+body+`}`).is(t, 200) // nobody outside reads it
	call(t, door, sato, "POST", "/api/v1/tickets/1042/agent-response", `{"id":"once","message":{"body":"キャンセル料"}}`).is(t, 200)
	f.taboo = append(f.taboo, Forbidden{Word: "キャンセル", Action: "block"})
	call(t, door, sato, "POST", "/api/v1/tickets/1042/agent-response", `{"id":"once","message":{"body":"キャンセル料"}}`).is(t, 200) // its first answer
}
