package ics

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/calendar"
	"duradesk/ticket"
)

func dateFrom(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	require.NoError(t, err)
	return d
}

// TestACompanysCalendar reads a file with the forms that programs export, and lists two years of it.
func TestACompanysCalendar(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/company.ics")
	require.NoError(t, err)
	for name, raw := range map[string][]byte{
		"as exported":       raw,
		"with a BOM":        append([]byte("\ufeff"), raw...),
		"with bare newline": bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")),
	} {
		in, err := Read(bytes.NewReader(raw), dateFrom(t, "2027-01-01"), dateFrom(t, "2028-12-31"))
		require.NoError(t, err, name)
		var got []string
		for _, h := range in.Holidays {
			got = append(got, h.String())
		}
		require.Equal(t, []string{
			"2027-06-04 Founding day (moved)",
			"2027-07-01 One date, written as its own end",
			"2027-11-25 Thanksgiving, with pie; and a very long name that the program folded over two lines",
			"2027-12-25 Christmas Day",
			"2028-11-23 Thanksgiving, with pie; and a very long name that the program folded over two lines",
			"2028-12-25 Christmas Day",
		}, got, name)
		got = nil
		for _, c := range in.Closed {
			got = append(got, c.String())
		}
		require.Equal(t, []string{
			"2026-12-29/2027-01-03 年末年始", // it reaches into the range; that of 2027 is taken out
			"2027-08-02/2027-08-15 Summer closure",
			"2027-09-10/2027-09-12 Retreat",
			"2027-10-15/2027-10-17 Retreat",
			"2028-12-29/2029-01-03 年末年始",
		}, got, name)
		got = nil
		for _, l := range in.Left {
			got = append(got, l.Name+" ("+l.At+"): "+l.Why)
		}
		require.Len(t, got, 7)
		require.Equal(t, []string{
			"Founding day (20280601): it is cancelled",
			"Staff meeting (20270611T140000): it does not last whole days; write it as an opening of its own",
			"A day of Greenwich (20270611T000000Z): it does not last whole days; write it as an opening of its own",
			"Too often (20270611): it repeats more than once a day",
		}, got[:4], name)
		require.Contains(t, got[4], `No such month (20270611): its rule "FREQ=YEARLY;BYMONTH=13" cannot be followed`)
		require.Equal(t, "Backwards (20270611): it ends before it begins, or lasts longer than ten years", got[5])
		require.Equal(t, "Some day (): it has no beginning", got[6])
	}
}

// TestWhatIsReadCloses puts a file into a calendar and counts.
func TestWhatIsReadCloses(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/company.ics")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	in, err := Read(f, dateFrom(t, "2027-01-01"), dateFrom(t, "2028-12-31"))
	require.NoError(t, err)
	nine := []calendar.Interval{{From: 540, To: 1020}}
	c, err := calendar.New(calendar.Spec{
		Key: "company", Week: [7][]calendar.Interval{nine, nine, nine, nine, nine, nine, nine}, Holidays: in.Holidays, Closed: in.Closed,
	})
	require.NoError(t, err)
	start := time.Date(2027, 12, 24, 16, 0, 0, 0, time.UTC)
	require.Equal(t, time.Date(2027, 12, 26, 10, 0, 0, 0, time.UTC), c.Add(start, 2*time.Hour))
	require.Equal(t, 14*8*time.Hour, c.Between(time.Date(2027, 8, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 8, 29, 0, 0, 0, 0, time.UTC)),
		"four weeks less two of summer")
}

func TestWrongFilesAreRefused(t *testing.T) {
	t.Parallel()
	from, to := dateFrom(t, "2027-01-01"), dateFrom(t, "2028-12-31")
	event := "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nEND:VEVENT\n"
	file := func(events string) string { return "BEGIN:VCALENDAR\nVERSION:2.0\n" + events + "END:VCALENDAR\n" }
	for name, v := range map[string]struct {
		text     string
		from, to calendar.Date
		want     string
	}{
		"a web page":     {"<!doctype html>", from, to, "this is no iCalendar file"},
		"cut off":        {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2027", from, to, "this is no iCalendar file"},
		"empty":          {"", from, to, "no events"},
		"no events":      {file(""), from, to, "no events"},
		"too large":      {strings.Repeat("x", maxBytes+1), from, to, "larger than 10 MB"},
		"too many":       {file(strings.Repeat(event, maxEvents+1)), from, to, "more than 10000 events"},
		"too often":      {file(strings.Repeat(strings.Replace(event, "20270101\n", "16000101\nRRULE:FREQ=DAILY\n", 1), 10)), from, to, "repeat too often"},
		"backwards":      {file(event), to, from, "not 2028-12-31 to 2027-01-01"},
		"without a year": {file(event), dateFrom(t, "01-01"), to, "not 01-01 to"},
		"too many rules": {file(strings.Repeat(strings.Replace(event, "20270101\n", "20270101\nRRULE:FREQ=YEARLY\n", 1), 501)), from, to, "repeat too often"},
		"too far":        {file(event), from, dateFrom(t, "2127-01-01"), "at most 100 years"},
	} {
		_, err := Read(strings.NewReader(v.text), v.from, v.to)
		require.ErrorContains(t, err, v.want, name)
		require.Equal(t, ticket.Invalid, ticket.CodeOf(err), name)
	}
	broken := errors.New("the disk is gone")
	_, err := Read(iotest.ErrReader(broken), from, to)
	require.ErrorIs(t, err, broken)
	require.Empty(t, ticket.CodeOf(err))
}

// TestNamesFit: names are one line of at most 200 bytes of whole letters, whatever the file has.
func TestNamesFit(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`two\nlines`:             "two lines",
		strings.Repeat("休", 100): strings.Repeat("休", 66),
		"bad \xff byte":          "bad � byte",
		"":                       "",
	} {
		text := fmt.Sprintf("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101\nSUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n", raw)
		in, err := Read(strings.NewReader(text), dateFrom(t, "2027-01-01"), dateFrom(t, "2027-12-31"))
		require.NoError(t, err)
		require.Equal(t, []calendar.Holiday{{Date: dateFrom(t, "2027-01-01"), Name: want}}, in.Holidays)
	}
}

// TestRulesOfNote: ends that are not said, long-gone beginnings, rules that never or cannot come true.
func TestRulesOfNote(t *testing.T) {
	t.Parallel()
	read := func(start, rule string) Import {
		in, err := Read(strings.NewReader("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:"+start+"\nRRULE:"+rule+"\nEND:VEVENT\nEND:VCALENDAR\n"),
			dateFrom(t, "2027-01-01"), dateFrom(t, "2028-12-31"))
		require.NoError(t, err)
		return in
	}
	for rule, want := range map[string][]string{
		"16040229 FREQ=YEARLY":                         {"2028-02-29"},
		"16040615 FREQ=YEARLY":                         {"2027-06-15", "2028-06-15"},
		"20200615 FREQ=YEARLY;UNTIL=20270615T000000Z":  {"2027-06-15"},
		"20200615 FREQ=YEARLY;UNTIL=20270614":          nil,
		"20200615 FREQ=YEARLY;COUNT=8":                 {"2027-06-15"},
		"20200525 FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO":    {"2027-05-31", "2028-05-29"}, // the last Monday in May
		"20270101 FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": {"2027-01-01"},               // its beginning alone
		"20281231 FREQ=YEARLY":                         {"2028-12-31"},
		"20270101 FREQ=YEARLY;INTERVAL=2;COUNT=9":      {"2027-01-01"},
	} {
		start, rule, _ := strings.Cut(rule, " ")
		var got []string
		for _, h := range read(start, rule).Holidays {
			got = append(got, h.String())
		}
		require.Equal(t, want, got, rule)
	}
	for _, rule := range []string{"FREQ=MONTHLY;BYDAY=-8FR", "FREQ=YEARLY;BYEASTER=400", "FREQ=SOMETIMES", "often", "FREQ=DAILY;INTERVAL=-1"} {
		in := read("20270101", rule)
		require.Len(t, in.Left, 1, rule)
		require.Contains(t, in.Left[0].Why, "its rule ")
		require.Empty(t, in.Holidays)
	}
}

// FuzzRule: no rule of a stranger stops the desk.
func FuzzRule(f *testing.F) {
	for _, rule := range []string{
		"FREQ=YEARLY;BYEASTER=400", "FREQ=DAILY;INTERVAL=-1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1;WKST=SU",
		"FREQ=YEARLY;BYWEEKNO=-53;BYYEARDAY=366,-366", "FREQ=WEEKLY;COUNT=0;UNTIL=20270101T000000Z", "FREQ=YEARLY;INTERVAL=9223372036854775807",
	} {
		f.Add(rule)
	}
	from, to := dateFrom(f, "2027-01-01"), dateFrom(f, "2028-12-31")
	f.Fuzz(func(t *testing.T, rule string) {
		began := time.Now()
		_, err := Read(strings.NewReader("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nRRULE:"+rule+"\nEND:VEVENT\nEND:VCALENDAR\n"), from, to)
		require.Less(t, time.Since(began), time.Minute)
		require.True(t, err == nil || ticket.CodeOf(err) == ticket.Invalid)
	})
}

// FuzzRead: whatever is read can be put into a calendar, and nothing stops the desk.
func FuzzRead(f *testing.F) {
	raw, err := os.ReadFile("testdata/company.ics")
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nRRULE:FREQ=DAILY;INTERVAL=-1\nEND:VEVENT\nEND:VCALENDAR"))
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\nEND:VCALENDAR"))
	from, to := dateFrom(f, "2027-01-01"), dateFrom(f, "2028-12-31")
	f.Fuzz(func(t *testing.T, raw []byte) {
		began := time.Now()
		in, err := Read(bytes.NewReader(raw), from, to)
		require.Less(t, time.Since(began), time.Minute)
		if err != nil {
			require.Equal(t, ticket.Invalid, ticket.CodeOf(err))
			return
		}
		_, err = calendar.New(calendar.Spec{
			Key: "read", Holidays: in.Holidays, Closed: in.Closed, Open: []calendar.Opening{{Date: dateFrom(t, "04-01"), Hours: []calendar.Interval{{From: 0, To: 60}}}},
		})
		require.NoError(t, err)
	})
}
