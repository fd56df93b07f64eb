package calendar

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/calendar/zones"
)

// made is a calendar that must be right.
func made(t testing.TB, s Spec) Calendar {
	t.Helper()
	if s.Key == "" {
		s.Key = "test"
	}
	c, err := New(s)
	require.NoError(t, err)
	return c
}

// hoursFor writes hours such as "09:00-12:00" for the same weekdays.
func hoursFor(t testing.TB, days []time.Weekday, intervals ...string) (week [7][]Interval) {
	t.Helper()
	for _, d := range days {
		for _, s := range intervals {
			i, err := ParseInterval(s)
			require.NoError(t, err)
			week[d] = append(week[d], i)
		}
	}
	return week
}

func workdays() []time.Weekday {
	return []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
}

func everyDay() []time.Weekday { return append(workdays(), time.Saturday, time.Sunday) }

// tokyo is an office of two intervals a day with the national holidays and a closure over the year's end.
func tokyo(t testing.TB) Calendar {
	closed, err := ParseDateRange("12-29/01-03 年末年始")
	require.NoError(t, err)
	return made(t, Spec{
		Key: "tokyo", Version: 3, Zone: "Asia/Tokyo", Holidays: []Holiday{{Set: "jp"}}, Closed: []DateRange{closed},
		Week: hoursFor(t, workdays(), "09:00-12:00", "13:00-17:30"),
	})
}

// at reads "2027-03-28 01:30" on the clock of a zone, or with its offset "2027-03-28 01:30 +01:00".
func at(t testing.TB, zone *time.Location, s string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02 15:04 -07:00", "2006-01-02 15:04:05 -07:00"} {
		if v, err := time.Parse(layout, s); err == nil {
			return v.In(zone)
		}
	}
	v, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
	require.NoError(t, err)
	return v
}

func TestTheZeroValueIsAlwaysOpen(t *testing.T) {
	t.Parallel()
	start := time.Date(2027, 5, 3, 4, 5, 6, 7, time.UTC)
	require.Equal(t, start.Add(30*time.Hour), Always.Add(start, 30*time.Hour))
	require.Equal(t, start, Always.Add(start, -time.Hour), "less than nothing is nothing")
	require.Equal(t, 30*time.Hour, Always.Between(start, start.Add(30*time.Hour)))
	require.Equal(t, start.AddDate(0, 0, 10), Always.AddDays(start, 10))
	require.Equal(t, []Line{{From: start, To: start.Add(time.Hour), Reason: Counted}}, Always.Explain(start, time.Hour))
	require.Len(t, Always.Year(2028), 366)
	for _, d := range Always.Year(2028) {
		require.Equal(t, Day{Date: d.Date, Open: true, Hours: []Interval{{0, dayMinutes}}, Reason: Counted}, d)
	}
	again := made(t, Always.Spec())
	require.True(t, again.Equal(Always))
	require.Equal(t, Always.Spec(), again.Spec())
	for d := range 400 * time.Hour / time.Minute {
		require.True(t, again.Add(start, d*time.Minute).Equal(start.Add(d*time.Minute)))
	}
	require.False(t, tokyo(t).Equal(Always))
}

// TestNothingToCount fixes what happens at edges: within hours, at their end, before them, on a closed day.
func TestNothingToCount(t *testing.T) {
	t.Parallel()
	c := tokyo(t)
	for start, want := range map[string]string{
		"2027-05-06 10:00": "2027-05-06 10:00", // within hours
		"2027-05-06 09:00": "2027-05-06 09:00", // their first instant
		"2027-05-06 12:00": "2027-05-06 13:00", // their end is not within them
		"2027-05-06 17:30": "2027-05-07 09:00",
		"2027-05-07 17:30": "2027-05-10 09:00", // Friday evening
		"2027-05-03 10:00": "2027-05-06 09:00", // a holiday, with two more behind it
		"2026-12-29 10:00": "2027-01-04 09:00", // the year's end
	} {
		require.Equal(t, at(t, c.Zone(), want).String(), c.Add(at(t, c.Zone(), start), 0).String(), start)
		require.Equal(t, c.Add(at(t, c.Zone(), start), 0), c.Add(at(t, c.Zone(), start), -time.Hour), start)
	}
	// An interval's end is the answer, not the opening behind it.
	require.Equal(t, "2027-05-06 17:30:00 +0900 JST", c.Add(at(t, c.Zone(), "2027-05-06 16:30"), time.Hour).String())
	// One nanosecond more is there.
	require.Equal(t, "2027-05-07 09:00:00.000000001 +0900 JST", c.Add(at(t, c.Zone(), "2027-05-06 16:30"), time.Hour+1).String())
}

// TestTheLocationStays: an answer is told as the question was, whatever the calendar's zone.
func TestTheLocationStays(t *testing.T) {
	t.Parallel()
	berlin, err := zones.Load("Europe/Berlin")
	require.NoError(t, err)
	c := tokyo(t)
	for _, loc := range []*time.Location{time.UTC, berlin, c.Zone()} {
		start := at(t, c.Zone(), "2027-05-06 16:30").In(loc)
		require.Equal(t, loc, c.Add(start, 6*time.Hour).Location())
		require.Equal(t, loc, c.AddDays(start, 6).Location())
		require.True(t, at(t, c.Zone(), "2027-05-07 15:00").Equal(c.Add(start, 6*time.Hour)))
		require.Equal(t, c.Zone(), c.Explain(start, time.Hour)[0].From.Location(), "explanations speak the calendar's time")
	}
}

// TestBusinessDays: the same time of day; the first date is not counted, whatever it is.
func TestBusinessDays(t *testing.T) {
	t.Parallel()
	c := tokyo(t)
	for _, v := range []struct {
		start string
		n     int
		want  string
	}{
		{"2027-05-06 10:00", 0, "2027-05-06 10:00"},
		{"2027-05-06 03:00", 0, "2027-05-06 03:00"}, // outside of hours, but on a working day
		{"2027-05-05 10:00", 0, "2027-05-06 10:00"}, // a holiday
		{"2027-05-06 10:00", 1, "2027-05-07 10:00"},
		{"2027-05-07 22:00", 1, "2027-05-10 22:00"}, // Friday night: Monday night
		{"2027-05-08 10:00", 1, "2027-05-10 10:00"}, // Saturday
		{"2027-05-09 10:00", 1, "2027-05-10 10:00"}, // Sunday
		// April 28, then 30 (1), May 6 (2), 7 (3), 10-14 (8), 17 (9), 18 (10)
		{"2027-04-28 16:00", 10, "2027-05-18 16:00"},
		// December 28 is the last working day, January 4 the first; 11 is Coming of Age Day
		{"2026-12-28 09:30", 6, "2027-01-12 09:30"},
		{"2027-05-06 10:00", -3, "2027-05-06 10:00"},
	} {
		require.Equal(t, at(t, c.Zone(), v.want).String(), c.AddDays(at(t, c.Zone(), v.start), v.n).String(), "%s + %d", v.start, v.n)
	}
}

// TestBusinessDaysOverClockChanges: a time that a date lacks moves behind the gap, of one that comes twice it is the first.
func TestBusinessDaysOverClockChanges(t *testing.T) {
	t.Parallel()
	c := made(t, Spec{Zone: "Europe/Berlin", Week: hoursFor(t, everyDay(), "00:00-24:00")})
	for _, v := range []struct{ start, want string }{
		{"2027-03-27 02:30 +01:00", "2027-03-28 03:30 +02:00"},
		{"2027-03-27 12:00 +01:00", "2027-03-28 12:00 +02:00"}, // 23 hours
		{"2027-10-30 02:30 +02:00", "2027-10-31 02:30 +02:00"},
		{"2027-10-30 12:00 +02:00", "2027-10-31 12:00 +01:00"}, // 25 hours
		{"2027-10-31 02:30 +01:00", "2027-11-01 02:30 +01:00"},
	} {
		require.Equal(t, at(t, c.Zone(), v.want).String(), c.AddDays(at(t, c.Zone(), v.start), 1).String(), v.start)
	}
	second := at(t, c.Zone(), "2027-10-31 02:30 +01:00")
	require.Equal(t, second, c.AddDays(second, 0), "today is today, also the second time round")
}

// TestTheEndOfTime: every start and duration has an answer that JSON can hold, soon enough.
func TestTheEndOfTime(t *testing.T) {
	t.Parallel()
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	yearly, err := ParseOpening("02-29 09:00-10:00")
	require.NoError(t, err)
	for _, c := range []Calendar{tokyo(t), made(t, Spec{Open: []Opening{yearly}}), Always} {
		near := time.Date(9999, 12, 28, 0, 0, 0, 0, time.UTC)
		require.Equal(t, last, c.Add(near, 1000*time.Hour))
		require.Equal(t, last, c.AddDays(near, math.MaxInt))
		beyond := last.AddDate(0, 0, 5)
		require.Equal(t, beyond, c.Add(beyond, time.Hour))
		require.Equal(t, beyond, c.Add(beyond, 0))
		require.Equal(t, beyond, c.AddDays(beyond, 3))
		require.NotEmpty(t, c.Explain(beyond, time.Hour))
		require.NotEmpty(t, c.ExplainBetween(beyond, beyond.Add(time.Hour)))
		require.False(t, c.Add(time.Time{}, math.MaxInt64).IsZero())
		require.LessOrEqual(t, c.Between(time.Time{}, last), time.Duration(math.MaxInt64))
		require.GreaterOrEqual(t, c.Between(time.Time{}, last), time.Duration(0))
		_, err := c.Add(time.Time{}, math.MaxInt64).MarshalJSON()
		require.NoError(t, err)
	}
	all := made(t, Spec{Week: hoursFor(t, everyDay(), "00:00-24:00")})
	require.Equal(t, time.Duration(math.MaxInt64), all.Between(time.Time{}, last), "more than a Duration holds")
	require.Equal(t, time.Duration(-math.MaxInt64), all.Between(last, time.Time{}))
}

// TestManyAtOnce shares one calendar: the race detector would speak.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	c := tokyo(t)
	start := at(t, c.Zone(), "2027-04-28 16:00")
	want := c.Add(start, 100*time.Hour)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if !c.Add(start, 100*time.Hour).Equal(want) {
					t.Error("another answer")
				}
			}
		})
	}
	wg.Wait()
}

func TestASpecIsNotShared(t *testing.T) {
	t.Parallel()
	s := tokyo(t).Spec()
	c := made(t, s)
	before := c.Add(at(t, c.Zone(), "2027-05-06 16:30"), 6*time.Hour)
	s.Week[time.Friday][0] = Interval{0, 1}
	c.Spec().Week[time.Friday][0] = Interval{0, 1}
	require.Equal(t, tokyo(t).Spec(), c.Spec())
	require.Equal(t, before, c.Add(at(t, c.Zone(), "2027-05-06 16:30"), 6*time.Hour))
}
