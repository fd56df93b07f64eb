package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const dayMinutes = 24 * 60

// Interval is a stretch of working hours in minutes since midnight, From included, To not. To may be 24:00 (1440). To
// before From runs over midnight: 22:00-06:00 belongs to the day on which it begins. If that day is closed, nobody
// works it; if only the next day is closed, it ends at midnight.
type Interval struct{ From, To int }

// ParseInterval reads "09:00-17:30" and "22:00-06:00".
func ParseInterval(s string) (Interval, error) {
	from, to, ok := strings.Cut(s, "-")
	f, okFrom := parseMinutes(from)
	t, okTo := parseMinutes(to)
	i := Interval{f, t}
	if !ok || !okFrom || !okTo || i.check() != "" {
		return Interval{}, invalid("%q are no hours; write 09:00-17:30, 22:00-06:00 (over midnight) or 00:00-24:00", s)
	}
	return i, nil
}

// String writes the interval as ParseInterval reads it.
func (i Interval) String() string { return clock(i.From) + "-" + clock(i.To) }

// MarshalText writes String.
func (i Interval) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads what ParseInterval reads.
func (i *Interval) UnmarshalText(b []byte) (err error) {
	*i, err = ParseInterval(string(b))
	return err
}

// check says what is wrong with the interval, or nothing.
func (i Interval) check() string {
	switch {
	case i.From < 0 || i.From >= dayMinutes:
		return "the beginning must lie between 00:00 and 23:59"
	case i.To < 0 || i.To > dayMinutes:
		return "the end must lie between 00:00 and 24:00"
	case i.From == i.To:
		return "beginning and end are the same; write 00:00-24:00 for a whole day"
	}
	return ""
}

// end is To in minutes since the midnight before From.
func (i Interval) end() int {
	if i.To < i.From {
		return i.To + dayMinutes
	}
	return i.To
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

func parseMinutes(s string) (int, bool) {
	h, m, ok := strings.Cut(s, ":")
	if !ok || len(h) != 2 || len(m) != 2 {
		return 0, false
	}
	hour, err := strconv.ParseUint(h, 10, 8)
	minute, err2 := strconv.ParseUint(m, 10, 8)
	return int(hour)*60 + int(minute), err == nil && err2 == nil && minute < 60 && hour <= 24 && (hour < 24 || minute == 0)
}

// span is a stretch of one day in seconds since its midnight on the wall.
type span struct{ from, to int64 }

// hours are the spans that begin on a day, and what they carry into the morning after.
type hours struct{ own, morning []span }

func hoursOf(intervals []Interval) hours {
	var h hours
	for _, i := range intervals {
		if i.To > i.From {
			h.own = append(h.own, span{int64(i.From) * 60, int64(i.To) * 60})
			continue
		}
		h.own = append(h.own, span{int64(i.From) * 60, daySeconds})
		if i.To > 0 {
			h.morning = append(h.morning, span{0, int64(i.To) * 60})
		}
	}
	slices.SortFunc(h.own, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return h
}

// union appends the joined spans of a and b to buf.
func union(buf, a, b []span) []span {
	buf = append(append(buf, a...), b...)
	slices.SortFunc(buf, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	out := buf[:0]
	for _, s := range buf {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}
