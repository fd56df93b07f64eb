package api

import (
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"
)

// TestRandomRequests sends 2,000 requests made from the document, half of them spoilt, eight at a time to one door; as many
// as DURADESK_REQUESTS says, then 64 at a time (`make soak`: 20,000, with the race detector). None ends in a 5xx, every answer
// is as the document says, what the document allows is never called malformed, and what it forbids is refused.
func TestRandomRequests(t *testing.T) {
	t.Parallel()
	const seed = 20261124
	doc, router := readSpec(t)
	g := &generator{rand.New(rand.NewPCG(seed, 1))}
	routes := routesOf(doc)
	statuses := map[int]int{}
	requests, clients := 2000, 8
	if more := os.Getenv("DURADESK_REQUESTS"); more != "" {
		var err error
		requests, err = strconv.Atoi(more)
		require.NoError(t, err)
		clients = 64
	}
	round := max(100, 10*clients)
	for n := 0; requests > 0; n++ {
		f := newFake()
		f.idle = n%5 == 0
		asked := make([]exchange, min(round, requests))
		for i := range asked {
			asked[i] = g.exchange(routes[g.IntN(len(routes))])
		}
		askAtOnce(f.door(), clients, asked)
		for _, x := range asked {
			statuses[x.got.StatusCode]++
			x.judge(t, router)
		}
		requests -= len(asked)
	}
	for _, status := range []int{200, 201, 202, 404, 409, 422} {
		require.NotZero(t, statuses[status], "the generator is too tame: %v", statuses)
	}
}

type route struct {
	path, method string
	item         *openapi3.PathItem
	op           *openapi3.Operation
}

func routesOf(doc *openapi3.T) (routes []route) {
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
	return routes
}

// exchange is a request and what came of it.
type exchange struct {
	route
	target, body, spoilt, language string
	got                            reply
	err                            error
}

func (g *generator) exchange(at route) exchange {
	x := exchange{route: at, target: g.target(at.path, at.item, at.op)}
	x.body, x.spoilt = g.body(at.op)
	x.language = g.pick("ja", "en", "de", "*", ";;;", "")
	return x
}

// askAtOnce sends requests to one door from so many clients, who do not wait for each other.
func askAtOnce(door http.Handler, clients int, asked []exchange) {
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			for i := n; i < len(asked); i += clients {
				x := &asked[i]
				x.got, x.err = send(door, bootstrap, x.method, x.target, x.body, "Prefer", "wait=0", "Accept-Language", x.language)
			}
		})
	}
	all.Wait()
}

func (x exchange) judge(t *testing.T, router routers.Router) {
	t.Helper()
	what, got := x.method+" "+x.target+" "+x.body, x.got
	require.NoError(t, x.err, what)
	if x.op.OperationID != "getReadiness" {
		require.Less(t, got.StatusCode, 500, what)
	}
	conforms(t, router, request(x.method, plain.ReplaceAllString(x.path, "1042"), ""), got)
	if x.spoilt != "" && got.StatusCode != http.StatusNotFound {
		require.Contains(t, []int{422, 413}, got.StatusCode, "%s: %s → %s", x.spoilt, what, got.raw)
	}
	if x.spoilt == "" && got.StatusCode == 422 {
		list, _ := got.at("errors").([]any)
		for _, e := range list {
			m, _ := e.(map[string]any)
			if m["parameter"] == "q" || m["pointer"] == "/q" { // a search that cannot be read: the document does not hold its grammar
				require.Contains(t, m["code"], "find_", what)
				continue
			}
			require.Contains(t, ofTheWorld, m["code"], "%s → %s", what, got.raw)
		}
	}
	if x.op.OperationID == "getReport" && got.at("type") == "/problems/invalid-query" {
		return // a day that no calendar has, or too many of them: a pattern cannot say so
	}
	require.NotContains(t, []int{400, 401, 403, 405, 415}, got.StatusCode, what)
}

// ofTheWorld are faults that the document cannot tell: what is not there, or not possible now.
var ofTheWorld = []string{
	"unknown_group", "unknown_agent", "template", "empty", "form_date", "base64", "ics_none", "ics_empty", "ics_range", "calendar_overlap", "calendar_midnight", "calendar_hours", "calendar_never_open", "calendar_no_set", "calendar_no_date", "calendar_name", "calendar_half_yearly", "calendar_ends_before", "calendar_no_hours", "calendar_twice", "form_operator", "form_twice", "form_kind_fixed", "form_unknown", "form_missing", "unknown_reception_type", "nothing", "agent_disabled", "unknown_desk", "unknown_client", "owner_elsewhere", "until_in_past", "expires_in_past", "reserved", "unknown_issue_desk", "unknown_ticket", "unknown_message", "unknown_calendar",
	"not_both", "needs_other", "holiday", "closure", "opening", "zone", "calendar", "hours", "too_far",
	"hook_address",
	"bulk_empty", "view", "itself",
	"needed_here", "token_url", "host", "selector", "unknown_draft_file", "unknown_upload", "missing",
	"client_scope", "code_wrong", "no_such_client", "client_no_access",
}

// plain is a placeholder of a path: for the document's router any word does.
var plain = regexp.MustCompile(`\{[a-z]+\}`)
