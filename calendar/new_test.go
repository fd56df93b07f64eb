package calendar

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestWrongCalendarsAreRefused: each refusal names what is wrong.
func TestWrongCalendarsAreRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	for want, change := range map[string]func(*Spec){
		"give it a key": func(s *Spec) { s.Key = "" },
		"one line":      func(s *Spec) { s.Key = "a\nb" },
		"at most 100 bytes, without spaces around it":                             func(s *Spec) { s.Key = long },
		"version -1 is below 0":                                                   func(s *Spec) { s.Version = -1 },
		`"Asia/Tokio"; write an IANA name`:                                        func(s *Spec) { s.Zone = "Asia/Tokio" },
		`no such time zone: "Local"`:                                              func(s *Spec) { s.Zone = "Local" },
		`no such time zone: "../etc/passwd"`:                                      func(s *Spec) { s.Zone = "../etc/passwd" },
		"Monday: 09:00-09:00: beginning and end are the same":                     func(s *Spec) { s.Week[1] = []Interval{{540, 540}} },
		"Monday: 25:00-26:00: the beginning must lie":                             func(s *Spec) { s.Week[1] = []Interval{{1500, 1560}} },
		"Monday: 09:00-25:00: the end must lie":                                   func(s *Spec) { s.Week[1] = []Interval{{540, 1500}} },
		"Monday: 09:00-12:00 and 11:00-17:00 overlap":                             func(s *Spec) { s.Week[1] = []Interval{{540, 720}, {660, 1020}} },
		"Monday: 22:00-06:00 and 23:00-01:00 overlap":                             func(s *Spec) { s.Week[1] = []Interval{{1320, 360}, {1380, 60}} },
		"Monday runs over midnight until 09:30, into the hours of Tuesday":        func(s *Spec) { s.Week[1] = []Interval{{1320, 570}} },
		"Saturday runs over midnight until 06:00, into the hours of Sunday":       func(s *Spec) { s.Week[6], s.Week[0] = []Interval{{1320, 360}}, []Interval{{300, 600}} },
		"holiday 2027-02-29: there is no such date":                               func(s *Spec) { s.Holidays = []Holiday{{Date: Date{2027, 2, 29}}} },
		"holiday 02-30: there is no such date":                                    func(s *Spec) { s.Holidays = []Holiday{{Date: Date{0, 2, 30}}} },
		"holiday 10000-01-01: there is no such date":                              func(s *Spec) { s.Holidays = []Holiday{{Date: Date{10000, 1, 1}}} },
		`holidays "de": there is no such set; use one of jp, or dates`:            func(s *Spec) { s.Holidays = []Holiday{{Set: "de"}} },
		`holidays "jp": there is no such set`:                                     func(s *Spec) { s.Holidays = []Holiday{{Set: "jp", Name: "mine"}} },
		"holiday 2027-05-03: the name must be one line":                           func(s *Spec) { s.Holidays = []Holiday{{Date: Date{2027, 5, 3}, Name: " x"}} },
		"of at most 200 bytes":                                                    func(s *Spec) { s.Holidays = []Holiday{{Date: Date{2027, 5, 3}, Name: long}} },
		"closure 2027-06-01/2027-05-03 ends before it begins":                     func(s *Spec) { s.Closed = []DateRange{{From: Date{2027, 6, 1}, To: Date{2027, 5, 3}}} },
		"closure 12-29/2027-01-03: write both dates with a year, or both without": func(s *Spec) { s.Closed = []DateRange{{From: Date{0, 12, 29}, To: Date{2027, 1, 3}}} },
		"closure 2027-06-31: there is no such date":                               func(s *Spec) { s.Closed = []DateRange{{From: Date{2027, 6, 31}, To: Date{2027, 7, 3}}} },
		"opening 2027-05-03 has no hours":                                         func(s *Spec) { s.Open = []Opening{{Date: Date{2027, 5, 3}}} },
		"opening 2027-05-03: 09:00-12:00 and 11:00-13:00 overlap":                 func(s *Spec) { s.Open = []Opening{{Date: Date{2027, 5, 3}, Hours: []Interval{{540, 720}, {660, 780}}}} },
		"opening 2027-05-03 is there twice": func(s *Spec) {
			o := Opening{Date: Date{2027, 5, 3}, Hours: []Interval{{540, 720}}}
			s.Open = []Opening{o, o}
		},
		"it would never open from 2000 on; give at least one weekday hours": func(s *Spec) { s.Week = [7][]Interval{} },
		"it would never open from 2028 on": func(s *Spec) {
			s.Week = [7][]Interval{}
			s.Open = []Opening{{Date: Date{2027, 5, 3}, Hours: []Interval{{540, 720}}}}
		},
		"never open from 2000 on; give at least one weekday hours, or a yearly op": func(s *Spec) { s.Closed = []DateRange{{From: Date{0, 1, 1}, To: Date{0, 12, 31}}} },
	} {
		s := Spec{Key: "office", Week: hoursFor(t, workdays(), "09:00-17:00")}
		change(&s)
		_, err := New(s)
		require.ErrorContains(t, err, want)
		require.Equal(t, ticket.Invalid, ticket.CodeOf(err))
		require.Contains(t, err.Error(), "calendar ")
	}
}

// TestRareCalendarsAreTaken: as long as they open again some day.
func TestRareCalendarsAreTaken(t *testing.T) {
	t.Parallel()
	night := []Interval{{1320, 360}}
	for _, s := range []Spec{
		{Open: []Opening{{Date: Date{0, 2, 29}, Hours: []Interval{{540, 600}}}}},
		{Closed: []DateRange{{From: Date{0, 1, 1}, To: Date{0, 12, 31}}}, Open: []Opening{{Date: Date{0, 4, 1}, Hours: night}}},
		{Closed: []DateRange{{From: Date{2026, 1, 1}, To: Date{2926, 12, 31}}}, Week: [7][]Interval{{{0, 1}}}},
		{Week: [7][]Interval{night, night, night, night, night, night, night}},
		{Week: [7][]Interval{6: {{1320, 0}}, 0: {{0, 60}}}}, // until midnight, and on
		{Holidays: []Holiday{{Set: "jp"}, {Date: Date{0, 1, 1}}}, Week: [7][]Interval{1: {{540, 541}}}},
	} {
		c := made(t, s)
		for _, year := range []int{2026, 2027, 3000, 9000} {
			start := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
			end := c.Add(start, 10*time.Minute)
			require.Equal(t, 10*time.Minute, c.Between(start, end))
		}
	}
}

// TestJSONAsPeopleWriteIt reads a calendar, and writes the same bytes.
func TestJSONAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/calendar.json")
	require.NoError(t, err)
	var s Spec
	require.NoError(t, json.Unmarshal(raw, &s))
	require.Equal(t, Spec{
		Key: "tokyo-support", Version: 4, Zone: "Asia/Tokyo",
		Week: [7][]Interval{{}, {{540, 720}, {780, 1050}}, {{540, 720}, {780, 1050}}, {{540, 720}}, {{540, 1440}}, {{1320, 360}}, {}},
		Holidays: []Holiday{
			{Set: "jp"},
			{Date: Date{2027, 6, 1}, Name: "創立記念日"},
			{Date: Date{0, 12, 25}, Name: "Christmas Day"},
			{Date: Date{2027, 6, 2}},
		},
		Closed: []DateRange{
			{From: Date{0, 12, 29}, To: Date{0, 1, 3}, Name: "年末年始"},
			{From: Date{2027, 8, 11}, To: Date{2027, 8, 16}, Name: "Summer closure"},
			{From: Date{2027, 9, 1}, To: Date{2027, 9, 1}},
		},
		Open: []Opening{
			{Date: Date{2027, 5, 8}, Hours: []Interval{{540, 720}, {780, 900}}, Name: "Saturday shift"},
			{Date: Date{0, 4, 1}, Hours: []Interval{{1320, 360}}},
		},
	}, s)
	again, err := json.MarshalIndent(made(t, s).Spec(), "", "  ")
	require.NoError(t, err)
	require.JSONEq(t, string(raw), string(again))
}

// TestWrongWordsAreRefused: what cannot be read says how it is written.
func TestWrongWordsAreRefused(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		`{"week":[["9-17"]]}`:                  "write 09:00-17:30",
		`{"week":[["09:00-17:60"]]}`:           "write 09:00-17:30",
		`{"week":[["09:00-24:01"]]}`:           "write 09:00-17:30",
		`{"week":[["24:00-09:00"]]}`:           "write 09:00-17:30",
		`{"week":[["09:00-09:00"]]}`:           "write 09:00-17:30",
		`{"week":[["+9:00--9:00"]]}`:           "write 09:00-17:30",
		`{"holidays":["fr"]}`:                  "or a set: jp",
		`{"holidays":["2027-02-29 x"]}`:        "write a date and a name",
		`{"holidays":["0000-01-01"]}`:          "write a date and a name",
		`{"closed":["2027-01-01/soon"]}`:       `"soon" is not a date`,
		`{"closed":["13-01/14-01"]}`:           `"13-01" is not a date`,
		`{"open":["2027-05-08"]}`:              "are no hours",
		`{"open":["8 May 10:00-12:00"]}`:       `"8" is not a date`,
		`{"open":["2027-05-08 10:00-12:00,"]}`: "are no hours",
	} {
		err := json.Unmarshal([]byte(word), new(Spec))
		require.ErrorContains(t, err, want, word)
	}
}

// TestThePackageIsPure: few imports, none of which reads a clock, a file or the network, and none of the machine's zones.
func TestThePackageIsPure(t *testing.T) {
	t.Parallel()
	allowed := []string{"cmp", "errors", "fmt", "math", "slices", "strconv", "strings", "time", "duradesk/ticket", "duradesk/calendar/zones"}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range f.Imports {
			require.True(t, slices.Contains(allowed, strings.Trim(i.Path.Value, `"`)), "%s imports %s", path, i.Path.Value)
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotRegexp(t, `time\.(Now|Since|Until|After|Sleep|LoadLocation|Local)\b`, string(text), path)
	}
}
