package calendar

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// oneDayAYear opens for an hour on one date of every year.
func oneDayAYear(t testing.TB) Calendar {
	o, err := ParseOpening("04-01 09:00-10:00 Inventory")
	require.NoError(t, err)
	return made(t, Spec{Key: "once", Zone: "Europe/Berlin", Open: []Opening{o}})
}

// TestLongWaitsAreShort: the limit is generous for a busy machine; the benchmarks below tell the truth.
func TestLongWaitsAreShort(t *testing.T) {
	start := time.Date(2027, 4, 28, 7, 0, 0, 0, time.UTC)
	office, once := tokyo(t), oneDayAYear(t)
	for name, run := range map[string]func(){
		"ten years of office hours":   func() { office.Add(start, 10*1800*time.Hour) },
		"one day in a year, 30 times": func() { once.Add(start, 30*time.Hour) },
		"2500 business days":          func() { office.AddDays(start, 2500) },
		"ten years between":           func() { office.Between(start, start.AddDate(10, 0, 0)) },
	} {
		var took []time.Duration
		for range 15 {
			before := time.Now()
			run()
			took = append(took, time.Since(before))
		}
		slices.Sort(took)
		require.Less(t, took[0], 200*time.Millisecond, name) // a busy machine makes many slow, not all
	}
	require.Equal(t, "2056-04-01 08:00:00 +0000 UTC", once.Add(start, 29*time.Hour).String())
	require.Equal(t, "2057-04-01 07:00:00 +0000 UTC", once.Add(once.Add(start, 29*time.Hour), 0).String())
}

func BenchmarkAdd(b *testing.B) {
	start := time.Date(2027, 4, 28, 7, 0, 0, 0, time.UTC)
	for name, v := range map[string]struct {
		c Calendar
		d time.Duration
	}{
		"six hours":              {tokyo(b), 6 * time.Hour},
		"ten years":              {tokyo(b), 10 * 1800 * time.Hour},
		"an hour a year, thirty": {oneDayAYear(b), 30 * time.Hour},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				v.c.Add(start, v.d)
			}
		})
	}
}

func BenchmarkExplainGoldenWeek(b *testing.B) {
	c, start := tokyo(b), time.Date(2027, 4, 28, 7, 0, 0, 0, time.UTC)
	for b.Loop() {
		c.Explain(start, 20*time.Hour)
	}
}

func BenchmarkNew(b *testing.B) {
	s := tokyo(b).Spec()
	for b.Loop() {
		if _, err := New(s); err != nil {
			b.Fatal(err)
		}
	}
}
