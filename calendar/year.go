package calendar

import "time"

// Day is one date in the picture of a year.
type Day struct {
	Date   Date       `json:"date"`
	Open   bool       `json:"open"`
	Hours  []Interval `json:"hours,omitempty"` // as the wall shows them; the hours after a midnight stand on their own date
	Reason Reason     `json:"reason"`
	Name   string     `json:"name,omitempty"`
	NameJA string     `json:"name_ja,omitempty"`
}

// Year tells of each date of a year whether it is open, and why: counted, opening, holiday, closure, weekend, day_off.
// A year outside of 1 to 9999 has no days.
func (c Calendar) Year(year int) []Day {
	if year < 1 || year > lastYear {
		return nil
	}
	if c.table == nil {
		c, _ = New(always())
	}
	w := c.table.walk(0)
	w.ruleOf(Date{year, time.January, 1}.number())
	first, end := w.year.first, w.year.end
	days := make([]Day, 0, end-first)
	for n := first; n < end; n++ {
		w.enter(n)
		d := Day{Date: dateOf(n), Open: len(w.spans) > 0}
		for _, s := range w.spans {
			d.Hours = append(d.Hours, Interval{int(s.from / 60), int(s.to / 60)})
		}
		d.Reason, d.Name, d.NameJA = c.table.reason(w.rule, weekday(n), d.Open)
		days = append(days, d)
	}
	return days
}
