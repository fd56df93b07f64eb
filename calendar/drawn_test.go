package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawnSpec is any calendar: nights, several intervals, sets, closures, openings, zones that change their clocks. Day
// hours lie between 07:00 and 18:00, nights after it and before it, so that they never overlap.
func drawnSpec(t *rapid.T) Spec {
	s := Spec{
		Key: rapid.StringMatching(`[a-z]{1,8}`).Draw(t, "key"), Version: rapid.IntRange(0, 9).Draw(t, "version"),
		Zone: rapid.SampledFrom([]string{
			"", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu",
		}).Draw(t, "zone"),
	}
	for d := range s.Week {
		s.Week[d] = drawnHours(t, 0)
	}
	s.Week[rapid.IntRange(0, 6).Draw(t, "sure")] = []Interval{{600, 720}}
	if rapid.Bool().Draw(t, "jp") {
		s.Holidays = append(s.Holidays, Holiday{Set: "jp"})
	}
	for range rapid.IntRange(0, 4).Draw(t, "holidays") {
		s.Holidays = append(s.Holidays, Holiday{Date: drawnDate(t), Name: drawnName(t)})
	}
	for range rapid.IntRange(0, 2).Draw(t, "closed") {
		s.Closed = append(s.Closed, drawnRange(t))
	}
	taken := map[Date]bool{}
	for range rapid.IntRange(0, 3).Draw(t, "open") {
		if d := drawnDate(t); !taken[d] {
			taken[d] = true
			s.Open = append(s.Open, Opening{Date: d, Hours: drawnHours(t, 1), Name: drawnName(t)})
		}
	}
	return s
}

func drawnHours(t *rapid.T, least int) (hours []Interval) {
	n := rapid.IntRange(least, 3).Draw(t, "intervals")
	if n == 1 || n == 3 {
		hours = append(hours, Interval{rapid.IntRange(420, 700).Draw(t, "from"), rapid.IntRange(701, 760).Draw(t, "to")})
	}
	if n == 2 {
		hours = append(hours, Interval{rapid.IntRange(18*60, dayMinutes-1).Draw(t, "night"), rapid.SampledFrom([]int{0, 1, 121, 150, 180, 420, dayMinutes}).Draw(t, "morning")})
	}
	if n == 3 {
		hours = append(hours, Interval{rapid.IntRange(760, 900).Draw(t, "from"), rapid.IntRange(901, 1080).Draw(t, "to")})
	}
	return hours
}

func drawnName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "A day", "創立記念日"}).Draw(t, "name")
}

func drawnDate(t *rapid.T) Date {
	d := dateOf(drawnDay(t))
	if rapid.Bool().Draw(t, "yearly") {
		d.Year = 0
	}
	return d
}

func drawnRange(t *rapid.T) DateRange {
	from := drawnDay(t)
	r := DateRange{From: dateOf(from), To: dateOf(from + int64(rapid.IntRange(0, 9).Draw(t, "days"))), Name: drawnName(t)}
	if rapid.Bool().Draw(t, "yearly") {
		r.From.Year, r.To.Year = 0, 0
	}
	return r
}

// drawnDay is near something that goes wrong: clock changes, New Year, leap days, Golden Week, the end of tabulated zone
// data. It stays within the published holidays.
// tabulated zone data. It stays within the published holidays.
func drawnDay(t *rapid.T) int64 {
	near := rapid.SampledFrom([]Date{
		{2026, 12, 31},
		{2027, 3, 14},
		{2027, 3, 28},
		{2027, 4, 4},
		{2027, 5, 3},
		{2027, 10, 3},
		{2027, 10, 31},
		{2027, 11, 7},
		{2028, 2, 29},
		{2028, 12, 31},
		{2036, 12, 31},
		{2039, 3, 27},
	}).Draw(t, "near")
	return near.number() + int64(rapid.IntRange(-5, 5).Draw(t, "off"))
}

func drawnTime(t *rapid.T) time.Time {
	at := time.Unix(drawnDay(t)*daySeconds, 0).UTC()
	return at.Add(time.Duration(rapid.IntRange(0, dayMinutes).Draw(t, "minutes")) * time.Minute)
}

// drawnInstant does not lie at a full minute, more often than not.
func drawnInstant(t *rapid.T) time.Time {
	return drawnTime(t).Add(time.Duration(rapid.SampledFrom([]int64{0, 1, 999_999_999, 1_500_000_000, 59_999_999_999}).Draw(t, "nanos")))
}

func drawnDuration(t *rapid.T) time.Duration {
	most := rapid.SampledFrom([]time.Duration{time.Minute, 10 * time.Hour, 2000 * time.Hour}).Draw(t, "most")
	return time.Duration(rapid.Int64Range(0, int64(most)).Draw(t, "d"))
}

// byMinute is a second opinion that goes minute by minute and reads a Spec as a person does.
type byMinute struct {
	spec Spec
	zone *time.Location
	jp   map[string]bool
	seen map[int]reading // by day of the month: a window is shorter
}

// reading is what a person reads about one date.
type reading struct {
	today, night []Interval // what begins on the date, and what may have come over midnight
}

func newByMinute(c Calendar, jp map[string]bool) byMinute {
	return byMinute{c.Spec(), c.Zone(), jp, map[int]reading{}}
}

func (m byMinute) open(at time.Time) bool {
	local := at.In(m.zone)
	r, ok := m.seen[local.Day()]
	if !ok {
		r = m.read(time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC))
		m.seen[local.Day()] = r
	}
	minute := local.Hour()*60 + local.Minute()
	for _, i := range r.today {
		if minute >= i.From && (minute < i.To || i.To < i.From) {
			return true
		}
	}
	for _, i := range r.night {
		if i.To < i.From && minute < i.To {
			return true
		}
	}
	return false
}

func (m byMinute) read(day time.Time) reading {
	r := reading{today: m.hours(day)}
	if _, own := m.opening(day); !own && !m.closed(day) {
		r.night = m.hours(day.AddDate(0, 0, -1))
	}
	return r
}

// hours are those that begin on a date.
func (m byMinute) hours(day time.Time) []Interval {
	if o, ok := m.opening(day); ok {
		return o.Hours
	}
	if m.closed(day) {
		return nil
	}
	return m.spec.Week[day.Weekday()]
}

func (m byMinute) opening(day time.Time) (Opening, bool) {
	for _, layout := range []string{"2006-01-02", "01-02"} { // a date of one year before those of every year
		for _, o := range m.spec.Open {
			if o.Date.String() == day.Format(layout) {
				return o, true
			}
		}
	}
	return Opening{}, false
}

func (m byMinute) closed(day time.Time) bool {
	full, short := day.Format("2006-01-02"), day.Format("01-02")
	for _, h := range m.spec.Holidays {
		if (h.Set == "jp" && m.jp[full]) || h.Date.String() == full || h.Date.String() == short {
			return true
		}
	}
	for _, c := range m.spec.Closed {
		from, to, date := c.From.String(), c.To.String(), full
		if c.From.Year == 0 {
			date = short
		}
		inside := from <= date && date <= to
		if to < from {
			inside = date >= from || date <= to
		}
		if inside {
			return true
		}
	}
	return false
}

// japanesePublic are the published holidays of both lists, for the second opinion.
func japanesePublic(t testing.TB) map[string]bool {
	all := map[string]bool{}
	for _, path := range []string{"testdata/japan-cabinet-office.csv", "testdata/japan-holiday-jp.csv"} {
		dates, _ := published(t, path)
		for _, d := range dates {
			all[d] = true
		}
	}
	return all
}
