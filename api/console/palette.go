package console

import (
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
	Q    string
	Rows []rowView
}

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
	if err := v.get("/tickets?"+q.Encode(), &found); err != nil && statusOf(err) != http.StatusBadRequest {
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
