package calendar

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// published reads a list of holidays: a comment, a heading or "2027-05-03,憲法記念日" a line.
func published(t testing.TB, path string) (dates []string, names map[string]string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	names = map[string]string{}
	for line := range strings.Lines(string(raw)) {
		date, name, ok := strings.Cut(strings.TrimSpace(line), ",")
		if strings.HasPrefix(line, "#") || !ok {
			continue
		}
		dates, names[date] = append(dates, date), name
	}
	require.NotEmpty(t, dates)
	return dates, names
}

// computed lists the holidays of a calendar that is open every day but on them.
func computed(t testing.TB, from, to int) (dates []string, found map[string]Day) {
	t.Helper()
	c := made(t, Spec{Zone: "Asia/Tokyo", Holidays: []Holiday{{Set: "jp"}}, Week: hoursFor(t, everyDay(), "09:00-17:00")})
	found = map[string]Day{}
	for y := from; y <= to; y++ {
		for _, d := range c.Year(y) {
			if !d.Open {
				require.Equal(t, OnHoliday, d.Reason)
				dates, found[d.Date.String()] = append(dates, d.Date.String()), d
			}
		}
	}
	return dates, found
}

// TestHolidaysAsPublished compares with the Cabinet Office's list. It calls days that follow from others 休日.
func TestHolidaysAsPublished(t *testing.T) {
	t.Parallel()
	want, names := published(t, "testdata/japan-cabinet-office.csv")
	got, days := computed(t, 2016, 2027)
	require.Equal(t, want, got)
	for date, name := range names {
		switch name {
		case "休日":
			require.Contains(t, []string{substituteDay, citizensDay}, days[date].NameJA, date)
		case "休日（祝日扱い）":
			require.Contains(t, []string{"即位の日", "即位礼正殿の儀"}, days[date].NameJA, date)
		case "体育の日（スポーツの日）":
			require.Equal(t, "体育の日", days[date].NameJA, date)
		default:
			require.Equal(t, name, days[date].NameJA, date)
		}
	}
}

// TestHolidaysToCome compares with a list that others computed: equinoxes, substitutes and bridge days to 2040.
func TestHolidaysToCome(t *testing.T) {
	t.Parallel()
	want, names := published(t, "testdata/japan-holiday-jp.csv")
	got, days := computed(t, 2028, 2040)
	require.Equal(t, want, got)
	for date, name := range names {
		switch {
		case strings.HasSuffix(name, substituteDay):
			require.Equal(t, substituteDay, days[date].NameJA, date)
		case name == "休日":
			require.Equal(t, citizensDay, days[date].NameJA, date)
		default:
			require.Equal(t, name, days[date].NameJA, date)
		}
	}
}

// TestHolidaysOfNote names the cases that go wrong elsewhere, in both languages.
func TestHolidaysOfNote(t *testing.T) {
	t.Parallel()
	_, days := computed(t, 2016, 2100)
	for date, want := range map[string][2]string{
		"2019-04-30": {citizensDay, citizensName}, // before the enthronement
		"2019-05-01": {"即位の日", "Enthronement Day"},
		"2019-05-06": {substituteDay, substituteName},
		"2020-05-06": {substituteDay, substituteName}, // May 3 was a Sunday, May 4 and 5 are holidays
		"2020-07-23": {"海の日", "Marine Day"},           // for the games
		"2020-07-24": {"スポーツの日", "Sports Day"},
		"2020-08-10": {"山の日", "Mountain Day"},
		"2021-07-22": {"海の日", "Marine Day"},
		"2021-07-23": {"スポーツの日", "Sports Day"},
		"2021-08-08": {"山の日", "Mountain Day"},
		"2021-08-09": {substituteDay, substituteName},
		"2026-09-22": {citizensDay, citizensName}, // between the aged and the equinox
		"2027-03-22": {substituteDay, substituteName},
		"2032-09-21": {citizensDay, citizensName},
		"2100-03-20": {"春分の日", "Vernal Equinox Day"},   // the equinox falls on March 20, 13:04 UTC
		"2100-09-23": {"秋分の日", "Autumnal Equinox Day"}, // September 22, 22:00 UTC
	} {
		require.Equal(t, want, [2]string{days[date].NameJA, days[date].Name}, date)
	}
	for _, date := range []string{
		"2019-02-23", "2019-12-23", // no Emperor's Birthday in the year of the change
		"2020-07-20", "2020-08-11", "2020-10-12", "2021-07-19", "2021-08-11", "2021-10-11", // moved away
		"2027-05-06", // May 2027 needs no substitute
	} {
		require.NotContains(t, days, date)
	}
	require.Empty(t, func() []string { d, _ := computed(t, 2015, 2015); return d }(), "years before 2016 are not listed")
}

// TestHolidaysFollowTheAct holds of every year: a holiday on a Sunday is made up for on the next free day, and no day
// between two holidays is worked.
func TestHolidaysFollowTheAct(t *testing.T) {
	t.Parallel()
	_, days := computed(t, 2016, 2150)
	national := func(n int64) bool {
		d, ok := days[dateOf(n).String()]
		return ok && d.NameJA != substituteDay && d.NameJA != citizensDay
	}
	for n := (Date{2016, time.January, 2}).number(); n < (Date{2150, time.December, 31}).number(); n++ {
		day := days[dateOf(n).String()]
		if national(n) && weekday(n) == time.Sunday {
			next := n + 1
			for national(next) {
				next++
			}
			require.Equal(t, substituteDay, days[dateOf(next).String()].NameJA, dateOf(n))
		}
		if national(n-1) && national(n+1) && !national(n) {
			require.Contains(t, []string{citizensDay, substituteDay}, day.NameJA, dateOf(n))
		}
	}
}

func TestSetsAreNamed(t *testing.T) {
	t.Parallel()
	require.Equal(t, []Set{{Key: "jp", Name: "National holidays of Japan", NameJA: "日本の国民の祝日"}}, Sets())
}
