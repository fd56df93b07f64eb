package calendar

import "time"

// lastYear ends every answer: what would lie beyond it is given as its last second, so that any start and any
// duration have an answer that JSON and SQL can hold.
const lastYear = 9999

// table is a Spec made ready for counting. It is never changed after New.
type table struct {
	spec    Spec
	zone    *time.Location
	week    [7]hours
	regular [7][]span // the spans of a weekday after a day that is regular too
	nights  bool      // some hours run over midnight, so that a day depends on the day before
	rules   []rule    // what else than the week can hold for a date; marks count from 1
	sets    []usedSet
	layers  [3]layer // holidays, closures, openings: the later one holds
}

// rule is what holds for a date instead of the week.
type rule struct {
	hours
	reason Reason
	names
}

// usedSet is a set whose names are the rules from base on.
type usedSet struct {
	set
	base int32
}

const (
	holidays = iota
	closures
	openings
)

// layer holds the dates that were written down, by year, and those of every year.
type layer struct {
	dated  map[int][]mark
	yearly []stretch
}

// mark puts a rule on the days of a year from first to last, counted from January 1 = 0.
type mark struct {
	first, last int64
	rule        int32
}

// stretch puts a rule on dates of every year; over New Year if from is later than to.
type stretch struct {
	from, to Date
	rule     int32
}

func (l *layer) add(from, to Date, rule int32) {
	if from.Year == 0 {
		l.yearly = append(l.yearly, stretch{from, to, rule})
		return
	}
	if l.dated == nil {
		l.dated = map[int][]mark{}
	}
	first, last := from.number(), to.number()
	for y := from.Year; y <= to.Year; y++ {
		start := Date{y, time.January, 1}.number()
		l.dated[y] = append(l.dated[y], mark{first - start, last - start, rule})
	}
}

// year holds the rule of each day of one year, 0 being the week.
type year struct {
	first, end int64 // day numbers, end not included
	rule       [366]int32
}

func (t *table) fill(number int, y *year) {
	y.first = Date{number, time.January, 1}.number()
	y.end = Date{number + 1, time.January, 1}.number()
	clear(y.rule[:])
	for _, s := range t.sets {
		s.days(number, s.base, &y.rule)
	}
	for i := range t.layers {
		for _, s := range t.layers[i].yearly {
			y.repeat(number, s)
		}
		for _, m := range t.layers[i].dated[number] {
			y.put(m.first, m.last, m.rule)
		}
	}
}

func (y *year) put(first, last int64, rule int32) {
	for i := max(first, 0); i <= min(last, y.end-y.first-1); i++ {
		y.rule[i] = rule
	}
}

func (y *year) repeat(number int, s stretch) {
	first := Date{number, s.from.Month, s.from.Day}.number() - y.first
	last := Date{number, s.to.Month, s.to.Day}
	end := last.number() - y.first
	if !last.valid() { // 02-29, in a year without: it counted as March 1
		end--
	}
	if s.to.before(s.from) {
		y.put(0, end, s.rule)
		end = y.end - y.first
	}
	y.put(first, end, s.rule)
}
