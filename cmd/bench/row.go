package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// direction says which way is better.
type direction int

const (
	lower  direction = iota // times, bytes, counts
	higher                  // rates
)

// target is what PERFORMANCE promises of a line: a bound on the ratio to the bare limit, on the figure itself, or both.
type target struct {
	ratio  float64 // 0: none
	figure float64 // 0: none
	none   bool    // the figure must be 0
	words  string
}

// row is one line of the report.
type row struct {
	name, unit string
	better     direction
	product    []float64
	bare       []float64 // of the same rounds; empty where there is no bare limit to compare with
	limit      string    // what the bare limit is
	target     target
	note       string
}

// ratios gives product over bare, round by round.
func (r *row) ratios() []float64 {
	var list []float64
	for i := range min(len(r.product), len(r.bare)) {
		list = append(list, r.product[i]/r.bare[i])
	}
	return list
}

// verdict tells whether the medians keep the target.
func (r *row) verdict() string {
	keeps := func(value, bound float64) bool {
		if r.better == lower {
			return value <= bound
		}
		return value >= bound
	}
	switch {
	case r.target.none && median(r.product) != 0:
		return "missed"
	case r.target.none:
		return "holds"
	case r.target.ratio == 0 && r.target.figure == 0:
		return "-"
	case r.target.ratio != 0 && !keeps(median(r.ratios()), r.target.ratio), r.target.figure != 0 && !keeps(median(r.product), r.target.figure):
		return "missed"
	}
	return "holds"
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(list))
	if middle := len(sorted) / 2; len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[len(sorted)/2]
}

// quantile is the smallest value that so many per cent do not exceed.
func quantile(list []float64, percent int) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// number writes a figure with as many digits as it deserves.
func number(f float64) string {
	switch size := math.Abs(f); {
	case math.IsNaN(f):
		return "-"
	case f == 0:
		return "0"
	case size >= 100:
		return fmt.Sprintf("%.0f", f)
	case size >= 10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}
