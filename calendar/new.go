package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"duradesk/calendar/zones"
	"duradesk/ticket"
)

// New makes a calendar of what people wrote. It refuses, naming what is wrong and how to mend it: an empty or overlong
// key, an unknown zone, hours that are none or overlap, dates that do not exist, ranges that end before they begin, an
// unknown set of holidays, and a calendar that would some day never open again.
func New(s Spec) (Calendar, error) {
	t := &table{spec: s.clone()}
	for _, step := range []func() error{t.head, t.hours, t.holidays, t.closures, t.openings, t.opensAgain} {
		if err := step(); err != nil {
			return Calendar{}, with(fmt.Sprintf("calendar %q", s.Key), "", err)
		}
	}
	return Calendar{t}, nil
}

func (t *table) head() (err error) {
	switch {
	case t.spec.Key == "":
		return refused("key", "/key", nil, "give it a key, by which policies name it")
	case len(t.spec.Key) > 100 || !oneLine(t.spec.Key):
		return refused("key", "/key", nil, "the key must be one line of at most 100 bytes, without spaces around it")
	case t.spec.Version < 0:
		return invalid("version %d is below 0", t.spec.Version)
	}
	if t.zone, err = zones.Load(t.spec.Zone); err != nil {
		return with("zone", "/zone", &ticket.Error{Code: ticket.Invalid, Key: "zone", Message: err.Error()})
	}
	return nil
}

func (t *table) hours() error {
	for d := range t.spec.Week {
		if err := checkHours(t.spec.Week[d]); err != nil {
			return with(time.Weekday(d).String(), weekField(d), err)
		}
		t.week[d] = hoursOf(t.spec.Week[d])
	}
	for d := range t.week {
		before := (d + 6) % 7
		morning := t.week[before].morning
		t.nights = t.nights || len(morning) > 0
		if len(morning) > 0 && len(t.week[d].own) > 0 && t.week[d].own[0].from < morning[0].to {
			return refused("midnight", weekField(before), map[string]string{"until": clock(int(morning[0].to / 60))}, "%s runs over midnight until %s, into the hours of %s; let one end before the other begins",
				time.Weekday(before), clock(int(morning[0].to/60)), time.Weekday(d))
		}
		t.regular[d] = union(nil, t.week[d].own, morning)
	}
	return nil
}

// weekField is the part of a calendar that holds the hours of a day of the week.
func weekField(day int) string { return "/week/" + strings.ToLower(time.Weekday(day).String()) }

// checkHours looks at the hours of one day; those over midnight are held to end on the next.
func checkHours(intervals []Interval) error {
	for i, a := range intervals {
		if wrong := a.check(); wrong != "" {
			return refused("hours", "", map[string]string{"hours": a.String()}, "%s: %s", a, wrong)
		}
		for _, b := range intervals[:i] {
			if a.From < b.end() && b.From < a.end() {
				return refused("overlap", "", map[string]string{"one": b.String(), "other": a.String()}, "%s and %s overlap; join them, or let one end before the other begins", b, a)
			}
		}
	}
	return nil
}

func (t *table) holidays() error {
	for _, h := range t.spec.Holidays {
		if h.Set != "" {
			s, ok := findSet(h.Set)
			if !ok || h.Date != (Date{}) || h.Name != "" {
				return refused("no_set", "/holidays", map[string]string{"set": h.Set, "known": strings.Join(setKeys(), ", ")}, "holidays %q: there is no such set; use one of %s, or dates", h.Set, strings.Join(setKeys(), ", "))
			}
			t.sets = append(t.sets, usedSet{s, int32(len(t.rules))})
			for _, n := range s.names {
				t.rules = append(t.rules, rule{reason: OnHoliday, names: n})
			}
			continue
		}
		if err := checkDates("holiday", "/holidays", h.Name, h.Date); err != nil {
			return err
		}
		t.layers[holidays].add(h.Date, h.Date, t.rule(rule{reason: OnHoliday, names: names{h.Name, h.Name}}))
	}
	return nil
}

func (t *table) closures() error {
	for _, c := range t.spec.Closed {
		if err := checkDates("closure", "/closed", c.Name, c.From, c.To); err != nil {
			return err
		}
		if (c.From.Year == 0) != (c.To.Year == 0) {
			return refused("half_yearly", "/closed", map[string]string{"what": c.String()}, "closure %s: write both dates with a year, or both without", c)
		}
		if c.From.Year != 0 && c.To.before(c.From) {
			return refused("ends_before", "/closed", map[string]string{"what": c.String()}, "closure %s ends before it begins", c)
		}
		t.layers[closures].add(c.From, c.To, t.rule(rule{reason: Closure, names: names{c.Name, c.Name}}))
	}
	return nil
}

func (t *table) openings() error {
	seen := map[Date]bool{}
	for _, o := range t.spec.Open {
		if err := checkDates("opening", "/open", o.Name, o.Date); err != nil {
			return err
		}
		if len(o.Hours) == 0 {
			return refused("no_hours", "/open", map[string]string{"what": o.Date.String()}, "opening %s has no hours; write them, or close the date", o.Date)
		}
		if err := checkHours(o.Hours); err != nil {
			return with(fmt.Sprintf("opening %s", o.Date), "/open", err)
		}
		if seen[o.Date] {
			return refused("twice", "/open", map[string]string{"what": o.Date.String()}, "opening %s is there twice; write all its hours in one", o.Date)
		}
		seen[o.Date] = true
		r := rule{hours: hoursOf(o.Hours), reason: Exceptional, names: names{o.Name, o.Name}}
		t.nights = t.nights || len(r.morning) > 0
		t.layers[openings].add(o.Date, o.Date, t.rule(r))
	}
	return nil
}

// rule appends r and returns its number.
func (t *table) rule(r rule) int32 {
	t.rules = append(t.rules, r)
	return int32(len(t.rules))
}

// opensAgain looks past everything dated for an hour of work in the 400 years after which the days of the week repeat.
func (t *table) opensAgain() error {
	after := 2000
	for i := range t.layers {
		for y := range t.layers[i].dated {
			after = max(after, y+1)
		}
	}
	from := time.Date(after, time.January, 1, 12, 0, 0, 0, time.UTC).Unix()
	w := t.walk(from)
	w.until = min(w.until, time.Date(after+400, time.January, 1, 12, 0, 0, 0, time.UTC).Unix())
	for p, ok := w.next(); ok; p, ok = w.next() {
		if p.open {
			return nil
		}
	}
	return refused("never_open", "", map[string]string{"year": strconv.Itoa(after)}, "it would never open from %d on; give at least one weekday hours, or a yearly opening", after)
}

func checkDates(what, field, name string, dates ...Date) error {
	for _, d := range dates {
		if !d.valid() {
			return refused("no_date", field, map[string]string{"what": d.String()}, "%s %s: there is no such date", what, d)
		}
	}
	if len(name) > 200 || (name != "" && !oneLine(name)) {
		return refused("name", field, map[string]string{"what": dates[0].String()}, "%s %s: the name must be one line of at most 200 bytes, without spaces around it", what, dates[0])
	}
	return nil
}

func oneLine(s string) bool { return s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\r\n\t") }
