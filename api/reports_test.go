package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/calendar"
)

func TestAReportIsOverOwnDesksInTheirZone(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.specs = append(f.specs, tokyo(t))
	f.desks[0].Settings.Calendar = "tokyo"
	lead := f.tokenOf(t, "lead", scopeRead)
	r := call(t, door, lead, "GET", "/api/v1/reports/volume?from=2026-11-01&to=2026-11-24&per=hour", "", "Accept-Language", "ja")
	r.is(t, 200)
	require.Equal(t, []any{"2026-11-01", "2026-11-24", "Asia/Tokyo", []any{"support"}}, []any{r.at("from"), r.at("to"), r.at("zone"), r.at("desks")})
	require.Equal(t, map[string]any{"key": "time", "kind": "text", "label": "時間帯"}, r.at("columns", 0))
	require.Equal(t, []string{"support"}, f.reported.Desks)
	require.Equal(t, "2026-10-31T15:00:00Z", f.reported.From.UTC().Format(time.RFC3339), "midnight in Tokyo")
	require.Equal(t, "2026-11-24T15:00:00Z", f.reported.To.UTC().Format(time.RFC3339), "the last day is in it")

	call(t, door, lead, "GET", "/api/v1/reports/volume?desk=other", "").is(t, 404, "not-found")
	call(t, door, lead, "GET", "/api/v1/reports/weather", "").is(t, 404, "not-found")
	call(t, door, f.tokenOf(t, "sato", scopeRead), "GET", "/api/v1/reports/volume", "").is(t, 403, "forbidden")

	r = call(t, door, bootstrap, "GET", "/api/v1/reports/volume?by=priority", "")
	r.is(t, 200)
	require.Equal(t, []any{"2026-10-26", "2026-11-24", "UTC"}, []any{r.at("from"), r.at("to"), r.at("zone")}, "thirty days; the desks differ in their zones")
	require.Equal(t, "priority", f.reported.By)
	call(t, door, bootstrap, "GET", "/api/v1/reports/volume?desk=support", "").is(t, 200)
	require.Equal(t, "Asia/Tokyo", f.reported.Zone)
}

func TestATimeThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.specs = []calendar.Spec{tokyo(t)}
	for query, code := range map[string]string{
		"from=2026-02-30":                           "form_date",
		"to=yesterday":                              "pattern",
		"from=2026-11-20&to=2026-11-19":             "report_backwards",
		"from=2025-11-01&to=2026-11-02":             "report_long",
		"from=2026-10-01&to=2026-11-01&per=hour":    "report_long",
		"from=2026-11-01&to=2026-11-02&per=century": "enum",
		"format=xls":                                "enum",
	} {
		r := call(t, door, bootstrap, "GET", "/api/v1/reports/volume?"+query, "")
		r.is(t, 400, "invalid-query")
		require.Equal(t, code, r.at("errors", 0, "code"), query)
	}
	call(t, door, bootstrap, "GET", "/api/v1/reports/volume?from=2025-11-01&to=2026-11-01", "").is(t, 200)
	call(t, door, bootstrap, "GET", "/api/v1/reports/volume?from=2026-10-02&to=2026-11-01&per=hour", "").is(t, 200)
}

// TestAReportForSpreadsheets: they read it as it is, and nothing in it as a formula.
func TestAReportForSpreadsheets(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	r := call(t, door, bootstrap, "GET", "/api/v1/reports/volume?from=2026-11-01&to=2026-11-24&format=csv", "", "Accept-Language", "ja")
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "text/csv; charset=utf-8", r.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="volume_2026-11-01_2026-11-24.csv"`, r.Header.Get("Content-Disposition"))
	require.Equal(t, "\xEF\xBB\xBF日,受付\r\n'=1+1,12\r\n請求,\r\n全体,2.5\r\n", string(r.raw))
}
