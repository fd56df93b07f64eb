package calendar

import (
	"math"
	"time"
)

// walk goes along the instants of a calendar, piece by piece, without end but for the last second of lastYear.
//
// It goes by stretches of one offset from UTC and, within one, by days of the clock on the wall. So it needs no rule
// for gaps and overlaps: what the wall does not show is not walked, what it shows twice is walked twice.
type walk struct {
	t     *table
	at    int64 // where it stands, in Unix seconds
	until int64
	shift int64 // wall = UTC + shift, until turn
	turn  int64
	day   int64 // the day on the wall that spans and rule belong to
	rule  int32
	spans []span
	year  year
	buf   [8]span
}

// piece is a stretch of instants, open or closed throughout, on one day and with one offset.
type piece struct {
	from, to int64 // Unix seconds
	open     bool
	day      int64
	rule     int32
	shift    int64
}

func (t *table) walk(from int64) *walk {
	return &walk{t: t, at: from, until: lastSecond, turn: math.MinInt64, day: math.MinInt64}
}

// lastSecond is 9999-12-31T23:59:59Z.
const lastSecond = 253402300799

func (w *walk) next() (piece, bool) {
	if w.at >= w.until {
		return piece{}, false
	}
	if w.at >= w.turn {
		w.shift, w.turn = w.t.offset(w.at)
	}
	wall := w.at + w.shift
	if day := floorDiv(wall, daySeconds); day != w.day {
		w.enter(day)
	}
	second := wall - w.day*daySeconds
	p := piece{from: w.at, day: w.day, rule: w.rule, shift: w.shift}
	end := int64(daySeconds)
	for _, s := range w.spans {
		if second < s.from {
			end = s.from
			break
		}
		if second < s.to {
			end, p.open = s.to, true
			break
		}
	}
	p.to = min(w.at+end-second, w.turn, w.until)
	w.at = p.to
	return p, true
}

// wholeDay returns the working time of the day that begins where the walk stands, if it stands at a midnight and the
// day is undisturbed: no clock change, no end. It does not move. It is there for speed alone.
func (w *walk) wholeDay() (worked time.Duration, ok bool) {
	wall := w.at + w.shift
	if w.at >= w.turn || floorMod(wall, daySeconds) != 0 || w.at+daySeconds > min(w.turn, w.until) {
		return 0, false
	}
	if day := floorDiv(wall, daySeconds); day != w.day {
		w.enter(day)
	}
	for _, s := range w.spans {
		worked += time.Duration(s.to-s.from) * time.Second
	}
	return worked, true
}

// enter finds the hours of a day.
func (w *walk) enter(day int64) {
	w.day, w.rule, w.spans = day, w.ruleOf(day), nil
	before := int32(0)
	if w.t.nights {
		before = w.ruleOf(day - 1)
	}
	d := weekday(day)
	switch {
	case w.rule == 0 && before == 0:
		w.spans = w.t.regular[d]
	case w.rule == 0:
		w.spans = union(w.buf[:0], w.t.week[d].own, w.t.rules[before-1].morning)
	default:
		w.spans = w.t.rules[w.rule-1].own
	}
}

// ruleOf is the rule of a day, 0 for the week.
func (w *walk) ruleOf(day int64) int32 {
	if day < w.year.first || day >= w.year.end {
		w.t.fill(dateOf(day).Year, &w.year)
	}
	return w.year.rule[day-w.year.first]
}

// works says whether hours begin on the day.
func (w *walk) works(day int64) bool {
	if r := w.ruleOf(day); r != 0 {
		return len(w.t.rules[r-1].own) > 0
	}
	return len(w.t.week[weekday(day)].own) > 0
}

// quarter is the step by which the wall is looked at again where the library's answer about a change is of no use.
const quarter = 15 * 60

// offset returns how far the wall is ahead of UTC at an instant, and an instant until which that does not change.
func (t *table) offset(at int64) (shift, turn int64) {
	local := time.Unix(at, 0).In(t.zone)
	_, seconds := local.Zone()
	_, end := local.ZoneBounds()
	switch {
	case end.IsZero():
		return int64(seconds), math.MaxInt64
	case end.Unix() <= at:
		// Beyond the tabulated changes (2037) Go takes every year for 365 days, so that on December 31 of a leap year
		// the bound it gives is past. No zone changes its clocks but at a quarter of an hour.
		return int64(seconds), (floorDiv(at, quarter) + 1) * quarter
	}
	return int64(seconds), end.Unix()
}
