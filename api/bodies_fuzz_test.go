package api

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"duradesk/webhook"
)

// FuzzBodies throws any bytes at every operation that takes some. None ends in a 5xx, every answer is as the document says,
// and no JSON is taken that the document forbids.
func FuzzBodies(f *testing.F) {
	doc, router := readSpec(f)
	routes := takingBodies(doc)
	g := &generator{rand.New(rand.NewPCG(20261130, 1))}
	for i, at := range routes {
		for range 2 {
			body, _ := g.body(at.op)
			f.Add(uint16(i), g.Uint64(), []byte(body))
		}
		if at.op.OperationID != "holdTicket" {
			continue
		}
		for _, body := range []string{
			"", "{}", `{"hold":{"reason":"client","until":"2027-01-01T00:00:00Z"},"message":{"body":"x","attachments":[{"name":"a","data":"aGk="}]}}`, `[[[[`, `{"a":1,"a":2}`, "\xff", `{"id":"\u0000"}`, `{"id":"\ud800"}`, `{"seen_revision":1e400}`,
		} {
			f.Add(uint16(i), uint64(0), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, operation uint16, target uint64, body []byte) {
		at := routes[int(operation)%len(routes)]
		g := &generator{rand.New(rand.NewPCG(target, 1))}
		x := exchange{route: at, target: g.target(at.path, at.item, at.op), body: string(body)}
		x.got = x.asked(t, newFake())
		what := x.method + " " + x.target + " " + x.body
		require.Less(t, x.got.StatusCode, 500, what)
		conforms(t, router, request(x.method, plain.ReplaceAllString(x.path, "1042"), ""), x.got)
		if x.got.StatusCode < 300 {
			require.NoError(t, heldAgainst(at.op, body), "%s → %d", what, x.got.StatusCode)
		}
	})
}

// takingBodies are the operations that read one, but for those that mail or count passwords: these answer before they are
// done, or take 64 MB each time.
func takingBodies(doc *openapi3.T) (routes []route) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			slow := slices.Contains([]string{"createSession", "resetPassword", "changePassword", "mailSignInLink", "mailPasswordLink"}, op.OperationID)
			if op.RequestBody != nil && !slow {
				routes = append(routes, route{path, method, item, op})
			}
		}
	}
	slices.SortFunc(routes, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return routes
}

// asked sends the body as whoever may: a client, a channel with its signature, or the first administrator.
func (x exchange) asked(t *testing.T, f *fake) reply {
	t.Helper()
	headers := []string{"Prefer", "wait=0", "Content-Type", slices.Sorted(maps.Keys(x.op.RequestBody.Value.Content))[0]}
	token := bootstrap
	switch x.op.OperationID {
	case "takeInbound":
		signature, err := webhook.Sign([]string{exampleSecret}, "m-1", f.now, []byte(x.body))
		require.NoError(t, err)
		token, headers = "", append(headers, webhook.HeaderID, "m-1", webhook.HeaderTimestamp, strconv.FormatInt(f.now.Unix(), 10), webhook.HeaderSignature, signature)
	case "clientVerdict", "giveFeedback", "openTicket":
		token = f.clientToken(t, "c_01", "tickets:read", "tickets:reply")
	}
	return call(t, f.door(), token, x.method, x.target, x.body, headers...)
}

// heldAgainst is what the document says against a body, if it is JSON at all.
func heldAgainst(op *openapi3.Operation, body []byte) error {
	content := op.RequestBody.Value.Content["application/json"]
	if content == nil {
		return nil
	}
	if len(body) == 0 { // nothing said is nothing asked
		body = []byte("{}")
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	return content.Schema.Value.VisitJSON(v, openapi3.VisitAsRequest())
}
