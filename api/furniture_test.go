package api

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// withForm is a desk with one reception type that has a field of each kind.
func withForm(t *testing.T) (*fake, func(method, target, body string) reply) {
	t.Helper()
	f, door := fresh(t)
	ask := func(method, target, body string) reply {
		return call(t, door, bootstrap, method, "/api/v1"+target, body, "Accept-Language", "ja")
	}
	for desk, key := range map[string]string{"support": "repair", "repairs": "swap"} {
		ask("POST", "/desks/"+desk+"/reception-types", `{"key":"`+key+`","label":{"ja":"修理依頼"},"fields":[
			{"key":"model","label":{"ja":"型番"},"kind":"choice","required":true,"by":"client","choices":[{"key":"x1","label":{"ja":"X-1"}},{"key":"x2"}]},
			{"key":"serial","label":{"ja":"製造番号"},"kind":"text"},{"key":"count","label":{"ja":"台数"},"kind":"number"},
			{"key":"bought","label":{"ja":"購入日"},"kind":"date"},{"key":"covered","label":{"ja":"保証"},"kind":"checkbox"}]}`).is(t, 201)
	}
	return f, ask
}

// TestAFormIsHeldWhereverItIsFilledIn: at the opening, when it is classified, when it is handed over.
func TestAFormIsHeldWhereverItIsFilledIn(t *testing.T) {
	t.Parallel()
	f, ask := withForm(t)
	const open = `{"desk":"support","client":{"name":"x"},"channel":"phone","title":"x","reception_type":"repair","fields":`
	const good = `{"model":"x1","serial":"A-1","count":2,"bought":"2026-11-24","covered":true}`
	ask("POST", "/tickets", open+good+`}`).is(t, 201)
	for fields, pointers := range map[string]string{
		`{}`:             "/fields/model",
		`{"model":"x9"}`: "/fields/model",
		`{"model":"x1","serial":7,"count":"2","bought":"24.11.2026","covered":"yes"}`: "/fields/bought /fields/count /fields/covered /fields/serial",
		`{"model":"x1","colour":"red"}`:                                               "/fields/colour",
	} {
		r := ask("POST", "/tickets", open+fields+`}`)
		r.is(t, 422, "invalid")
		require.Equal(t, strings.Split(pointers, " "), r.pointers(), "%s → %s", fields, r.raw)
		require.NotContains(t, string(r.raw), "field.", "said in words")
	}
	r := ask("POST", "/tickets", `{"desk":"support","client":{"name":"x"},"channel":"phone","title":"x","reception_type":"repiar"}`)
	require.Equal(t, []string{"/reception_type"}, r.pointers())
	require.Contains(t, r.at("errors", 0, "detail"), "repair", "what there is is named")
	// A desk without reception types takes any.
	ask("POST", "/tickets", `{"desk":"other","client":{"name":"x"},"channel":"phone","title":"x","reception_type":"anything","fields":{"a":1}}`).is(t, 201)

	classify := func(body string) reply { return ask("POST", "/tickets/1042/classify", `{"classify":`+body+`}`) }
	require.Equal(t, []string{"/classify/fields/model"}, classify(`{"reception_type":"repair"}`).pointers())
	classify(`{"reception_type":"repair","fields":{"model":"x2"}}`).is(t, 200)
	f.tickets[1042].ReceptionType, f.tickets[1042].Fields = "repair", map[string]any{"model": "x2", "old": "kept"}
	classify(`{"fields":{"count":3}}`).is(t, 200)
	classify(`{"fields":{"old":"still"}}`).is(t, 200)
	require.Equal(t, []string{"/classify/fields/model"}, classify(`{"fields":{"model":null}}`).pointers())
	require.Equal(t, []string{"/classify/fields/bought"}, classify(`{"fields":{"bought":"soon"}}`).pointers())
	classify(`{"tags":["x"]}`).is(t, 200)

	hand := func(body string) reply {
		return ask("POST", "/tickets/1043/escalate", `{"escalate":{"desk":"repairs","reason":"x",`+body+`}}`)
	}
	require.Equal(t, []string{"/escalate/reception_type"}, hand(`"reception_type":"repair"`).pointers(), "those of the other desk count")
	require.Equal(t, []string{"/escalate/fields/model"}, hand(`"reception_type":"swap"`).pointers())
	hand(`"reception_type":"swap","fields":{"model":"x1"}`).is(t, 200)
}

// TestKeysOfFieldsAreForEver: values stand in tickets under them.
func TestKeysOfFieldsAreForEver(t *testing.T) {
	t.Parallel()
	f, ask := withForm(t)
	const one = "/desks/support/reception-types/repair"
	r := ask("PATCH", one, `{"fields":[{"key":"serial","label":{"ja":"番号"},"kind":"number"},{"key":"serial","label":{"ja":"番号"},"kind":"text"}]}`)
	r.is(t, 422, "invalid")
	require.Equal(t, []string{"/fields/0/kind", "/fields/1/key"}, r.pointers())
	r = ask("PATCH", one, `{"fields":[{"key":"serial","label":{"ja":"番号"},"kind":"text","by":"client"}]}`)
	r.is(t, 200)
	fields, _ := r.at("fields").([]any)
	require.Len(t, fields, 5, "what is left out is retired")
	require.Equal(t, false, r.at("fields", 0, "retired"))
	require.Equal(t, true, r.at("fields", 1, "retired"))
	require.Equal(t, false, r.at("fields", 1, "required"))
	ask("DELETE", one, "").is(t, 204)
	ask("DELETE", one, "").is(t, 404, "not-found")
	require.Empty(t, ask("GET", "/desks/support/reception-types", "").at("items"))
	r = ask("POST", "/desks/support/reception-types", `{"key":"repair","label":{"en":"Back"},"fields":[{"key":"model","label":{"ja":"型番"},"kind":"text"}]}`)
	r.is(t, 422, "invalid")
	require.Equal(t, []string{"/fields/0/kind"}, r.pointers())
	ask("POST", "/desks/support/reception-types", `{"key":"repair","label":{"en":"Back"}}`).is(t, 201)
	ask("POST", "/desks/support/reception-types", `{"key":"repair","label":{"en":"Twice"}}`).is(t, 409, "conflict")
	require.Len(t, f.pieces, 2)
}

func TestWhoFurnishesWhat(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	lead := f.tokenOf(t, "lead", scopeAdmin)
	module := func(token, desk, key string) reply {
		return call(t, door, token, "POST", "/api/v1/text-modules", `{`+desk+`"shortcut":"`+key+`","text":{"en":"x"}}`, "Accept-Language", "en")
	}
	module(lead, `"desk":"support",`, "mine").is(t, 201)
	r := module(lead, ``, "all")
	r.is(t, 403, "forbidden")
	require.Contains(t, r.at("detail"), "admin")
	require.Equal(t, []string{"/desk"}, module(lead, `"desk":"other",`, "theirs").pointers())
	module(bootstrap, ``, "all").is(t, 201)
	module(bootstrap, `"desk":"other",`, "theirs").is(t, 201)
	module(bootstrap, ``, "all").is(t, 409, "conflict")
	require.EqualValues(t, 2, call(t, door, lead, "GET", "/api/v1/text-modules", "").at("total"), "not those of other desks")
	require.EqualValues(t, 3, call(t, door, bootstrap, "GET", "/api/v1/text-modules", "").at("total"))
	require.EqualValues(t, 2, call(t, door, bootstrap, "GET", "/api/v1/text-modules?desk=other", "").at("total"))
	call(t, door, lead, "PATCH", "/api/v1/text-modules/other:theirs", `{"text":{"en":"y"}}`).is(t, 404, "not-found")
	call(t, door, lead, "PATCH", "/api/v1/text-modules/all", `{"text":{"en":"y"}}`).is(t, 403, "forbidden")
	call(t, door, lead, "DELETE", "/api/v1/text-modules/all", "").is(t, 403, "forbidden")
	call(t, door, lead, "PATCH", "/api/v1/text-modules/support:mine", `{"text":{"ja":"y"},"revision":1}`).is(t, 200)
	call(t, door, lead, "PATCH", "/api/v1/text-modules/support:mine", `{"position":2,"revision":1}`).is(t, 409, "conflict")
	call(t, door, lead, "DELETE", "/api/v1/text-modules/support:mine", "").is(t, 204)
}

func TestWhatIsWrongWithFurnitureIsNamed(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	for _, c := range []struct{ route, body, pointers string }{
		{"templates", `{"desk":"support","occasion":"answer","language":"ja","source":"no subject"}`, "/source"},
		{"templates", `{"desk":"support","occasion":"lunch","language":"fr","source":"Subject: x\n\ny"}`, "/occasion /language"},
		{"templates", `{"desk":"support","occasion":"answer","language":"ja","source":"Subject: {{ticket.nmber}}\n\ny"}`, "/source"},
		{"templates/try", `{"occasion":"answer","language":"ja","source":"Subject: {{range 9}}x{{end}}\n\ny"}`, "/source"},
		{"macros", `{"key":"x","name":{"en":"x"}}`, ""},
		{"macros", `{"key":"x","name":{},"answer":"{{nothing}}"}`, "/name /answer"},
		{"macros", `{"key":"x","name":{"en":"x"},"then":"hold","category":"spam"}`, "/category"},
		{"macros", `{"key":"x","name":{"en":"x"},"answer":"x","hold":"client"}`, "/hold"},
		{"macros", `{"key":"x","name":{"en":"x"},"answer":"x","then":"resolve","category":"spam"}`, "/answer"},
		{"macros", `{"key":"x","name":{"en":"x"},"group":"nowhere","owner":"nobody-here"}`, "/group /owner"},
		{"triggers", `{"key":"x","name":"x","then":{}}`, "/then"},
		{"triggers", `{"key":"x","then":{"group":"nowhere","owner":"ghost"}}`, "/name /then/group /then/owner"},
		{"triggers", `{"desk":"support","key":"x","name":"x","then":{"owner":"mori"}}`, "/then/owner"},
		{
			"triggers", `{"key":"x","name":"x","when":{"channels":["fax"],"types":["wish"],"senders":["yamada"],"working":1,"more":1},"then":{"tags":["x"]}}`,
			"/when/channels/0 /when/senders/0 /when/types/0 /when/working /when/more",
		},
		{"forbidden-words", `{"action":"scold"}`, "/word /action"},
	} {
		r := call(t, door, bootstrap, "POST", "/api/v1/"+c.route, c.body, "Accept-Language", "ja")
		r.is(t, 422, "invalid")
		require.Equal(t, strings.Split(c.pointers, " "), r.pointers(), "%s → %s", c.body, r.raw)
		require.NotContains(t, r.at("errors", 0, "detail"), "field.")
	}
}

func TestWhatAMacroComesTo(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.piece(t, "macro", "", "wait", ticket.Macro{
		Name: ticket.Words{JA: "待つ"}, Answer: "{{client.name}} 様 (#{{ticket.number}})\n{{agent.name}}", Note: "{{ticket.title}}", Then: ticket.AnswerHold, HoldFor: 24, Hold: ticket.HoldThirdParty,
		Group: "tier2", Owner: "me", Priority: ticket.High, Tags: []string{"b", "a"},
	})
	f.piece(t, "macro", "other", "theirs", ticket.Macro{Answer: "x"})
	r := call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/macros/wait", "")
	r.is(t, 200)
	require.Equal(t, []any{
		map[string]any{"command": "classify", "body": map[string]any{"classify": map[string]any{"priority": "high", "tags": []any{"a", "b"}}}},
		map[string]any{"command": "assign", "body": map[string]any{"assign": map[string]any{"group": "tier2", "owner": "me"}}},
		map[string]any{"command": "note", "body": map[string]any{"message": map[string]any{"body": "プリンターが動きません", "body_format": "markdown"}}},
		map[string]any{"command": "hold", "body": map[string]any{
			"message": map[string]any{"body": "山田 様 (#1042)\nAdmin", "body_format": "markdown"}, "hold": map[string]any{"reason": "third_party", "until": "2026-11-25T10:00:00Z"},
		}},
	}, r.at("commands"))
	call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/macros/other:theirs", "").is(t, 404, "not-found")
	call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/macros/none", "").is(t, 404, "not-found")
}

// TestFilesWithinTheLimitsOfTheDesk: of one file, and of all of a mail.
func TestFilesWithinTheLimitsOfTheDesk(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.desks[0].Manner.AttachmentMB, f.desks[0].Manner.MailMB = 1, 2
	file := func(bytes int) string {
		return `{"name":"a.bin","data":"` + base64.StdEncoding.EncodeToString(make([]byte, bytes)) + `"}`
	}
	answer := func(files ...string) reply {
		return call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/agent-response", `{"message":{"body":"x","attachments":[`+strings.Join(files, ",")+`]}}`)
	}
	answer(file(1<<20), file(1<<19)).is(t, 200)
	r := answer(file(10), file(1<<20+1))
	r.is(t, 413, "too-large")
	require.Equal(t, []string{"/message/attachments/1"}, r.pointers())
	r = answer(file(1<<20), file(1<<20), file(1))
	r.is(t, 413, "too-large")
	require.Equal(t, []string{"/message"}, r.pointers())
	call(t, door, bootstrap, "POST", "/api/v1/tickets", `{"desk":"support","client":{"name":"x"},"channel":"phone","title":"x","message":{"body":"x","attachments":[`+file(1<<20+1)+`]}}`).is(t, 413, "too-large")
}

// TestAClientFillsHisOwnFieldsOnly.
func TestAClientFillsHisOwnFieldsOnly(t *testing.T) {
	t.Parallel()
	faults := []fault{}
	h := &hand{who: asker{client: ticket.Client{ID: "c_01"}}}
	form := ticket.ReceptionType{Fields: []ticket.Field{{Key: "mine", Kind: ticket.FieldText, By: ticket.ByClient}, {Key: "theirs", Kind: ticket.FieldText, By: ticket.ByOperator}}}
	h.fields(&object{faults: &faults}, form, map[string]any{"mine": "x", "theirs": "y"}, nil)
	require.Len(t, faults, 1)
	require.Equal(t, "/fields/theirs form_operator", faults[0].pointer+" "+faults[0].code)
}

func TestNullTakesAwayWhatAMacroDoes(t *testing.T) {
	t.Parallel()
	_, ask := withForm(t)
	ask("POST", "/macros", `{"desk":"support","key":"spam","name":{"ja":"迷惑"},"then":"resolve","category":"spam","priority":"low","owner":"me","language":"ja"}`).is(t, 201)
	r := ask("PATCH", "/macros/support:spam", `{"category":null,"owner":null,"language":null,"tags":["x"]}`)
	r.is(t, 200)
	require.Nil(t, r.at("category"))
	require.Nil(t, r.at("owner"))
	require.Nil(t, r.at("language"))
	require.Equal(t, "low", r.at("priority"), "what is left out stays")
	r = ask("PATCH", "/macros/support:spam", `{"then":null,"priority":null,"tags":[]}`)
	r.is(t, 422, "invalid") // it would do nothing any more
}

func TestAPolicyExplainsADeadlineThatItWouldSet(t *testing.T) {
	t.Parallel()
	_, ask := withForm(t)
	ask("POST", "/calendars", `{"key":"days","zone":"Asia/Tokyo","week":{"thursday":["09:00-18:00"],"friday":["09:00-18:00"],"monday":["09:00-18:00"]},"holidays":["2026-11-27 棚卸し"]}`).is(t, 201)
	ask("PATCH", "/policies/support", `{"calendar":"days","first_response_minutes":{"high":180,"low":0},"warn_at_percent":50}`).is(t, 200)
	r := ask("GET", "/policies/support/explain?clock=first_response&priority=high&from=2026-11-26T16:00:00%2B09:00", "")
	r.is(t, 200)
	require.EqualValues(t, 180, r.at("target_minutes"))
	require.Equal(t, "2026-11-30T01:00:00Z", r.at("due_at"), "two hours on Thursday, none on the holiday and the weekend, one on Monday")
	require.Equal(t, "2026-11-26T08:30:00Z", r.at("warn_at"))
	require.Contains(t, string(r.raw), "棚卸し")
	counted := 0.0
	lines, _ := r.at("lines").([]any)
	for _, l := range lines {
		if line, _ := l.(map[string]any); line["counted"] == true {
			minutes, _ := line["minutes"].(float64)
			counted += minutes
		}
	}
	require.InDelta(t, 180, counted, 0)

	r = ask("GET", "/policies/support/explain?clock=first_response&priority=low", "")
	r.is(t, 200)
	require.Nil(t, r.at("due_at"), "no such clock")
	require.Empty(t, r.at("lines"))
	ask("GET", "/policies/support/explain?clock=lunch", "").is(t, 400, "invalid-query")
	ask("GET", "/policies/nowhere/explain?clock=resolution", "").is(t, 404, "not-found")
}

func TestATextIsTriedForForbiddenWords(t *testing.T) {
	t.Parallel()
	f, ask := withForm(t)
	f.taboo = []Forbidden{{Word: "必ず", Action: "block", Note: "できる限り"}}
	r := ask("POST", "/forbidden-words/try", `{"desk":"support","text":"必ず直ります。"}`)
	r.is(t, 200)
	require.Equal(t, true, r.at("blocked"))
	require.Equal(t, "できる限り", r.at("found", 0, "note"))
	r = ask("POST", "/forbidden-words/try", `{"desk":"support","text":"直ります。"}`)
	require.Empty(t, r.at("found"))
	ask("POST", "/forbidden-words/try", `{"desk":"nowhere","text":"x"}`).is(t, 422, "invalid")
}
