package api

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// TestRandomRequests sends 2,000 requests (as many as DURADESK_REQUESTS says; `make soak`: 20,000) made from the document, half of them spoilt: none ends in a 5xx, every
// answer is as the document says, what the document allows is never called malformed, and what it forbids is refused.
func TestRandomRequests(t *testing.T) {
	t.Parallel()
	const seed = 20261124
	doc, router := readSpec(t)
	g := &generator{rand.New(rand.NewPCG(seed, 1))}
	type route struct {
		path, method string
		item         *openapi3.PathItem
		op           *openapi3.Operation
	}
	var routes []route
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			switch op.OperationID {
			case "getDocsFile": // 4 MB each time
			case "createSession", "resetPassword", "changePassword": // 64 MB each time, and 401
			case "mailSignInLink", "mailPasswordLink": // answer before they are done
			case "removeFactor": // what is needed depends on whose it is
			case "takeInbound": // signed, not with a token: TestWhoDidNotSignIsNotBelieved
			case "stream": // lasts
			case "createBulk": // its params are those of another route: TestWhatNoBulkJobCanBe
			case "clientVerdict", "giveFeedback", "openTicket": // for clients, who have no token yet
			default:
				routes = append(routes, route{path, method, item, op})
			}
		}
	}
	slices.SortFunc(routes, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	statuses := map[int]int{}
	var door http.Handler
	requests := 2000
	if more := os.Getenv("DURADESK_REQUESTS"); more != "" {
		var err error
		requests, err = strconv.Atoi(more)
		require.NoError(t, err)
	}
	for i := range requests {
		if i%100 == 0 {
			f := newFake()
			f.idle = i%500 == 0
			door = f.door()
		}
		at := routes[g.IntN(len(routes))]
		target := g.target(at.path, at.item, at.op)
		body, spoilt := g.body(at.op)
		got := call(t, door, bootstrap, at.method, target, body, "Prefer", "wait=0", "Accept-Language", g.pick("ja", "en", "de", "*", ";;;", ""))
		statuses[got.StatusCode]++
		what := at.method + " " + target + " " + body
		if at.op.OperationID != "getReadiness" {
			require.Less(t, got.StatusCode, 500, what)
		}
		conforms(t, router, request(at.method, plain.ReplaceAllString(at.path, "1042"), ""), got)
		if spoilt != "" && got.StatusCode != http.StatusNotFound {
			require.Contains(t, []int{422, 413}, got.StatusCode, "%s: %s → %s", spoilt, what, got.raw)
		}
		if spoilt == "" && got.StatusCode == 422 {
			list, _ := got.at("errors").([]any)
			for _, e := range list {
				m, _ := e.(map[string]any)
				if m["parameter"] == "q" || m["pointer"] == "/q" { // a search that cannot be read: the document does not hold its grammar
					require.Contains(t, m["code"], "find_", what)
					continue
				}
				require.Contains(t, []string{
					"unknown_group", "unknown_agent", "template", "empty", "form_date", "base64", "ics_none", "ics_empty", "ics_range", "calendar_overlap", "calendar_midnight", "calendar_hours", "calendar_never_open", "calendar_no_set", "calendar_no_date", "calendar_name", "calendar_half_yearly", "calendar_ends_before", "calendar_no_hours", "calendar_twice", "form_operator", "form_twice", "form_kind_fixed", "form_unknown", "form_missing", "unknown_reception_type", "nothing", "agent_disabled", "unknown_desk", "unknown_client", "owner_elsewhere", "until_in_past", "expires_in_past", "reserved", "unknown_issue_desk", "unknown_ticket", "unknown_message", "unknown_calendar",
					"not_both", "needs_other", "holiday", "closure", "opening", "zone", "calendar", "hours", "too_far",
					"hook_address",
					"bulk_empty", "view", "itself",
					"needed_here", "token_url", "host", "selector", "unknown_draft_file", "unknown_upload", "missing",
					"client_scope", "code_wrong", "no_such_client", "client_no_access",
				}, m["code"], "%s → %s", what, got.raw)
			}
		}
		if at.op.OperationID == "getReport" && got.at("type") == "/problems/invalid-query" {
			continue // a day that no calendar has, or too many of them: a pattern cannot say so
		}
		require.NotContains(t, []int{400, 401, 403, 405, 415}, got.StatusCode, what)
	}
	for _, status := range []int{200, 201, 202, 404, 409, 422} {
		require.NotZero(t, statuses[status], "the generator is too tame: %v", statuses)
	}
}

// plain is a placeholder of a path: for the document's router any word does.
var plain = regexp.MustCompile(`\{[a-z]+\}`)

type generator struct{ *rand.Rand }

func (g *generator) pick(words ...string) string { return words[g.IntN(len(words))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) target(path string, item *openapi3.PathItem, op *openapi3.Operation) string {
	query := url.Values{}
	for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
		switch p.Value.In {
		case "path":
			v := g.pick("1042", "1043", "1044", "1045", "1046", "7", "m-1042", "f-1043", "hold-1", "sato", "support", "é/ ?#%", "..", "refused", g.words(1))
			if p.Value.Name == "number" {
				v = strconv.Itoa(1040 + g.IntN(10))
			}
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", url.PathEscape(v))
		case "query":
			if p.Value.Name != "cursor" && g.chance(20) {
				v := g.value(p.Value.Schema.Value)
				if list, ok := v.([]any); ok {
					for _, one := range list {
						query.Add(p.Value.Name, text(one))
					}
				} else {
					query.Set(p.Value.Name, text(v))
				}
			}
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// body of the operation, and in which way it is spoilt.
func (g *generator) body(op *openapi3.Operation) (body, spoilt string) {
	if op.RequestBody == nil {
		return "", ""
	}
	if op.RequestBody.Value.Content["application/json"] == nil {
		return g.words(30), "" // any bytes
	}
	schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
	value, _ := g.value(schema).(map[string]any)
	if g.chance(50) {
		spoilt = g.spoil(value, schema)
	}
	return text(value), spoilt
}

// spoil makes one place wrong, anywhere in the body.
func (g *generator) spoil(value map[string]any, schema *openapi3.Schema) string {
	for name, prop := range schema.Properties {
		inner, ok := value[name].(map[string]any)
		if ok && name != "fields" && g.chance(50) {
			return g.spoil(inner, resolved(prop.Value))
		}
	}
	switch g.IntN(3) {
	case 0:
		value["x_"+g.words(1)] = true
		return "an unknown field"
	case 1:
		if len(schema.Required) > 0 {
			name := schema.Required[g.IntN(len(schema.Required))]
			delete(value, name)
			return "without " + name
		}
	}
	for name, prop := range schema.Properties {
		p := resolved(prop.Value)
		switch {
		case p.Type.Is("array"), p.Type.Is("object"):
			value[name] = "a text"
		case p.Type.Is("integer"):
			value[name] = -1.5
		default:
			value[name] = []any{1}
		}
		return "a wrong " + name
	}
	value["unknown"] = nil
	return "an unknown field"
}

func resolved(s *openapi3.Schema) *openapi3.Schema {
	if len(s.AllOf) == 1 {
		return s.AllOf[0].Value
	}
	return s
}

// value that the schema allows.
func (g *generator) value(s *openapi3.Schema) any {
	s = resolved(s)
	switch {
	case len(s.Enum) > 0:
		return s.Enum[g.IntN(len(s.Enum))]
	case s.Type.Includes("null") && g.chance(20):
		return nil
	case s.Type.Includes("object"):
		return g.object(s)
	case s.Type.Includes("array"):
		list := []any{}
		for range int(s.MinItems) + g.IntN(3) {
			list = append(list, g.value(s.Items.Value))
		}
		return list
	case s.Type.Includes("integer"):
		return g.integer(s)
	case s.Type.Includes("boolean"):
		return g.chance(50)
	}
	return g.text(s)
}

func (g *generator) object(s *openapi3.Schema) any {
	out := map[string]any{}
	for name, prop := range s.Properties {
		if slices.Contains(s.Required, name) || g.chance(40) && name != "password" || g.chance(3) {
			out[name] = g.value(prop.Value)
		}
	}
	for name, prop := range s.Properties {
		if len(out) < int(s.MinProps) {
			out[name] = g.value(prop.Value)
		}
	}
	if s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has {
		out[g.words(1)] = map[string]any{"<b>": json.Number("1e3"), "list": []any{nil, true, g.words(3)}}
	}
	return out
}

func (g *generator) integer(s *openapi3.Schema) any {
	low, high := 0, 1<<40
	if s.Min != nil {
		low = int(*s.Min)
	}
	if s.Max != nil {
		high = int(*s.Max)
	}
	return low + g.IntN(min(high-low, 3000)+1)
}

func (g *generator) text(s *openapi3.Schema) string {
	switch {
	case s.Format == "date-time":
		return time.Date(2026, 11, 24, 10, 0, g.IntN(1e8)-1e7, g.IntN(1e9), time.FixedZone("", g.IntN(28)*1800-7*3600)).Format(time.RFC3339Nano)
	case s.Format == "byte":
		return g.pick("", "aGk=", "AAAA")
	case strings.HasPrefix(s.Pattern, "^[a-z][a-z0-9_-]"):
		return g.pick("support", "sato", "tier2", "repairs", "tokyo", "always", "admin", "me", "none", "lead", "mori", "other", "a", "x"+strconv.Itoa(g.IntN(1e6)), strings.Repeat("k", 40))
	case strings.HasPrefix(s.Pattern, `^([01]`):
		return g.pick("22:00", "07:30", "00:00", "23:59")
	case strings.HasPrefix(s.Pattern, `^\d{4}-`):
		return g.pick("2026-11-01", "2026-11-24", "2026-02-30", "2024-02-29", "0000-00-00", "9999-99-99")
	case strings.HasPrefix(s.Pattern, `^\d`):
		return g.pick("09:00-17:30", "22:00-06:00", "00:00-24:00", "99:00-17:00")
	case strings.Contains(s.Pattern, "@"):
		return g.pick("a@b", "yamada@client.example", "山田@例え.example", "o'hara+x@desk.example", strings.Repeat("l", 64)+"@"+strings.Repeat("d", 189))
	case strings.HasPrefix(s.Pattern, "^[a-z]{2,3}"):
		return g.pick("ja", "en", "zh-Hant", "es-419")
	case strings.HasPrefix(s.Pattern, "^[0-9a-f-]"):
		return g.pick("a", "-", "0191d3c0-7a51-7cc0-9d53-0d6f8f1a2b3f")
	case strings.Contains(s.Pattern, "/"):
		return g.pick("text/plain", "application/vnd.x+json")
	}
	out := g.words(int(s.MinLength) + 1 + g.IntN(30))
	for len([]rune(out)) < int(s.MinLength) {
		out += "あ"
	}
	if s.MaxLength != nil && len([]rune(out)) > int(*s.MaxLength) {
		out = string([]rune(out)[:*s.MaxLength])
	}
	return out
}

// words of all kinds of letters, never blank and without control characters.
func (g *generator) words(n int) string {
	letters := []rune("aZ0 _-'\"\\/<>&;%#?{}[]é漢字かなカナ한글🙂\u00a0\u3000\u202e\ufeff\u2028")
	out := []rune{'a'}
	for range n {
		out = append(out, letters[g.IntN(len(letters))])
	}
	return string(out)
}

// FuzzCommand throws any bytes at a command.
func FuzzCommand(f *testing.F) {
	for _, body := range []string{"", "{}", `{"hold":{"reason":"client"}}`, `{"hold":{"reason":"client","until":"2027-01-01T00:00:00Z"},"message":{"body":"x","attachments":[{"name":"a","data":"aGk="}]}}`, `[[[[`, `{"a":1,"a":2}`, "\xff", `{"id":"\u0000"}`, `{"id":"\ud800"}`, `{"seen_revision":1e400}`} {
		f.Add([]byte(body))
	}
	door := newFake().door()
	f.Fuzz(func(t *testing.T, body []byte) {
		r := call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", string(body))
		require.Contains(t, []int{200, 202, 409, 413, 422}, r.StatusCode, string(r.raw))
	})
}
