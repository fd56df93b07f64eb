package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const draftsOf = "/api/v1/tickets/1042/drafts"

func TestADraftIsItsAgentsOwn(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato, lead := f.tokenOf(t, "sato", scopeRead, scopeAct), f.tokenOf(t, "lead", scopeRead, scopeAct)
	call(t, door, sato, "GET", draftsOf+"/note", "").is(t, 404, "not-found")
	r := call(t, door, sato, "PUT", draftsOf+"/agent-response", `{"message":{"body":"","cc":["chief@client.example"],"attachments":[{"name":"a.txt","data":"YQ=="}]},"params":{"hold":{"reason":"client"}},"seen_revision":2}`)
	r.is(t, 200)
	require.Equal(t, "written", r.at("why"))
	require.Equal(t, "client", r.at("params", "hold", "reason"))
	id, file := r.at("id").(string), r.at("message", "attachments", 0, "id").(string)
	require.Equal(t, "a", string(call(t, door, sato, "GET", draftsOf+"/"+id+"/files/"+file, "").raw))

	call(t, door, lead, "GET", draftsOf+"/"+id, "").is(t, 404)
	call(t, door, lead, "GET", draftsOf+"/"+id+"/files/"+file, "").is(t, 404)
	call(t, door, lead, "PUT", draftsOf+"/"+id, `{"message":{"body":"mine"}}`).is(t, 404)
	require.Empty(t, call(t, door, lead, "GET", draftsOf, "").at("items"))

	r = call(t, door, sato, "PUT", draftsOf+"/"+id, `{"message":{"body":"Dear","draft_files":["`+file+`"]},"shared":true}`)
	r.is(t, 200)
	require.Equal(t, id, r.at("id"))
	require.Equal(t, file, r.at("message", "attachments", 0, "id"))
	require.Equal(t, "Dear", call(t, door, lead, "GET", draftsOf, "").at("items", 0, "message", "body"))
	require.Equal(t, "Dear", call(t, door, lead, "GET", draftsOf+"/"+id, "").at("message", "body"))
	call(t, door, lead, "DELETE", draftsOf+"/"+id, "").is(t, 404)
	require.Empty(t, call(t, door, lead, "GET", "/api/v1/drafts", "").at("items"), "his own")
	require.Len(t, call(t, door, sato, "GET", "/api/v1/drafts", "").at("items"), 1)

	call(t, door, f.tokenOf(t, "mori", scopeRead), "GET", draftsOf+"/"+id, "").is(t, 404) // of another desk
	call(t, door, f.tokenOf(t, "sato", scopeRead), "DELETE", draftsOf+"/"+id, "").is(t, 403, "forbidden")
	call(t, door, sato, "DELETE", draftsOf+"/agent-response", "").is(t, 204)
	call(t, door, sato, "DELETE", draftsOf+"/agent-response", "").is(t, 404)
}

func TestDraftsAreStrict(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{}`:                     "/message missing",
		`{"message":{"html":1}}`: "/message/html unknown_field",
		`{"message":{"body":7,"body_format":"rtf","to":["xyz"]},"params":[],"shared":"yes"}`: "/message/body text, /message/body_format enum, /message/to/0 email, /params object, /shared flag",
		`{"message":{"draft_files":["x"],"attachments":[{"name":"a"}]},"kind":"note"}`:       "/message/draft_files/0 draft, /message/attachments/0/data missing, /kind unknown_field",
	} {
		_, door := fresh(t)
		r := call(t, door, bootstrap, "PUT", draftsOf+"/note", body)
		r.is(t, 422, "invalid")
		require.Equal(t, want, faultsOf(r), body)
	}
	_, door := fresh(t)
	call(t, door, bootstrap, "PUT", draftsOf+"/close", `{"message":{"body":"x"}}`).is(t, 404) // no command that carries a text, so an id
}

func TestACommandTakesItsTextAndFilesFromADraft(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeRead, scopeAct)
	r := call(t, door, sato, "PUT", draftsOf+"/agent-response", `{"message":{"body":"Dear","attachments":[{"name":"a.txt","type":"text/plain","data":"YQ=="}]}}`)
	id, file := r.at("id").(string), r.at("message", "attachments", 0, "id").(string)
	call(t, door, sato, "POST", "/api/v1/tickets/1042/agent-response", `{"id":"a","draft_id":"`+id+`","message":{"body":"Dear","draft_files":["`+file+`"]}}`).is(t, 200)
	o := f.receipts["agent:sato a"].order
	require.Equal(t, id, o.Draft)
	require.Equal(t, file, o.Message.Files[0].DraftFile)
	require.Equal(t, "a.txt", o.Message.Files[0].Name)

	r = call(t, door, f.tokenOf(t, "lead", scopeAct), "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"x","draft_files":["`+file+`"]}}`)
	r.is(t, 422, "invalid")
	require.Equal(t, "/message/draft_files/0 unknown_draft_file", faultsOf(r), "another's file is none of his")
	call(t, door, sato, "POST", "/api/v1/tickets/1042/assign", `{"draft_id":"`+id+`","assign":{"owner":"me"}}`).is(t, 422, "invalid")
}
