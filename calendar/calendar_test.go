package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func office(t *testing.T) Calendar {
	c, err := New(Spec{Key: "tokyo", Zone: "Asia/Tokyo", Holidays: []Holiday{{Set: "jp"}}, Week: [7][]Interval{
		1: {{540, 720}, {780, 1050}}, 2: {{540, 720}, {780, 1050}}, 3: {{540, 720}, {780, 1050}}, 4: {{540, 720}, {780, 1050}}, 5: {{540, 720}, {780, 1050}},
	}})
	require.NoError(t, err)
	return c
}

func TestTry(t *testing.T) {
	c := office(t)
	start := time.Date(2027, 4, 28, 16, 0, 0, 0, c.Zone())
	for _, l := range c.Explain(start, 6*time.Hour) {
		t.Log(l)
	}
	t.Log(c.Add(start, 6*time.Hour), c.Between(start, c.Add(start, 6*time.Hour)), c.AddDays(start, 1))
}

func BenchmarkAddTenYears(b *testing.B) {
	c := office(&testing.T{})
	start := time.Date(2027, 4, 28, 16, 0, 0, 0, c.Zone())
	for b.Loop() {
		c.Add(start, 2450*7*time.Hour)
	}
	b.Log(c.Add(start, 2450*7*time.Hour))
}

func BenchmarkAddSixHours(b *testing.B) {
	c := office(&testing.T{})
	start := time.Date(2027, 4, 28, 16, 0, 0, 0, c.Zone())
	for b.Loop() {
		c.Add(start, 6*time.Hour)
	}
}
