package api

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACalendarIsChangedInVersions(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.specs = append(f.specs, tokyo(t))
	r := call(t, door, bootstrap, "PATCH", "/api/v1/calendars/tokyo", `{"week":{"saturday":["09:00-12:00"],"monday":[]},"open":["2027-05-08 09:00-12:00 x"]}`)
	r.is(t, 200)
	require.EqualValues(t, 2, r.at("version"))
	require.Equal(t, []any{"09:00-12:00"}, r.at("week", "saturday"))
	require.Empty(t, r.at("week", "monday"))
	require.Equal(t, []any{"09:00-18:00"}, r.at("week", "tuesday"), "what is left out stays")
	require.Equal(t, []any{"jp"}, r.at("holidays"))
	require.Equal(t, r.json, call(t, door, bootstrap, "GET", "/api/v1/calendars/tokyo", "").json)
	call(t, door, bootstrap, "PATCH", "/api/v1/calendars/mars", `{}`).is(t, 404, "not-found")
	call(t, door, bootstrap, "PATCH", "/api/v1/calendars/always", `{}`).is(t, 404, "not-found")
	require.EqualValues(t, 2, call(t, door, bootstrap, "PATCH", "/api/v1/policies/support", `{"warn_at_percent":50}`).at("version"))
	call(t, door, bootstrap, "PATCH", "/api/v1/policies/nowhere", `{}`).is(t, 404, "not-found")
}

// TestWhatIsWrongWithACalendarIsSaidInBothLanguages, and the part that is to blame is named.
func TestWhatIsWrongWithACalendarIsSaidInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, pointer, code string }{
		{`{"week":{"monday":["09:00-12:00","11:00-13:00"]}}`, "/week/monday", "calendar_overlap"},
		{`{"week":{"monday":["22:00-06:00"],"tuesday":["05:00-09:00"]}}`, "/week/monday", "calendar_midnight"},
		{`{"holidays":["atlantis"]}`, "/holidays/0", "holiday"},
		{`{"closed":["2027-01-03/2026-12-29 x"]}`, "/closed", "calendar_ends_before"},
		{`{"closed":["12-29/2027-01-03 x"]}`, "/closed", "calendar_half_yearly"},
		{`{"open":["2027-05-08 09:00-12:00 x","2027-05-08 13:00-14:00 y"]}`, "/open", "calendar_twice"},
		{`{"open":["2027-05-08 09:00-12:00,11:00-13:00 x"]}`, "/open", "calendar_overlap"},
		{`{"zone":"Mars/Base"}`, "/zone", "zone"},
		{`{"week":{"monday":[],"tuesday":[],"wednesday":[],"thursday":[],"friday":[]}}`, "", "calendar_never_open"},
	} {
		for _, lang := range []string{"en", "ja"} {
			f, door := fresh(t)
			f.specs = append(f.specs, tokyo(t))
			r := call(t, door, bootstrap, "PATCH", "/api/v1/calendars/tokyo", c.body, "Accept-Language", lang)
			r.is(t, 422, "invalid")
			require.Equal(t, []string{c.pointer}, r.pointers(), "%s → %s", c.body, r.raw)
			require.Equal(t, c.code, r.at("errors", 0, "code"))
			require.NotContains(t, r.at("errors", 0, "detail"), "{")
			if lang == "ja" {
				require.Regexp(t, `[\p{Hiragana}\p{Katakana}\p{Han}]`, r.at("errors", 0, "detail"))
			}
		}
	}
}

const holidays = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" +
	"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:創立記念日\r\nDTSTART;VALUE=DATE:20270601\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Summer\r\nDTSTART;VALUE=DATE:20270810\r\nDTEND;VALUE=DATE:20270814\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nUID:3\r\nSUMMARY:Meeting\r\nDTSTART:20270701T090000Z\r\nDTEND:20270701T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestAnICalendarFileIsTakenIn(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.specs = append(f.specs, tokyo(t))
	ask := func(file, more string) reply {
		return call(t, door, bootstrap, "POST", "/api/v1/calendars/tokyo/import", `{"file":"`+base64.StdEncoding.EncodeToString([]byte(file))+`","from":"2027-01-01","to":"2027-12-31"`+more+`}`, "Accept-Language", "ja")
	}
	r := ask(holidays, `,"dry_run":true`)
	r.is(t, 200)
	require.EqualValues(t, 1, r.at("calendar", "version"), "nothing is stored")
	r = ask(holidays, "")
	r.is(t, 200)
	require.EqualValues(t, 2, r.at("calendar", "version"))
	require.Equal(t, []any{"2027-06-01 創立記念日"}, r.at("holidays"))
	require.Equal(t, []any{"2027-08-10/2027-08-13 Summer"}, r.at("closed"))
	require.Equal(t, "Meeting", r.at("left", 0, "name"))
	require.Equal(t, "終日の予定ではありません。必要に応じて特別営業として登録してください。", r.at("left", 0, "why"))
	require.Equal(t, []any{"jp", "2027-06-01 創立記念日"}, r.at("calendar", "holidays"))
	again := ask(holidays, "")
	require.Empty(t, again.at("holidays"), "what is there is not doubled")
	require.EqualValues(t, 2, again.at("calendar", "version"))

	bad := ask("no calendar", "")
	bad.is(t, 422, "invalid")
	require.Equal(t, "iCalendar ファイル（.ics）ではありません。", bad.at("errors", 0, "detail"))
	require.Equal(t, []string{"/to"}, call(t, door, bootstrap, "POST", "/api/v1/calendars/tokyo/import", `{"file":"","from":"2027-01-02","to":"2027-01-01"}`).pointers())
	require.Equal(t, []string{"/from", "/to"}, call(t, door, bootstrap, "POST", "/api/v1/calendars/tokyo/import", `{"file":"","from":"01-02","to":"x"}`).pointers())
	call(t, door, bootstrap, "POST", "/api/v1/calendars/mars/import", `{"file":"","from":"2027-01-01","to":"2027-01-02"}`).is(t, 404, "not-found")
}
