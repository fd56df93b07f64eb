package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHowAnAgentHearsOfThingsIsHisOwnChoice(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead)
	const at = "/api/v1/me/settings"
	require.Equal(t, map[string]any{
		"notice_mail": "off", "digest_hour": 9.0, "quiet": nil, "zone": "UTC", "language": "en", "theme": "auto", "single_keys": true, "shown_in": nil,
	}, call(t, door, sato, "GET", at, "").json)
	r := call(t, door, sato, "PUT", at, `{"notice_mail":"digest","digest_hour":7,"quiet":{"from":"22:00","to":"07:30"},"zone":"Asia/Tokyo"}`)
	r.is(t, 200)
	require.Equal(t, r.json, call(t, door, sato, "GET", at, "").json)
	r = call(t, door, sato, "PUT", at, `{"notice_mail":"off","language":"ja","theme":"dark","single_keys":false,"shown_in":"Asia/Tokyo"}`)
	require.Equal(t, []any{"ja", "dark", false, "Asia/Tokyo"}, []any{r.at("language"), r.at("theme"), r.at("single_keys"), r.at("shown_in")})
	r = call(t, door, sato, "PUT", at, `{"notice_mail":"off","shown_in":null}`)
	require.Equal(t, []any{"ja", "dark", false, nil}, []any{r.at("language"), r.at("theme"), r.at("single_keys"), r.at("shown_in")}, "what is left out stays, null takes away")
	r = call(t, door, sato, "PUT", at, `{"notice_mail":"digest","digest_hour":7,"quiet":{"from":"22:00","to":"07:30"},"zone":"Asia/Tokyo"}`)
	require.Equal(t, "off", call(t, door, f.tokenOf(t, "lead", scopeRead), "GET", at, "").at("notice_mail"))
	for body, want := range map[string]string{
		`{}`: "/notice_mail missing",
		`{"notice_mail":"often","digest_hour":24,"quiet":{"from":"24:00"},"zone":"Mars","x":1}`: "/notice_mail enum, /digest_hour range, /quiet/from clock, /quiet/to missing, /zone zone, /x unknown_field",
		`{"notice_mail":"instant","quiet":{"from":"11:11","to":"12:00"}}`:                       "/notice_mail notice_to_mailbox",
	} {
		r := call(t, door, f.tokenOf(t, "lead", scopeRead), "PUT", at, body)
		r.is(t, 422, "invalid")
		require.Equal(t, want, faultsOf(r), body)
		require.NotContains(t, string(r.raw), "{count}", "nothing is left to be filled in")
	}
}
