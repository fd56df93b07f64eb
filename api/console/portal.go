package console

import (
	"net/http"
	"net/url"
	"strings"

	"duradesk/api/openapi"
)

// The portal is what clients see: their own tickets, what was said to them, and where to ask. Its pages ask the same
// operations as everybody, as the client who is signed in, and work without scripts.

func portalRoutes() []route {
	return []route{
		{pattern: "GET /portal", client: true, serve: (*visit).portalHome},
		{pattern: "GET /portal/sign-in", public: true, serve: (*visit).portalDoor},
		{pattern: "POST /portal/sign-in", public: true, serve: (*visit).mailPortalLink},
		{pattern: "POST /portal/sign-out", public: true, serve: (*visit).leavePortal},
	}
}

// portalView is what every page of the portal has.
type portalView struct {
	frame
	Heading string
	Fault   []string // what is wrong with what was sent
	Said    string   // what became of it
}

func (v *visit) portalPage(title string) portalView {
	return portalView{frame: v.frame(title), Heading: title}
}

type portalDoorView struct {
	portalView
	To, Email string
	Sent      bool
}

func (v *visit) portalDoor() error {
	v.portal = true
	if v.whoami(false) == nil {
		return v.redirect("/portal")
	}
	return v.show(http.StatusOK, "portal-sign-in", portalDoorView{portalView: v.portalPage(say(v.lang, "portal.sign_in"))})
}

// mailPortalLink has a link mailed. The answer is the same whether anybody has that address.
func (v *visit) mailPortalLink() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	out := portalDoorView{portalView: v.portalPage(say(v.lang, "portal.sign_in")), Email: strings.TrimSpace(v.r.PostForm.Get("email"))}
	err := v.ask(http.MethodPost, "/session/link", map[string]any{"email": out.Email}, nil)
	if out.Fault = v.faultLines(err); err != nil && len(out.Fault) == 0 {
		return err
	}
	out.Sent = err == nil
	status := http.StatusOK
	if !out.Sent {
		status = statusOf(err)
	}
	return v.show(status, "portal-sign-in", out)
}

func (v *visit) leavePortal() error {
	said, err := v.call(v.r.Context(), http.MethodDelete, "/session", nil, nil)
	if err != nil && statusOf(err) != http.StatusUnauthorized {
		return err
	}
	v.pass(said)
	return v.redirect("/portal/sign-in")
}

// portalHomeView lists a client's tickets: those that go on, and those that have ended.
type portalHomeView struct {
	portalView
	Ended bool
	Rows  []portalRow
	More  string
}

type portalRow struct {
	Number        int64
	Title, State  string
	Updated       moment
	Client        string // of his organisation, where it is not his own
	AnswerIsThere bool   // the desk spoke last
}

var (
	portalLive  = []string{"new", "open", "on_hold"}
	portalEnded = []string{"resolved", "closed"}
)

func (v *visit) portalHome() error {
	asked := v.r.URL.Query()
	out := portalHomeView{portalView: v.portalPage(say(v.lang, "portal.tickets")), Ended: asked.Get("show") == "ended"}
	states := portalLive
	if out.Ended {
		states = portalEnded
	}
	query := url.Values{"state": states, "limit": {"50"}, "cursor": {asked.Get("cursor")}}
	var page openapi.TicketList
	if err := v.get("/tickets?"+query.Encode(), &page); err != nil {
		return err
	}
	if err := v.portalZone(); err != nil {
		return err
	}
	for _, t := range page.Items {
		row := portalRow{Number: t.Number, Title: t.Title, State: string(t.State), Updated: v.moment(t.UpdatedAt)}
		if t.Client.Email == nil {
			row.Client = deref(t.Client.Name)
		}
		row.AnswerIsThere = t.LastMessage != nil && t.LastMessage.By == "agent"
		out.Rows = append(out.Rows, row)
	}
	if page.NextCursor != nil {
		more := url.Values{"show": {asked.Get("show")}, "cursor": {*page.NextCursor}}
		out.More = "/portal?" + more.Encode()
	}
	return v.show(http.StatusOK, "portal-home", out)
}

// portalDesks asks where the client may ask something new.
func (v *visit) portalDesks() (openapi.Portal, error) {
	var p openapi.Portal
	return p, v.get("/portal", &p)
}

// portalZone takes the zone of the desks for times, where the client's machine has not told its own.
func (v *visit) portalZone() error {
	if _, err := v.r.Cookie("zone"); err == nil {
		return nil
	}
	p, err := v.portalDesks()
	if err == nil && len(p.Desks) > 0 {
		v.zone = v.zoneOf(p.Desks[0].Zone)
	}
	return err
}
