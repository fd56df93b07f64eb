package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/find"
)

// TestBodiesAreStrict: what is wrong is named by pointer, all of it at once, and nothing is stored.
func TestBodiesAreStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command, body string
		pointers      string // space separated
		code          string // of the first
	}{
		{"hold", `{"hold":{"reason":"client"},"holdd":1}`, "/holdd", "unknown_field"},
		{"hold", `{"hold":{"reason":"client","untill":null}}`, "/hold/untill", "unknown_field"},
		{"hold", `{"hold":{"reason":"client"},"a/b~c":1}`, "/a~1b~0c", "unknown_field"},
		{"hold", `{}`, "/hold", "missing"},
		{"hold", ``, "/hold", "missing"},
		{"hold", `{"hold":null}`, "/hold", "missing"},
		{"hold", `{"hold":"client"}`, "/hold", "object"},
		{"hold", `{"hold":{"reason":"weather"}}`, "/hold/reason", "enum"},
		{"hold", `{"hold":{"reason":7}}`, "/hold/reason", "enum"},
		{"hold", `{"hold":{"reason":"client","until":"tomorrow"}}`, "/hold/until", "time"},
		{"hold", `{"hold":{"reason":"client","until":"2026-11-24T10:00:00Z"}}`, "/hold/until", "until_in_past"},
		{"hold", `{"hold":{"reason":"client","until":"2126-11-24T10:00:00Z"}}`, "/hold/until", "too_far"},
		{"hold", `{"hold":{"reason":"client"},"message":{}}`, "/message/body", "missing"},
		{"hold", `{"hold":{"reason":"client"},"message":{"body":" \n　"}}`, "/message/body", "empty"},
		{"hold", `{"hold":{"reason":"client"},"message":{"body":""}}`, "/message/body", "empty"},
		{"hold", `{"hold":{"reason":"client"},"message":{"body":"x","body_format":"rtf"}}`, "/message/body_format", "enum"},
		{"hold", `{"hold":{"reason":"client"},"message":{"body":["x"]}}`, "/message/body", "text"},
		{"note", `{}`, "/message", "missing"},
		{"agent-response", `{}`, "/message", "missing"},
		{"client-reply", `{}`, "/message", "missing"},
		{"agent-response", `{"message":{"body":"x","to":["a@b","nope","x\ny@z"],"cc":"a@b","work_minutes":-1}}`, "/message/to/1 /message/to/2 /message/cc /message/work_minutes", "email"},
		{"agent-response", `{"message":{"body":"x","attachments":[{"name":"a","data":"aGk"},{"name":"","data":"aGk=","type":"x"},7]}}`, "/message/attachments/0/data /message/attachments/1/name /message/attachments/1/type /message/attachments/2", "base64"},
		{"agent-response", `{"id":"","message":{"body":"x"}}`, "/id", "empty"},
		{"agent-response", `{"id":"` + strings.Repeat("字", 101) + `","message":{"body":"x"}}`, "/id", "too_long"},
		{"agent-response", `{"seen_revision":1.5,"message":{"body":"x"}}`, "/seen_revision", "range"},
		{"agent-response", `{"seen_revision":"9","message":{"body":"x"}}`, "/seen_revision", "range"},
		{"agent-response", `{"hold":{"reason":"client"},"message":{"body":"x"}}`, "/hold", "unknown_field"},
		{"client-reply", `{"client_reply":{"channel":"fax","client":"c_99"},"message":{"body":"x"}}`, "/client_reply/channel /client_reply/client", "enum"},
		{"resolve", `{"resolve":{"category":"bored"}}`, "/resolve/category", "enum"},
		{"escalate", `{"escalate":{}}`, "/escalate/reason", "missing"},
		{"escalate", `{"escalate":{"group":"ghosts","reason":"x"}}`, "/escalate/group", "unknown_group"},
		{"escalate", `{"escalate":{"group":"Ghosts!","reason":"x"}}`, "/escalate/group", "key"},
		{"escalate", `{"escalate":{"reason":"x"},"message":{"body":"x"}}`, "/message", "unknown_field"},
		{"escalate", `{"escalate":{"desk":"support","reason":"x"}}`, "/escalate/desk", "unknown_issue_desk"},
		{"escalate", `{"escalate":{"desk":"ghosts","reason":"x"}}`, "/escalate/desk", "unknown_issue_desk"},
		{"escalate", `{"escalate":{"desk":"repairs","group":"tier2","reason":"x"}}`, "/escalate/group", "not_both"},
		{"escalate", `{"escalate":{"group":"tier2","reason":"x","title":"x","body":"x","reception_type":"x","fields":{}}}`, "/escalate/title /escalate/body /escalate/reception_type /escalate/fields", "needs_other"},
		{"escalate", `{"escalate":{"desk":"repairs","reason":"x","title":"a\nb","body":" ","fields":7}}`, "/escalate/title /escalate/body /escalate/fields", "one_line"},
		{"resolve", `{"resolve":{"solution":""}}`, "/resolve/solution", "empty"},
		{"classify", `{}`, "/classify", "missing"},
		{"classify", `{"classify":{}}`, "/classify", "nothing"},
		{"classify", `{"classify":{"fields":{"a":1e400}}}`, "/classify/fields/a", "number"},
		{"classify", `{"classify":{"fields":{"a":[0,{"b":-1E+309}]}}}`, "/classify/fields/a/1/b", "number"},
		{"classify", `{"classify":{"fields":{"a":[{"b/c":-9007199254740993}],"d":12345678901234567890}}}`, "/classify/fields/a/0/b~1c /classify/fields/d", "number_as_text"},
		{"classify", `{"classify":{"fields":{"a":1e-20000}}}`, "/classify/fields/a", "number"},
		{"classify", `{"classify":{"fields":{"a":0e99999999999999999999}}}`, "/classify/fields/a", "number"},
		{"classify", `{"classify":{"fields":{"a":0.` + strings.Repeat("0", 20000) + `1}}}`, "/classify/fields/a", "number"},
		{"classify", `{"classify":{"title":null,"fields":{}}}`, "/classify", "nothing"},
		{
			"classify", `{"classify":{"priority":"huge","impact":"most","urgency":3,"type":"wish","language":"?","due_at":"soon","tags":"x","fields":[]}}`,
			"/classify/language /classify/due_at /classify/priority /classify/impact /classify/urgency /classify/type /classify/tags /classify/fields", "language",
		},
		{"classify", `{"classify":{"due_at":"2126-11-24T10:00:00Z"}}`, "/classify/due_at", "too_far"},
		{"classify", `{"classify":{"owner":"me"}}`, "/classify/owner", "unknown_field"},
		{"merge", `{}`, "/merge", "missing"},
		{"merge", `{"merge":{}}`, "/merge/into", "missing"},
		{"merge", `{"merge":{"into":"1043"}}`, "/merge/into", "range"},
		{"merge", `{"merge":{"into":0}}`, "/merge/into", "range"},
		{"merge", `{"merge":{"into":9999}}`, "/merge/into", "unknown_ticket"},
		{"unmerge", `{"unmerge":{}}`, "/unmerge", "unknown_field"},
		{"recall", `{"message":{"body":"x"}}`, "/message", "unknown_field"},
		{"link", `{"link":{"number":1043}}`, "/link/kind", "missing"},
		{"link", `{"link":{"number":1043,"kind":"merged"}}`, "/link/kind", "enum"},
		{"link", `{"link":{"number":1043,"kind":"related","into":1}}`, "/link/into", "unknown_field"},
		{"promise", `{"promise":{}}`, "/promise/due_at /promise/text", "missing"},
		{"promise", `{"promise":{"due_at":"2026-11-24T10:00:00Z","text":"x"}}`, "/promise/due_at", "until_in_past"},
		{"promise", `{"promise":{"due_at":"2126-11-24T10:00:00Z","text":" "}}`, "/promise/text /promise/due_at", "empty"},
		{"split", `{"split":{}}`, "/split/message", "missing"},
		{"split", `{"split":{"message":"m-1043"}}`, "/split/message", "unknown_message"},
		{"move", `{"move":{"message":"m-1042"}}`, "/move/into", "missing"},
		{"withdraw", `{"withdraw":{"message":7}}`, "/withdraw/message", "text"},
		{"assign", `{}`, "/assign", "missing"},
		{"assign", `{"assign":{}}`, "/assign", "nothing"},
		{"assign", `{"assign":{"owner":"ghost","group":"ghosts"}}`, "/assign/group /assign/owner", "unknown_group"},
		{"assign", `{"assign":{"owner":7}}`, "/assign/owner", "text"},
		{"close", `{"reason":"done"}`, "/reason", "unknown_field"},
		{"note", `[]`, "", "object"},
		{"note", `"x"`, "", "object"},
		{"note", `null`, "", "object"},
		{"note", `{"message":{"body":"a\u0000b"}}`, "/message/body", "characters"},
		{"note", `{"message":{"body":"a","body":"b"}}`, "/message/body", "twice"},
		{"note", "{\"message\":{\"body\":\"\xff\"}}", "", "encoding"},
		{"note", `{"message":{"body":"x"}} {}`, "", "syntax"},
		{"note", "{\n  \"message\": {\"body\": \"x\",}\n}", "", "syntax"},
		{"note", strings.Repeat("[", 100000), "", "syntax"},
		{"note", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), strings.Repeat("/a", 65), "depth"},
	} {
		f, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/"+c.command, c.body)
		r.is(t, 422, "invalid")
		require.Equal(t, strings.Split(c.pointers, " "), r.pointers(), "%s → %s", c.body, r.raw)
		require.Equal(t, c.code, r.at("errors", 0, "code"), c.body)
		require.NotContains(t, r.at("errors", 0, "detail"), "{", "a placeholder was left: %s", r.raw)
		require.NotContains(t, r.at("detail"), "{", "a placeholder was left: %s", r.raw)
		require.NotEqual(t, "field."+c.code, r.at("errors", 0, "detail"))
		require.Zero(t, f.stores)
	}
}

func TestWhereTheSyntaxIsWrong(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", "{\n  \"message\": {\"body\": \"x\",}\n}")
	require.Contains(t, r.at("errors", 0, "detail"), "line 2, column 27")
}

func TestCreateIsStrict(t *testing.T) {
	t.Parallel()
	const good = `"desk":"support","client":{"name":"x"},"channel":"phone","title":"x"`
	for body, pointers := range map[string]string{
		`{}`: "/desk /title /client /channel",
		`{"desk":"nope","client":{"name":"x"},"channel":"phone","title":"x"}`:       "/desk",
		`{"desk":"support","client":{},"channel":"phone","title":"x"}`:              "/client",
		`{"desk":"support","client":{"email":"x"},"channel":"fax","title":"a\nb"}`:  "/title /client/email /channel",
		`{"desk":"support","client":{"mail":"x@y"},"channel":"phone","title":"  "}`: "/title /client/mail",
		`{` + good + `,"priority":"huge","type":"wish","language":"Japanese!"}`:     "/type /language /priority",
		`{` + good + `,"owner":"mori"}`:                                             "/owner",
		`{` + good + `,"group":"ghosts","owner":"ghost"}`:                           "/group /owner",
		`{` + good + `,"tags":["a",1,""],"fields":[]}`:                              "/tags/1 /tags/2 /fields",
		`{` + good + `,"fields":{"x":"` + strings.Repeat("y", maxFields) + `"}}`:    "/fields",
		`{` + good + `,"impact":"huge","urgency":1}`:                                "/impact /urgency",
		`{` + good + `,"seen_revision":1}`:                                          "/seen_revision",
	} {
		f, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets", body)
		r.is(t, 422, "invalid")
		require.Equal(t, strings.Split(pointers, " "), r.pointers(), "%.200s → %s", body, r.raw)
		require.Zero(t, f.stores)
	}
	_, door := fresh(t)
	call(t, door, bootstrap, "POST", "/api/v1/tickets", `{`+good+`,"message":null,"owner":null,"priority":null,"id":null}`).is(t, 201)
}

func TestQueriesAreStrict(t *testing.T) {
	t.Parallel()
	for query, parameter := range map[string]string{
		"limits=3":                             "limits",
		"limit=0":                              "limit",
		"limit=201":                            "limit",
		"limit=x":                              "limit",
		"limit=1&limit=2":                      "limit",
		"state=opened":                         "state",
		"state=open&state=shut":                "state",
		"view=Every%20Thing":                   "view",
		"sort=size":                            "sort",
		"number=abc":                           "number",
		"number=-4":                            "number",
		"created_from=yesterday":               "created_from",
		"owner=Not%20A%20Key":                  "owner",
		"q=%00":                                "q",
		"q=%ff":                                "q",
		"cursor=junk":                          "cursor",
		"q=" + strings.Repeat("a", 2001):       "q",
		"at=2026-11-24T10:00:00Z":              "at",
		"login=" + strings.Repeat("x", 255):    "login",
		"nobody=x":                             "nobody",
		"tag=" + strings.Repeat("あ", 51):       "tag",
		"client_name=a&client_name=b":          "client_name",
		"created_to=2026-11-24T10:00:00Z":      "",
		"view=&q=&state=&sort=&limit=&cursor=": "",
		"state=open&state=on_hold&owner=me&owner=none&limit=200&sort=-created": "",
		"q=%E3%83%97%E3%83%AA%E3%83%B3":                                        "",
	} {
		_, door := fresh(t)
		r := call(t, door, bootstrap, "GET", "/api/v1/tickets?"+query, "")
		if parameter == "" {
			r.is(t, 200)
			continue
		}
		r.is(t, 400, "invalid-query")
		require.Equal(t, []string{parameter}, r.pointers(), query)
	}
	_, door := fresh(t)
	call(t, door, bootstrap, "GET", "/api/v1/tickets?a=%zz", "").is(t, 400, "invalid-query")
	call(t, door, bootstrap, "GET", "/api/v1/tickets?a=1;b=2", "").is(t, 400, "invalid-query")
	call(t, door, bootstrap, "GET", "/api/v1/tickets/1042?view=all", "").is(t, 400, "invalid-query")
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/close?force=1", "").is(t, 400, "invalid-query")
	for _, cursor := range []string{"junk", "dDA", "dC01", "dA", "****"} {
		call(t, door, bootstrap, "GET", "/api/v1/tickets/1042/timeline?cursor="+cursor, "").is(t, 400, "invalid-query")
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	for contentType, status := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "": 200, "application/vnd.x+json": 200,
		"application/x-www-form-urlencoded": 415, "text/plain": 415, "multipart/form-data; boundary=x": 415, ";": 415,
	} {
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"x"}}`, "Content-Type", contentType)
		require.Equal(t, status, r.StatusCode, contentType)
	}
}

// TestASearchThatCannotBeReadSaysWhere: the place, what is possible, in the asker's language.
func TestASearchThatCannotBeReadSaysWhere(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	r := call(t, door, bootstrap, "GET", "/api/v1/tickets?q="+urlEscape("請求書 state:opne"), "", "Accept-Language", "ja")
	r.is(t, 422, "invalid")
	fault := r.at("errors").([]any)[0].(map[string]any)
	require.Equal(t, "q", fault["parameter"])
	require.EqualValues(t, 11, fault["position"])
	require.Equal(t, "find_unknown_value", fault["code"])
	require.Contains(t, fault["detail"], "「opne」は state の値ではありません。次から選んでください: new, open,")
	require.Contains(t, r.at("detail"), "11文字目")
	texts := theTexts()
	for _, code := range find.Codes() {
		require.True(t, texts.has("field.find_"+code), code)
	}
}

func TestNumbersThatADoubleHoldsAreTaken(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/classify", `{"classify":{"fields":{"a":[0,-0.0,1e308,-1.7976931348623157E+308,5e-324,9007199254740992,-9007199254740992,"12345678901234567890"]}}}`).is(t, 200)
}

// TestASearchThatTakesTooLongSaysWhatToDo: the database is not away, and to ask for less helps.
func TestASearchThatTakesTooLongSaysWhatToDo(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.away = fmt.Errorf("%w: %w", ErrTooLong, context.DeadlineExceeded)
	for lang, words := range map[string]string{"en": "more than 10 s. Narrow it: add words", "ja": "10秒以内に終わりませんでした。"} {
		r := call(t, door, bootstrap, "GET", "/api/v1/tickets?q=a", "", "Accept-Language", lang)
		r.is(t, 422, "took-too-long")
		require.Contains(t, r.at("detail"), words)
		require.Empty(t, r.Header.Get("Retry-After"), "it would take as long again")
	}
	call(t, door, bootstrap, "GET", "/api/v1/views", "").is(t, 422, "took-too-long")
	call(t, door, bootstrap, "GET", "/problems/took-too-long", "").is(t, 200)
}
