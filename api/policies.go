package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/calendar"
	"duradesk/ticket"
)

// ListPolicies lists what new tickets of the asker's desks are opened under.
func (s *server) ListPolicies(c *gin.Context, q openapi.ListPoliciesParams) {
	ctx, done := budget(c)
	defer done()
	desks, err := s.House.Desks(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.PolicyList{Items: []openapi.Policy{}}
	for _, d := range desks {
		if !askerOf(c).sees(d.Key) || q.Desk != nil && *q.Desk != d.Key {
			continue
		}
		settings, err := s.House.Policy(ctx, d.Key)
		if err != nil {
			s.told(c, err)
			return
		}
		out.Items = append(out.Items, policyOf(d.Key, settings))
	}
	if out.Total = len(out.Items); out.Total == 0 && q.Desk != nil {
		s.fail(c, problem{kind: notFound})
		return
	}
	answer(c, http.StatusOK, out)
}

func policyOf(desk string, p ticket.Settings) openapi.Policy {
	return openapi.Policy{
		Desk: desk, Version: p.Version, Calendar: cmp.Or(p.Calendar, calendar.Always.Key()),
		FirstResponseMinutes: targets(p.FirstResponse), NextResponseMinutes: targets(p.NextResponse), ResolutionMinutes: targets(p.Resolution),
		WarnAtPercent: p.WarnAt, HandOverDays: p.HandOverDays, AutoCloseMinutes: minutes(p.AutoClose), AutoCloseDays: p.AutoCloseDays,
		Pauses: openapi.Pauses{
			FirstResponse: reasons(p.Pauses.FirstResponse), NextResponse: reasons(p.Pauses.NextResponse), Resolution: reasons(p.Pauses.Resolution),
		},
		SpamRetentionMinutes: minutes(p.SpamRetention), FollowUp: openapi.PolicyFollowUp(p.FollowUp), ReopenWithinMinutes: minutes(p.ReopenWithin),
		AfterReply: openapi.PolicyAfterReply(cmp.Or(p.AfterReply, ticket.AfterReplyOpen)), BreachEscalates: p.BreachEscalates, Acknowledge: p.Acknowledge,
		CloseMail: openapi.PolicyCloseMail(cmp.Or(p.CloseMail, closeMailNone)),
	}
}

func targets(t ticket.Targets) openapi.Targets {
	return openapi.Targets{Low: minutes(t.Low), Normal: minutes(t.Normal), High: minutes(t.High), Urgent: minutes(t.Urgent)}
}

func reasons(in []ticket.HoldReason) []openapi.HoldReason {
	out := make([]openapi.HoldReason, len(in))
	for i, r := range in {
		out[i] = openapi.HoldReason(r.String())
	}
	return out
}

// CreatePolicy makes the next version of a desk's policy.
func (s *server) CreatePolicy(c *gin.Context) {
	s.nextPolicy(c, http.StatusCreated, func(h *hand, o *object) string { return h.desk(o) })
}

// ChangePolicy does the same for the desk that the address names.
func (s *server) ChangePolicy(c *gin.Context, desk string) {
	s.nextPolicy(c, http.StatusOK, func(h *hand, _ *object) string { return h.findDesk(desk).Key })
}

func (s *server) nextPolicy(c *gin.Context, status int, of func(h *hand, o *object) string) {
	var desk string
	var settings ticket.Settings
	s.edit(c, status, func(h *hand, o *object) {
		settings = ticket.DefaultSettings()
		if desk = of(h, o); desk != "" && len(*o.faults) == 0 && h.err == nil {
			settings, h.err = s.House.Policy(h.ctx, desk)
		}
		h.settings(o, &settings)
	}, func(ctx context.Context) (any, error) {
		stored, err := s.House.AddPolicy(ctx, desk, settings)
		return policyOf(desk, stored), err
	})
}

// closeMailNone is how the API says that a desk writes nothing when a ticket closes.
const closeMailNone = "none"

// settings reads a policy into what was there before: what is left out stays.
func (h *hand) settings(o *object, to *ticket.Settings) {
	if key := o.text("calendar", keyRule); key != "" {
		to.Calendar = h.calendarKey(o, "calendar", key)
	}
	readTargets(o, "first_response_minutes", &to.FirstResponse)
	readTargets(o, "next_response_minutes", &to.NextResponse)
	readTargets(o, "resolution_minutes", &to.Resolution)
	o.count("warn_at_percent", 99, &to.WarnAt)
	if p := o.inside("pauses", false); p != nil {
		readReasons(p, "first_response", &to.Pauses.FirstResponse)
		readReasons(p, "next_response", &to.Pauses.NextResponse)
		readReasons(p, "resolution", &to.Pauses.Resolution)
		p.done()
	}
	o.count("hand_over_days", 365, &to.HandOverDays)
	o.span("auto_close_minutes", 1, &to.AutoClose)
	o.count("auto_close_days", 365, &to.AutoCloseDays)
	o.span("spam_retention_minutes", 1, &to.SpamRetention)
	o.span("reopen_within_minutes", 0, &to.ReopenWithin)
	to.FollowUp = cmp.Or(ticket.FollowUp(o.word("follow_up", false, []string{
		string(ticket.FollowUpLinked), string(ticket.FollowUpReopenWithin), string(ticket.FollowUpReopen),
	})), to.FollowUp)
	to.AfterReply = cmp.Or(ticket.AfterReply(o.word("after_reply", false, []string{
		string(ticket.AfterReplyOpen), string(ticket.AfterReplyNew), string(ticket.AfterReplyStay),
	})), to.AfterReply)
	o.flag("breach_escalates", &to.BreachEscalates)
	o.flag("acknowledge", &to.Acknowledge)
	switch said := o.word("close_mail", false, []string{closeMailNone, string(ticket.CloseMailClosed), string(ticket.CloseMailFeedback)}); said {
	case "": // nothing was said
	case closeMailNone:
		to.CloseMail = ticket.CloseMailNone
	default:
		to.CloseMail = ticket.CloseMail(said)
	}
}

// calendarKey is a calendar that is there; "" for always.
func (h *hand) calendarKey(o *object, name, key string) string {
	if key == calendar.Always.Key() || h.err != nil {
		return ""
	}
	found, err := h.s.House.Calendars(h.ctx)
	if err != nil {
		h.err = err
		return ""
	}
	if !slices.ContainsFunc(found, func(s calendar.Spec) bool { return s.Key == key }) {
		o.blameWorld(name, "unknown_calendar", map[string]string{"key": key})
	}
	return key
}

// longestSpan of a policy: ten years.
const longestSpan = int64(farthest / time.Minute)

func readTargets(o *object, name string, to *ticket.Targets) {
	p := o.inside(name, false)
	if p == nil {
		return
	}
	p.span("low", 0, &to.Low)
	p.span("normal", 0, &to.Normal)
	p.span("high", 0, &to.High)
	p.span("urgent", 0, &to.Urgent)
	p.done()
}

// span reads minutes into to, which stays as it is where there are none.
func (o *object) span(name string, least int64, to *time.Duration) {
	if n, given := o.whole(name, false, least, longestSpan); given {
		*to = time.Duration(n) * time.Minute
	}
}

// count reads a whole number from 0 on into to, which stays as it is where there is none.
func (o *object) count(name string, most int64, to *int) {
	if n, given := o.whole(name, false, 0, most); given {
		*to = int(n)
	}
}

func readReasons(o *object, name string, to *[]ticket.HoldReason) {
	if list := o.list(name, len(ticket.HoldReasons())); o.fields[name] == nil || list == nil {
		return
	}
	found := []ticket.HoldReason{}
	for i, word := range o.texts(name, len(ticket.HoldReasons()), rule{min: 1, max: 40}) {
		r, err := ticket.ParseHoldReason(word)
		if err != nil {
			one := &object{at: o.pointer(name), faults: o.faults}
			one.blame(itoa(i), "hold_reason", nil)
			continue
		}
		found = append(found, r)
	}
	slices.Sort(found)
	*to = slices.Compact(found)
}
