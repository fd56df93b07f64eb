package ics

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	ical "github.com/arran4/golang-ical"

	"duradesk/calendar"
	"duradesk/ticket"
)

// Limits of one file, so that nobody's export stops the desk.
const (
	maxBytes   = 10 << 20
	maxYears   = 100
	maxEvents  = 10_000
	maxRepeats = 2_000_000
)

// Import is what a file lists within a range of dates, ready to be put into a calendar.Spec.
type Import struct {
	Holidays []calendar.Holiday   // events of one date, by date
	Closed   []calendar.DateRange // events of several dates, by date; they may begin before the range or end after it
	Left     []Left               // events that close no whole dates, in the order of the file
}

// Left is an event that was left out, and why.
type Left struct {
	Name string
	At   string // its beginning, as the file has it
	Why  string
	Key  string // of why: cancelled, part_of_day, no_start, backwards, long_ago, too_often, date, rule
}

// Read reads an iCalendar file and lists the dates that its events close between two dates, both included. Whole-day
// events count, and those from midnight to midnight of a clock; repeated ones (RRULE, RDATE, EXDATE, single changed
// occurrences) are expanded. Everything else is told of in Left.
//
// A file that is none, is too large (10 MB, 10,000 events, some two million repetitions) or a range that is too long (100 years) is Invalid.
func Read(r io.Reader, from, to calendar.Date) (Import, error) {
	first, last := day(from), day(to)
	if from.Year == 0 || to.Year == 0 || last.Before(first) || to.Year-from.Year >= maxYears {
		return Import{}, invalid("range", "read from a date to a later one of at most %d years, not %s to %s", maxYears, from, to)
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return Import{}, fmt.Errorf("read iCalendar file: %w", err)
	}
	if len(raw) > maxBytes {
		return Import{}, invalid("large", "the file is larger than %d MB; export the holidays alone", maxBytes>>20)
	}
	file, err := ical.ParseCalendar(bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))))
	if err != nil {
		return Import{}, invalid("none", "this is no iCalendar file (.ics): %v", err)
	}
	switch n := len(file.Events()); {
	case n == 0:
		return Import{}, invalid("empty", "the file has no events")
	case n > maxEvents:
		return Import{}, invalid("many", "the file has more than %d events; export the holidays alone", maxEvents)
	}
	return collect(file.Events(), first, last)
}

func collect(events []*ical.VEvent, first, last time.Time) (Import, error) {
	var in Import
	changed := changes(events)
	budget := maxRepeats
	for _, e := range events {
		name := summary(e)
		found, err := occurrences(e, changed[value(e, ical.ComponentPropertyUniqueId)], first, last, &budget)
		if errors.Is(err, errTooMany) {
			return Import{}, invalid("many", "the events repeat too often for a calendar of holidays; export the holidays alone")
		}
		if err != nil {
			var because why
			errors.As(err, &because)
			in.Left = append(in.Left, Left{Name: name, At: value(e, ical.ComponentPropertyDtStart), Why: err.Error(), Key: because.key})
			continue
		}
		for _, o := range found {
			if o.days == 1 {
				in.Holidays = append(in.Holidays, calendar.Holiday{Date: date(o.first), Name: name})
				continue
			}
			in.Closed = append(in.Closed, calendar.DateRange{From: date(o.first), To: date(o.first.AddDate(0, 0, o.days-1)), Name: name})
		}
	}
	slices.SortStableFunc(in.Holidays, func(a, b calendar.Holiday) int { return compare(a.Date, b.Date) })
	slices.SortStableFunc(in.Closed, func(a, b calendar.DateRange) int { return compare(a.From, b.From) })
	in.Holidays, in.Closed = slices.Compact(in.Holidays), slices.Compact(in.Closed)
	return in, nil
}

// changes lists, by the id of a repeated event, the dates of the occurrences that have an event of their own.
func changes(events []*ical.VEvent) map[string][]time.Time {
	changed := map[string][]time.Time{}
	for _, e := range events {
		if id := e.GetProperty(ical.ComponentPropertyRecurrenceId); id != nil {
			if at, err := parse(id.Value); err == nil {
				uid := value(e, ical.ComponentPropertyUniqueId)
				changed[uid] = append(changed[uid], at.day)
			}
		}
	}
	return changed
}

func value(e *ical.VEvent, name ical.ComponentProperty) string {
	if p := e.GetProperty(name); p != nil {
		return p.Value
	}
	return ""
}

// summary is the event's name as a calendar takes it: one line of at most 200 bytes.
func summary(e *ical.VEvent) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(value(e, ical.ComponentPropertySummary), "�")), " ")
	for len(s) > 200 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return strings.TrimSpace(s)
}

func day(d calendar.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func date(t time.Time) calendar.Date {
	return calendar.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}

func compare(a, b calendar.Date) int {
	return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Day, b.Day))
}

func invalid(key, format string, a ...any) error {
	return &ticket.Error{Code: ticket.Invalid, Key: "ics_" + key, Message: fmt.Sprintf(format, a...)}
}
