package find

import (
	"strconv"
	"strings"
	"time"
)

// farthest bounds spans: what is longer is a slip of the pen.
const farthest = 100 * 366 * 24 * time.Hour

// Span reads a length of time: a number with m, h, d (24 hours) or w.
func Span(s string) (time.Duration, bool) {
	if len(s) < 2 {
		return 0, false
	}
	unit, ok := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if !ok || err != nil || time.Duration(n) > farthest/unit {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// Instants reads a time as the part of the calendar that it names: from its first instant until before its last. An
// instant that is named to the second has no length. Days are those of UTC.
func Instants(s string, now time.Time) (from, to time.Time, ok bool) {
	now = now.UTC()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch s {
	case "now":
		return now, now, true
	case "today":
		return today, today.AddDate(0, 0, 1), true
	case "yesterday":
		return today.AddDate(0, 0, -1), today, true
	}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d, ok := Span(s[1:])
		if s[0] == '-' {
			d = -d
		}
		return now.Add(d), now.Add(d), ok
	}
	if t, err := time.Parse(time.RFC3339, strings.ToUpper(s)); err == nil {
		return t.UTC(), t.UTC(), proper(t)
	}
	for layout, step := range map[string][3]int{"2006-01-02": {0, 0, 1}, "2006-01": {0, 1, 0}, "2006": {1, 0, 0}} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, t.AddDate(step[0], step[1], step[2]), proper(t)
		}
	}
	return from, to, false
}

// proper keeps within what every store can hold.
func proper(t time.Time) bool { return t.Year() >= 1 && t.Year() < 9999 }
