package calendar

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Spec is a calendar as people write it; its JSON holds strings such as "09:00-17:30" and "2027-05-03 Founding day".
//
// For one date the most special word holds: an opening, else a closure, else a holiday, else the week.
type Spec struct {
	Key      string        `json:"key"`     // names the calendar; with Version it identifies its content
	Version  int           `json:"version"` // rises with every change; tickets pin it
	Zone     string        `json:"zone"`    // IANA name; "" is UTC
	Week     [7][]Interval `json:"week"`    // Sunday first
	Holidays []Holiday     `json:"holidays,omitempty"`
	Closed   []DateRange   `json:"closed,omitempty"`
	Open     []Opening     `json:"open,omitempty"`
}

// clone shares nothing with s.
func (s Spec) clone() Spec {
	for i := range s.Week {
		s.Week[i] = slices.Clone(s.Week[i])
	}
	s.Holidays, s.Closed, s.Open = slices.Clone(s.Holidays), slices.Clone(s.Closed), slices.Clone(s.Open)
	for i := range s.Open {
		s.Open[i].Hours = slices.Clone(s.Open[i].Hours)
	}
	return s
}

// Holiday is a set of holidays ("jp"), or one date that is closed, with its name: "2027-05-03 Founding day",
// "12-25 Christmas Day" (every year).
type Holiday struct {
	Set  string // see Sets; then Date and Name are empty
	Date Date
	Name string
}

// ParseHoliday reads what String writes.
func ParseHoliday(s string) (Holiday, error) {
	if isSet(s) {
		return Holiday{Set: s}, nil
	}
	date, name, _ := strings.Cut(s, " ")
	d, err := ParseDate(date)
	if err != nil {
		return Holiday{}, invalid("holiday %q: write a date and a name (2027-05-03 Founding day), or a set: %s", s, strings.Join(setKeys(), ", "))
	}
	return Holiday{Date: d, Name: strings.TrimSpace(name)}, nil
}

// String is the holiday as people write it.
func (h Holiday) String() string {
	if h.Set != "" {
		return h.Set
	}
	return named(h.Date.String(), h.Name)
}

// MarshalText writes String.
func (h Holiday) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what ParseHoliday reads.
func (h *Holiday) UnmarshalText(b []byte) (err error) {
	*h, err = ParseHoliday(string(b))
	return err
}

// DateRange is closed from its first date to its last, both included: "2026-12-29/2027-01-03 Year-end",
// "12-29/01-03 Year-end" (every year), "2027-06-01 Stocktaking" (one date).
type DateRange struct {
	From, To Date
	Name     string
}

// ParseDateRange reads what String writes.
func ParseDateRange(s string) (DateRange, error) {
	dates, name, _ := strings.Cut(s, " ")
	first, last, two := strings.Cut(dates, "/")
	if !two {
		last = first
	}
	from, err := ParseDate(first)
	to, err2 := ParseDate(last)
	if err := cmp.Or(err, err2); err != nil {
		return DateRange{}, invalid("closure %q: %v (from 2026-12-29/2027-01-03, or 12-29/01-03 for every year, then a name)", s, err)
	}
	return DateRange{From: from, To: to, Name: strings.TrimSpace(name)}, nil
}

// String is the range as people write it.
func (r DateRange) String() string {
	if r.From == r.To {
		return named(r.From.String(), r.Name)
	}
	return named(r.From.String()+"/"+r.To.String(), r.Name)
}

// MarshalText writes String.
func (r DateRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParseDateRange reads.
func (r *DateRange) UnmarshalText(b []byte) (err error) {
	*r, err = ParseDateRange(string(b))
	return err
}

// Opening gives one date hours of its own, whatever week, holidays and closures say:
// "2027-05-08 09:00-12:00,13:00-15:00 Saturday shift". Hours that the day before carries over midnight are not
// added to it.
type Opening struct {
	Date  Date
	Hours []Interval
	Name  string
}

// ParseOpening reads what String writes.
func ParseOpening(s string) (Opening, error) {
	date, rest, _ := strings.Cut(s, " ")
	hours, name, _ := strings.Cut(rest, " ")
	d, err := ParseDate(date)
	if err != nil {
		return Opening{}, invalid("opening %q: %v", s, err)
	}
	o := Opening{Date: d, Name: strings.TrimSpace(name)}
	for h := range strings.SplitSeq(hours, ",") {
		i, err := ParseInterval(h)
		if err != nil {
			return Opening{}, invalid("opening %q: %v", s, err)
		}
		o.Hours = append(o.Hours, i)
	}
	return o, nil
}

// String is the opening as people write it.
func (o Opening) String() string {
	hours := make([]string, len(o.Hours))
	for i, h := range o.Hours {
		hours[i] = h.String()
	}
	return named(o.Date.String()+" "+strings.Join(hours, ","), o.Name)
}

// MarshalText writes String.
func (o Opening) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what ParseOpening reads.
func (o *Opening) UnmarshalText(b []byte) (err error) {
	*o, err = ParseOpening(string(b))
	return err
}

func named(what, name string) string {
	if name == "" {
		return what
	}
	return what + " " + name
}

// Always is open round the clock, every day, in UTC: the zero value.
var Always Calendar

func always() Spec {
	s := Spec{Key: "always", Zone: time.UTC.String()}
	for i := range s.Week {
		s.Week[i] = []Interval{{From: 0, To: dayMinutes}}
	}
	return s
}
