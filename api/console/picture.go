package console

import (
	"fmt"
	"slices"
	"strings"

	"duradesk/api/openapi"
)

// picture is a report as lines over time or as bars, drawn by the server (SVG). Its words stand in the table beside it
// too: a picture is a second way to read, never the only one.
type picture struct {
	Title, About  string
	Width, Height int
	Grid          []gridLine
	Lines         []drawnLine
	Bars          []drawnBar
	Ticks         []drawnText
}

type gridLine struct {
	Y     int
	Label string
}

// drawnLine is one row of figures over time. Its number chooses colour and dashes: colour alone tells some people nothing.
type drawnLine struct {
	Number              int
	Name                string
	Points              string
	KeyX, KeyEnd, NameX int // in the legend
}

type drawnBar struct {
	Y, Width    int
	Name, Value string
}

type drawnText struct {
	X    int
	Text string
}

// Measures in the picture's own units; it is as wide as its place.
const (
	pictureWide = 960
	lineHigh    = 280
	plotLeft    = 52
	plotTop     = 44
	plotBottom  = lineHigh - 28
	plotRight   = pictureWide - 12
	barHigh     = 30
	barLeft     = 240
	barMost     = 20 // bars; the rest stands in the table
)

// pictured is the column that the bars of a report show.
var picturedColumns = map[string]string{
	"response_times": "first_response_median_minutes", "sla": "kept_percent", "backlog": "tickets", "channels": "opened", "agents": "answers",
	"feedback": "answers", "reception_types": "opened", "categories": "tickets",
}

// pictureOf draws a report; nil where there is nothing to draw.
func pictureOf(lang string, view reportView, r openapi.Report) *picture {
	if len(r.Rows) == 0 {
		return nil
	}
	p := &picture{Width: pictureWide, Title: say(lang, "report."+r.Name), About: say(lang, "report.about", "from", r.From, "to", r.To)}
	if r.Name == "volume" {
		p.drawLines(r, view)
		return p
	}
	p.drawBars(r, view)
	return p
}

func figure(cell any) float64 {
	n, _ := cell.(float64)
	return n
}

// drawLines draws opened, answered and resolved over time.
func (p *picture) drawLines(r openapi.Report, view reportView) {
	p.Height = lineHigh
	shown := []int{1, 2, 3}
	top := 1.0
	for _, row := range r.Rows {
		for _, i := range shown {
			top = max(top, figure(row[i]))
		}
	}
	step := niceStep(top)
	top = step * float64(int((top+step-1)/step))
	y := func(value float64) int { return plotBottom - int(value/top*float64(plotBottom-plotTop)) }
	x := func(i int) int {
		if len(r.Rows) == 1 {
			return (plotLeft + plotRight) / 2
		}
		return plotLeft + i*(plotRight-plotLeft)/(len(r.Rows)-1)
	}
	for value := 0.0; value <= top; value += step {
		p.Grid = append(p.Grid, gridLine{y(value), thousands(int64(value))})
	}
	for n, column := range shown {
		var points strings.Builder
		for i, row := range r.Rows {
			fmt.Fprintf(&points, "%d,%d ", x(i), y(figure(row[column])))
		}
		if len(r.Rows) == 1 { // a point alone is not seen
			fmt.Fprintf(&points, "%d,%d", x(0)+6, y(figure(r.Rows[0][column])))
		}
		p.Lines = append(p.Lines, drawnLine{Number: n + 1, Name: view.Columns[column].Label, Points: strings.TrimSpace(points.String()), KeyX: plotLeft + n*200, KeyEnd: plotLeft + n*200 + 28, NameX: plotLeft + n*200 + 36})
	}
	for _, i := range slices.Compact([]int{0, len(r.Rows) / 2, len(r.Rows) - 1}) {
		p.Ticks = append(p.Ticks, drawnText{x(i), view.Rows[i][0]})
	}
}

// niceStep parts an axis into at most five steps of whole figures that people count in.
func niceStep(top float64) float64 {
	for unit := 1.0; ; unit *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if top <= 5*n*unit {
				return n * unit
			}
		}
	}
}

// drawBars draws one figure of each line.
func (p *picture) drawBars(r openapi.Report, view reportView) {
	column := slices.IndexFunc(view.Columns, func(h reportHead) bool { return h.Figure })
	for i, c := range r.Columns {
		if c.Key == picturedColumns[r.Name] {
			column = i
		}
	}
	p.About = view.Columns[column].Label + " · " + p.About
	top := 1.0
	for _, row := range r.Rows {
		if row[0] != nil {
			top = max(top, figure(row[column]))
		}
	}
	for i, row := range r.Rows {
		if row[0] == nil || len(p.Bars) == barMost {
			continue
		}
		name := []string{}
		for n := range r.Columns {
			if !view.Columns[n].Figure || n == 0 {
				name = append(name, view.Rows[i][n])
			}
		}
		if r.Name == "agents" {
			name = name[1:] // the name says it, the key need not
		}
		p.Bars = append(p.Bars, drawnBar{
			Y: 8 + barHigh*len(p.Bars), Width: int(figure(row[column]) / top * float64(pictureWide-barLeft-90)), Name: strings.Join(name, " · "), Value: view.Rows[i][column],
		})
	}
	p.Height = 16 + barHigh*len(p.Bars)
}
