package console

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// houseAPI answers what the pages of management ask for, and keeps what they send.
type houseAPI struct {
	mu      sync.Mutex
	role    string
	answers map[string]string // by method and path
	refuse  string            // the problem with which a change is refused
	sent    map[string]any
}

func newHouseAPI(role string) *houseAPI {
	return &houseAPI{role: role, answers: map[string]string{
		"GET /desks":                           `{"items":[{"key":"support","name":"サポート","kind":"inquiry","groups":["support"]}]}`,
		"GET /groups":                          `{"items":[{"key":"support","name":"一次"},{"key":"tier2","name":"二次"}]}`,
		"GET /agents":                          `{"items":[{"key":"sato","name":"佐藤","email":"sato@desk.example","role":"agent","groups":["support"],"desks":[]}]}`,
		"GET /templates":                       `{"items":[]}`,
		"GET /macros":                          `{"items":[{"id":"support:thanks","desk":"support","key":"thanks","name":{"ja":"お礼","en":"Thanks"},"answer":"ありがとう","then":"resolve","tags":["done"],"hold_hours":0,"position":2,"revision":7}]}`,
		"GET /triggers":                        `{"items":[{"id":"support:night","desk":"support","key":"night","name":"Night","enabled":true,"last":false,"position":1,"revision":3,"when":{"channels":["mail"],"languages":["de"],"working":false,"text":["急ぎ","至急"]},"then":{"group":"tier2","tags":["night"]}}]}`,
		"GET /channels/line":                   `{"key":"line","name":"LINE","desk":"support","kind":"chat","url":"https://bridge.example/answers","verified":["email"],"enabled":true,"old_secret_until":null,"pending":2}`,
		"GET /channels/line/deliveries":        `{"items":[{"id":"msg_1","ticket":1042,"conversation":"room-7","kind":"answer","state":"uncertain","attempts":3,"reason":"nobody answered","next_at":null,"created_at":"2026-11-24T10:20:00Z","done_at":"2026-11-24T10:21:00Z"}],"next_cursor":"more"}`,
		"GET /articles/support:reset":          `{"id":"support:reset","desk":"support","key":"reset","title":"印刷のやり直し","body":"# 手順\n\n- 一","language":"ja","tags":["printer"],"state":"draft","revision":4}`,
		"GET /articles/support:reset/versions": `{"items":[{"id":"support:reset","desk":"support","key":"reset","title":"前の題","body":"前の文","language":"ja","tags":[],"state":"draft","revision":3,"changed_by":"suzuki","changed_at":"2026-11-24T10:00:00Z"}],"next_cursor":null}`,
		"GET /desks/support/reception-types": `{"items":[{"key":"repair","desk":"support","label":{"ja":"修理","en":"Repair"},"position":1,"revision":2,"retired":false,"fields":[
			{"key":"model","label":{"ja":"型番","en":"Model"},"kind":"choice","required":true,"by":"client","retired":false,"choices":[{"key":"x1","label":{"ja":"エックス","en":"X-1"}}]},
			{"key":"serial","label":{"ja":"番号","en":"Serial"},"kind":"text","required":false,"by":"operator","retired":false,"choices":[]}]}]}`,
	}}
}

func (a *houseAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/v1")
	if path == "/session" {
		_, _ = io.WriteString(w, `{"kind":"agent","key":"sato","name":"佐藤","role":"`+a.role+`","language":"ja","state":"active"}`)
		return
	}
	if r.Method != http.MethodGet {
		a.sent = map[string]any{}
		_ = json.NewDecoder(r.Body).Decode(&a.sent) // an empty one stays empty
		if a.refuse != "" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, a.refuse)
			return
		}
	}
	if found, ok := a.answers[r.Method+" "+path]; ok {
		_, _ = io.WriteString(w, found)
		return
	}
	if r.Method == http.MethodGet {
		w.WriteHeader(http.StatusNotFound)
	}
	_, _ = io.WriteString(w, `{"status":404,"title":"none"}`)
}

func visitPage(t *testing.T, api http.Handler, method, path string, form url.Values) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	New(Options{API: api}).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

var (
	inputs    = regexp.MustCompile(`<(input|textarea|select)\b[^>]*>`)
	attribute = func(tag, name string) string {
		if m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
			return strings.NewReplacer("&#43;", "+", "&amp;", "&").Replace(m[1])
		}
		return ""
	}
	areas   = regexp.MustCompile(`(?s)<textarea\b[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>`)
	selects = regexp.MustCompile(`(?s)<select\b([^>]*)>(.*?)</select>`)
	chosenS = regexp.MustCompile(`<option value="([^"]*)" selected>`)
	firstOf = regexp.MustCompile(`<option value="([^"]*)"`)
)

// formOn is what a browser would send of the first form of a page that guards its changes.
func formOn(t *testing.T, page string) url.Values {
	t.Helper()
	_, form, found := strings.Cut(page, "data-guard=")
	require.True(t, found, page)
	form, _, _ = strings.Cut(form, "</form>")
	out := url.Values{}
	for _, tag := range inputs.FindAllString(form, -1) {
		name := attribute(tag, "name")
		if name == "" || !strings.HasPrefix(tag, "<input") || strings.Contains(tag, "checkbox") && !strings.Contains(tag, "checked") {
			continue
		}
		out.Add(name, attribute(tag, "value"))
	}
	for _, m := range areas.FindAllStringSubmatch(form, -1) {
		out.Set(m[1], m[2])
	}
	for _, m := range selects.FindAllStringSubmatch(form, -1) {
		if strings.Contains(m[1], " disabled") {
			continue
		}
		at := chosenS.FindStringSubmatch(m[2])
		if at == nil {
			at = firstOf.FindStringSubmatch(m[2])
		}
		out.Set(attribute("<select"+m[1], "name"), at[1])
	}
	return out
}

// TestAFormThatIsSavedAsItStandsChangesNothing holds that each form says of a thing what the thing is.
func TestAFormThatIsSavedAsItStandsChangesNothing(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"/manage/macros/support:thanks": `{"revision":7,"name":{"ja":"お礼","en":"Thanks"},"language":null,"answer":"ありがとう","note":"","then":"resolve","hold":null,"hold_hours":0,"category":null,"group":null,"owner":null,"priority":null,"tags":["done"],"position":2}`,
		"/manage/triggers/support:night": `{"revision":3,"name":"Night","enabled":true,"last":false,"position":1,
			"when":{"channels":["mail"],"priorities":[],"types":[],"languages":["de"],"reception_types":[],"working":false,"text":["急ぎ","至急"]},"then":{"group":"tier2","tags":["night"]}}`,
		"/manage/channels/line":          `{"name":"LINE","desk":"support","url":"https://bridge.example/answers","enabled":true,"verified":["email"]}`,
		"/manage/articles/support:reset": `{"revision":4,"title":"印刷のやり直し","body":"# 手順\n\n- 一","language":"ja","tags":["printer"],"state":"draft"}`,
		"/manage/reception-types/support:repair": `{"revision":2,"label":{"ja":"修理","en":"Repair"},"position":1,"fields":[
			{"key":"model","kind":"choice","label":{"ja":"型番","en":"Model"},"by":"client","required":true,"retired":false,"choices":[{"key":"x1","label":{"ja":"エックス","en":"X-1"}}]},
			{"key":"serial","kind":"text","label":{"ja":"番号","en":"Serial"},"by":"operator","required":false,"retired":false}]}`,
	} {
		api := newHouseAPI("admin")
		status, shown := visitPage(t, api, "GET", page, nil)
		require.Equal(t, 200, status, "%s\n%s", page, shown)
		status, answer := visitPage(t, api, "POST", page, formOn(t, shown))
		require.Equal(t, 303, status, "%s\n%s", page, answer)
		raw, err := json.Marshal(api.sent)
		require.NoError(t, err)
		require.JSONEq(t, want, string(raw), page)
	}
}

func TestWhatIsWrongStandsBesideItsFieldAndWhatWasTypedStays(t *testing.T) {
	t.Parallel()
	api := newHouseAPI("lead")
	_, shown := visitPage(t, api, "GET", "/manage/macros/support:thanks", nil)
	form := formOn(t, shown)
	form.Set("answer", "{{nobody}} <b>")
	api.refuse = `{"status":422,"title":"項目に誤りがあります","errors":[{"pointer":"/answer","code":"template","detail":"この変数はありません。"}]}`
	status, page := visitPage(t, api, "POST", "/manage/macros/support:thanks", form)
	require.Equal(t, 422, status)
	require.Regexp(t, `(?s)name="answer"[^>]*aria-describedby="w-answer[^"]*"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*name="answer"`, page)
	require.Regexp(t, `(?s)id="w-answer">.*?この変数はありません。`, page)
	require.Contains(t, page, "{{nobody}} &lt;b&gt;</textarea>")

	form.Set("position", "soon")
	api.sent = nil
	status, page = visitPage(t, api, "POST", "/manage/macros/support:thanks", form)
	require.Equal(t, 422, status)
	require.Regexp(t, `(?s)id="w-position">`, page)
	require.Nil(t, api.sent, "what the console knows to be wrong is not asked")
}

func TestWhatSomebodyElseChangedMeanwhileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	api := newHouseAPI("admin")
	_, shown := visitPage(t, api, "GET", "/manage/groups/tier2", nil)
	form := formOn(t, shown)
	form.Set("name", "二次対応")
	api.answers["GET /groups"] = strings.Replace(api.answers["GET /groups"], "二次", "専門チーム", 1)
	status, page := visitPage(t, api, "POST", "/manage/groups/tier2", form)
	require.Equal(t, 409, status)
	require.Contains(t, page, "専門チーム", "what is stored by now is told")
	require.Contains(t, page, `value="二次対応"`)
	require.Nil(t, api.sent)

	status, _ = visitPage(t, api, "POST", "/manage/groups/tier2", formOn(t, page)) // knowing it, he saves again
	require.Equal(t, 303, status)
	require.Equal(t, "二次対応", api.sent["name"])
}

func TestWhoMayNotSeeAPageSeesNoWayToIt(t *testing.T) {
	t.Parallel()
	for _, s := range shelves() {
		for _, role := range []string{"agent", "lead", "admin"} {
			may := s.see == nil || s.see(person{Role: role})
			links := ""
			for _, g := range managedBy(person{Role: role}, "en", "") {
				for _, p := range g.Pages {
					links += p.Href + " "
				}
			}
			require.Equal(t, may, strings.Contains(links, "/manage/"+s.key+" "), "%s %s", role, s.key)
			if !may {
				status, _ := visitPage(t, newHouseAPI(role), "GET", "/manage/"+s.key, nil)
				require.Equal(t, 404, status, "%s %s", role, s.key)
				status, _ = visitPage(t, newHouseAPI(role), "GET", "/manage/"+s.key+"/-new", nil)
				require.Equal(t, 404, status, "%s %s", role, s.key)
			}
		}
	}
}

func TestSpansAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for minutes, texts := range map[int64][2]string{
		0: {"0", "0"}, 45: {"45m", "45分"}, 90: {"1h 30m", "1時間30分"}, 360: {"6h", "6時間"}, 4800: {"80h", "80時間"}, 20160: {"14d", "14日"},
	} {
		require.Equal(t, texts[0], spanText("en", minutes))
		require.Equal(t, texts[1], spanText("ja", minutes))
		for _, text := range texts {
			n, ok := minutesOf(text)
			require.True(t, ok, text)
			require.Equal(t, minutes, n, text)
		}
	}
	for _, text := range []string{"6", "six hours", "1h30", "-2h", "2h x"} {
		_, ok := minutesOf(text)
		require.False(t, ok, text)
	}
}
