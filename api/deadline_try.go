package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/calendar"
	"duradesk/mail"
	"duradesk/ticket"
)

// ExplainPolicy takes the deadline apart that a ticket would get under a desk's present policy.
func (s *server) ExplainPolicy(c *gin.Context, desk string, q openapi.ExplainPolicyParams) {
	ctx, done := budget(c)
	defer done()
	h := &hand{s: s, ctx: ctx, who: askerOf(c)}
	d := h.findDesk(desk)
	var policy ticket.Settings
	if h.err == nil {
		policy, h.err = s.House.Policy(ctx, d.Key)
	}
	if h.err != nil {
		s.told(c, h.err)
		return
	}
	cal, err := s.calendarNow(c, cmp.Or(policy.Calendar, calendar.Always.Key()))
	if err != nil {
		s.told(c, err)
		return
	}
	priority, err := ticket.ParsePriority(string(cmp.Or(value(q.Priority), openapi.Priority(ticket.Normal.String()))))
	if err != nil {
		s.told(c, err)
		return
	}
	from := cmp.Or(value(q.From), s.Now()).UTC()
	answer(c, http.StatusOK, s.triedDeadline(s.language(c), d.Key, string(q.Clock), priority, policy, cal, from))
}

func (s *server) triedDeadline(lang, desk, clock string, priority ticket.Priority, policy ticket.Settings, cal calendar.Calendar, from time.Time) openapi.TriedDeadline {
	target := map[string]ticket.Targets{
		"first_response": policy.FirstResponse, "next_response": policy.NextResponse, "resolution": policy.Resolution,
	}[clock].For(priority)
	out := openapi.TriedDeadline{
		Desk: desk, Clock: openapi.ClockKind(clock), Priority: openapi.Priority(priority.String()), PolicyVersion: policy.Version,
		Calendar: openapi.CalendarName{Key: cal.Key(), Version: cal.Version(), Zone: cal.Zone().String()}, TargetMinutes: minutes(target), From: from, Lines: []openapi.ExplanationLine{},
	}
	if target <= 0 {
		return out
	}
	due := cal.Add(from, target).UTC()
	out.DueAt = &due
	if policy.WarnAt > 0 {
		warn := cal.Add(from, target*time.Duration(policy.WarnAt)/100).UTC()
		out.WarnAt = &warn
	}
	for _, l := range cal.Explain(from, target) {
		out.Lines = append(out.Lines, s.explained(lang, stretch{Line: l, counts: l.Reason == calendar.Counted}, cal.Zone()))
	}
	return out
}

// TryForbiddenWords looks for forbidden words of a desk in a text.
func (s *server) TryForbiddenWords(c *gin.Context) {
	var m ticket.NewMessage
	h := &hand{s: s, who: askerOf(c)}
	s.edit(c, http.StatusOK, func(in *hand, o *object) {
		h.ctx = in.ctx
		if key := in.desk(o); key != "" {
			h.rec.Process.Desk = key
		}
		m.Body, m.Format = o.text("text", rule{needed: true, min: 1, max: 100_000}), string(mail.FormatMarkdown)
	}, func(context.Context) (any, error) {
		found, err := h.forbidden(m)
		out := openapi.TriedForbiddenWords{Found: make([]openapi.FoundWord, len(found))}
		for i, f := range found {
			out.Found[i] = openapi.FoundWord{Word: f.Spotted.Word, As: f.As, Times: f.Times, Action: openapi.FoundWordAction(f.Action), Note: f.Note}
			out.Blocked = out.Blocked || f.Action == "block"
		}
		return out, err
	})
}
