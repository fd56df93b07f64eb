package calendar

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/calendar/zones"
)

// TestClocksAreFollowed walks years hour by hour beside the wall of zones with changes of many kinds, also where the zone
// data ends and rules go on (2038), and over December 31 of leap years, where the library's bounds are wrong.
func TestClocksAreFollowed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca", "America/Santiago",
		"Asia/Tehran", "America/Nuuk", "Pacific/Apia", "Antarctica/Troll", "Asia/Kathmandu", "America/St_Johns",
	} {
		zone, err := zones.Load(name)
		require.NoError(t, err)
		c := made(t, Spec{Zone: name, Week: hoursFor(t, everyDay(), "00:00-24:00")})
		for _, years := range [][2]int{{2011, 2012}, {2027, 2029}, {2036, 2041}} {
			w := c.table.walk(time.Date(years[0], 1, 1, 0, 0, 0, 0, time.UTC).Unix())
			w.until = time.Date(years[1], 1, 1, 0, 0, 0, 0, time.UTC).Unix()
			before := w.at
			for p, ok := w.next(); ok; p, ok = w.next() {
				require.Equal(t, before, p.from, "no instant is left out")
				require.Greater(t, p.to, p.from)
				require.LessOrEqual(t, p.to-p.from, int64(daySeconds))
				before = p.to
				for at := p.from; at < p.to; at += 3600 {
					_, shift := time.Unix(at, 0).In(zone).Zone()
					if int64(shift) != p.shift {
						require.Equal(t, int64(shift), p.shift, "%s %s", name, time.Unix(at, 0).UTC())
					}
				}
				_, shift := time.Unix(p.to-1, 0).In(zone).Zone()
				require.Equal(t, int64(shift), p.shift, "%s %s", name, time.Unix(p.to, 0).UTC())
			}
		}
	}
}

// TestDaysOfClockChanges counts a whole day and hours within it by the wall, at each change of three zones.
func TestDaysOfClockChanges(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		zone, date, hours string
		want              time.Duration
	}{
		{"Europe/Berlin", "2027-03-28", "00:00-24:00", 23 * time.Hour},
		{"Europe/Berlin", "2027-03-28", "02:00-03:00", 0},
		{"Europe/Berlin", "2027-03-28", "01:30-02:30", 30 * time.Minute},
		{"Europe/Berlin", "2027-03-28", "02:30-04:00", time.Hour},
		{"Europe/Berlin", "2027-10-31", "00:00-24:00", 25 * time.Hour},
		{"Europe/Berlin", "2027-10-31", "02:00-03:00", 2 * time.Hour},
		{"Europe/Berlin", "2027-10-31", "02:00-02:30", time.Hour}, // twice half an hour
		{"Europe/Berlin", "2027-10-31", "01:30-02:30", 90 * time.Minute},
		{"America/New_York", "2027-03-14", "00:00-24:00", 23 * time.Hour},
		{"America/New_York", "2027-11-07", "00:00-24:00", 25 * time.Hour},
		{"America/New_York", "2027-11-07", "01:00-02:00", 2 * time.Hour},
		{"Australia/Lord_Howe", "2027-10-03", "00:00-24:00", 23*time.Hour + 30*time.Minute}, // half an hour, 02:00 to 02:30
		{"Australia/Lord_Howe", "2027-10-03", "02:00-03:00", 30 * time.Minute},
		{"Australia/Lord_Howe", "2027-04-04", "00:00-24:00", 24*time.Hour + 30*time.Minute}, // 02:00 back to 01:30
		{"Australia/Lord_Howe", "2027-04-04", "01:30-02:00", time.Hour},
		{"America/Havana", "2027-03-14", "00:00-24:00", 23 * time.Hour}, // midnight itself is left out
		{"Pacific/Apia", "2011-12-30", "00:00-24:00", 0},                // a date that never was
	} {
		d, err := ParseDate(v.date)
		require.NoError(t, err)
		hours, err := ParseInterval(v.hours)
		require.NoError(t, err)
		c := made(t, Spec{
			Zone: v.zone, Open: []Opening{{Date: d, Hours: []Interval{hours}}, {Date: Date{0, 7, 1}, Hours: []Interval{{0, 60}}}},
		})
		from := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -2)
		to := from.AddDate(0, 0, 5)
		name := fmt.Sprintf("%s %s %s", v.zone, v.date, v.hours)
		require.Equal(t, v.want, c.Between(from, to), name)
		if v.want > 0 {
			require.True(t, c.Add(from, v.want).Before(to), name)
			require.True(t, c.Add(from, v.want+1).After(to), name)
		}
	}
}

// TestAClockChangeIsExplained: a line without length stands where clocks changed, whether hours were touched or not.
func TestAClockChangeIsExplained(t *testing.T) {
	t.Parallel()
	c := made(t, Spec{Zone: "Australia/Lord_Howe", Week: hoursFor(t, everyDay(), "01:00-03:00")})
	var got []string
	for _, l := range c.Explain(at(t, c.Zone(), "2027-04-04 00:30"), 4*time.Hour) {
		got = append(got, l.String())
	}
	require.Equal(t, []string{
		"Sun 2027-04-04 00:30:00 +11:00 to Sun 2027-04-04 01:00:00 +11:00: closed hours",
		"Sun 2027-04-04 01:00:00 +11:00 to Sun 2027-04-04 01:30:00 +10:30: counted 1h0m0s",
		"Sun 2027-04-04 01:30:00 +10:30: clocks go back by 30m0s",
		"Sun 2027-04-04 01:30:00 +10:30 to Sun 2027-04-04 03:00:00 +10:30: counted 1h30m0s",
		"Sun 2027-04-04 03:00:00 +10:30 to Mon 2027-04-05 01:00:00 +10:30: closed hours",
		"Mon 2027-04-05 01:00:00 +10:30 to Mon 2027-04-05 02:30:00 +10:30: counted 1h30m0s",
	}, got)
}
