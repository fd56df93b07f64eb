package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABulkJobIsStoredAsItsCommandWouldBe(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeAct, scopeRead)
	const transfer = `{"id":"b1","command":"assign","params":{"assign":{"group":"tier2","owner":null}},"selection":{"numbers":[1042,1043]}}`
	r := call(t, door, sato, "POST", "/api/v1/bulk", transfer)
	r.is(t, 202)
	id, _ := r.at("id").(string)
	require.Equal(t, "/api/v1/bulk/"+id, r.Header.Get("Location"))
	require.EqualValues(t, 2, r.at("counts", "waiting"))
	order := f.bulk.jobs[id].Order
	require.Equal(t, "tier2", *order.Params.Assign.Group)
	require.Equal(t, id, call(t, door, sato, "POST", "/api/v1/bulk", transfer).at("id"), "the same again is the same job")
	call(t, door, sato, "POST", "/api/v1/bulk", `{"id":"b1","command":"note","params":{"message":{"body":"x"}},"selection":{"numbers":[1042]}}`).is(t, 422, "id-reused")

	r = call(t, door, sato, "POST", "/api/v1/bulk", `{"command":"note","params":{"message":{"body":"x"}},"selection":{"state":["open","closed"]}}`)
	r.is(t, 202)
	require.EqualValues(t, 2, r.at("total"), "only what he sees")

	// Of others it is not there, but for a lead.
	call(t, door, f.tokenOf(t, "mori", scopeRead), "GET", "/api/v1/bulk/"+id, "").is(t, 404, "not-found")
	call(t, door, f.tokenOf(t, "lead", scopeRead), "GET", "/api/v1/bulk/"+id, "").is(t, 200)
	call(t, door, sato, "GET", "/api/v1/bulk/nothing", "").is(t, 404, "not-found")

	at := "/api/v1/bulk/" + id
	call(t, door, sato, "POST", at+"/undo", "").is(t, 409, "conflict")
	for verb, state := range map[string]string{"pause": "paused", "resume": "running"} {
		require.Equal(t, state, call(t, door, sato, "POST", at+"/"+verb, "").at("state"))
	}
	require.Equal(t, "cancelled", call(t, door, sato, "POST", at+"/cancel", "").at("state"))
	call(t, door, sato, "POST", at+"/resume", "").is(t, 409, "conflict")
	r = call(t, door, sato, "POST", at+"/undo", `{"id":"u1"}`)
	r.is(t, 202)
	require.Equal(t, id, r.at("undo_of"))

	r = call(t, door, bootstrap, "GET", "/api/v1/bulk/"+exampleBulk+"?outcome=applied", "")
	require.Len(t, r.at("items"), 30)
	next, _ := r.at("next_cursor").(string)
	require.Len(t, call(t, door, bootstrap, "GET", "/api/v1/bulk/"+exampleBulk+"?cursor="+urlEscape(next), "").at("items"), 10)
}

func TestWhatNoBulkJobCanBe(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeAct)
	for body, pointer := range map[string]string{
		`{}`: "/command",
		`{"command":"split","selection":{"numbers":[1042]}}`:                                         "/command",
		`{"command":"note","params":{"message":{"body":"x"}},"selection":{}}`:                        "/selection",
		`{"command":"note","params":{"message":{"body":"x"}},"selection":{"numbers":[1046]}}`:        "/selection/numbers/0",
		`{"command":"note","params":{"message":{"body":"x"}},"selection":{"numbers":[0]}}`:           "/selection/numbers/0",
		`{"command":"note","params":{"message":{"body":"x"}},"selection":{"state":["asleep"]}}`:      "/selection/state",
		`{"command":"note","params":{"message":{"body":"x"}},"selection":{"state":["handed_over"]}}`: "/selection",
		`{"command":"hold","params":{"hold":{"reason":"weather"}},"selection":{"numbers":[1042]}}`:   "/params/hold/reason",
		`{"command":"note","selection":{"numbers":[1042]}}`:                                          "/params/message",
		`{"command":"note","params":{"message":{"body":"x"},"x":1},"selection":{"numbers":[1042]}}`:  "/params/x",
		`{"command":"note","params":{"message":{"body":"x"}},"selection":{"numbers":[1042],"x":1}}`:  "/selection/x",
	} {
		r := call(t, door, sato, "POST", "/api/v1/bulk", body)
		r.is(t, 422, "invalid")
		require.Contains(t, r.pointers(), pointer, body)
	}
	call(t, door, sato, "POST", "/api/v1/bulk", `{"command":"close","selection":{"numbers":[1042]}}`).is(t, 403, "forbidden")
	require.Len(t, f.bulk.jobs, 1)
	f.bulk.away = ErrStoreAway
	call(t, door, bootstrap, "POST", "/api/v1/bulk", `{"command":"note","params":{"message":{"body":"x"}},"selection":{"numbers":[1042]}}`).is(t, 503, "store-away")
}
