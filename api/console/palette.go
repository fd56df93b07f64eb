package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"duradesk/api/openapi"
)

func paletteRoutes() []route {
	return []route{{pattern: "GET /-/palette", serve: (*visit).palette}}
}

// paletteView is what the palette finds on the server; commands it knows from the page itself.
type paletteView struct {
	Q       string
	Rows    []rowView
	Clients []clientLink
}

// clientLink leads to all that a client has asked.
type clientLink struct{ ID, Name, Also, Href string }

func (v *visit) palette() error {
	out := paletteView{Q: strings.TrimSpace(v.r.URL.Query().Get("q"))}
	if out.Q == "" {
		return v.show(http.StatusOK, "palette-found", out)
	}
	q := url.Values{"limit": {"8"}, "sort": {"-updated"}}
	if n, err := strconv.ParseInt(strings.TrimPrefix(out.Q, "#"), 10, 64); err == nil {
		q.Set("number", strconv.FormatInt(n, 10))
		q["state"] = allStates
	} else {
		q.Set("q", out.Q)
	}
	var found openapi.TicketList
	err := together(
		func() error {
			err := v.get("/tickets?"+q.Encode(), &found)
			if s := statusOf(err); s == http.StatusBadRequest || s == http.StatusUnprocessableEntity { // half a line, still being typed
				return nil
			}
			return err
		},
		func() (err error) { out.Clients, err = v.clientsFound(out.Q); return err },
	)
	if err != nil {
		return err
	}
	h, err := v.theHouse()
	if err != nil {
		return err
	}
	for _, t := range found.Items {
		row := v.row(t, place{View: "all"}, h, nil)
		row.Href = "/tickets/" + strconv.FormatInt(t.Number, 10)
		out.Rows = append(out.Rows, row)
	}
	return v.show(http.StatusOK, "palette-found", out)
}

// clientsFound are a few clients by what they are known by.
func (v *visit) clientsFound(text string) ([]clientLink, error) {
	var found openapi.ClientList
	if err := v.get("/clients?"+url.Values{"limit": {"4"}, "q": {text}}.Encode(), &found); err != nil {
		return nil, err
	}
	out := make([]clientLink, len(found.Items))
	for i, c := range found.Items {
		out[i] = clientLink{ID: c.Id, Name: cmp.Or(deref(c.Name), deref(c.Email), c.Id), Also: deref(c.Email), Href: "/views/all?q=" + url.QueryEscape("client:"+c.Id+" state:any")}
	}
	return out, nil
}
