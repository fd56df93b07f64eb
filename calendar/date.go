package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"duradesk/ticket"
)

// Date is a day as people write it: 2027-05-03, or 05-03 (Year 0) for that day of every year.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads 2027-05-03 or, for every year, 05-03.
func ParseDate(s string) (Date, error) {
	layout, in := "2006-01-02", s
	if len(s) == len("01-02") {
		in = "0004-" + s // a leap year, so that 02-29 can be said
	}
	t, err := time.Parse(layout, in)
	if err != nil || (in == s && t.Year() == 0) {
		return Date{}, invalid("%q is not a date; write 2027-05-03, or 05-03 for every year", s)
	}
	d := Date{t.Year(), t.Month(), t.Day()}
	if in != s {
		d.Year = 0
	}
	return d, nil
}

// String writes the date as ParseDate reads it.
func (d Date) String() string {
	if d.Year == 0 {
		return fmt.Sprintf("%02d-%02d", d.Month, d.Day)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// MarshalText writes the date as ParseDate reads it.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads.
func (d *Date) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDate(string(b))
	return err
}

// Weekday is the day of the week; of a date of every year it means nothing.
func (d Date) Weekday() time.Weekday { return weekday(d.number()) }

// valid says whether the date exists; 02-29 of every year does.
func (d Date) valid() bool {
	year := d.Year
	if year == 0 {
		year = 4
	}
	t := time.Date(year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	return year > 0 && year <= lastYear && t.Month() == d.Month && t.Day() == d.Day
}

// before compares dates that both have a year, or both not.
func (d Date) before(e Date) bool {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day)) < 0
}

// number counts days since 1970-01-01.
func (d Date) number() int64 {
	return floorDiv(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix(), daySeconds)
}

func dateOf(number int64) Date {
	y, m, d := time.Unix(number*daySeconds, 0).UTC().Date()
	return Date{y, m, d}
}

const daySeconds = 24 * 60 * 60

func weekday(number int64) time.Weekday {
	return time.Weekday(floorMod(number+int64(time.Thursday), 7)) // 1970-01-01 was a Thursday
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// refused is invalid with the key of the same words in other languages, and the part of the calendar that is to blame
// as a JSON pointer.
func refused(key, field string, args map[string]string, format string, a ...any) error {
	return &ticket.Error{Code: ticket.Invalid, Key: "calendar_" + key, Field: field, Args: args, Message: fmt.Sprintf(format, a...)}
}

// with puts words before an error, and keeps its key.
func with(words, field string, err error) error {
	out := &ticket.Error{Code: ticket.Invalid, Field: field, Message: words + ": " + err.Error()}
	var inner *ticket.Error
	if errors.As(err, &inner) {
		out.Key, out.Args, out.Field = inner.Key, inner.Args, cmp.Or(field, inner.Field)
	}
	return out
}

func invalid(format string, a ...any) error {
	return &ticket.Error{Code: ticket.Invalid, Message: fmt.Sprintf(format, a...)}
}
