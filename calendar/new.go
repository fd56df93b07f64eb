package calendar

import (
	"fmt"
	"strings"
	"time"

	"duradesk/calendar/zones"
)

// New makes a calendar of what people wrote. It refuses, naming what is wrong and how to mend it: an empty or overlong
// key, an unknown zone, hours that are none or overlap, dates that do not exist, ranges that end before they begin, an
// unknown set of holidays, and a calendar that would some day never open again.
func New(s Spec) (Calendar, error) {
	t := &table{spec: s.clone()}
	for _, step := range []func() error{t.head, t.hours, t.holidays, t.closures, t.openings, t.opensAgain} {
		if err := step(); err != nil {
			return Calendar{}, invalid("calendar %q: %v", s.Key, err)
		}
	}
	return Calendar{t}, nil
}

func (t *table) head() (err error) {
	switch {
	case t.spec.Key == "":
		return invalid("give it a key, by which policies name it")
	case len(t.spec.Key) > 100 || !oneLine(t.spec.Key):
		return invalid("the key must be one line of at most 100 bytes, without spaces around it")
	case t.spec.Version < 0:
		return invalid("version %d is below 0", t.spec.Version)
	}
	t.zone, err = zones.Load(t.spec.Zone)
	return err
}

func (t *table) hours() error {
	for d := range t.spec.Week {
		if err := checkHours(t.spec.Week[d]); err != nil {
			return fmt.Errorf("%s: %w", time.Weekday(d), err)
		}
		t.week[d] = hoursOf(t.spec.Week[d])
	}
	for d := range t.week {
		before := (d + 6) % 7
		morning := t.week[before].morning
		t.nights = t.nights || len(morning) > 0
		if len(morning) > 0 && len(t.week[d].own) > 0 && t.week[d].own[0].from < morning[0].to {
			return invalid("%s runs over midnight until %s, into the hours of %s; let one end before the other begins",
				time.Weekday(before), clock(int(morning[0].to/60)), time.Weekday(d))
		}
		t.regular[d] = union(nil, t.week[d].own, morning)
	}
	return nil
}

// checkHours looks at the hours of one day; those over midnight are held to end on the next.
func checkHours(intervals []Interval) error {
	for i, a := range intervals {
		if wrong := a.check(); wrong != "" {
			return invalid("%s: %s", a, wrong)
		}
		for _, b := range intervals[:i] {
			if a.From < b.end() && b.From < a.end() {
				return invalid("%s and %s overlap; join them, or let one end before the other begins", b, a)
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
				return invalid("holidays %q: there is no such set; use one of %s, or dates", h.Set, strings.Join(setKeys(), ", "))
			}
			t.sets = append(t.sets, usedSet{s, int32(len(t.rules))})
			for _, n := range s.names {
				t.rules = append(t.rules, rule{reason: OnHoliday, names: n})
			}
			continue
		}
		if err := checkDates("holiday", h.Name, h.Date); err != nil {
			return err
		}
		t.layers[holidays].add(h.Date, h.Date, t.rule(rule{reason: OnHoliday, names: names{h.Name, h.Name}}))
	}
	return nil
}

func (t *table) closures() error {
	for _, c := range t.spec.Closed {
		if err := checkDates("closure", c.Name, c.From, c.To); err != nil {
			return err
		}
		if (c.From.Year == 0) != (c.To.Year == 0) {
			return invalid("closure %s: write both dates with a year, or both without", c)
		}
		if c.From.Year != 0 && c.To.before(c.From) {
			return invalid("closure %s ends before it begins", c)
		}
		t.layers[closures].add(c.From, c.To, t.rule(rule{reason: Closure, names: names{c.Name, c.Name}}))
	}
	return nil
}

func (t *table) openings() error {
	seen := map[Date]bool{}
	for _, o := range t.spec.Open {
		if err := checkDates("opening", o.Name, o.Date); err != nil {
			return err
		}
		if len(o.Hours) == 0 {
			return invalid("opening %s has no hours; write them, or close the date", o.Date)
		}
		if err := checkHours(o.Hours); err != nil {
			return fmt.Errorf("opening %s: %w", o.Date, err)
		}
		if seen[o.Date] {
			return invalid("opening %s is there twice; write all its hours in one", o.Date)
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
	return invalid("it would never open from %d on; give at least one weekday hours, or a yearly opening", after)
}

func checkDates(what, name string, dates ...Date) error {
	for _, d := range dates {
		if !d.valid() {
			return invalid("%s %s: there is no such date", what, d)
		}
	}
	if len(name) > 200 || (name != "" && !oneLine(name)) {
		return invalid("%s %s: the name must be one line of at most 200 bytes, without spaces around it", what, dates[0])
	}
	return nil
}

func oneLine(s string) bool { return s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\r\n\t") }
