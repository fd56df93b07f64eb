package console

import (
	"fmt"
	"time"
)

// moment is an instant as people read it: short, with the whole of it for who points at it.
type moment struct {
	Machine string // RFC 3339, for scripts and machines
	Short   string
	Full    string
}

func (v *visit) moment(t time.Time) moment {
	local := t.In(v.zone)
	return moment{Machine: t.UTC().Format(time.RFC3339), Short: v.shortTime(local), Full: v.fullTime(local)}
}

func (v *visit) momentOf(t *time.Time) *moment {
	if t == nil {
		return nil
	}
	m := v.moment(*t)
	return &m
}

var weekdaysJA = []string{"日", "月", "火", "水", "木", "金", "土"}

// shortTime is the time of today, the day of this year, or the date.
func (v *visit) shortTime(t time.Time) string {
	now := v.c.Now().In(v.zone)
	sameDay := t.Year() == now.Year() && t.YearDay() == now.YearDay()
	switch {
	case sameDay:
		return t.Format("15:04")
	case t.Year() == now.Year() && v.lang == "ja":
		return t.Format("1月2日 15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	case v.lang == "ja":
		return t.Format("2006年1月2日")
	}
	return t.Format("2 Jan 2006")
}

func (v *visit) fullTime(t time.Time) string {
	if v.lang == "ja" {
		return fmt.Sprintf("%s(%s) %s", t.Format("2006年1月2日"), weekdaysJA[t.Weekday()], t.Format("15:04:05 MST"))
	}
	return t.Format("Mon 2 Jan 2006 15:04:05 MST")
}

// fromInput reads what <input type=datetime-local> says, in the person's zone.
func (v *visit) fromInput(text string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, v.zone); err == nil {
			return t, nil
		}
	}
	return time.Parse(time.RFC3339, text)
}

// age is how long ago, or how far ahead, in one unit: people compare it at a glance.
func (v *visit) age(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Minute:
		return say(v.lang, "age.now")
	case d < time.Hour:
		return say(v.lang, "age.minutes", "n", fmt.Sprint(int(d/time.Minute)))
	case d < 24*time.Hour:
		return say(v.lang, "age.hours", "n", fmt.Sprint(int(d/time.Hour)))
	case d < 60*24*time.Hour:
		return say(v.lang, "age.days", "n", fmt.Sprint(int(d/(24*time.Hour))))
	}
	return say(v.lang, "age.months", "n", fmt.Sprint(int(d/(30*24*time.Hour))))
}
