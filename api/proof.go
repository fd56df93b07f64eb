package api

import (
	"time"

	"duradesk/calendar"
	"duradesk/ticket"
)

// Reasons of a line that the calendar does not know.
const (
	standing   calendar.Reason = "paused"    // the clock stands still: the ticket is on hold, say
	startDay   calendar.Reason = "start_day" // working days are counted from the next date on
	workingDay calendar.Reason = "working_day"
	wallClock  calendar.Reason = "wall_clock" // all time counts
	byHand     calendar.Reason = "instant"    // somebody named the time: nothing is counted
)

// Units of a proof.
const (
	inWorkingTime = "working_time"
	inWorkingDays = "working_days"
	inWallClock   = "wall_clock"
	byInstant     = "instant"
)

// stretch is one line of a proof.
type stretch struct {
	calendar.Line
	counts bool
	what   string // of a pause: the reason of hold or the state, as the API writes it
}

// proof is a deadline taken apart. The lines follow each other without a gap.
type proof struct {
	unit     string
	lines    []stretch
	target   time.Duration // of working time
	days     int           // of working days
	complete bool
}

func (p proof) counted() (sum time.Duration) {
	for _, l := range p.lines {
		if l.counts {
			sum += l.To.Sub(l.From)
		}
	}
	return sum
}

func (p proof) countedLines() (n int) {
	for _, l := range p.lines {
		if l.counts {
			n++
		}
	}
	return n
}

// prove says why a clock falls due when it does, by how its ticket stood after each revision.
func prove(k ticket.Clock, rec ticket.Record, past []Past, cal calendar.Calendar, now time.Time) proof {
	life := lifeOf(k, past)
	if len(life) == 0 { // of a ticket from before histories were kept
		life = []Past{{At: rec.Process.Opened, Process: rec.Process}}
	}
	switch k.Kind {
	case ticket.FirstResponse, ticket.NextResponse, ticket.Resolution:
		return proveTarget(k, rec, life, cal, now)
	case ticket.HandOver:
		return proveDays(k, setAt(k, life), rec.Settings.HandOverDays, cal)
	case ticket.AutoClose:
		if days := rec.Settings.AutoCloseDays; days > 0 {
			return proveDays(k, setAt(k, life), days, cal)
		}
		return inOneLine(inWallClock, wallClock, setAt(k, life), k.Due)
	case ticket.Retention:
		return inOneLine(inWallClock, wallClock, setAt(k, life), k.Due)
	case ticket.Wake, ticket.Promised, ticket.NoClock:
	}
	return inOneLine(byInstant, byHand, setAt(k, life), k.Due)
}

func inOneLine(unit string, why calendar.Reason, from, to time.Time) proof {
	p := proof{unit: unit, complete: true}
	if to.After(from) {
		p.lines = []stretch{{Line: calendar.Line{From: from, To: to, Reason: why}, counts: why == wallClock}}
	}
	return p
}

// lifeOf is the part of the past in which this very clock was there: from where it began, over every pause.
func lifeOf(k ticket.Clock, past []Past) []Past {
	from := len(past)
	for i := len(past) - 1; i >= 0; i-- {
		here, ok := past[i].Process.Clock(k.ID)
		if !ok || i < len(past)-1 && !sameLife(here, clockOf(k.ID, past[i+1])) {
			break
		}
		from = i
	}
	return past[from:]
}

func clockOf(id string, p Past) ticket.Clock {
	k, _ := p.Process.Clock(id)
	return k
}

func going(k ticket.Clock) bool { return k.State == ticket.Running || k.State == ticket.Paused }

// sameLife reports whether a clock went on as the next one. A resolution goes on where a ticket is opened again; any
// other that was met or breached begins anew.
func sameLife(k, next ticket.Clock) bool {
	return going(k) || !going(next) || k.Kind == ticket.Resolution
}

// setAt is when the clock got its present deadline.
func setAt(k ticket.Clock, life []Past) time.Time {
	at := life[len(life)-1].At
	for i := len(life) - 1; i >= 0 && clockOf(k.ID, life[i]).Due.Equal(k.Due); i-- {
		at = life[i].At
	}
	return at
}

// proveTarget goes through a clock of working time: where it ran, hour by hour; where it stood still, why.
func proveTarget(k ticket.Clock, rec ticket.Record, life []Past, cal calendar.Calendar, now time.Time) proof {
	p := proof{unit: inWorkingTime}
	prio, due, before := rec.Process.Priority, time.Time{}, time.Duration(0)
	for i := 0; i < len(life) && due.IsZero(); {
		here := clockOf(k.ID, life[i])
		next := i + 1
		for next < len(life) && sameRun(here, clockOf(k.ID, life[next])) {
			next++
		}
		from, prioHere := life[i].At, life[i].Process.Priority
		stands := here.State == ticket.Paused || here.State == ticket.Met && goesOn(k.ID, life[next:])
		switch {
		case stands && next == len(life):
			p.pause(life[i].Process, from, now)
		case stands:
			p.pause(life[i].Process, from, life[next].At)
		case next == len(life) || !going(clockOf(k.ID, life[next])) && !goesOn(k.ID, life[next:]):
			due, prio, before = here.Due, prioHere, p.counted()
			p.run(cal, from, due)
		default:
			p.run(cal, from, life[next].At)
		}
		i = next
	}
	p.target = targetOf(rec.Settings, k.Kind, prio)
	sum := p.counted()
	// Where a higher priority has less than was gone already, it is due at once. Instants are kept to the microsecond.
	p.complete = !due.IsZero() && ((p.target-sum).Abs() < time.Millisecond || sum > p.target && sum == before)
	return p
}

// sameRun reports whether nothing changed that a line would show: a warning given leaves the deadline as it is.
func sameRun(a, b ticket.Clock) bool { return a.State == b.State && a.Due.Equal(b.Due) }

func goesOn(id string, life []Past) bool {
	for _, l := range life {
		if going(clockOf(id, l)) {
			return true
		}
	}
	return false
}

func targetOf(s ticket.Settings, k ticket.ClockKind, prio ticket.Priority) time.Duration {
	switch k { //nolint:exhaustive // the others have no targets
	case ticket.FirstResponse:
		return s.FirstResponse.For(prio)
	case ticket.NextResponse:
		return s.NextResponse.For(prio)
	default:
		return s.Resolution.For(prio)
	}
}

func (p *proof) run(cal calendar.Calendar, from, to time.Time) {
	if !to.After(from) {
		return
	}
	for _, l := range cal.ExplainBetween(from, to) {
		p.lines = append(p.lines, stretch{Line: l, counts: l.Reason == calendar.Counted})
	}
}

func (p *proof) pause(how ticket.Process, from, to time.Time) {
	if !to.After(from) {
		return
	}
	what, key := how.State.String(), "state."+how.State.String()
	if how.State == ticket.OnHold {
		what, key = how.Hold.String(), "hold."+how.Hold.String()
	}
	p.lines = append(p.lines, stretch{Line: calendar.Line{From: from, To: to, Reason: standing, Name: key}, what: what})
}

// proveDays counts working days date by date: the first is the next one after the date on which the clock began.
func proveDays(k ticket.Clock, start time.Time, days int, cal calendar.Calendar) proof {
	p := proof{unit: inWorkingDays, days: days, complete: cal.AddDays(start, days).Equal(k.Due)}
	working := map[calendar.Date]bool{}
	for n := 1; n <= days; n++ {
		working[dateIn(cal, cal.AddDays(start, n))] = true
	}
	years := map[int]map[calendar.Date]calendar.Day{}
	for from, first := start, true; from.Before(k.Due); first = false {
		date := dateIn(cal, from)
		to := time.Date(date.Year, date.Month, date.Day+1, 0, 0, 0, 0, cal.Zone())
		if to.After(k.Due) {
			to = k.Due
		}
		d := dayOf(years, cal, date)
		line := stretch{Line: calendar.Line{From: from, To: to, Reason: d.Reason, Name: d.Name, NameJA: d.NameJA}}
		switch {
		case first:
			line.Line = calendar.Line{From: from, To: to, Reason: startDay}
		case working[date]:
			line.Reason, line.counts = workingDay, true
		case d.Reason == calendar.Counted || d.Reason == calendar.Exceptional:
			line.Reason = calendar.ClosedHours // hours of the night before, but none that begin on this date
		}
		p.lines = append(p.lines, line)
		from = to
	}
	return p
}

func dateIn(cal calendar.Calendar, t time.Time) calendar.Date {
	y, m, d := t.In(cal.Zone()).Date()
	return calendar.Date{Year: y, Month: m, Day: d}
}

func dayOf(years map[int]map[calendar.Date]calendar.Day, cal calendar.Calendar, date calendar.Date) calendar.Day {
	days, ok := years[date.Year]
	if !ok {
		days = map[calendar.Date]calendar.Day{}
		for _, d := range cal.Year(date.Year) {
			days[d.Date] = d
		}
		years[date.Year] = days
	}
	return days[date]
}
