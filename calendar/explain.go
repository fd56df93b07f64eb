package calendar

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// Reason says why an interval or a day is counted or not. Its words are keys of catalogs, and are never changed.
type Reason string

// The reasons.
const (
	Counted     Reason = "counted"      // working hours
	ClosedHours Reason = "closed_hours" // outside of the hours of a day that has some
	Weekend     Reason = "weekend"      // a Saturday or Sunday without hours
	DayOff      Reason = "day_off"      // another weekday without hours
	OnHoliday   Reason = "holiday"      // a Holiday, by name
	Closure     Reason = "closure"      // a DateRange, by name
	Exceptional Reason = "opening"      // of a Day: hours of an Opening
	ClockChange Reason = "clock_change" // a Line without length, where clocks went forward or back by Shift
)

// Line is a stretch of an explanation. Lines follow each other without a gap.
type Line struct {
	From   time.Time     `json:"from"` // in the calendar's zone
	To     time.Time     `json:"to"`
	Reason Reason        `json:"reason"`
	Name   string        `json:"name,omitempty"`    // of the holiday, closure or opening
	NameJA string        `json:"name_ja,omitempty"` // the same, where it was written in one language
	Shift  time.Duration `json:"shift,omitempty"`   // of a clock change, in nanoseconds: above 0 if clocks went forward
}

// Counted is how much of the line is working time: all or nothing.
func (l Line) Counted() time.Duration {
	if l.Reason != Counted {
		return 0
	}
	return l.To.Sub(l.From)
}

// String is the line in English.
func (l Line) String() string {
	const layout = "Mon 2006-01-02 15:04:05 -07:00"
	if l.Reason == ClockChange {
		way := "forward"
		if l.Shift < 0 {
			way = "back"
		}
		return fmt.Sprintf("%s: clocks go %s by %s", l.From.Format(layout), way, l.Shift.Abs())
	}
	what := cmp.Or(map[Reason]string{ClosedHours: "closed hours", DayOff: "day off"}[l.Reason], string(l.Reason))
	if l.Reason == Counted {
		what = "counted " + l.Counted().String()
	}
	if l.Name != "" {
		what += ": " + l.Name
	}
	return fmt.Sprintf("%s to %s: %s", l.From.Format(layout), l.To.Format(layout), what)
}

// Explain says how Add comes to its answer: each counted and skipped stretch in order, from start to the deadline. What
// it counts sums up to d, and its last line ends where Add does. It always has a line.
func (c Calendar) Explain(start time.Time, d time.Duration) []Line {
	d, start = max(d, 0), start.Round(0).In(c.Zone())
	if c.table == nil {
		return []Line{{From: start, To: latest(start, d), Reason: Counted}}
	}
	return c.table.explain(start, d, end(start))
}

// ExplainBetween says how Between comes to its answer, in the same manner: from one instant to a later one, also over
// what is skipped at the end. If to is not later it is one empty line.
func (c Calendar) ExplainBetween(from, to time.Time) []Line {
	from, to = from.Round(0).In(c.Zone()), to.Round(0).In(c.Zone())
	if !to.After(from) || c.table == nil {
		return []Line{{From: from, To: later(from, to), Reason: Counted}}
	}
	return c.table.explain(from, math.MaxInt64, earlier(to, end(from)))
}

// explain goes from an instant until d is counted, at most to another instant.
func (t *table) explain(from time.Time, d time.Duration, to time.Time) []Line {
	var e explanation
	w, start := t.walk(from.Unix()), from
	w.until = min(w.until, to.Unix()+1) // the second that it lies in
	shift, _ := t.offset(w.at)
	for done := false; !done; {
		p, ok := w.next()
		if !ok {
			break
		}
		line := t.line(p)
		line.From, line.To = from, earlier(time.Unix(p.to, 0).In(t.zone), to)
		if p.open {
			have := line.To.Sub(from)
			done = d <= have
			line.To = from.Add(min(d, have))
			d -= min(d, have)
		}
		if p.shift != shift && from.Before(to) {
			e.add(Line{From: from, To: from, Reason: ClockChange, Shift: time.Duration(p.shift-shift) * time.Second})
			shift = p.shift
		}
		if line.To.After(from) {
			e.add(line)
		}
		from = line.To
	}
	if len(e) == 0 {
		return []Line{{From: start, To: start, Reason: Counted}}
	}
	return e
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

type explanation []Line

// add joins what would be said twice.
func (e *explanation) add(l Line) {
	if n := len(*e); n > 0 {
		last := &(*e)[n-1]
		if last.Reason == l.Reason && last.Name == l.Name && last.NameJA == l.NameJA && l.Reason != ClockChange {
			last.To = l.To
			return
		}
	}
	*e = append(*e, l)
}

// line says why a piece is counted or skipped, without its times.
func (t *table) line(p piece) (l Line) {
	l.Reason, l.Name, l.NameJA = t.reason(p.rule, weekday(p.day), p.open)
	switch {
	case l.Reason == Exceptional && p.open:
		l.Reason = Counted
	case l.Reason == Exceptional:
		l.Reason = ClosedHours
	}
	return l
}

// reason says why hours of a day are counted or not, and what the day is called in English and Japanese.
func (t *table) reason(number int32, d time.Weekday, open bool) (why Reason, name, nameJA string) {
	if number > 0 {
		r := t.rules[number-1]
		return r.reason, r.en, r.ja
	}
	switch {
	case open:
		return Counted, "", ""
	case len(t.week[d].own) > 0:
		return ClosedHours, "", ""
	case d == time.Saturday || d == time.Sunday:
		return Weekend, "", ""
	default:
		return DayOff, "", ""
	}
}
