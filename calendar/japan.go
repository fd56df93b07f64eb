package calendar

import "time"

// japaneseHoliday is one line of the Act on National Holidays: the day of its month in a year, 0 if there is none.
type japaneseHoliday struct {
	names
	month time.Month
	day   func(year int) int
}

// japan lists the national holidays since 2016 (Mountain Day). The Act can change; the years to 2027 are as the Cabinet
// Office published them, the later ones follow the Act as it stands.
var japan = []japaneseHoliday{
	{names{"元日", "New Year's Day"}, time.January, on(1)},
	{names{"成人の日", "Coming of Age Day"}, time.January, monday(time.January, 2)},
	{names{"建国記念の日", "National Foundation Day"}, time.February, on(11)},
	{names{"天皇誕生日", "Emperor's Birthday"}, time.February, since(2020, on(23))},
	{names{"春分の日", "Vernal Equinox Day"}, time.March, vernal},
	{names{"昭和の日", "Showa Day"}, time.April, on(29)},
	{names{"即位の日", "Enthronement Day"}, time.May, only(2019, 1)},
	{names{"憲法記念日", "Constitution Day"}, time.May, on(3)},
	{names{"みどりの日", "Greenery Day"}, time.May, on(4)},
	{names{"こどもの日", "Children's Day"}, time.May, on(5)},
	{names{"海の日", "Marine Day"}, time.July, moved(monday(time.July, 3), 2020, 23, 2021, 22)},
	{names{"スポーツの日", "Sports Day"}, time.July, moved(never, 2020, 24, 2021, 23)},
	{names{"山の日", "Mountain Day"}, time.August, moved(on(11), 2020, 10, 2021, 8)},
	{names{"敬老の日", "Respect for the Aged Day"}, time.September, monday(time.September, 3)},
	{names{"秋分の日", "Autumnal Equinox Day"}, time.September, autumnal},
	{names{"体育の日", "Health and Sports Day"}, time.October, until(2019, monday(time.October, 2))},
	{names{"スポーツの日", "Sports Day"}, time.October, since(2022, monday(time.October, 2))},
	{names{"即位礼正殿の儀", "Enthronement Ceremony Day"}, time.October, only(2019, 22)},
	{names{"文化の日", "Culture Day"}, time.November, on(3)},
	{names{"勤労感謝の日", "Labour Thanksgiving Day"}, time.November, on(23)},
	{names{"天皇誕生日", "Emperor's Birthday"}, time.December, until(2018, on(23))},
}

const (
	japanSince     = 2016
	substituteDay  = "振替休日"
	citizensDay    = "国民の休日"
	substituteName = "Substitute Holiday"
	citizensName   = "Citizens' Holiday"
)

// japanNames are the names that japanDays counts by: the lines above, then the two kinds of day that follow from them.
func japanNames() []names {
	var all []names
	for _, h := range japan {
		all = append(all, h.names)
	}
	return append(all, names{substituteDay, substituteName}, names{citizensDay, citizensName})
}

// japanDays writes into the days of a year base + the number of their name, from 1.
//
// Article 3: a holiday on a Sunday is made up for by the next day that is no national holiday; a day between two
// national holidays is a holiday.
func japanDays(year int, base int32, days *[366]int32) {
	if year < japanSince {
		return
	}
	first := Date{year, time.January, 1}.number()
	var national [366]bool
	for i, h := range japan {
		if d := h.day(year); d > 0 {
			at := Date{year, h.month, d}.number() - first
			days[at], national[at] = base+int32(i)+1, true
		}
	}
	substitute, citizens := base+int32(len(japan))+1, base+int32(len(japan))+2
	for i := 1; i < len(days)-1; i++ {
		if !national[i] && national[i-1] && national[i+1] {
			days[i] = citizens
		}
	}
	for i := range days {
		if !national[i] || weekday(first+int64(i)) != time.Sunday {
			continue
		}
		next := i + 1
		for national[next] {
			next++
		}
		days[next] = substitute
	}
}

func on(day int) func(int) int { return func(int) int { return day } }

func never(int) int { return 0 }

func only(year, day int) func(int) int {
	return moved(never, year, day, year, day)
}

func since(year int, f func(int) int) func(int) int {
	return func(y int) int {
		if y < year {
			return 0
		}
		return f(y)
	}
}

func until(year int, f func(int) int) func(int) int {
	return func(y int) int {
		if y > year {
			return 0
		}
		return f(y)
	}
}

// moved is f but for two years: the special laws for the Olympic games of 2020, held in 2021.
func moved(f func(int) int, year, day, year2, day2 int) func(int) int {
	return func(y int) int {
		switch y {
		case year:
			return day
		case year2:
			return day2
		}
		return f(y)
	}
}

// monday is the nth Monday of a month.
func monday(m time.Month, nth int) func(int) int {
	return func(y int) int {
		first := weekday(Date{y, m, 1}.number())
		return 1 + int(time.Monday-first+7)%7 + 7*(nth-1)
	}
}

// The equinoxes by the usual approximation to the almanac of the National Astronomical Observatory; it holds from
// 1980 to 2150. The Cabinet fixes the day each February for the next year.
func vernal(year int) int { return equinox(year, 20_843_100, 21_851_000) }

func autumnal(year int) int { return equinox(year, 23_248_800, 24_248_800) }

// equinox counts in millionths of a day.
func equinox(year, until2099, later int) int {
	base := until2099
	if year >= 2100 {
		base = later
	}
	return (base+242_194*(year-1980))/1_000_000 - (year-1980)/4
}
