package console

import (
	"encoding/base64"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"duradesk/api/openapi"
)

func portalTicketRoutes() []route {
	return []route{
		{pattern: "GET /portal/tickets/{number}", client: true, serve: func(v *visit) error { return v.portalTicket(http.StatusOK, nil, "") }},
		{pattern: "POST /portal/tickets/{number}/reply", client: true, serve: (*visit).portalReply},
		{pattern: "POST /portal/tickets/{number}/verdict", client: true, serve: (*visit).portalVerdict},
		{pattern: "POST /portal/tickets/{number}/details", client: true, serve: (*visit).portalDetails},
		{pattern: "POST /portal/tickets/{number}/feedback", client: true, serve: (*visit).portalFeedback},
	}
}

type portalTicketView struct {
	portalView
	Number   int64
	State    string
	Updated  moment
	Items    []itemView
	Live     bool // it goes on
	Resolved bool // he may say whether it is so, and rate
	May      map[string]bool
	ID, Body string // of the reply that is being written
	Ratings  []choice
	Fields   []portalField // of the form, that he may change
	ChangeID string        // of that change
}

// portalTicket shows one ticket as its client sees it.
func (v *visit) portalTicket(status int, fault []string, body string) error {
	var t openapi.Ticket
	number := url.PathEscape(v.r.PathValue("number"))
	if err := v.get("/tickets/"+number, &t); err != nil {
		return err
	}
	if err := v.portalZone(); err != nil {
		return err
	}
	out := portalTicketView{
		portalView: v.portalPage("#" + strconv.FormatInt(t.Number, 10) + " " + t.Title), Number: t.Number, State: string(t.State), Updated: v.moment(t.UpdatedAt),
		May: map[string]bool{}, ID: uuid.NewString(), ChangeID: uuid.NewString(), Body: body, Live: slices.Contains(portalLive, string(t.State)), Resolved: t.State == "resolved" || t.State == "closed",
		Ratings: v.ratings(0),
	}
	out.Fault = fault
	if said := v.r.URL.Query().Get("said"); slices.Contains(portalSaid, said) {
		out.Said = say(v.lang, "portal_said."+said)
	}
	for _, a := range t.Allowed {
		out.May[a.Command] = a.Reason == nil
	}
	if out.May["classify"] {
		var err error
		if out.Fields, err = v.portalDetailFields(t); err != nil {
			return err
		}
	}
	for cursor := ""; ; {
		var page openapi.Timeline
		if err := v.get("/tickets/"+number+"/timeline?limit=200&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return err
		}
		items, err := v.items(page.Items, t)
		if err != nil {
			return err
		}
		for i := range items { // a mail is told by its words: its frame is for the staff
			items[i].Frame, items[i].Framed, items[i].Raw = "", false, ""
		}
		out.Items = append(out.Items, items...)
		if page.NextCursor == nil {
			return v.show(status, "portal-ticket", out)
		}
		cursor = *page.NextCursor
	}
}

var portalSaid = []string{"reply", "solved", "not_solved", "cancel", "feedback", "opened", "details"}

// ratings are what one may give, from good to bad.
func (v *visit) ratings(chosen int) []choice {
	out := make([]choice, 0, 5)
	for n := 5; n >= 1; n-- {
		out = append(out, choice{strconv.Itoa(n), say(v.lang, "rating."+strconv.Itoa(n)), n == chosen})
	}
	return out
}

// mostSent is how much one form may send, with its files.
const mostSent = 30 << 20

func (v *visit) portalReply() error {
	message, err := v.sentMessage()
	if err != nil {
		return v.portalTicket(http.StatusBadRequest, []string{err.Error()}, v.r.FormValue("body"))
	}
	return v.portalSays("client-reply", "reply", map[string]any{"message": message})
}

// sentMessage reads what a client wrote, with the files that he chose.
func (v *visit) sentMessage() (map[string]any, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, mostSent)
	if err := v.r.ParseMultipartForm(8 << 20); err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, errors.New(say(v.lang, "portal.too_large", "mb", strconv.Itoa(mostSent>>20)))
		}
		return nil, errors.New(say(v.lang, "fault.form"))
	}
	files := []map[string]any{}
	for _, header := range v.r.MultipartForm.File["files"] {
		file, err := sentFile(header)
		if err != nil {
			return nil, errors.New(say(v.lang, "fault.form"))
		}
		files = append(files, file)
	}
	return map[string]any{"body": strings.ReplaceAll(v.r.FormValue("body"), "\r\n", "\n"), "body_format": "text", "attachments": files}, nil
}

func sentFile(header *multipart.FileHeader) (map[string]any, error) {
	file, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"name": header.Filename, "data": base64.StdEncoding.EncodeToString(data)}
	if kind := header.Header.Get("Content-Type"); kind != "" {
		out["type"] = strings.TrimSpace(strings.Split(kind, ";")[0])
	}
	return out, nil
}

func (v *visit) portalVerdict() error {
	verdict := v.r.FormValue("verdict")
	return v.portalSays("client-verdict", verdict, map[string]any{"client_verdict": map[string]any{"verdict": verdict}})
}

func (v *visit) portalFeedback() error {
	return v.portalSays("feedback", "feedback", map[string]any{"feedback": v.ratingSent()})
}

// ratingSent reads a rating and what goes with it.
func (v *visit) ratingSent() map[string]any {
	out := map[string]any{}
	if n, err := strconv.Atoi(v.r.FormValue("rating")); err == nil {
		out["rating"] = n
	}
	if comment := strings.TrimSpace(v.r.FormValue("comment")); comment != "" {
		out["comment"] = comment
	}
	return out
}

// portalSays sends a command, and leads back to the ticket with what became of it.
func (v *visit) portalSays(command, said string, body map[string]any) error {
	if id := v.r.FormValue("id"); id != "" {
		body["id"] = id
	}
	place := "/portal/tickets/" + url.PathEscape(v.r.PathValue("number"))
	err := v.ask(http.MethodPost, strings.TrimPrefix(place, "/portal")+"/"+command, body, nil)
	var p *problem
	switch {
	case err == nil:
		return v.redirect(place + "?said=" + url.QueryEscape(said))
	case errors.As(err, &p) && p.Status != http.StatusNotFound && p.Status != http.StatusUnauthorized && p.Status < 500:
		return v.portalTicket(p.Status, append([]string{p.Detail}, v.faultLines(err)...), v.r.FormValue("body"))
	}
	return err
}
