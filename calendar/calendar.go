package calendar

import (
	"math"
	"time"
)

// Calendar says what working time is. It is an immutable value; the zero value is open round the clock, in UTC.
// Two calendars of the same Key and Version are the same (Equal), not those that == calls so.
type Calendar struct{ table *table }

// Spec returns what the calendar was made of.
func (c Calendar) Spec() Spec {
	if c.table == nil {
		return always()
	}
	return c.table.spec.clone()
}

// Key is the calendar's name; of the zero value "always".
func (c Calendar) Key() string {
	if c.table == nil {
		return always().Key
	}
	return c.table.spec.Key
}

// Version counts the changes of a calendar of that key.
func (c Calendar) Version() int {
	if c.table == nil {
		return 0
	}
	return c.table.spec.Version
}

// Equal compares key and version.
func (c Calendar) Equal(d Calendar) bool { return c.Key() == d.Key() && c.Version() == d.Version() }

// Zone is the calendar's time zone, from the data that this build carries.
func (c Calendar) Zone() *time.Location {
	if c.table == nil {
		return time.UTC
	}
	return c.table.zone
}

// Add returns the instant at which d of working time has passed since start, in the location of start. Where d ends
// with a day's hours, that is their end, not the next opening. For d = 0 (or less) it is start itself if that lies
// within hours, else the next opening. What would lie beyond the year 9999 is its last second.
func (c Calendar) Add(start time.Time, d time.Duration) time.Time {
	d, start = max(d, 0), start.Round(0)
	if c.table == nil {
		return latest(start, d)
	}
	w := c.table.walk(start.Unix())
	nanos := int64(start.Nanosecond())
	for p, ok := w.next(); ok; p, ok = w.next() {
		if p.open {
			have := p.length(nanos)
			if d <= have { // a piece is never empty: with nothing left to count, its beginning is an opening
				return time.Unix(p.from, nanos).Add(d).In(start.Location())
			}
			d -= have
		}
		nanos = 0 // all pieces but the first begin at a full second
		for {
			worked, whole := w.wholeDay()
			if !whole || (worked > 0 && worked >= d) {
				break
			}
			d -= worked
			w.at += daySeconds
		}
	}
	return end(start)
}

// latest is start + d, but not beyond the end.
func latest(start time.Time, d time.Duration) time.Time {
	if end := end(start); end.Sub(start) < d {
		return end
	}
	return start.Add(d)
}

// end is the last instant given as an answer, or start where that is later still.
func end(start time.Time) time.Time {
	if end := time.Unix(lastSecond, 0).In(start.Location()); end.After(start) {
		return end
	}
	return start
}

// Between returns the working time from one instant to another, negative if to is the earlier: what Add takes to get
// there. It ends at the longest Duration, some 292 years.
func (c Calendar) Between(from, to time.Time) time.Duration {
	if to.Before(from) {
		return -c.Between(to, from)
	}
	if c.table == nil {
		return to.Sub(from)
	}
	w := c.table.walk(from.Unix())
	w.until = min(w.until, to.Unix()+1) // the second that to lies in
	nanos, sum := int64(from.Nanosecond()), time.Duration(0)
	for p, ok := w.next(); ok; p, ok = w.next() {
		if p.open {
			sum += p.length(nanos)
			if p.to == to.Unix()+1 {
				sum -= time.Second - time.Duration(to.Nanosecond())
			}
		}
		nanos = 0
		for worked, whole := w.wholeDay(); whole && w.at+daySeconds <= to.Unix() && sum >= 0; worked, whole = w.wholeDay() {
			sum += worked
			w.at += daySeconds
		}
		if sum < 0 {
			return math.MaxInt64
		}
	}
	return sum
}

// length is how long the piece lasts from so many nanoseconds after its beginning.
func (p piece) length(nanos int64) time.Duration {
	return time.Duration(p.to-p.from)*time.Second - time.Duration(nanos)
}

// AddDays returns the same time of day, on the clock of the calendar's zone, on the n-th working day after the date of
// start; a working day is a date on which hours begin. The date of start is not counted, whether it is a working day
// or not, so one working day after Friday, Saturday and Sunday is Monday, at the time of day of start even if that lies
// outside of hours. For n = 0 (or less) it is start itself if its date is a working day, else the next working day.
//
// A time of day that the date does not have, because clocks went forward, is taken on the clock before the change (02:30
// becomes 03:30); of one that it has twice the first is taken.
func (c Calendar) AddDays(start time.Time, n int) time.Time {
	start, n = start.Round(0), max(n, 0)
	t := c.table
	if t == nil {
		return latest(start, time.Duration(min(int64(n), math.MaxInt64/int64(24*time.Hour)))*24*time.Hour)
	}
	w := t.walk(start.Unix())
	shift, _ := t.offset(start.Unix())
	wall := start.Unix() + shift
	day := floorDiv(wall, daySeconds)
	if n == 0 {
		if w.works(day) {
			return start
		}
		n = 1
	}
	for last := (Date{lastYear, time.December, 31}).number(); n > 0; {
		if day++; day > last {
			return end(start)
		}
		if w.works(day) {
			n--
		}
	}
	return time.Unix(t.instant(day*daySeconds+floorMod(wall, daySeconds)), int64(start.Nanosecond())).In(start.Location())
}

// instant finds when the clock on the wall shows so many seconds since 1970.
func (t *table) instant(wall int64) int64 {
	before, _ := t.offset(wall - daySeconds)
	after, _ := t.offset(wall + daySeconds)
	if shift, _ := t.offset(wall - before); shift == before {
		return wall - before
	}
	if shift, _ := t.offset(wall - after); shift == after {
		return wall - after
	}
	return wall - before
}
