package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reporting is a door behind which an API answers reports to somebody of a role.
func reporting(role, rows string) http.Handler {
	return New(Options{BaseURL: "http://desk.example", API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch path := strings.TrimPrefix(r.URL.Path, "/api/v1"); {
		case path == "/session":
			fmt.Fprintf(w, `{"kind":"agent","key":"sato","name":"Sato","role":%q,"state":"active"}`, role)
		case path == "/desks":
			fmt.Fprint(w, `{"items":[{"key":"support","name":"サポート"}]}`)
		case strings.HasPrefix(path, "/reports/") && r.URL.Query().Get("from") == "2020-01-01":
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]any{"status": 400, "title": "x", "errors": []any{map[string]any{"code": "report_long", "detail": "too long by far"}}})
		case strings.HasPrefix(path, "/reports/"):
			fmt.Fprint(w, rows)
		default:
			fmt.Fprint(w, `{"items":[]}`)
		}
	})})
}

func seen(door http.Handler, path, lang string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", lang)
	w := httptest.NewRecorder()
	door.ServeHTTP(w, r)
	return w
}

func TestAReportHasAPictureAndItsTable(t *testing.T) {
	t.Parallel()
	door := reporting("lead", `{"name":"volume","from":"2026-11-23","to":"2026-11-24","zone":"Asia/Tokyo","desks":["support"],
		"columns":[{"key":"time","kind":"text","label":"日"},{"key":"opened","kind":"count","label":"受付"},{"key":"answered","kind":"count","label":"回答"},{"key":"resolved","kind":"count","label":"解決"}],
		"rows":[["2026-11-23",0,5,0],["2026-11-24",1234,3,2]]}`)
	w := seen(door, "/reports?name=volume&desk=support", "ja")
	require.Equal(t, 200, w.Code)
	page := w.Body.String()
	require.Contains(t, page, `points="52,252 948,`, "from nothing at the left")
	require.Contains(t, page, `<title id="picture-title">受付と対応の件数</title><desc id="picture-about">2026-11-23から2026-11-24まで。`)
	require.Contains(t, page, `<td class="figure">1,234</td>`, "the table says it too")
	require.Contains(t, page, `href="/api/v1/reports/volume?desk=support&amp;format=csv&amp;from=2026-11-23&amp;per=day&amp;to=2026-11-24"`)
	require.Contains(t, page, `<option value="support" selected>サポート</option>`)
	require.NotContains(t, page, " style=", "the page's own policy would not let it be")

	w = seen(door, "/reports?from=2020-01-01", "en")
	require.Equal(t, 400, w.Code)
	require.Contains(t, w.Body.String(), "too long by far")
	require.Contains(t, w.Body.String(), `value="2020-01-01"`, "what was asked stays")
}

func TestAReportOfBars(t *testing.T) {
	t.Parallel()
	w := seen(reporting("admin", `{"name":"response_times","from":"2026-11-23","to":"2026-11-24","zone":"UTC","desks":["support"],
		"columns":[{"key":"desk","kind":"text","label":"Desk"},{"key":"tickets","kind":"count","label":"Tickets"},{"key":"first_response_median_minutes","kind":"minutes","label":"First"}],
		"rows":[["support",3,61],["",1,122],[null,4,70]]}`), "/reports?name=response_times", "en")
	require.Equal(t, 200, w.Code)
	page := w.Body.String()
	require.Equal(t, 2, strings.Count(page, `class="bar"`), "all together is no bar")
	require.Contains(t, page, ">サポート</text>")
	require.Contains(t, page, `width="315" height="24"`, "half as long as the longest")
	require.Contains(t, page, `width="630" height="24"`)
	require.Contains(t, page, `<th scope="row">All</th>`)
}

func TestReportsAreForLeads(t *testing.T) {
	t.Parallel()
	w := seen(reporting("agent", `{}`), "/reports", "en")
	require.Equal(t, 403, w.Code)
	require.NotContains(t, seen(reporting("agent", `{}`), "/settings", "en").Body.String(), `href="/reports"`)
	require.Contains(t, seen(reporting("lead", `{}`), "/settings", "en").Body.String(), `href="/reports"`)
}

func TestAxesCountInWholeSteps(t *testing.T) {
	t.Parallel()
	for top, step := range map[float64]float64{1: 1, 5: 1, 6: 2, 11: 5, 26: 10, 999: 200, 123456: 50000} {
		require.InDelta(t, step, niceStep(top), 0, top)
	}
}
