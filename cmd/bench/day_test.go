package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestADayHasItsTicketsAndMails(t *testing.T) {
	t.Parallel()
	d := &day{stories: map[string]*story{}, dice: &dice{r: rand.New(rand.NewPCG(1, 1))}} //nolint:gosec // no secret
	mails, japanese := 0, 0
	for i := range dayTickets {
		s := d.invent(i%24, i)
		if mails += s.replies; s.channel == "mail" {
			mails++
		}
		if s.japanese {
			japanese++
		}
	}
	require.Len(t, d.stories, dayTickets, "each has a title of its own")
	require.InEpsilon(t, dayMails, mails, 0.05)
	require.InEpsilon(t, dayTickets/2, japanese, 0.1)
}

func TestPlotsByHourCanBeRead(t *testing.T) {
	t.Parallel()
	first, second := make([]float64, 24), make([]float64, 24)
	first[9], second[10], second[23] = 3, math.NaN(), 1
	plot := bars("Action → receipt", "ms", byHour, [2]string{"p50", "p95"}, first, second)
	decoder := xml.NewDecoder(strings.NewReader(plot))
	bars := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "rect" {
			bars++
		}
	}
	require.Equal(t, 2+2, bars, "two of the legend, one for each figure that there is")
	require.NotContains(t, plot, "NaN")
}

func TestADayTellsWhatKeptTheProcessorsBusy(t *testing.T) {
	t.Parallel()
	d := &day{speed: 144}
	d.hours[9].busy = map[string]float64{"Temporal": 0.91, "Postgres": 0.5, "serve": 0.4, "bench": 0.11, "others": 0.02}
	require.Contains(t, d.report(counted{}), "| 0.91 | 0.50 | 0.40 | 0.11 |\n")
	require.Contains(t, d.plots(counted{})["processors"], "1.94", "the highest bar is all together")
}
