package api

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// browser is a client's, without scripts: it sends forms, keeps one cookie, and shows what comes back.
type browser struct {
	t    *testing.T
	door http.Handler
	jar  string
}

func (b *browser) send(method, target, kind, body string) (*http.Response, string) {
	b.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Accept-Language", "en")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if b.jar != "" {
		r.Header.Set("Cookie", b.jar)
	}
	w := httptest.NewRecorder()
	b.door.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.jar = c.Name + "=" + c.Value; c.MaxAge < 0 {
			b.jar = ""
		}
	}
	return w.Result(), w.Body.String()
}

func (b *browser) get(target string, status int) string {
	b.t.Helper()
	r, page := b.send("GET", target, "", "")
	require.Equal(b.t, status, r.StatusCode, page)
	return page
}

// form sends fields in pairs; files have a name that begins with @.
func (b *browser) form(target string, status int, pairs ...string) (page, location string) {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		if name, isFile := strings.CutPrefix(pairs[i], "@"); isFile {
			part, err := w.CreateFormFile("files", name)
			require.NoError(b.t, err)
			_, err = part.Write([]byte(pairs[i+1]))
			require.NoError(b.t, err)
			continue
		}
		require.NoError(b.t, w.WriteField(pairs[i], pairs[i+1]))
	}
	require.NoError(b.t, w.Close())
	r, page := b.send("POST", target, w.FormDataContentType(), body.String())
	require.Equal(b.t, status, r.StatusCode, page)
	return page, r.Header.Get("Location")
}

// plain sends fields in pairs as forms without files do.
func (b *browser) plain(target string, status int, pairs ...string) (page, location string) {
	b.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	r, page := b.send("POST", target, "application/x-www-form-urlencoded", v.Encode())
	require.Equal(b.t, status, r.StatusCode, page)
	return page, r.Header.Get("Location")
}

var linkInMail = regexp.MustCompile(`/sign-in/link#(\S+)`)

// enters signs in by the link that is mailed.
func (f *fake) enters(t *testing.T, door http.Handler, address string) *browser {
	t.Helper()
	b := &browser{t: t, door: door}
	page, _ := b.plain("/portal/sign-in", 200, "email", address)
	require.Contains(t, page, "If "+address+" is known to us")
	var letter Letter
	select {
	case letter = <-f.letters:
	case <-time.After(10 * time.Second):
		t.Fatal("no link was mailed")
	}
	_, to := b.plain("/sign-in/link", 303, "link", "http://desk.example/sign-in/link#"+linkInMail.FindStringSubmatch(letter.Body)[1])
	require.Equal(t, "/portal", to)
	return b
}

// TestAClientInThePortal walks through the pages as a client does: what is his he sees, nothing else.
func TestAClientInThePortal(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/note", `{"message":{"body":"he is difficult"}}`).is(t, 200)
	_, to := (&browser{t: t, door: door}).plain("/portal/tickets/1042/verdict", 303, "verdict", "solved")
	require.Equal(t, "/portal/sign-in", to, "nobody acts without having signed in")
	b := f.enters(t, door, "yamada@client.example")
	home := b.get("/portal", 200)
	require.Contains(t, home, `href="/portal/tickets/1042"`)
	require.NotContains(t, home, `href="/portal/tickets/1045"`, "that one has ended")
	require.Contains(t, b.get("/portal?show=ended", 200), `href="/portal/tickets/1045"`)

	page := b.get("/portal/tickets/1042", 200)
	require.Contains(t, page, "プリンターが動きません。")
	require.NotContains(t, page, "difficult")
	require.NotContains(t, page, "<script", "it works without")
	_, to = b.form("/portal/tickets/1042/reply", 303, "id", "r1", "body", "It still\r\nsmokes", "@a.txt", "smoke")
	require.Equal(t, "/portal/tickets/1042?said=reply", to)
	said := f.receipts["client:c_01 r1"].order.Message
	require.Equal(t, "It still\nsmokes", said.Body)
	require.Equal(t, []any{"a.txt", "smoke"}, []any{said.Files[0].Name, string(said.Files[0].Data)})
	require.Contains(t, b.get(to, 200), "Your message has been sent.")
	page, _ = b.form("/portal/tickets/1042/reply", 422, "body", "   ")
	require.Contains(t, page, "This must not be empty.")

	_, to = b.plain("/portal/tickets/1042/verdict", 303, "verdict", "solved")
	require.Contains(t, b.get(to, 200), "the request is solved")
	_, to = b.plain("/portal/tickets/1042/feedback", 303, "rating", "4", "comment", "Fast")
	require.Contains(t, b.get(to, 200), "Thank you for your rating.")
	page, _ = b.plain("/portal/tickets/1042/feedback", 422)
	require.Contains(t, page, `role="alert"`)

	for _, path := range []string{"/", "/views/all", "/tickets/1042", "/settings", "/reports"} {
		r, _ := b.send("GET", path, "", "")
		require.Equal(t, 303, r.StatusCode, "the agents' pages are not his: %s", path)
	}
	stranger := f.enters(t, door, "suzuki@client.example")
	stranger.get("/portal/tickets/1042", 404)
	require.NotContains(t, stranger.get("/portal", 200), "1042")
	require.Contains(t, f.enters(t, door, "kato@client.example").get("/portal?show=ended", 200), "1042", "with full access he sees those of his organisation")

	_, to = b.plain("/portal/sign-out", 303)
	require.Equal(t, "/portal/sign-in", to)
	r, _ := b.send("GET", "/portal", "", "")
	require.Equal(t, 303, r.StatusCode)
}

// TestAClientAsksByTheForm: the form is that of the reception type; what is wrong is said beside what he wrote.
func TestAClientAsksByTheForm(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.piece(t, receptionKind, "support", "returns", ticket.ReceptionType{Label: ticket.Words{EN: "Returns"}, Fields: []ticket.Field{
		{Key: "order", Label: ticket.Words{EN: "Order number"}, Kind: ticket.FieldNumber, Required: true, By: ticket.ByClient},
		{Key: "gift", Label: ticket.Words{EN: "Gift"}, Kind: ticket.FieldCheckbox, By: ticket.ByClient},
	}})
	b := f.enters(t, door, "suzuki@client.example")
	require.Contains(t, b.get("/portal/new", 200), `href="/portal/new?desk=support&amp;type=returns"`)
	page := b.get("/portal/new?desk=support&type=returns", 200)
	require.Contains(t, page, `name="field.order"`)
	fields := []string{"desk", "support", "type", "returns", "id", "a1", "title", "It broke", "body", "In two"}
	page, _ = b.form("/portal/new", 422, append(fields, "field.order", "seven")...)
	require.Contains(t, page, `value="seven"`)
	require.Contains(t, page, "In two", "nothing that he wrote is lost")
	_, to := b.form("/portal/new", 303, append(fields, "field.order", "7", "field.gift", "1")...)
	require.Regexp(t, `^/portal/tickets/\d+\?said=opened$`, to)
	order := f.receipts["client:c_02 a1"].order
	require.Equal(t, []any{"returns", true}, []any{order.Opening.ReceptionType, order.Opening.Fields["gift"]})

	for i := range f.desks {
		f.desks[i].Manner.Routes = []ticket.Channel{ticket.ChannelMail}
	}
	require.Contains(t, b.get("/portal/new", 403), "Please write us a mail.")
}

// TestARatingPage: a look rates nothing, the button does, a link that is none is told so.
func TestARatingPage(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	b := &browser{t: t, door: door}
	link := testKeys.RatingToken(1042, f.now.Add(time.Hour))
	page := b.get("/portal/rate?t="+link+"&rating=4", 200)
	require.Contains(t, page, `value="4" required checked`)
	require.Contains(t, page, "#1042")
	require.Zero(t, f.stores)
	page, _ = b.plain("/portal/rate", 200, "t", link, "rating", "2", "comment", "Slow")
	require.Contains(t, page, "Thank you for your rating.")
	require.Equal(t, 1, f.stores)
	page, _ = b.plain("/portal/rate", 422, "t", link)
	require.Contains(t, page, "Please choose a rating from 1 to 5.")
	require.Contains(t, b.get("/portal/rate?t="+link+"x", 404), "This link is not valid any more.")
	page, _ = b.plain("/portal/rate", 404, "t", "x", "rating", "5")
	require.Contains(t, page, "This link is not valid any more.")
	require.Equal(t, 1, f.stores)
}
