package console

import (
	"net/url"
	"strconv"
	"time"

	"duradesk/api/openapi"
)

// yearView is the picture of a calendar's year: twelve months, and by name what is unlike other days.
type yearView struct {
	Key            string
	Year           int
	Before, After  string
	Months         []monthView
	Days           []string // names of the days of the week
	Named          []namedDay
	Open, Closed   string
	NothingSpecial bool
}

type monthView struct {
	Name  string
	Weeks [][]dayView
}

// dayView is a day in the picture; one without a number is of another month.
type dayView struct {
	N     string
	Class string // open, short, named, closed, or special for hours of its own
	Title string
}

type namedDay struct{ Day, Name, Hours, Class string }

func yearBeside(v *visit, t thing) (string, any, error) {
	year, err := strconv.Atoi(v.r.URL.Query().Get("year"))
	if err != nil || year < 2000 || year > 2100 {
		year = v.c.Now().In(v.zoneOf(t.text("zone"))).Year()
	}
	var found openapi.CalendarYear
	if err := v.get("/calendars/"+url.PathEscape(byKey(t))+"/years/"+strconv.Itoa(year), &found); err != nil {
		return "", nil, err
	}
	return "calendar-part", v.yearOf(found), nil
}

func (v *visit) yearOf(found openapi.CalendarYear) yearView {
	out := yearView{Key: found.Key, Year: found.Year, Before: strconv.Itoa(found.Year - 1), After: strconv.Itoa(found.Year + 1)}
	for i := range 7 {
		out.Days = append(out.Days, v.weekday(time.Weekday((i+1)%7)))
	}
	usual, open := usualHours(found.Days), 0
	for _, d := range found.Days {
		date := d.Date.Time
		if date.Day() == 1 {
			out.Months = append(out.Months, monthView{Name: v.monthName(date)})
		}
		shown := v.dayOf(d, usual)
		out.Months[len(out.Months)-1].put(date, shown)
		if d.Open {
			open++
		}
		if d.Name != nil || shown.Class == "special" {
			name := deref(d.Name)
			if name == "" {
				name = d.Text
			}
			out.Named = append(out.Named, namedDay{Day: v.dayName(date), Name: name, Hours: joined(d.Hours), Class: shown.Class})
		}
	}
	out.Open, out.Closed = strconv.Itoa(open), strconv.Itoa(len(found.Days)-open)
	return out
}

func (v *visit) dayOf(d openapi.CalendarDay, usual int) dayView {
	date := d.Date.Time
	out := dayView{N: strconv.Itoa(date.Day()), Class: "open", Title: v.dayName(date) + " " + d.Text}
	if d.Name != nil {
		out.Title += say(v.lang, "colon") + *d.Name
	}
	if len(d.Hours) > 0 {
		out.Title += " " + joined(d.Hours)
	}
	switch {
	case d.Open && d.Reason == openapi.CalendarDayReasonOpening:
		out.Class = "special"
	case d.Open && minutesOpen(d.Hours)*4 <= usual*3:
		out.Class = "short" // three quarters of the usual hours, or less
	case d.Open:
	case d.Reason == openapi.CalendarDayReasonHoliday || d.Reason == openapi.CalendarDayReasonClosure:
		out.Class = "named"
	default:
		out.Class = "closed"
	}
	return out
}

// put places a day in its week; weeks begin on Monday.
func (m *monthView) put(date time.Time, d dayView) {
	column := (int(date.Weekday()) + 6) % 7
	if len(m.Weeks) == 0 || column == 0 {
		m.Weeks = append(m.Weeks, make([]dayView, 7))
	}
	m.Weeks[len(m.Weeks)-1][column] = d
}

// usualHours is how long most open days are open, in minutes.
func usualHours(days []openapi.CalendarDay) (usual int) {
	times := map[int]int{}
	for _, d := range days {
		if n := minutesOpen(d.Hours); d.Open && n > 0 {
			times[n]++
			if times[n] > times[usual] || times[n] == times[usual] && n > usual {
				usual = n
			}
		}
	}
	return usual
}

func minutesOpen(hours []string) (sum int) {
	for _, h := range hours {
		if len(h) != len("09:00-17:30") {
			continue
		}
		from, to := clockMinutes(h[:5]), clockMinutes(h[6:])
		if to < from {
			to += 24 * 60 // over midnight
		}
		sum += to - from
	}
	return sum
}

func clockMinutes(text string) int {
	h, _ := strconv.Atoi(text[:2])
	m, _ := strconv.Atoi(text[3:])
	return h*60 + m
}

func (v *visit) weekday(d time.Weekday) string {
	if v.lang == "ja" {
		return weekdaysJA[d]
	}
	return d.String()[:2]
}

func (v *visit) monthName(t time.Time) string {
	if v.lang == "ja" {
		return t.Format("1月")
	}
	return t.Format("January")
}
