package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHowSomebodyHasHisListsIsHisOwnChoice(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead)
	const at = "/api/v1/me/lists"
	require.Equal(t, "cards", call(t, door, sato, "GET", at, "").at("layout"))
	r := call(t, door, sato, "PUT", at, `{"layout":"table","density":"compact","columns":[{"name":"title","width":320},{"name":"number"}],"views":["late","vips"]}`)
	r.is(t, 200)
	r = call(t, door, sato, "PUT", at, `{"layout":"table","density":"compact","columns":[{"name":"title","width":320},{"name":"number"}]}`)
	r.is(t, 200)
	require.Equal(t, []any{"late", "vips"}, r.at("views"), "who leaves their order out leaves it as it is")
	require.Equal(t, r.json, call(t, door, sato, "GET", at, "").json)
	require.EqualValues(t, 320, r.at("columns", 0, "width"))
	require.Equal(t, "cards", call(t, door, f.tokenOf(t, "lead", scopeRead), "GET", at, "").at("layout"))
	for body, want := range map[string]string{
		`{}`: "/layout missing, /density missing, /columns empty",
		`{"layout":"heap","density":"normal","columns":[{"name":"title","width":-1},{"name":"title"},{"name":"mood"}]}`: "/layout enum, /columns/0/width range, /columns/1/name form_twice, /columns/2/name enum",
		`{"layout":"cards","density":"normal","columns":[{"name":"title"}],"views":["late",7]}`:                         "/views/1 text",
	} {
		r := call(t, door, sato, "PUT", at, body)
		r.is(t, 422, "invalid")
		require.Equal(t, want, faultsOf(r), body)
	}
}
