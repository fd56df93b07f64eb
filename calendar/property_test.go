package calendar

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func drawnCalendar(t *rapid.T) Calendar {
	c, err := New(drawnSpec(t))
	require.NoError(t, err)
	return c
}

// TestAddAndBetweenAreInverse: so much working time lies before the deadline, and not a nanosecond less does.
func TestAddAndBetweenAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, start, d := drawnCalendar(t), drawnInstant(t), drawnDuration(t)
		end := c.Add(start, d)
		require.False(t, end.Before(start))
		require.Equal(t, d, c.Between(start, end))
		require.Equal(t, -d, c.Between(end, start))
		if d > 0 {
			require.Equal(t, d-1, c.Between(start, end.Add(-1)), "an earlier instant would do")
		}
	})
}

func TestAddIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, start, d := drawnCalendar(t), drawnInstant(t), drawnDuration(t)
		more := d + drawnDuration(t)
		later := start.Add(drawnDuration(t))
		require.False(t, c.Add(start, more).Before(c.Add(start, d)))
		require.False(t, c.Add(later, d).Before(c.Add(start, d)))
		require.False(t, c.AddDays(start, 3).Before(c.AddDays(start, 2)))
	})
}

func TestWorkingTimeAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, start, a := drawnCalendar(t), drawnInstant(t), drawnDuration(t)
		b := drawnDuration(t) + 1
		require.Equal(t, c.Add(start, a+b), c.Add(c.Add(start, a), b))
		middle, end := start.Add(drawnDuration(t)), start.Add(2000*time.Hour+drawnDuration(t))
		require.Equal(t, c.Between(start, end), c.Between(start, middle)+c.Between(middle, end))
	})
}

// TestExplanationsAddUp: lines without gaps, no two alike side by side, counting d, ending at the deadline.
func TestExplanationsAddUp(t *testing.T) {
	t.Parallel()
	check := func(t *rapid.T, lines []Line, from, to time.Time, d time.Duration) {
		require.NotEmpty(t, lines)
		var sum time.Duration
		at := from
		for i, l := range lines {
			require.True(t, l.From.Equal(at), "%s after %s", l, at)
			require.False(t, l.To.Before(l.From))
			require.Equal(t, l.Reason == ClockChange, l.Shift != 0)
			if len(lines) > 1 {
				require.Equal(t, l.Reason == ClockChange, l.From.Equal(l.To), "%s", l)
			}
			if i > 0 {
				last := lines[i-1]
				require.False(t, last.Reason == l.Reason && last.Name == l.Name && last.NameJA == l.NameJA, "%s, then %s", last, l)
			}
			sum, at = sum+l.Counted(), l.To
		}
		require.Equal(t, d, sum)
		require.True(t, at.Equal(to), "%s is not %s", at, to)
	}
	rapid.Check(t, func(t *rapid.T) {
		c, start, d := drawnCalendar(t), drawnInstant(t), drawnDuration(t)
		check(t, c.Explain(start, d), start, c.Add(start, d), d)
		end := start.Add(drawnDuration(t))
		check(t, c.ExplainBetween(start, end), start, end, c.Between(start, end))
	})
}

// TestASecondOpinion goes over eight days minute by minute, reading the Spec as a person does.
func TestASecondOpinion(t *testing.T) {
	t.Parallel()
	jp := japanesePublic(t)
	rapid.Check(t, func(t *rapid.T) {
		c, start := drawnCalendar(t), drawnTime(t)
		m, worked, stop := newByMinute(c, jp), 0, rapid.IntRange(0, 3000).Draw(t, "stop")
		for i := range 8 * dayMinutes {
			at := start.Add(time.Duration(i) * time.Minute)
			if m.open(at) {
				if worked == stop {
					require.Equal(t, at.Add(30*time.Second), c.Add(start, time.Duration(worked)*time.Minute+30*time.Second))
				}
				worked++
			}
		}
		require.Equal(t, time.Duration(worked)*time.Minute, c.Between(start, start.AddDate(0, 0, 8)))
	})
}

// TestPausesByConsumedTime: a clock that stops and goes on keeps what it has consumed; the working time outside of the
// pauses is the target, and a pause outside of hours moves nothing.
func TestPausesByConsumedTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, start := drawnCalendar(t), drawnInstant(t)
		target := drawnDuration(t) + 1
		var consumed, paused time.Duration
		resumed := start
		for range rapid.IntRange(0, 4).Draw(t, "pauses") {
			stop := resumed.Add(time.Duration(rapid.Int64Range(0, int64(30*time.Hour)).Draw(t, "runs")))
			if consumed+c.Between(resumed, stop) >= target {
				break
			}
			consumed += c.Between(resumed, stop)
			resumed = stop.Add(time.Duration(rapid.Int64Range(0, int64(90*time.Hour)).Draw(t, "rests")))
			paused += c.Between(stop, resumed)
		}
		deadline := c.Add(resumed, target-consumed)
		require.Equal(t, target, c.Between(start, deadline)-paused)
		if paused == 0 {
			require.Equal(t, c.Add(start, target), deadline)
		}
	})
}

func TestSpecsSurviveJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawnCalendar(t)
		raw, err := json.Marshal(c.Spec())
		require.NoError(t, err)
		var s Spec
		require.NoError(t, json.Unmarshal(raw, &s))
		require.Equal(t, c.Spec(), s)
		again, err := New(s)
		require.NoError(t, err)
		require.True(t, again.Equal(c))
		start, d := drawnInstant(t), drawnDuration(t)
		require.Equal(t, c.Explain(start, d), again.Explain(start, d))
	})
}

// TestBusinessDaysAreCounted counts dates on which hours begin, by the second opinion.
func TestBusinessDaysAreCounted(t *testing.T) {
	t.Parallel()
	jp := japanesePublic(t)
	rapid.Check(t, func(t *rapid.T) {
		c, start, n := drawnCalendar(t), drawnInstant(t), rapid.IntRange(1, 25).Draw(t, "n")
		m := newByMinute(c, jp)
		end := c.AddDays(start, n)
		from, to := start.In(c.Zone()), end.In(c.Zone())
		day := time.Date(from.Year(), from.Month(), from.Day(), 12, 0, 0, 0, time.UTC)
		for range n {
			for day = day.AddDate(0, 0, 1); len(m.hours(day)) == 0; day = day.AddDate(0, 0, 1) {
			}
		}
		require.Equal(t, day.Format(time.DateOnly), to.Format(time.DateOnly))
		if from.Format(time.TimeOnly) != to.Format(time.TimeOnly) { // only where the wall leaves this time out
			naive := time.Date(to.Year(), to.Month(), to.Day(), from.Hour(), from.Minute(), from.Second(), from.Nanosecond(), c.Zone())
			require.NotEqual(t, from.Format(time.TimeOnly), naive.Format(time.TimeOnly))
		}
		require.Equal(t, start.Nanosecond(), end.Nanosecond())
	})
}

// TestAYearsPictureIsWhatCounts: without clock changes the hours of the picture are the working time of the year.
func TestAYearsPictureIsWhatCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawnSpec(t)
		s.Zone = rapid.SampledFrom([]string{"", "Asia/Tokyo"}).Draw(t, "zone")
		c, err := New(s)
		require.NoError(t, err)
		year := rapid.SampledFrom([]int{2026, 2027, 2028}).Draw(t, "year")
		var sum time.Duration
		next := Date{year, time.January, 1}.number()
		for _, d := range c.Year(year) {
			require.Equal(t, dateOf(next), d.Date)
			require.Equal(t, d.Open, len(d.Hours) > 0)
			if d.Open {
				require.Contains(t, []Reason{Counted, Exceptional}, d.Reason)
			} else {
				require.Contains(t, []Reason{OnHoliday, Closure, Weekend, DayOff}, d.Reason)
			}
			for _, h := range d.Hours {
				sum += time.Duration(h.To-h.From) * time.Minute
			}
			next++
		}
		start := time.Date(year, 1, 1, 0, 0, 0, 0, c.Zone())
		require.Equal(t, c.Between(start, start.AddDate(1, 0, 0)), sum)
	})
}
