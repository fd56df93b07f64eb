package find

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	open := Is{State, Equal, []string{"open"}}
	mine := Is{Owner, Equal, []string{Me}}
	for q, want := range map[string]Expr{
		"":                    And{},
		" \u3000\n ":          And{},
		"請求書":                 Word{Text: "請求書"},
		"state:open owner:me": And{open, mine},
		"STATE:Open owner:ME": And{open, mine},
		"status:open":         open,
		"state:open,new,open": Is{State, Equal, []string{"open", "new"}},
		"waiting>4h":          Is{Waiting, More, []string{"4h"}},
		"created>=2026-01-01": Is{Created, AtLeast, []string{"2026-01-01"}},
		"due<+2h":             Is{Due, Less, []string{"+2h"}},
		"priority>=high":      Is{Priority, AtLeast, []string{"high"}},
		"number:[#1042]":      Is{Number, Equal, []string{"1042"}},
		"-tag:vip":            Not{Is{Tag, Equal, []string{"vip"}}},
		`tag:"very important",vip title:"a \"b\""`: And{Is{Tag, Equal, []string{"very important", "vip"}}, Is{Title, Equal, []string{`a "b"`}}},
		`"exact phrase"`:                     Phrase{"exact phrase"},
		"print*":                             Word{"print", true},
		"or(state:open owner:me)":            Or{open, mine},
		"OR(state:open and(owner:me x))":     Or{open, And{mine, Word{Text: "x"}}},
		"state:open OR owner:me x":           Or{open, And{mine, Word{Text: "x"}}},
		"(state:open OR owner:me) AND NOT x": And{Or{open, mine}, Not{Word{Text: "x"}}},
		"not(a b)":                           Not{And{Word{Text: "a"}, Word{Text: "b"}}},
		"-(a)":                               Not{Word{Text: "a"}},
		"--a":                                Not{Not{Word{Text: "a"}}},
		"(((a)))":                            Word{Text: "a"},
		"printer or scanner":                 And{Word{Text: "printer"}, Word{Text: "or"}, Word{Text: "scanner"}},
		"Re: a -- b - c & d":                 And{Word{Text: "Re:"}, Word{Text: "a"}, Word{Text: "b"}, Word{Text: "c"}, Word{Text: "d"}},
		"http://x.example/a?b:c":             Word{Text: "http://x.example/a?b:c"},
		"12:30 foo-bar a=b":                  And{Word{Text: "12:30"}, Word{Text: "foo-bar"}, Word{Text: "a=b"}},
		"a(b)":                               And{Word{Text: "a"}, Word{Text: "b"}},
		`a"b"`:                               And{Word{Text: "a"}, Phrase{"b"}},
		"owner:none,sato":                    Is{Owner, Equal, []string{None, "sato"}},
	} {
		got, err := Parse(q)
		require.NoError(t, err, q)
		require.Equal(t, want, got, q)
	}
}

func TestParseErrorsNameThePlace(t *testing.T) {
	t.Parallel()
	for q, want := range map[string]Error{
		"日本 colour:red":                  {At: 4, Code: "unknown_field"},
		"size>5":                         {At: 1, Code: "unknown_field"},
		"state:opne":                     {At: 7, Code: "unknown_value"},
		"state:open,":                    {At: 12, Code: "needs_value"},
		"a state:":                       {At: 9, Code: "needs_value"},
		"state>open":                     {At: 1, Code: "no_order"},
		"waiting:4h":                     {At: 1, Code: "only_order"},
		"waiting>soon":                   {At: 9, Code: "span"},
		"waiting>4h,5h":                  {At: 11, Code: "one_value"},
		"created>soon":                   {At: 9, Code: "instant"},
		"created:9999":                   {At: 9, Code: "instant"},
		"number:x":                       {At: 8, Code: "number"},
		"owner:佐藤":                       {At: 7, Code: "key"},
		"title:!!":                       {At: 7, Code: "nothing_in"},
		"phone:abc":                      {At: 7, Code: "nothing_in"},
		"!!! ---":                        {At: 1, Code: "nothing"},
		`a "b`:                           {At: 3, Code: "open_quote"},
		`a ""`:                           {At: 3, Code: "empty_quote"},
		"a or(b":                         {At: 5, Code: "open_group"},
		"a )":                            {At: 3, Code: "stray_close"},
		"a or()":                         {At: 5, Code: "empty_group"},
		"a OR":                           {At: 5, Code: "dangling"},
		"OR a":                           {At: 1, Code: "dangling"},
		"a AND":                          {At: 3, Code: "dangling"},
		"a NOT":                          {At: 3, Code: "dangling_not"},
		"(a OR )":                        {At: 7, Code: "dangling"},
		"tag:" + strings.Repeat("x", 51): {At: 5, Code: "too_long"},
		strings.Repeat("a ", 33):         {At: 65, Code: "too_many"},
		strings.Repeat("(", 9) + "a":     {At: 10, Code: "too_deep"},
		"owner:" + strings.Repeat("me,x,", 99) + "y": {At: 0, Code: ""},
		strings.Repeat("a", 2001):                    {At: 2001, Code: "too_long"},
		"a\x00":                                      {At: 1, Code: "bad_characters"},
	} {
		_, err := Parse(q)
		if want.Code == "" {
			require.NoError(t, err, "a value said twice counts once")
			continue
		}
		var e *Error
		require.ErrorAs(t, err, &e, q)
		require.Equal(t, want, Error{At: e.At, Code: e.Code}, "%s: %s", q, e)
		require.NotContains(t, e.Error(), "{", q)
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{
		`state:open owner:me waiting>4h priority:high,urgent -tag:vip created>=2026-01-01 "exact phrase" 請求書 or(a b*)`,
		`a OR (b AND NOT -c) title:"x,\"y",z`, `or(-and(a b) not(c))`, "OR* a", `Re: http://x (a`, "ｶﾞ か゛ e\u0301",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		e, err := Parse(q)
		if err != nil {
			var told *Error
			require.ErrorAs(t, err, &told)
			require.Contains(t, codes, told.Code)
			require.GreaterOrEqual(t, told.At, 1)
			require.LessOrEqual(t, told.At, len([]rune(q))+1)
			return
		}
		if len([]rune(e.String())) > Longest { // groups are written out
			return
		}
		again, err := Parse(e.String())
		require.NoError(t, err, "%q → %q", q, e)
		require.Equal(t, e, again, "%q → %q", q, e)
	})
}

func TestInstantsAndSpans(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 10, 30, 0, 0, time.UTC)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for s, want := range map[string][2]time.Time{
		"2026-02":                   {day(2026, 2, 1), day(2026, 3, 1)},
		"2026":                      {day(2026, 1, 1), day(2027, 1, 1)},
		"2026-11-24":                {day(2026, 11, 24), day(2026, 11, 25)},
		"today":                     {day(2026, 11, 24), day(2026, 11, 25)},
		"yesterday":                 {day(2026, 11, 23), day(2026, 11, 24)},
		"2026-11-24t19:30:00+09:00": {now, now},
		"now":                       {now, now},
		"-2d":                       {now.Add(-48 * time.Hour), now.Add(-48 * time.Hour)},
		"+30m":                      {now.Add(30 * time.Minute), now.Add(30 * time.Minute)},
	} {
		from, to, ok := Instants(s, now)
		require.True(t, ok, s)
		require.Equal(t, want, [2]time.Time{from, to}, s)
	}
	for _, s := range []string{"", "-", "2026-13", "0000", "9999", "2026-02-30", "-2", "+d", "soon"} {
		_, _, ok := Instants(s, now)
		require.False(t, ok, s)
	}
	d, ok := Span("2w")
	require.True(t, ok)
	require.Equal(t, 14*24*time.Hour, d)
	for _, s := range []string{"", "4", "h", "-4h", "4x", "99999999999w", "4000000000w"} {
		_, ok := Span(s)
		require.False(t, ok, s)
	}
}
