package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSavedViews(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato, lead, mori := f.tokenOf(t, "sato", scopeAct, scopeRead), f.tokenOf(t, "lead", scopeAct, scopeRead), f.tokenOf(t, "mori", scopeAct, scopeRead)
	const mine = `{"key":"mine-open","name":"私の","q":"STATUS:open  owner:me","sort":"created","columns":["number","title"]}`
	r := call(t, door, sato, "POST", "/api/v1/views", mine)
	r.is(t, 201)
	require.Equal(t, "state:open owner:me", r.at("q"), "written in its one form")
	require.EqualValues(t, 1, r.at("count"))
	call(t, door, sato, "POST", "/api/v1/views", mine).is(t, 409, "conflict")
	call(t, door, sato, "POST", "/api/v1/views", `{"key":"spam","name":"x"}`).is(t, 422, "invalid")
	call(t, door, lead, "GET", "/api/v1/views/mine-open", "").is(t, 404, "not-found")
	call(t, door, lead, "GET", "/api/v1/tickets?view=mine-open", "").is(t, 422, "invalid")
	require.EqualValues(t, 1, call(t, door, sato, "GET", "/api/v1/tickets?view=mine-open", "").at("total"))
	require.EqualValues(t, 13, call(t, door, sato, "GET", "/api/v1/views", "").at("total"))
	require.EqualValues(t, 12, call(t, door, lead, "GET", "/api/v1/views", "").at("total"))

	call(t, door, sato, "PATCH", "/api/v1/views/mine-open", `{"shared":true}`).is(t, 403, "forbidden")
	call(t, door, sato, "POST", "/api/v1/views", `{"key":"for-all","name":"x","shared":true}`).is(t, 403, "forbidden")
	call(t, door, lead, "POST", "/api/v1/views", `{"key":"for-all","name":"x","q":"owner:me","shared":true}`).is(t, 201)
	call(t, door, sato, "GET", "/api/v1/views/for-all", "").is(t, 200)
	call(t, door, mori, "PATCH", "/api/v1/views/for-all", `{"name":"y"}`).is(t, 403, "forbidden")
	call(t, door, mori, "DELETE", "/api/v1/views/for-all", "").is(t, 403, "forbidden")

	r = call(t, door, sato, "PATCH", "/api/v1/views/mine-open", `{"q":"state:opne","columns":["size"],"sort":"title"}`)
	r.is(t, 422, "invalid")
	require.ElementsMatch(t, []string{"/q", "/columns/0", "/sort"}, r.pointers())
	call(t, door, sato, "PATCH", "/api/v1/views/mine-open", `{"q":"","columns":[]}`).is(t, 200)
	call(t, door, sato, "DELETE", "/api/v1/views/mine-open", "").is(t, 204)
	call(t, door, sato, "DELETE", "/api/v1/views/mine-open", "").is(t, 404, "not-found")
	call(t, door, sato, "GET", "/api/v1/views/unassigned", "").is(t, 200)
}

// TestAViewThatTakesTooLongToCountIsShownWithoutACount: somebody's too wide words take the counts away from nobody else, and he
// can still change them.
func TestAViewThatTakesTooLongToCountIsShownWithoutACount(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeAct, scopeRead)
	for key, q := range map[string]string{"a": "owner:me", "b": "wide", "c": "state:open"} {
		call(t, door, sato, "POST", "/api/v1/views", `{"key":"`+key+`","name":"x","q":"`+q+`"}`).is(t, 201)
	}
	f.wide = "wide"
	asked := time.Now()
	r := call(t, door, sato, "GET", "/api/v1/views", "")
	r.is(t, 200)
	require.WithinRange(t, f.wideUntil, asked, asked.Add(portTime/2+time.Second), "time is left for those after it")
	counts := map[string]any{}
	for _, v := range r.at("items").([]any) {
		view := v.(map[string]any)
		counts[view["q"].(string)] = view["count"]
	}
	require.Len(t, counts, len(Views)+3)
	require.Equal(t, []any{2.0, nil, 1.0, 1.0}, []any{counts["owner:me"], counts["wide"], counts["state:open"], counts["view:unassigned"]})
	r = call(t, door, sato, "GET", "/api/v1/views/b", "")
	r.is(t, 200)
	require.Nil(t, r.at("count"))
	require.Equal(t, false, r.at("count_capped"))
	call(t, door, sato, "PATCH", "/api/v1/views/b", `{"name":"y"}`).is(t, 200)
}

func TestClientFiles(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato, lead := f.tokenOf(t, "sato", scopeAct, scopeRead), f.tokenOf(t, "lead", scopeAct, scopeRead)
	r := call(t, door, sato, "GET", "/api/v1/clients?q=x&limit=2", "")
	r.is(t, 200)
	require.NotNil(t, r.at("next_cursor"))
	r = call(t, door, sato, "PATCH", "/api/v1/clients/c_01", `{"name":"山田 太郎","phone":null,"identities":[{"kind":"mail","value":"a@b.example"}]}`)
	r.is(t, 200)
	require.Equal(t, "山田 太郎", r.at("name"))
	call(t, door, f.tokenOf(t, "lead", scopeAdmin), "PUT", "/api/v1/clients/c_01/access", `{"access":"full","organisation":"other.example"}`).is(t, 200)
	require.Equal(t, "other.example", call(t, door, sato, "GET", "/api/v1/clients/c_01", "").at("organisation"))
	r = call(t, door, sato, "PATCH", "/api/v1/clients/c_01", `{"email":"no address","identities":[7,{"kind":"fax","value":"1"}],"access":"full"}`)
	r.is(t, 422, "invalid")
	require.ElementsMatch(t, []string{"/email", "/identities/0", "/identities/1/kind", "/access"}, r.pointers())
	call(t, door, sato, "PATCH", "/api/v1/clients/c_01", `{}`).is(t, 422, "invalid")
	call(t, door, sato, "PATCH", "/api/v1/clients/c_99", `{"name":"x"}`).is(t, 404, "not-found")
	call(t, door, sato, "POST", "/api/v1/clients/c_02/merge", `{"into":"c_01"}`).is(t, 403, "forbidden")
	call(t, door, lead, "POST", "/api/v1/clients/c_02/merge", `{"into":"c_02"}`).is(t, 422, "invalid")
	call(t, door, lead, "POST", "/api/v1/clients/c_02/merge", `{"into":"c_99"}`).is(t, 404, "not-found")
	call(t, door, lead, "POST", "/api/v1/clients/c_02/merge", `{"into":"c_01"}`).is(t, 200)
}
