package api

import (
	"cmp"
	"context"
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

// GetCalendar shows the newest version of one.
func (s *server) GetCalendar(c *gin.Context, key string) {
	cal, err := s.calendarNow(c, key)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, calendarOf(cal.Spec()))
}

// CreateCalendar adds one, or the next version of one.
func (s *server) CreateCalendar(c *gin.Context) {
	var spec calendar.Spec
	s.edit(c, http.StatusCreated, func(_ *hand, o *object) {
		spec.Key = o.text("key", keyRule.must())
		if spec.Key == calendar.Always.Key() {
			o.blame("key", "reserved", map[string]string{"key": spec.Key})
		}
		o.get("week", true)
		readCalendar(o, &spec)
	}, s.saveCalendar(&spec))
}

// ChangeCalendar makes the next version of one: what is left out stays.
func (s *server) ChangeCalendar(c *gin.Context, key string) {
	var spec calendar.Spec
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		if spec = h.spec(key); h.err == nil {
			readCalendar(o, &spec)
		}
	}, s.saveCalendar(&spec))
}

func (s *server) saveCalendar(spec *calendar.Spec) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		stored, err := s.House.AddCalendar(ctx, *spec)
		return calendarOf(stored), err
	}
}

// spec is the newest version of a calendar that may be changed.
func (h *hand) spec(key string) calendar.Spec {
	found, err := h.s.House.Calendars(h.ctx)
	if err != nil {
		h.err = err
		return calendar.Spec{}
	}
	for _, s := range found {
		if s.Key == key {
			return s
		}
	}
	h.err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such calendar"}
	return calendar.Spec{}
}

// readCalendar reads a calendar into what was there before, and holds it to be one as a whole.
func readCalendar(o *object, spec *calendar.Spec) {
	spec.Zone = cmp.Or(o.text("zone", zoneRule), spec.Zone)
	if w := o.inside("week", false); w != nil {
		for i, day := range weekdays {
			if lines := parsedLines(w, day, 24, hoursRule, "hours", calendar.ParseInterval); w.fields[day] != nil {
				spec.Week[i] = lines
			}
		}
		w.done()
	}
	replaced(o, "holidays", &spec.Holidays, "holiday", calendar.ParseHoliday)
	replaced(o, "closed", &spec.Closed, "closure", calendar.ParseDateRange)
	replaced(o, "open", &spec.Open, "opening", calendar.ParseOpening)
	if len(*o.faults) == 0 {
		o.judge(*spec)
	}
}

// replaced reads a list of lines into to, which stays as it is where there is none.
func replaced[T any](o *object, name string, to *[]T, code string, parse func(string) (T, error)) {
	if lines := parsedLines(o, name, 1000, lineRule, code, parse); o.fields[name] != nil {
		*to = lines
	}
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
	var told *ticket.Error
	switch _, err := calendar.New(spec); {
	case err == nil:
	case errors.As(err, &told) && theTexts().has("field."+told.Key):
		*o.faults = append(*o.faults, fault{pointer: told.Field, code: told.Key, args: told.Args})
	default:
		*o.faults = append(*o.faults, fault{code: "calendar", args: map[string]string{"why": err.Error()}})
	}
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
