package console

import (
	"strconv"
	"time"

	"duradesk/api/openapi"
)

// A deadline's picture has a line for each day, from midnight to midnight: what counts is filled in.

const (
	pictureWidth = 720 // units of the drawing for 24 hours
	mostBands    = 31
)

// band is one day of the picture.
type band struct {
	Y       int
	Day     string
	Quiet   bool // nothing of it counts
	Why     string
	Pieces  []pieceOfDay
	Start   string // x of the beginning, "" for another day
	Due     string
	Warn    string
	TextY   int
	MarkEnd int
}

type pieceOfDay struct {
	X, Width string
	Counted  bool
	Title    string
}

// dayTime is an instant with its day of the week.
func (v *visit) dayTime(t time.Time) string {
	t = t.In(v.zone)
	return v.dayName(t) + " " + t.Format("15:04")
}

func (v *visit) dayName(t time.Time) string {
	if v.lang == "ja" {
		return t.Format("1月2日") + "（" + weekdaysJA[t.Weekday()] + "）"
	}
	return t.Format("Mon 2 Jan")
}

// bands draws the days of a deadline; rest is how many there was no room for.
func (v *visit) bands(d openapi.TriedDeadline) (out []band, rest int) {
	first, last := midnight(d.From.In(v.zone)), midnight(d.DueAt.In(v.zone))
	for day, i := first, 0; !day.After(last); day, i = midnight(day.AddDate(0, 0, 1).Add(3*time.Hour)), i+1 {
		if i >= mostBands && day.Before(last) {
			rest++
			continue
		}
		b := band{Y: len(out) * 26, TextY: len(out)*26 + 14, MarkEnd: len(out)*26 + 20, Day: v.dayName(day), Quiet: true}
		next := midnight(day.AddDate(0, 0, 1).Add(3 * time.Hour))
		for _, l := range d.Lines {
			from, to := l.From, l.To
			if from.Before(day) {
				from = day
			}
			if to.After(next) {
				to = next
			}
			if !from.Before(to) {
				continue
			}
			b.Quiet = b.Quiet && !l.Counted
			if !l.Counted {
				b.Why = l.Text
				if l.Name != nil {
					b.Why = *l.Name
				}
			}
			b.Pieces = append(b.Pieces, pieceOfDay{X: across(day, from), Width: width(from, to), Counted: l.Counted, Title: l.Text})
		}
		b.Start, b.Due = markOn(day, next, &d.From), markOn(day, next, d.DueAt)
		b.Warn = markOn(day, next, d.WarnAt)
		out = append(out, b)
	}
	return out, rest
}

// pictureOf draws a ticket's own deadline; nil where nothing is counted, or not all of it is known.
func (v *visit) pictureOf(e openapi.Explanation) *deadlineView {
	if !e.Complete || e.Clock.DueAt == nil || len(e.Lines) == 0 {
		return nil
	}
	out := &deadlineView{}
	out.Bands, out.Rest = v.bands(openapi.TriedDeadline{From: e.Lines[0].From, DueAt: e.Clock.DueAt, WarnAt: e.Clock.WarnAt, Lines: e.Lines})
	return out
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func across(day, at time.Time) string { return width(day, at) }

func width(from, to time.Time) string {
	return strconv.FormatFloat(to.Sub(from).Hours()*pictureWidth/24, 'f', 1, 64)
}

// markOn is where an instant stands on the line of a day; "" for one of another day.
func markOn(day, next time.Time, at *time.Time) string {
	if at == nil || at.Before(day) || !at.Before(next) {
		return ""
	}
	return across(day, *at)
}
