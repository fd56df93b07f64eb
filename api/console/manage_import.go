package console

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"duradesk/api/openapi"
)

// importPart asks for an iCalendar file whose days off a calendar takes in.
type importPart struct{ Key, From, To string }

func (v *visit) importPart(t thing) importPart {
	year := v.c.Now().In(v.zoneOf(t.text("zone"))).Year()
	return importPart{Key: byKey(t), From: strconv.Itoa(year) + "-01-01", To: strconv.Itoa(year+1) + "-12-31"}
}

func importRoutes() []route {
	return []route{{pattern: "POST /-/calendars/{key}/import", serve: (*visit).importCalendar}}
}

// importedView tells what came, or would come, of a file.
type importedView struct {
	Tried bool // nothing was stored
	Key   string
	Added []string
	Left  []openapi.LeftEvent
}

// importCalendar takes the days off of a file in, or only tells what would come of it.
func (v *visit) importCalendar() error {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, mostSent)
	file, _, err := v.r.FormFile("file")
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return v.refuse(http.StatusRequestEntityTooLarge, say(v.lang, "title.too-large"), say(v.lang, "detail.too-large"))
	case err != nil:
		return v.refuse(http.StatusUnprocessableEntity, say(v.lang, "title.invalid"), say(v.lang, "calendars.no_file"))
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(file)
	if err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	out := importedView{Key: v.r.PathValue("key"), Tried: v.r.FormValue("try") != ""}
	var got openapi.CalendarImport
	body := map[string]any{"file": base64.StdEncoding.EncodeToString(raw), "from": v.r.FormValue("from"), "to": v.r.FormValue("to"), "dry_run": out.Tried}
	if err := v.ask(http.MethodPost, "/calendars/"+url.PathEscape(out.Key)+"/import", body, &got); err != nil {
		return err
	}
	out.Added, out.Left = append(got.Holidays, got.Closed...), got.Left
	return v.show(http.StatusOK, "imported", out)
}
