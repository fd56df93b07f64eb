package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/calendar"
	"duradesk/calendar/ics"
	"duradesk/ticket"
)

const maxCalendarFile = 10 << 20 // bytes

// ImportCalendar takes the whole-day events of an iCalendar file into the next version of a calendar. What is there
// already stays and is not doubled. With dry_run nothing is stored: it tells what would come of it.
func (s *server) ImportCalendar(c *gin.Context, key string) {
	var spec calendar.Spec
	var found ics.Import
	dry := false
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		spec = h.spec(key)
		from, to := o.date("from"), o.date("to")
		file := o.bytes("file", maxCalendarFile)
		o.flag("dry_run", &dry)
		if h.err != nil || len(*o.faults) > 0 {
			return
		}
		var err error
		if found, err = ics.Read(bytes.NewReader(file), from, to); err != nil {
			o.blameFile(err)
			return
		}
		found = addTo(&spec, found)
		o.judge(spec)
	}, func(ctx context.Context) (any, error) {
		if !dry && len(found.Holidays)+len(found.Closed) > 0 {
			stored, err := s.House.AddCalendar(ctx, spec)
			if err != nil {
				return nil, err
			}
			spec = stored
		}
		out := openapi.CalendarImport{Calendar: calendarOf(spec), Holidays: written(found.Holidays), Closed: written(found.Closed), Left: []openapi.LeftEvent{}}
		for _, l := range found.Left {
			out.Left = append(out.Left, openapi.LeftEvent{Name: l.Name, At: l.At, Why: s.texts.say(s.language(c), "ics_left."+l.Key, nil)})
		}
		return out, nil
	})
}

// addTo adds what is new, and returns that.
func addTo(spec *calendar.Spec, in ics.Import) ics.Import {
	in.Holidays = slices.DeleteFunc(in.Holidays, func(h calendar.Holiday) bool {
		return slices.ContainsFunc(spec.Holidays, func(o calendar.Holiday) bool { return o.Set == "" && o.Date == h.Date })
	})
	in.Closed = slices.DeleteFunc(in.Closed, func(r calendar.DateRange) bool {
		return slices.ContainsFunc(spec.Closed, func(o calendar.DateRange) bool { return o.From == r.From && o.To == r.To })
	})
	spec.Holidays = slices.Concat(spec.Holidays, in.Holidays)
	spec.Closed = slices.Concat(spec.Closed, in.Closed)
	return in
}

// date reads a day with its year.
func (o *object) date(name string) calendar.Date {
	text := o.text(name, rule{needed: true, min: 1, max: 10})
	if text == "" {
		return calendar.Date{}
	}
	d, err := calendar.ParseDate(text)
	if err != nil || d.Year == 0 {
		o.blame(name, "form_date", nil)
	}
	return d
}

// blameFile says what is wrong with an iCalendar file, or with the range that is read of it.
func (o *object) blameFile(err error) {
	var told *ticket.Error
	switch {
	case !errors.As(err, &told):
		o.blame("file", "calendar", map[string]string{"why": err.Error()})
	case strings.HasSuffix(told.Key, "_range"):
		o.blame("to", told.Key, nil)
	default:
		o.blame("file", told.Key, map[string]string{"why": told.Message})
	}
}
