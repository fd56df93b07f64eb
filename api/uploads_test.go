package api

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

const uploadsPath = "/api/v1/attachments"

// sent uploads a file as somebody and returns its id.
func sent(t *testing.T, door http.Handler, token, body string, headers ...string) string {
	t.Helper()
	r := call(t, door, token, "POST", uploadsPath, body, append([]string{"Content-Type", "text/plain"}, headers...)...)
	r.is(t, 201)
	id, _ := r.at("id").(string)
	require.NotEmpty(t, id)
	return id
}

func TestAFileIsSentAheadOfItsMessage(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	token := f.tokenOf(t, "sato", scopeAct, scopeRead)
	r := call(t, door, token, "POST", uploadsPath, "%PDF-1.7 x", "Content-Type", "text/html", "Content-Disposition", "attachment; filename*=UTF-8''..%2F%E6%89%8B%E9%A0%86.pdf")
	r.is(t, 201)
	require.Equal(t, "手順.pdf", r.at("name"), "no path")
	require.Equal(t, "application/pdf", r.at("type"), "its content says it")
	require.EqualValues(t, 10, r.at("size"))
	require.Len(t, r.at("sha256"), 64)
	id, _ := r.at("id").(string)

	// It waits for who sent it, and is nobody else's: not to be read, not to be sent.
	got := call(t, door, token, "GET", uploadsPath+"/"+id, "")
	got.is(t, 200)
	require.Equal(t, "%PDF-1.7 x", string(got.raw))
	lead := f.tokenOf(t, "lead", scopeAct, scopeRead)
	call(t, door, lead, "GET", uploadsPath+"/"+id, "").is(t, 404, "not-found")
	stolen := call(t, door, lead, "POST", "/api/v1/tickets/1042/agent-response", `{"message":{"body":"x","attachments":[{"name":"a","data":"aGk="},{"id":"`+id+`"}]}}`)
	stolen.is(t, 422, "invalid")
	require.Equal(t, []string{"/message/attachments/1/id"}, stolen.pointers())
	require.Equal(t, "unknown_upload", stolen.at("errors", 0, "code"))

	body := `{"id":"u1","message":{"body":"x","attachments":[{"id":"` + id + `"},{"name":"b.txt","data":"aGk="}]}}`
	call(t, door, token, "POST", "/api/v1/tickets/1042/agent-response", body).is(t, 200)
	files := f.receipts["agent:sato u1"].order.Message.Files
	require.Equal(t, []ticket.NewFile{{Upload: id, Name: "手順.pdf", Type: "application/pdf", Size: 10}, {Name: "b.txt", Type: "application/octet-stream", Data: []byte("hi")}}, files)
	// The same command after the upload has expired is the same command.
	f.uploads.list = nil
	call(t, door, token, "POST", "/api/v1/tickets/1042/agent-response", body).is(t, 200)
	call(t, door, token, "POST", "/api/v1/tickets/1042/agent-response", strings.Replace(body, "u1", "u2", 1)).is(t, 422, "invalid")
}

func TestAnUploadGoesIntoADraftAPreviewAndANewTicket(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	token := f.tokenOf(t, "sato", scopeAct, scopeRead)
	id := sent(t, door, token, "hello", "Content-Disposition", `attachment; filename="a.txt"`)
	message := `"message":{"body":"x","attachments":[{"id":"` + id + `"}]}`
	r := call(t, door, token, "PUT", "/api/v1/tickets/1042/drafts/agent-response", `{`+message+`}`)
	r.is(t, 200)
	require.Equal(t, "a.txt", r.at("message", "attachments", 0, "name"))
	r = call(t, door, token, "POST", "/api/v1/tickets/1042/preview", `{"command":"agent-response",`+message+`}`)
	r.is(t, 200)
	require.Equal(t, "a.txt", r.at("mail", "attachments", 0, "name"))
	require.EqualValues(t, 5, r.at("mail", "attachments", 0, "size"))
	call(t, door, token, "POST", "/api/v1/tickets", `{"desk":"support","channel":"phone","title":"x","client":{"name":"x"},`+message+`}`).is(t, 201)
	for _, unknown := range []string{"0191d3c0-7a51-7cc0-9d53-0d6f8f1a2b3f", "f-1042", "../x"} {
		bad := strings.Replace(message, id, unknown, 1)
		call(t, door, token, "PUT", "/api/v1/tickets/1042/drafts/agent-response", `{`+bad+`}`).is(t, 422, "invalid")
		call(t, door, token, "POST", "/api/v1/tickets", `{"desk":"support","channel":"phone","title":"x","client":{"name":"x"},`+bad+`}`).is(t, 422, "invalid")
	}
	both := call(t, door, token, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"x","attachments":[{"id":"`+id+`","name":"b"},{"type":"text/plain"}]}}`)
	both.is(t, 422, "invalid")
	require.Equal(t, []string{"/message/attachments/0/name", "/message/attachments/1/name", "/message/attachments/1/data"}, both.pointers())

	// The desk's own bound holds for it too.
	f.desks[0].Manner.AttachmentMB = 1
	big := sent(t, door, token, strings.Repeat("x", 1<<20+1))
	call(t, door, token, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"x","attachments":[{"id":"`+big+`"}]}}`).is(t, 413, "too-large")
}

func TestAnUploadIsBounded(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	at := strings.Repeat("x", maxFile)
	sent(t, door, bootstrap, at)
	r := httptest.NewRequest("POST", uploadsPath, strings.NewReader(at+"x"))
	r.Header.Set("Authorization", "Bearer "+bootstrap)
	r.ContentLength = -1 // it says nothing of its length: it is cut off while it is read
	w := httptest.NewRecorder()
	door.ServeHTTP(w, r)
	require.Equal(t, 413, w.Code)
	call(t, door, bootstrap, "POST", uploadsPath, at+"x").is(t, 413, "too-large")
	for _, header := range []string{`attachment; filename="a`, `;;`, "attachment; filename*=UTF-8''a%0Ab", `attachment; filename="` + strings.Repeat("a", 256) + `"`, `attachment; filename=" "`} {
		r := call(t, door, bootstrap, "POST", uploadsPath, "x", "Content-Disposition", header, "Accept-Language", "en")
		r.is(t, 422, "invalid")
		require.Equal(t, "Content-Disposition", r.at("errors", 0, "parameter"), header)
	}
	require.Equal(t, "file", call(t, door, bootstrap, "POST", uploadsPath, "x").at("name"))
	require.EqualValues(t, 0, call(t, door, bootstrap, "POST", uploadsPath, "").at("size"))
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	for _, e := range left {
		require.NotContains(t, e.Name(), "duradesk-upload-", "nothing of an upload is left on the disk")
	}
}

func TestWhatAFileIs(t *testing.T) {
	t.Parallel()
	const zip, png, junk = "PK\x03\x04", "\x89PNG\x0D\x0A\x1A\x0A", "\x00\x01\x02\xff"
	for _, row := range []struct{ head, said, name, want string }{
		{png, "text/plain", "a.txt", "image/png"},
		{"<html>", "image/png", "a.png", "text/html"},
		{"<script>alert(1)", "text/plain", "a.txt", "text/html"},
		{"a,b\n", "text/csv; charset=utf-8", "", "text/csv"},
		{"a,b\n", "", "a.CSV", "text/csv"},
		{"plain", "text/html", "", "text/plain"},
		{"plain", "image/png", "", "text/plain"},
		{`{"a":1}`, "application/json", "", "application/json"},
		{zip, "application/octet-stream", "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		{zip, "application/epub+zip", "", "application/epub+zip"},
		{zip, "image/png", "", "application/zip"},
		{junk, "application/x-thing", "", "application/x-thing"},
		{junk, "image/png", "", "application/octet-stream"},
		{junk, "image/heic", "", "image/heic"},
		{junk, "no type", "", "application/octet-stream"},
		{"", "", "", "text/plain"},
	} {
		require.Equal(t, row.want, typeOf([]byte(row.head), row.said, row.name), "%q %q %q", row.head, row.said, row.name)
	}
}

func TestADownloadIsSafeAndGivesOnePart(t *testing.T) {
	t.Parallel()
	_, door := fresh(t)
	const target, whole = uploadsPath + "/f-1042", "<script>alert(1)</script>"
	for asked, want := range map[string]string{
		"": whole, "bytes=0-7": "<script>", "bytes=17-": "/script>"[:0] + whole[17:], "bytes=-9": "</script>", "bytes=24-99": ">",
		"bytes=25-": whole, "bytes=9-3": whole, "bytes=0-1,3-4": whole, "bytes=-": whole, "bytes=-0": whole, "bytes=a-b": whole, "lines=1-2": whole,
		"bytes=99999999999999999999-": whole,
	} {
		r := call(t, door, bootstrap, "GET", target, "", "Range", asked)
		status := 206
		if want == whole {
			status = 200
		}
		r.is(t, status)
		require.Equal(t, want, string(r.raw), asked)
		require.Equal(t, "nosniff", r.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "sandbox; default-src 'none'", r.Header.Get("Content-Security-Policy"))
		require.Equal(t, "private, no-store", r.Header.Get("Cache-Control"))
		require.True(t, strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment; filename*=utf-8''"), r.Header.Get("Content-Disposition"))
	}
	r := call(t, door, bootstrap, "GET", target, "", "Range", "bytes=0-7", "If-Range", `"another"`)
	r.is(t, 200)
}

// TestWhoGetsWhichFile enumerates asker × file, with the answers written by hand: a client gets what is attached to public
// messages of his own tickets (with full access, of his organisation's), an upload only who sent it.
func TestWhoGetsWhichFile(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.tickets[1043].Client = f.clients["c_03"]
	f.tickets[1045].Client = f.clients["c_04"]
	f.seed(1050, "repairs", ticket.Open, "")
	f.tickets[1050].Process.Parent = 1042
	f.tickets[1050].Client = f.clients["c_01"]
	tokens := map[string]string{
		"agent": f.tokenOf(t, "sato", scopeRead, scopeReply), "elsewhere": f.tokenOf(t, "mori", scopeRead, scopeReply),
		"portal": f.clientToken(t, "c_01", scopeRead, scopeReply), "full": f.clientToken(t, "c_03", scopeRead, scopeReply),
		"other house": f.clientToken(t, "c_04", scopeRead, scopeReply), "none": f.clientToken(t, "c_05", scopeRead, scopeReply),
		"may not read": f.clientToken(t, "c_01", scopeReply), "nobody": "",
	}
	uploads := map[string]string{}
	for _, who := range []string{"agent", "portal", "full"} {
		uploads[who] = sent(t, door, tokens[who], who)
	}
	for file, row := range map[string]string{ // who gets it; all others don't
		"f-1042":          "agent, portal, full",
		"fn-1042":         "agent",
		"f-1043":          "agent, full",
		"fn-1043":         "agent",
		"f-1045":          "agent, other house",
		"fn-1045":         "agent",
		"f-1050":          "", // the issue desk's side of a hand-over
		"fn-1050":         "",
		"f-9999":          "",
		"":                "",
		uploads["agent"]:  "agent",
		uploads["portal"]: "portal",
		uploads["full"]:   "full",
	} {
		for who, token := range tokens {
			r := call(t, door, token, "GET", uploadsPath+"/"+file, "")
			want := 404
			switch {
			case file != "" && strings.Contains(", "+row+",", ", "+who+","):
				want = 200
			case file != "" && (who == "nobody" || who == "none"):
				want = 401
			case file != "" && who == "may not read":
				want = 403
			}
			require.Equal(t, want, r.StatusCode, "%s asks for %q: %s", who, file, r.raw)
		}
	}
	call(t, door, tokens["none"], "POST", uploadsPath, "x").is(t, 401)
	call(t, door, tokens["nobody"], "POST", uploadsPath, "x").is(t, 401)
	call(t, door, f.clientToken(t, "c_01", scopeRead), "POST", uploadsPath, "x").is(t, 403)
	// What a client sends ahead goes with his own reply, and with nobody else's.
	reply := `{"message":{"body":"x","attachments":[{"id":"` + uploads["portal"] + `"}]}}`
	call(t, door, tokens["full"], "POST", "/api/v1/tickets/1042/client-reply", reply).is(t, 422, "invalid")
	call(t, door, tokens["portal"], "POST", "/api/v1/tickets/1042/client-reply", reply).is(t, 200)
}
