package ics

import (
	"fmt"
	"slices"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"
)

// why an event is left out: by a word for catalogs, and as people read it where there is none.
type why struct{ key, text string }

func (w why) Error() string { return w.text }

var (
	errCancelled = why{"cancelled", "it is cancelled"}
	errPartOfDay = why{"part_of_day", "it does not last whole days; write it as an opening of its own"}
	errNoStart   = why{"no_start", "it has no beginning"}
	errBackwards = why{"backwards", "it ends before it begins, or lasts longer than ten years"}
	errLongAgo   = why{"long_ago", "it begins before 1600"}
	errTooOften  = why{"too_often", "it repeats more than once a day"}
	errTooMany   = why{"too_many", "too many repetitions"}
)

// occurrence is a run of whole dates.
type occurrence struct {
	first time.Time // midnight UTC, standing for the date
	days  int
}

// stamp is a DATE or DATE-TIME value; a calendar's own clock is what counts, so zones are not looked up.
type stamp struct {
	day      time.Time
	midnight bool // a date, or 00:00 on some wall
}

func parse(s string) (stamp, error) {
	if t, err := time.Parse("20060102", s); err == nil {
		return stamp{t, true}, nil
	}
	t, err := time.Parse("20060102T150405", strings.TrimSuffix(s, "Z"))
	if err != nil {
		return stamp{}, why{"date", fmt.Sprintf("%q is no date", s)}
	}
	y, m, d := t.Date()
	return stamp{time.Date(y, m, d, 0, 0, 0, 0, time.UTC), t.Equal(t.Truncate(24*time.Hour)) && !strings.HasSuffix(s, "Z")}, nil
}

// occurrences lists when an event takes place within first and last, both included, without the occurrences that
// were changed, if the event is the one that repeats. It takes what it needs from budget.
func occurrences(e *ical.VEvent, changed []time.Time, first, last time.Time, budget *int) ([]occurrence, error) {
	start, days, err := length(e)
	if err != nil {
		return nil, err
	}
	if e.GetProperty(ical.ComponentPropertyRecurrenceId) != nil {
		changed = nil
	}
	starts, err := repeats(e, start, first.AddDate(0, 0, 1-days), last, budget)
	if err != nil {
		return nil, err
	}
	excluded, err := listed(e, ical.ComponentPropertyExdate)
	if err != nil {
		return nil, err
	}
	excluded = append(excluded, changed...)
	var out []occurrence
	for _, s := range starts {
		if !slices.ContainsFunc(excluded, s.Equal) {
			out = append(out, occurrence{s, days})
		}
	}
	return out, nil
}

// length returns an event's first date and on how many dates it lasts.
func length(e *ical.VEvent) (time.Time, int, error) {
	if strings.EqualFold(value(e, ical.ComponentPropertyStatus), "CANCELLED") {
		return time.Time{}, 0, errCancelled
	}
	begins := value(e, ical.ComponentPropertyDtStart)
	if begins == "" {
		return time.Time{}, 0, errNoStart
	}
	start, err := parse(begins)
	if err != nil {
		return time.Time{}, 0, err
	}
	if !start.midnight {
		return time.Time{}, 0, errPartOfDay
	}
	days := 0
	switch ends, lasts := value(e, ical.ComponentPropertyDtEnd), value(e, ical.ComponentPropertyDuration); {
	case ends != "":
		end, err := parse(ends)
		if err != nil {
			return time.Time{}, 0, err
		}
		if !end.midnight {
			return time.Time{}, 0, errPartOfDay
		}
		days = int(end.day.Sub(start.day).Hours() / 24)
	case lasts != "":
		if days = wholeDays(lasts); days == 0 {
			return time.Time{}, 0, errPartOfDay
		}
	case len(begins) > len("20060102"): // a moment
		return time.Time{}, 0, errPartOfDay
	}
	if days < 0 || days > 3660 {
		return time.Time{}, 0, errBackwards
	}
	if start.day.Year() < 1600 { // some programs write birthdays without a year as of 1604
		return time.Time{}, 0, errLongAgo
	}
	// Some programs write the only date of an event as its end, too.
	return start.day, max(days, 1), nil
}

// wholeDays reads a DURATION of days or weeks (P1D, P2W); 0 if it is another.
func wholeDays(s string) int {
	var n int
	var unit string
	if _, err := fmt.Sscanf(strings.TrimPrefix(s, "+"), "P%d%s", &n, &unit); err != nil || n < 1 || n > 3660 {
		return 0
	}
	switch unit {
	case "D", "DT0H", "DT0S", "DT0H0M0S":
		return n
	case "W":
		return 7 * n
	}
	return 0
}

// repeats lists the first dates of an event's occurrences from one date to another. Every repetition costs, also those
// before the range.
func repeats(e *ical.VEvent, start, from, to time.Time, budget *int) (out []time.Time, err error) {
	var set rrule.Set
	defer func() { // the library indexes by what some rules say, such as the eighth Friday from the end
		if recover() != nil {
			out, err = nil, why{"rule", fmt.Sprintf("its rule %q cannot be followed", value(e, ical.ComponentPropertyRrule))}
		}
	}()
	added, err := listed(e, ical.ComponentPropertyRdate)
	if err != nil {
		return nil, err
	}
	for _, t := range append(added, start) {
		set.RDate(t)
	}
	if rules := e.GetProperties(ical.ComponentPropertyRrule); len(rules) > 0 {
		r, err := rule(rules[0].Value, start, to, budget)
		if err != nil {
			return nil, err
		}
		set.RRule(r)
	}
	next := set.Iterator()
	for t, ok := next(); ok && !t.After(to); t, ok = next() {
		if *budget--; *budget < 0 {
			return nil, errTooMany
		}
		if !t.Before(from) {
			out = append(out, t)
		}
	}
	return out, nil
}

// price is what a rule costs whether it finds a date or not: February 30 is looked for until the year 9999.
func price(f rrule.Frequency) int {
	switch f {
	case rrule.YEARLY:
		return 4_000
	case rrule.MONTHLY:
		return 10_000
	case rrule.WEEKLY:
		return 25_000
	default:
		return 50_000
	}
}

func rule(text string, start, to time.Time, budget *int) (*rrule.RRule, error) {
	option, err := rrule.StrToROptionInLocation(text, time.UTC)
	if err != nil {
		return nil, why{"rule", fmt.Sprintf("its rule %q cannot be read: %v", text, err)}
	}
	if option.Freq > rrule.DAILY || len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) > 0 {
		return nil, errTooOften
	}
	if *budget -= price(option.Freq); *budget < 0 {
		return nil, errTooMany
	}
	option.Dtstart = start
	if option.Until.IsZero() || option.Until.After(to) {
		option.Until = to // without an end the library stops after 292 years, and 1604 is a favourite beginning
	}
	r, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, why{"rule", fmt.Sprintf("its rule %q cannot be followed: %v", text, err)}
	}
	return r, nil
}

// listed reads the dates of an EXDATE or RDATE, which may stand there several times and hold several each.
func listed(e *ical.VEvent, name ical.ComponentProperty) ([]time.Time, error) {
	var out []time.Time
	for _, p := range e.GetProperties(name) {
		for s := range strings.SplitSeq(p.Value, ",") {
			at, err := parse(strings.TrimSpace(s))
			if err != nil {
				return nil, err
			}
			out = append(out, at.day)
		}
	}
	return out, nil
}
