package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCalendarsHaveVersions(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	body := `{"key":"tokyo","zone":"Asia/Tokyo","week":{"monday":["09:00-12:00","13:00-18:00"],"friday":["22:00-06:00"]},"holidays":["jp","12-25 Christmas"],"closed":["12-29/01-03 年末年始"],"open":["2027-05-08 09:00-12:00 Shift"]}`
	r := call(t, door, bootstrap, "POST", "/api/v1/calendars", body)
	r.is(t, 201)
	require.EqualValues(t, 1, r.at("version"))
	require.Equal(t, []any{"09:00-12:00", "13:00-18:00"}, r.at("week", "monday"))
	require.Equal(t, []any{}, r.at("week", "sunday"))
	require.Equal(t, []any{"jp", "12-25 Christmas"}, r.at("holidays"))
	r = call(t, door, bootstrap, "POST", "/api/v1/calendars", `{"key":"tokyo","week":{"monday":["00:00-24:00"]}}`)
	r.is(t, 201)
	require.EqualValues(t, 2, r.at("version"))
	require.Equal(t, "UTC", r.at("zone"))
	r = call(t, door, bootstrap, "GET", "/api/v1/calendars", "")
	require.EqualValues(t, 1, r.at("total"))
	require.EqualValues(t, 2, r.at("items", 0, "version"), "the newest only")
}

func TestCalendarsAreStrict(t *testing.T) {
	t.Parallel()
	const week = `"week":{"monday":["09:00-17:30"]}`
	for body, want := range map[string]string{
		`{}`:                            "/key missing, /week missing",
		`{"key":"Tokyo!",` + week + `}`: "/key key",
		`{"key":"always",` + week + `}`: "/key reserved",
		`{"key":"x","zone":"Asia/Tokio",` + week + `}`:                           "/zone zone",
		`{"key":"x","week":{"monday":["9-17"],"moonday":[]}}`:                    "/week/monday/0 hours, /week/moonday unknown_field",
		`{"key":"x","week":{"monday":["09:00-12:00","11:00-13:00"]}}`:            "/week/monday calendar_overlap",
		`{"key":"x","week":{}}`:                                                  " calendar_never_open",
		`{"key":"x","week":{"monday":"09:00-17:30"}}`:                            "/week/monday list",
		`{"key":"x",` + week + `,"holidays":["mars","2027-02-30 x",7]}`:          "/holidays/0 holiday, /holidays/1 holiday, /holidays/2 text",
		`{"key":"x",` + week + `,"closed":["2027-13-01"],"open":["2027-05-08"]}`: "/closed/0 closure, /open/0 opening",
		`{"key":"x",` + week + `,"version":3}`:                                   "/version unknown_field",
	} {
		f, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/calendars", body)
		r.is(t, 422, "invalid")
		require.Equal(t, want, faultsOf(r), "%s → %s", body, r.raw)
		require.NotContains(t, string(r.raw), "{why}")
		require.Empty(t, f.specs)
	}
}

func faultsOf(r reply) string {
	var out []string
	list, _ := r.at("errors").([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		out = append(out, fmt.Sprintf("%v %v", m["pointer"], m["code"]))
	}
	return strings.Join(out, ", ")
}

func TestThePictureOfAYear(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.specs = append(f.specs, tokyo(t))
	r := call(t, door, bootstrap, "GET", "/api/v1/calendars/tokyo/years/2027", "", "Accept-Language", "ja")
	r.is(t, 200)
	days, _ := r.at("days").([]any)
	require.Len(t, days, 365)
	require.Equal(t, map[string]any{"date": "2027-01-01", "open": false, "hours": []any{}, "reason": "closure", "name": "年末年始", "text": "休業期間"}, days[0])
	require.Equal(t, map[string]any{"date": "2027-01-04", "open": true, "hours": []any{"09:00-18:00"}, "reason": "counted", "name": nil, "text": "営業時間"}, days[3])
	require.Equal(t, "holiday", r.at("days", 10, "reason"))
	require.Equal(t, "成人の日", r.at("days", 10, "name"))
	leap := call(t, door, bootstrap, "GET", "/api/v1/calendars/always/years/2028", "")
	leap.is(t, 200)
	require.Len(t, leap.at("days"), 366)
	for _, path := range []string{"tokyo/years/0", "tokyo/years/10000", "tokyo/years/next", "ghost/years/2027"} {
		call(t, door, bootstrap, "GET", "/api/v1/calendars/"+path, "").is(t, 404)
	}
}

func TestAPolicyIsTheOneBeforeButForWhatIsSaid(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.specs = append(f.specs, tokyo(t))
	before := call(t, door, bootstrap, "GET", "/api/v1/policies?desk=support", "")
	before.is(t, 200)
	want, _ := before.at("items", 0).(map[string]any)
	require.Equal(t, "always", want["calendar"])
	require.EqualValues(t, 360, before.at("items", 0, "first_response_minutes", "normal"))
	require.EqualValues(t, 20160, want["auto_close_minutes"])
	r := call(t, door, bootstrap, "POST", "/api/v1/policies", `{"desk":"support","calendar":"tokyo","first_response_minutes":{"normal":240},"auto_close_days":10,"warn_at_percent":0,
		"pauses":{"resolution":["scheduled","client","client"]},"follow_up":"reopen_within","after_reply":"stay","breach_escalates":false,"acknowledge":null}`)
	r.is(t, 201)
	want["version"], want["calendar"], want["auto_close_days"], want["warn_at_percent"] = 2.0, "tokyo", 10.0, 0.0
	want["follow_up"], want["after_reply"], want["breach_escalates"] = "reopen_within", "stay", false
	want["first_response_minutes"].(map[string]any)["normal"] = 240.0
	want["pauses"].(map[string]any)["resolution"] = []any{"client", "scheduled"}
	require.Equal(t, want, r.json)
	r = call(t, door, bootstrap, "POST", "/api/v1/policies", `{"desk":"support","calendar":"always","pauses":{"resolution":[]}}`)
	r.is(t, 201)
	want["version"], want["calendar"] = 3.0, "always"
	want["pauses"].(map[string]any)["resolution"] = []any{}
	require.Equal(t, want, r.json)
	require.Empty(t, f.policies["support"].Calendar)
	raw, err := json.Marshal(f.policies["support"])
	require.NoError(t, err)
	require.NotContains(t, string(raw), "always")
}

func TestPoliciesAreStrict(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{}`:                                   "/desk missing",
		`{"desk":"ghosts"}`:                    "/desk unknown_desk",
		`{"desk":"support","calendar":"mars"}`: "/calendar unknown_calendar",
		`{"desk":"support","version":3}`:       "/version unknown_field",
		`{"desk":"support","auto_close_minutes":0,"spam_retention_minutes":0,"warn_at_percent":100}`: "/warn_at_percent range, /auto_close_minutes range, /spam_retention_minutes range",
		`{"desk":"support","first_response_minutes":{"normal":1.5,"huge":1},"resolution_minutes":7}`: "/first_response_minutes/normal range, /first_response_minutes/huge unknown_field, /resolution_minutes object",
		`{"desk":"support","pauses":{"resolution":["weather"],"wake":[]}}`:                           "/pauses/resolution/0 hold_reason, /pauses/wake unknown_field",
		`{"desk":"support","follow_up":"never","after_reply":"closed","acknowledge":"yes"}`:          "/follow_up enum, /after_reply enum, /acknowledge flag",
	} {
		f, door := fresh(t)
		r := call(t, door, bootstrap, "POST", "/api/v1/policies", body)
		r.is(t, 422, "invalid")
		require.Equal(t, want, faultsOf(r), "%s → %s", body, r.raw)
		require.Empty(t, f.policies)
	}
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead)
	require.EqualValues(t, 1, call(t, door, sato, "GET", "/api/v1/policies", "").at("total"), "of his own desks")
	call(t, door, sato, "GET", "/api/v1/policies?desk=other", "").is(t, 404, "not-found")
	require.EqualValues(t, 4, call(t, door, bootstrap, "GET", "/api/v1/policies", "").at("total"))
}

func TestADeskNamesItsProcess(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	for body, want := range map[string][2]string{
		`{"key":"a","name":"A"}`:                                       {"inquiry", "inquiry"},
		`{"key":"b","name":"B","kind":"issue"}`:                        {"issue", "issue"},
		`{"key":"c","name":"C","kind":"inquiry","process":"incident"}`: {"inquiry", "incident"},
	} {
		r := call(t, door, bootstrap, "POST", "/api/v1/desks", body)
		r.is(t, 201)
		require.Equal(t, want, [2]string{fmt.Sprint(r.at("kind")), fmt.Sprint(r.at("process"))}, body)
	}
	r := call(t, door, bootstrap, "POST", "/api/v1/desks", `{"key":"d","name":"D","process":"dance"}`)
	r.is(t, 422, "invalid")
	require.Equal(t, []string{"/process"}, r.pointers())
	require.Equal(t, "inquiry", call(t, door, bootstrap, "GET", "/api/v1/desks", "").at("items", 0, "process"), "of a desk that names none: its kind")
}

func TestNoticesAreOnesOwn(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato, nobody := f.tokenOf(t, "sato", scopeRead), f.tokenOf(t, "nobody", scopeRead)
	var seen []any
	target := "/api/v1/notices?limit=15"
	for range 10 {
		r := call(t, door, sato, "GET", target, "")
		r.is(t, 200)
		page, _ := r.at("items").([]any)
		seen = append(seen, page...)
		next, more := r.at("next_cursor").(string)
		if !more {
			break
		}
		target = "/api/v1/notices?limit=15&cursor=" + urlEscape(next)
	}
	require.Len(t, seen, 40)
	first, _ := seen[0].(map[string]any)
	require.Equal(t, map[string]any{
		"id": 40.0, "number": 1042.0, "name": "first_response_breached", "text": "最初の回答の期限を過ぎました。", "audience": "owner",
		"why": "あなたが担当しているチケットです。", "at": "2026-11-24T10:00:00Z", "read_at": nil,
	}, first)
	require.Equal(t, []any{}, call(t, door, nobody, "GET", "/api/v1/notices", "").at("items"))

	call(t, door, sato, "POST", "/api/v1/notices/read", `{"up_to":39}`).is(t, 204)
	r := call(t, door, sato, "GET", "/api/v1/notices", "")
	require.Nil(t, r.at("items", 0, "read_at"))
	require.NotNil(t, r.at("items", 1, "read_at"))
	require.Nil(t, call(t, door, f.tokenOf(t, "lead", scopeRead), "GET", "/api/v1/notices", "").at("items", 1, "read_at"), "another's")
	for _, body := range []string{`{}`, `{"up_to":0}`, `{"up_to":"39"}`, `{"up_to":1,"agent":"lead"}`} {
		call(t, door, sato, "POST", "/api/v1/notices/read", body).is(t, 422, "invalid")
	}
	call(t, door, sato, "GET", "/api/v1/notices?cursor=junk", "").is(t, 400, "invalid-query")
}
