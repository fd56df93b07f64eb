package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"duradesk/api/openapi"
)

// explainView is why a clock falls due when it does.
type explainView struct {
	openapi.Explanation
	N     string
	Due   *moment
	Lines []explainLine
	// Picture has the days from beginning to end; nil where the record does not reach all of it.
	Picture *deadlineView
}

type explainLine struct {
	From, To, Text, Name, Span string
	Counted                    bool
}

// clockFragment shows the proof of a deadline.
func (v *visit) clockFragment() error {
	out := explainView{N: v.r.PathValue("number")}
	err := v.get("/tickets/"+url.PathEscape(out.N)+"/clocks/"+url.PathEscape(v.r.PathValue("clock"))+"/explain", &out.Explanation)
	if err != nil {
		return err
	}
	out.Due = v.momentOf(out.Clock.DueAt)
	for _, l := range out.Explanation.Lines {
		from, _ := time.Parse(time.RFC3339, l.FromLocal)
		to, _ := time.Parse(time.RFC3339, l.ToLocal)
		out.Lines = append(out.Lines, explainLine{
			From: v.dayAndTime(from), To: v.dayAndTime(to), Text: l.Text, Name: deref(l.Name), Span: v.span(l.Minutes), Counted: l.Counted,
		})
	}
	out.Picture = v.pictureOf(out.Explanation)
	return v.show(http.StatusOK, "explain", out)
}

// dayAndTime is on the clock of the calendar that counts, not of the reader.
func (v *visit) dayAndTime(t time.Time) string {
	if v.lang == "ja" {
		return t.Format("1/2") + "(" + weekdaysJA[t.Weekday()] + ") " + t.Format("15:04")
	}
	return t.Format("Mon 2 Jan 15:04")
}

func (v *visit) span(minutes int64) string {
	return say(v.lang, "span", "h", strconv.FormatInt(minutes/60, 10), "m", strconv.FormatInt(minutes%60, 10))
}
