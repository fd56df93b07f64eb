package api

import (
	"cmp"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/calendar"
	"duradesk/ticket"
)

// ExplainClock tells line by line why a clock falls due when it does.
func (s *server) ExplainClock(c *gin.Context, n openapi.Number, id string) {
	rec, err := s.visible(c, ticket.Number(n))
	if err != nil {
		s.told(c, err)
		return
	}
	k, ok := rec.Process.Clock(id)
	if !ok {
		s.fail(c, problem{kind: notFound})
		return
	}
	ctx, done := budget(c)
	defer done()
	past, err := s.Reader.History(ctx, rec.Process.Number)
	if err != nil {
		s.told(c, err)
		return
	}
	cal := s.calendar(rec)
	answer(c, http.StatusOK, s.explanation(s.language(c), k, cal, prove(k, rec, past, cal, s.Now())))
}

func (s *server) explanation(lang string, k ticket.Clock, cal calendar.Calendar, p proof) openapi.Explanation {
	out := openapi.Explanation{
		Clock: clock(k), Text: s.texts.say(lang, "future."+k.Kind.String(), nil), Unit: openapi.ExplanationUnit(p.unit),
		Calendar: openapi.CalendarName{Key: cal.Key(), Version: cal.Version(), Zone: cal.Zone().String()},
		Complete: p.complete, Lines: make([]openapi.ExplanationLine, len(p.lines)),
	}
	switch p.unit {
	case inWorkingTime:
		out.TargetMinutes, out.CountedMinutes = ptr(minutes(p.target)), ptr(minutes(p.counted()))
	case inWallClock:
		out.CountedMinutes = ptr(minutes(p.counted()))
	case inWorkingDays:
		out.TargetDays, out.CountedDays = ptr(p.days), ptr(p.countedLines())
	}
	for i, l := range p.lines {
		out.Lines[i] = s.explained(lang, l, cal.Zone())
	}
	return out
}

func (s *server) explained(lang string, l stretch, zone *time.Location) openapi.ExplanationLine {
	out := openapi.ExplanationLine{
		From: l.From.UTC(), To: l.To.UTC(), FromLocal: l.From.In(zone).Format(time.RFC3339), ToLocal: l.To.In(zone).Format(time.RFC3339),
		Counted: l.counts, Minutes: minutes(l.To.Sub(l.From)), Reason: openapi.ExplanationLineReason(l.Reason), Name: some(nameIn(lang, l.Name, l.NameJA)),
		Text: s.texts.say(lang, "calendar."+string(l.Reason), nil),
	}
	switch l.Reason { //nolint:exhaustive // the others are said by their reason alone
	case calendar.ClockChange:
		out.Minutes = minutes(l.Shift.Abs())
	case standing:
		out.Text = s.texts.say(lang, "calendar.paused", map[string]string{"why": s.texts.say(lang, l.Name, nil)})
		out.Name = ptr(l.what)
	}
	return out
}

// nameIn gives a name in the language of the answer, as far as there is one.
func nameIn(lang, en, ja string) string {
	if lang == "ja" {
		return cmp.Or(ja, en)
	}
	return cmp.Or(en, ja)
}
