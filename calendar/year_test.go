package calendar

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheYearOfAnOffice looks at single dates of the picture, and counts the open ones.
func TestTheYearOfAnOffice(t *testing.T) {
	t.Parallel()
	days := tokyo(t).Year(2027)
	require.Len(t, days, 365)
	office := []Interval{{540, 720}, {780, 1050}}
	byDate, open := map[string]Day{}, 0
	for _, d := range days {
		byDate[d.Date.String()] = d
		if d.Open {
			open++
		}
	}
	for date, want := range map[string]Day{
		"2027-01-01": {Reason: Closure, Name: "年末年始", NameJA: "年末年始"}, // and not New Year's Day
		"2027-01-04": {Open: true, Hours: office, Reason: Counted},
		"2027-05-03": {Reason: OnHoliday, Name: "Constitution Day", NameJA: "憲法記念日"},
		"2027-03-21": {Reason: OnHoliday, Name: "Vernal Equinox Day", NameJA: "春分の日"}, // a Sunday
		"2027-03-22": {Reason: OnHoliday, Name: "Substitute Holiday", NameJA: "振替休日"},
		"2027-05-08": {Reason: Weekend},
	} {
		want.Date, _ = ParseDate(date)
		require.Equal(t, want, byDate[date])
	}
	// 261 weekdays. 17 holidays, of which the equinox is a Sunday and New Year's Day lies in the closure: 15. Of the closure
	// January 1 and December 29, 30 and 31 are weekdays: 4.
	require.Equal(t, 261-15-4, open)
	require.Empty(t, tokyo(t).Year(0))
	require.Empty(t, tokyo(t).Year(10000))
	raw, err := json.Marshal(byDate["2027-05-03"])
	require.NoError(t, err)
	require.JSONEq(t, `{"date":"2027-05-03","open":false,"reason":"holiday","name":"Constitution Day","name_ja":"憲法記念日"}`, string(raw))
}

// TestNightsInThePicture: hours stand on the date of the clock, joined where they meet.
func TestNightsInThePicture(t *testing.T) {
	t.Parallel()
	c := made(t, Spec{
		Week: [7][]Interval{1: {{1320, 360}}, 2: {{360, 600}}, 5: {{1320, 360}}},
		Open: []Opening{{Date: Date{2027, 5, 6}, Hours: []Interval{{600, 660}}, Name: "Extra"}},
	})
	days := c.Year(2027)[122:130] // from May 3, a Monday
	require.Equal(t, []Day{
		{Date: Date{2027, 5, 3}, Open: true, Hours: []Interval{{1320, 1440}}, Reason: Counted},
		{Date: Date{2027, 5, 4}, Open: true, Hours: []Interval{{0, 600}}, Reason: Counted},
		{Date: Date{2027, 5, 5}, Reason: DayOff},
		{Date: Date{2027, 5, 6}, Open: true, Hours: []Interval{{600, 660}}, Reason: Exceptional, Name: "Extra", NameJA: "Extra"},
		{Date: Date{2027, 5, 7}, Open: true, Hours: []Interval{{1320, 1440}}, Reason: Counted},
		{Date: Date{2027, 5, 8}, Open: true, Hours: []Interval{{0, 360}}, Reason: Counted}, // nobody begins on this date
		{Date: Date{2027, 5, 9}, Reason: Weekend},
		{Date: Date{2027, 5, 10}, Open: true, Hours: []Interval{{1320, 1440}}, Reason: Counted},
	}, days)
	friday := time.Date(2027, 5, 7, 12, 0, 0, 0, time.UTC)
	require.Equal(t, friday.AddDate(0, 0, 3), c.AddDays(friday, 1), "Saturday's morning makes no working day")
}

// TestLeapDaysOfEveryYear: what is said for February 29 is not said for March 1.
func TestLeapDaysOfEveryYear(t *testing.T) {
	t.Parallel()
	c := made(t, Spec{
		Week: hoursFor(t, everyDay(), "09:00-17:00"), Holidays: []Holiday{{Date: Date{0, 2, 29}, Name: "Leap day"}},
		Closed: []DateRange{{From: Date{0, 2, 25}, To: Date{0, 2, 29}}},
	})
	late := made(t, Spec{Week: hoursFor(t, everyDay(), "09:00-17:00"), Closed: []DateRange{{From: Date{0, 2, 29}, To: Date{0, 3, 2}}}})
	for year, leap := range map[int]int{2027: 0, 2028: 1, 2100: 0, 2400: 1} {
		days := c.Year(year)
		require.Equal(t, Counted, days[59+leap].Reason, "March 1, %d", year)
		require.Equal(t, Closure, days[58+leap].Reason, "the last of February, %d", year)
		require.Equal(t, Counted, days[54].Reason, "February 24, %d", year)
		require.Len(t, days, 365+leap)
		require.Equal(t, Closure, late.Year(year)[59+leap].Reason, "March 1, %d", year)
		require.Equal(t, Counted, late.Year(year)[57].Reason, "February 27 or 28, %d", year)
	}
}

// TestTheLastSecondOfADay: hours until midnight count up to the nanosecond.
func TestTheLastSecondOfADay(t *testing.T) {
	t.Parallel()
	c := made(t, Spec{Week: hoursFor(t, everyDay(), "00:00-24:00"), Holidays: []Holiday{{Date: Date{2027, 5, 3}}}})
	from := time.Date(2027, 5, 4, 0, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{24*time.Hour - 1, 24*time.Hour - 500*time.Millisecond, 24 * time.Hour, 48*time.Hour - time.Second, 48*time.Hour - 1} {
		require.Equal(t, d, c.Between(from, from.Add(d)))
		require.Equal(t, from.Add(d), c.Add(from, d))
	}
}
