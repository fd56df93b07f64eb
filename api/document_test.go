package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"duradesk/api/openapi"
	"duradesk/calendar"
)

// theSpec is the document as a stranger reads it, checked whole: examples against their schemas too.
var theSpec = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapiYAML)
	if err == nil {
		err = doc.Validate(context.Background())
	}
	return doc, err
})

var theRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := theSpec()
	if err != nil {
		return nil, err
	}
	knowHTML()
	return legacy.NewRouter(doc)
})

func readSpec(t testing.TB) (*openapi3.T, routers.Router) {
	t.Helper()
	doc, err := theSpec()
	require.NoError(t, err)
	router, err := theRouter()
	require.NoError(t, err)
	return doc, router
}

// knowHTML lets kin-openapi read the docs page and the stream, as text.
var knowHTML = sync.OnceFunc(func() {
	whole := func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		raw, err := io.ReadAll(body)
		return string(raw), err
	}
	openapi3filter.RegisterBodyDecoder("text/html", whole)
	openapi3filter.RegisterBodyDecoder("text/event-stream", whole)
})

// TestTheChecksBite shows that a document or an answer that is wrong is found.
func TestTheChecksBite(t *testing.T) {
	t.Parallel()
	broken := bytes.Replace(openapiYAML, []byte("state: on_hold"), []byte("state: on_holdd"), 1)
	doc, err := openapi3.NewLoader().LoadFromData(broken)
	require.NoError(t, err)
	require.Error(t, doc.Validate(context.Background()))

	_, router := readSpec(t)
	_, door := fresh(t)
	good := call(t, door, bootstrap, "GET", "/api/v1/tickets/1042", "")
	for _, change := range [][2]string{{`"title":`, `"titel":`}, {`"hold":null`, `"hold":7`}, {`"state":"open"`, `"state":"opened"`}, {`"tier":1`, `"tier":"1"`}, {`"tags":[]`, `"more":1,"tags":[]`}} {
		bad := good
		bad.raw = bytes.Replace(good.raw, []byte(change[0]), []byte(change[1]), 1)
		require.NotEqual(t, good.raw, bad.raw, change)
		require.Error(t, nonconformity(t, router, request("GET", "/api/v1/tickets/1042", ""), bad), change)
	}
	bad := good
	bad.Response = &http.Response{StatusCode: 418, Header: good.Header}
	require.Error(t, nonconformity(t, router, request("GET", "/api/v1/tickets/1042", ""), bad), "no problem")
}

func TestRoutesAreTheDocument(t *testing.T) {
	t.Parallel()
	doc, _ := readSpec(t)
	var promised []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			promised = append(promised, method+" "+ginPath(path))
		}
	}
	r := gin.New()
	openapi.RegisterHandlers(r, &server{})
	var served []string
	for _, route := range r.Routes() {
		served = append(served, route.Method+" "+route.Path)
	}
	require.ElementsMatch(t, promised, served)

	_, door := fresh(t)
	for _, path := range []string{"/api/", "/api/v1", "/api/v1/tickets/", "/api/v1/tickets/1042/previews", "/api/debug/pprof/", "/api/v1/TICKETS"} {
		call(t, door, bootstrap, "GET", path, "").is(t, 404, "unknown-route")
	}
}

func TestEveryOperationSaysWhoMayCallIt(t *testing.T) {
	t.Parallel()
	doc, _ := readSpec(t)
	var guarded []string
	for path, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			public := op.Security != nil && len(*op.Security) == 0
			if !slices.Contains(waysIn, op.OperationID) {
				require.Equal(t, !strings.HasPrefix(path, "/api/v1/"), public, "what is public lies outside /api/v1: %s", path)
			}
			require.NotEmpty(t, op.Summary, path)
			require.Len(t, op.Tags, 1, path)
			if !public {
				guarded = append(guarded, op.OperationID)
			}
		}
	}
	require.ElementsMatch(t, guarded, slices.Collect(maps.Keys(rights)))
}

// waysIn are public, for nobody is signed in yet.
var waysIn = []string{"createSession", "mailSignInLink", "mailPasswordLink", "resetPassword", "listSignInWays", "beginOIDC", "endOIDC", "readRatingLink", "rateByLink", "takeInbound"}

// example is a request made from the examples of an operation.
type example struct {
	name, method, target, body string
	headers                    []string // in pairs
}

// examples of every operation: its path and query examples with each body example.
func examples(doc *openapi3.T) []example {
	var out []example
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			target, query, headers := path, []string{}, []string{}
			for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
				switch {
				case p.Value.Example == nil:
				case p.Value.In == "path":
					target = strings.ReplaceAll(target, "{"+p.Value.Name+"}", text(p.Value.Example))
				case p.Value.In == "header" && p.Value.Name != "Prefer" && p.Value.Name != "Last-Event-ID":
					headers = append(headers, p.Value.Name, text(p.Value.Example))
				case p.Value.In == "query":
					query = append(query, queryOf(p.Value.Name, p.Value.Example)...)
				}
			}
			if len(query) > 0 {
				target += "?" + strings.Join(query, "&")
			}
			for name, body := range bodies(op) {
				out = append(out, example{op.OperationID + name, method, target, body, headers})
			}
		}
	}
	return out
}

func bodies(op *openapi3.Operation) map[string]string {
	if op.RequestBody == nil {
		return map[string]string{"": ""}
	}
	media, out := op.RequestBody.Value.Content.Get("application/json"), map[string]string{}
	if media.Example != nil {
		out[""] = text(media.Example)
	}
	for name, e := range media.Examples {
		out["/"+name] = text(e.Value.Value)
	}
	return out
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func queryOf(name string, v any) []string {
	values, ok := v.([]any)
	if !ok {
		values = []any{v}
	}
	var out []string
	for _, one := range values {
		out = append(out, name+"="+urlEscape(text(one)))
	}
	return out
}

func TestEveryExampleReplays(t *testing.T) {
	t.Parallel()
	doc, router := readSpec(t)
	seen := 0
	for _, e := range examples(doc) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			f, door := fresh(t)
			target := f.prepare(t, e)
			r := call(t, door, bootstrap, e.method, target, e.body, e.headers...)
			if status, no := refusedExamples[e.name]; no {
				require.Equal(t, status, r.StatusCode, string(r.raw))
			} else {
				require.Less(t, r.StatusCode, 300, string(r.raw))
			}
			conforms(t, router, request(e.method, target, e.body), r)
		})
		seen++
	}
	operations := 0
	for _, item := range doc.Paths.Map() {
		operations += len(item.Operations())
	}
	require.GreaterOrEqual(t, seen, operations)
}

// refusedExamples are those that an example cannot know what they need, or that the admin may not: their own tests have it.
var refusedExamples = map[string]int{
	"clientVerdict": 403, "giveFeedback": 403, "openTicket": 403, // for clients
	"readRatingLink": 404, "rateByLink": 404, // a link that nobody signed
	"giveFactor": 409, "confirmFactor": 422, "renewRecoveryCodes": 422, "resetPassword": 401, "beginOIDC": 404, "endOIDC": 404,
}

// prepare brings the desk to where the example works, and puts in what examples can only stand for.
func (f *fake) prepare(t *testing.T, e example) string {
	t.Helper()
	const commands = "/api/v1/tickets/1042/"
	switch name, _, _ := strings.Cut(e.name, "/"); name {
	case "listReceptionTypes", "changeReceptionType", "deleteReceptionType", "listTemplates", "changeTemplate", "deleteTemplate", "listMacros", "useMacro", "changeMacro", "deleteMacro",
		"listArticles", "getArticle", "listArticleVersions", "changeArticle", "deleteArticle", "listTextModules", "changeTextModule", "deleteTextModule", "listTriggers", "changeTrigger", "deleteTrigger", "listForbiddenWords", "changeForbiddenWord", "deleteForbiddenWord":
		f.furnish(t)
	}
	switch e.name {
	case "undoBulk":
		f.bulk.jobs[exampleBulk].State = "done"
	case "unmergeTicket":
		call(t, f.door(), bootstrap, "POST", commands+"merge", `{"merge":{"into":1043}}`).is(t, 200)
	case "recallTicket":
		call(t, f.door(), bootstrap, "POST", commands+"escalate", `{"escalate":{"desk":"repairs","reason":"x"}}`).is(t, 200)
	case "createPolicy", "changeCalendar", "importCalendar", "getCalendar", "getCalendarYear", "listCalendars":
		f.specs = append(f.specs, tokyo(t))
	case "restoreTicket", "deleteTicket":
		return strings.Replace(e.target, "1042", "1044", 1)
	case "getView", "changeView", "deleteView":
		call(t, f.door(), bootstrap, "POST", "/api/v1/views", `{"key":"late-vips","name":"VIP","q":"tag:vip"}`).is(t, 201)
	case "getDraft", "deleteDraft":
		f.drafting(t)
	case "getDraftFile":
		return "/api/v1/tickets/1042/drafts/note/files/" + f.drafting(t)
	case "getReceipt":
		call(t, f.door(), bootstrap, "POST", "/api/v1/tickets/1042/hold", `{"id":"hold-1","hold":{"reason":"client"}}`).is(t, 200)
	case "getRawMessage":
		return "/api/v1/messages/m-1042/raw"
	case "getAttachment":
		f.attach(1042)
		return "/api/v1/attachments/f-1042"
	case "createSession":
		f.passwords["sato"] = demoHash()
	case "changePassword":
		for key := range f.people {
			f.passwords[key] = demoHash()
		}
	case "endSession":
		f.sessions["x"] = Session{ID: "s-x", Agent: "admin"}
		return "/api/v1/sessions/s-x"
	case "deleteToken":
		f.tokenOf(t, "sato", scopeRead)
		return "/api/v1/tokens/t-sato"
	}
	return e.target
}

// tokyo is a calendar with a noon break, Japanese holidays and a closure at year's end.
func tokyo(t *testing.T) calendar.Spec {
	t.Helper()
	var spec calendar.Spec
	require.NoError(t, json.Unmarshal([]byte(`{"key":"tokyo","version":1,"zone":"Asia/Tokyo","holidays":["jp"],"closed":["12-29/01-03 年末年始"],
		"week":[[],["09:00-18:00"],["09:00-18:00"],["09:00-18:00"],["09:00-18:00"],["09:00-18:00"],[]]}`), &spec))
	return spec
}

func request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// conforms holds an answer against the document: status, headers and body are as promised for the route.
func conforms(t *testing.T, router routers.Router, r *http.Request, got reply) {
	t.Helper()
	require.NoError(t, nonconformity(t, router, r, got), "%s %s → %d %s", r.Method, r.URL, got.StatusCode, got.raw)
}

func nonconformity(t *testing.T, router routers.Router, r *http.Request, got reply) error {
	t.Helper()
	route, params, err := router.FindRoute(r)
	require.NoError(t, err)
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: filterOptions()},
		Status:                 got.StatusCode, Header: got.Header, Body: io.NopCloser(bytes.NewReader(got.raw)), Options: filterOptions(),
	})
}

func filterOptions() *openapi3filter.Options {
	return &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
}

func TestDocumentIsServedWhole(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	r := call(t, door, "", "GET", "/api/openapi.json", "")
	r.is(t, 200)
	require.Equal(t, "3.1.0", r.at("openapi"))
	again, err := openapi3.NewLoader().LoadFromData(r.raw)
	require.NoError(t, err)
	require.NoError(t, again.Validate(context.Background()))
}
