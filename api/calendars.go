package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"duradesk/api/openapi"
	"duradesk/calendar"
	"duradesk/ticket"
)

// ListCalendars lists the newest version of each.
func (s *server) ListCalendars(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	found, err := s.House.Calendars(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.CalendarList{Items: make([]openapi.Calendar, len(found)), Total: len(found)}
	for i, spec := range found {
		out.Items[i] = calendarOf(spec)
	}
	answer(c, http.StatusOK, out)
}

func calendarOf(s calendar.Spec) openapi.Calendar {
	return openapi.Calendar{
		Key: s.Key, Version: s.Version, Zone: zoneName(s.Zone), Holidays: written(s.Holidays), Closed: written(s.Closed), Open: written(s.Open),
		Week: openapi.Week{
			Sunday: written(s.Week[0]), Monday: written(s.Week[1]), Tuesday: written(s.Week[2]), Wednesday: written(s.Week[3]),
			Thursday: written(s.Week[4]), Friday: written(s.Week[5]), Saturday: written(s.Week[6]),
		},
	}
}

func zoneName(zone string) string {
	if zone == "" {
		return time.UTC.String()
	}
	return zone
}

func written[T interface{ String() string }](in []T) []string {
	out := make([]string, len(in))
	for i, v := range in {
		out[i] = v.String()
	}
	return out
}

var (
	hoursRule = rule{min: 1, max: 11}
	lineRule  = rule{min: 1, max: 400, line: true}
	zoneRule  = rule{min: 1, max: 100, line: true}
)

// weekdays as the API names them, Sunday first as in a calendar.Spec.
var weekdays = [7]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// CreateCalendar adds one, or the next version of one.
func (s *server) CreateCalendar(c *gin.Context) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	o := newObject(body)
	spec := readCalendar(o)
	o.done()
	if len(*o.faults) == 0 {
		o.judge(spec)
	}
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	ctx, done := budget(c)
	defer done()
	spec, err := s.House.AddCalendar(ctx, spec)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusCreated, calendarOf(spec))
}

func readCalendar(o *object) calendar.Spec {
	spec := calendar.Spec{Key: o.text("key", keyRule.must()), Zone: o.text("zone", zoneRule)}
	if spec.Key == calendar.Always.Key() {
		o.blame("key", "reserved", map[string]string{"key": spec.Key})
	}
	if w := o.inside("week", true); w != nil {
		for i, day := range weekdays {
			spec.Week[i] = parsedLines(w, day, 24, hoursRule, "hours", calendar.ParseInterval)
		}
		w.done()
	}
	spec.Holidays = parsedLines(o, "holidays", 1000, lineRule, "holiday", calendar.ParseHoliday)
	spec.Closed = parsedLines(o, "closed", 1000, lineRule, "closure", calendar.ParseDateRange)
	spec.Open = parsedLines(o, "open", 1000, lineRule, "opening", calendar.ParseOpening)
	return spec
}

// parsedLines reads a list of texts that each mean something.
func parsedLines[T any](o *object, name string, most int, r rule, code string, parse func(string) (T, error)) []T {
	var out []T
	for i, v := range o.list(name, most) {
		at := strconv.Itoa(i)
		one := &object{at: o.pointer(name), fields: map[string]any{at: v}, faults: o.faults}
		text := one.text(at, r.must())
		if text == "" {
			continue
		}
		meant, err := parse(text)
		if err != nil {
			one.blame(at, code, nil)
			continue
		}
		out = append(out, meant)
	}
	return out
}

// judge holds the calendar as a whole to be one: its zone is known, hours do not overlap, it opens again and again.
func (o *object) judge(spec calendar.Spec) {
	_, err := calendar.New(spec)
	if err == nil {
		return
	}
	zoneOnly := calendar.Spec{Key: spec.Key, Zone: spec.Zone}
	zoneOnly.Week[1] = []calendar.Interval{{From: 0, To: 60}}
	if _, bad := calendar.New(zoneOnly); bad != nil {
		o.blame("zone", "zone", nil)
		return
	}
	var told *ticket.Error
	said := err.Error()
	if errors.As(err, &told) {
		said = told.Message
	}
	*o.faults = append(*o.faults, fault{code: "calendar", args: map[string]string{"why": said}})
}

// calendarNow is the newest version of a calendar; ticket.NotFound where there is none.
func (s *server) calendarNow(c *gin.Context, key string) (calendar.Calendar, error) {
	if key == calendar.Always.Key() {
		return calendar.Always, nil
	}
	ctx, done := budget(c)
	defer done()
	found, err := s.House.Calendars(ctx)
	if err != nil {
		return calendar.Always, err
	}
	for _, spec := range found {
		if spec.Key == key {
			return calendar.New(spec)
		}
	}
	return calendar.Always, &ticket.Error{Code: ticket.NotFound, Message: "there is no such calendar"}
}

// GetCalendarYear gives the picture of a year.
func (s *server) GetCalendarYear(c *gin.Context, key string, year int) {
	cal, err := s.calendarNow(c, key)
	if err != nil {
		s.told(c, err)
		return
	}
	days := cal.Year(year)
	if len(days) == 0 {
		s.fail(c, problem{kind: notFound})
		return
	}
	lang := s.language(c)
	out := openapi.CalendarYear{Key: cal.Key(), Version: cal.Version(), Zone: cal.Zone().String(), Year: year, Days: make([]openapi.CalendarDay, len(days))}
	for i, d := range days {
		out.Days[i] = openapi.CalendarDay{
			Date: openapi_types.Date{Time: time.Date(d.Date.Year, d.Date.Month, d.Date.Day, 0, 0, 0, 0, time.UTC)}, Open: d.Open, Hours: written(d.Hours),
			Reason: openapi.CalendarDayReason(d.Reason), Name: some(nameIn(lang, d.Name, d.NameJA)), Text: s.texts.say(lang, "calendar."+string(d.Reason), nil),
		}
	}
	answer(c, http.StatusOK, out)
}
