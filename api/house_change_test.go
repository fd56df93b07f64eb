package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestEverySettingOfADesk changes each one of PRODUCT's list and reads it again.
func TestEverySettingOfADesk(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.specs = append(f.specs, tokyo(t))
	const everything = `{"name":"窓口","process":"incident","address":"help@desk.example","groups":["tier2","support"],
		"routes":["phone","mail"],"answer_then":"resolve","undo_send_seconds":0,"attachment_megabytes":5,"mail_megabytes":10,
		"word":{"en":"case","ja":"ケース"},"language":"ja","signature":{"ja":"窓口"},"layout":"text",
		"policy":{"calendar":"tokyo","first_response_minutes":{"normal":90},"warn_at_percent":50,"auto_close_minutes":60,"spam_retention_minutes":61,
			"hand_over_days":3,"follow_up":"reopen_within","reopen_within_minutes":62,"after_reply":"new","breach_escalates":false,"acknowledge":false}}`
	r := call(t, door, bootstrap, "PATCH", "/api/v1/desks/support", everything)
	r.is(t, 200)
	for name, want := range map[string]any{
		"name": "窓口", "process": "incident", "address": "help@desk.example", "groups": []any{"support", "tier2"}, "routes": []any{"mail", "phone"},
		"answer_then": "resolve", "undo_send_seconds": 0.0, "attachment_megabytes": 5.0, "mail_megabytes": 10.0, "word": map[string]any{"en": "case", "ja": "ケース"},
		"language": "ja", "signature": map[string]any{"en": "", "ja": "窓口"}, "layout": "text", "revision": 2.0,
	} {
		require.Equal(t, want, r.at(name), name)
	}
	for name, want := range map[string]any{
		"version": 2.0, "calendar": "tokyo", "warn_at_percent": 50.0, "auto_close_minutes": 60.0, "spam_retention_minutes": 61.0, "hand_over_days": 3.0,
		"follow_up": "reopen_within", "reopen_within_minutes": 62.0, "after_reply": "new", "breach_escalates": false, "acknowledge": false,
	} {
		require.Equal(t, want, r.at("policy", name), name)
	}
	require.EqualValues(t, 90, r.at("policy", "first_response_minutes", "normal"))
	require.EqualValues(t, 60, r.at("policy", "first_response_minutes", "urgent"), "what is left out stays")
	require.Equal(t, r.json, call(t, door, bootstrap, "GET", "/api/v1/desks/support", "").json)

	// Nothing given changes nothing; an empty word takes it away, one language alone leaves the other.
	same := call(t, door, bootstrap, "PATCH", "/api/v1/desks/support", `{"word":{"en":""},"routes":null,"policy":{}}`)
	same.is(t, 200)
	require.Equal(t, map[string]any{"en": "", "ja": "ケース"}, same.at("word"))
	require.Equal(t, []any{"mail", "phone"}, same.at("routes"))
	require.EqualValues(t, 2, same.at("policy", "version"))
	// Whoever has seen an older desk is told so.
	call(t, door, bootstrap, "PATCH", "/api/v1/desks/support", `{"revision":1,"name":"x"}`, "Accept-Language", "ja").is(t, 409, "conflict")
	call(t, door, bootstrap, "PATCH", "/api/v1/desks/nowhere", `{}`).is(t, 404, "not-found")
	call(t, door, f.tokenOf(t, "mori", scopeRead), "GET", "/api/v1/desks/support", "").is(t, 404, "not-found")
}

func TestWhatIsWrongWithADeskIsNamed(t *testing.T) {
	t.Parallel()
	for body, pointers := range map[string]string{
		`{"name":"  "}`:                                       "/name",
		`{"routes":["fax"]}`:                                  "/routes/0",
		`{"routes":"mail"}`:                                   "/routes",
		`{"answer_then":"close"}`:                             "/answer_then",
		`{"undo_send_seconds":121}`:                           "/undo_send_seconds",
		`{"attachment_megabytes":0}`:                          "/attachment_megabytes",
		`{"mail_megabytes":51}`:                               "/mail_megabytes",
		`{"word":{"fr":"x"}}`:                                 "/word/fr",
		`{"language":"fr"}`:                                   "/language",
		`{"layout":"pdf"}`:                                    "/layout",
		`{"policy":{"follow_up":"never"}}`:                    "/policy/follow_up",
		`{"policy":{"calendar":"mars"}}`:                      "/policy/calendar",
		`{"policy":{"first_response_minutes":{"normal":-1}}}`: "/policy/first_response_minutes/normal",
		`{"policy":{"pauses":{"resolution":["lunch"]}}}`:      "/policy/pauses/resolution/0",
		`{"policy":{"desk":"support"}}`:                       "/policy/desk",
		`{"groups":["nowhere"]}`:                              "/groups/0",
		`{"process":"issues"}`:                                "/process",
		`{"key":"other"}`:                                     "/key",
	} {
		for _, lang := range []string{"en", "ja"} {
			_, door := fresh(t)
			r := call(t, door, bootstrap, "PATCH", "/api/v1/desks/support", body, "Accept-Language", lang)
			r.is(t, 422, "invalid")
			require.Equal(t, []string{pointers}, r.pointers(), "%s → %s", body, r.raw)
			require.NotContains(t, r.at("errors", 0, "detail"), "field.")
		}
	}
}

func TestADisabledAgentIsOutAtOnce(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead)
	r := call(t, door, bootstrap, "PATCH", "/api/v1/agents/sato", `{"disabled":true}`)
	r.is(t, 200)
	require.Equal(t, []any{1042.0}, r.at("open_tickets"), "somebody must take it")
	require.Equal(t, "2026-11-24T10:00:00Z", r.at("agent", "disabled_at"))
	call(t, door, sato, "GET", "/api/v1/tickets", "").is(t, 401, "unauthorized")
	// He gets no ticket any more.
	r = call(t, door, bootstrap, "POST", "/api/v1/tickets/1043/assign", `{"assign":{"owner":"sato"}}`, "Accept-Language", "ja")
	r.is(t, 422, "invalid")
	require.Equal(t, "agent_disabled", r.at("errors", 0, "code"))
	r = call(t, door, bootstrap, "PATCH", "/api/v1/agents/sato", `{"disabled":false,"role":"lead","groups":["tier9"],"desks":["other"]}`)
	r.is(t, 200)
	require.Empty(t, r.at("open_tickets"))
	require.Nil(t, r.at("agent", "disabled_at"))
	require.Equal(t, ticket.RoleLead, f.people["sato"].Role)
	call(t, door, bootstrap, "PATCH", "/api/v1/agents/nobody-here", `{}`).is(t, 404, "not-found")
	call(t, door, bootstrap, "PATCH", "/api/v1/agents/sato", `{"password":"x"}`).is(t, 422, "invalid")
}
