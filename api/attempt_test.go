package api

import (
	"net/http"
	"strings"
	"testing"
)

// attempt is a desk on which one operation of the document can be asked for.
type attempt struct {
	f            *fake
	door         http.Handler
	method       string
	target, body string
	changes      bool // what it asks for leaves something behind
	own          bool // it was prepared for one agent
}

// newAttempt prepares a desk for an operation, so that this agent finds what it is about.
func newAttempt(t *testing.T, e example, op, key string) attempt {
	t.Helper()
	f, door := fresh(t)
	a := attempt{f: f, door: door, method: e.method, target: f.prepare(t, e), body: strings.ReplaceAll(e.body, `"agent":"sato"`, `"agent":"me"`)}
	a.changes, a.own = e.method != "GET", true
	switch op {
	case "getBulk", "pauseBulk", "resumeBulk", "cancelBulk", "undoBulk":
		f.bulk.jobs[exampleBulk].Agent = key
	case "deleteToken":
		f.tokenOf(t, key, scopeRead)
		a.target = "/api/v1/tokens/t-" + key
	case "getView", "changeView", "deleteView": // each has his own
		f.saved.all = map[string]SavedView{"late-vips": {Key: "late-vips", Name: "x", Owner: key, Sort: "-updated"}}
	case "removeFactor":
		a.body = `{"code":"123456"}`
	case "endSession":
		f.sessions["x"] = Session{ID: "s-x", Agent: key}
		a.target = "/api/v1/sessions/s-x"
	case "getReceipt": // the admin's is there
		if key != "admin" {
			call(t, door, f.tokenOf(t, key, scopeAct), "POST", "/api/v1/tickets/1043/note", `{"id":"hold-1","message":{"body":"x"}}`).is(t, 200)
		}
	default:
		a.own = false
	}
	return a
}

// by asks as this agent, with a token of this scope.
func (a attempt) by(t *testing.T, key, scope string) reply {
	t.Helper()
	return call(t, a.door, a.f.tokenOf(t, key, scope), a.method, a.target, a.body)
}
