package api

import (
	"cmp"
	"net/http"
	"regexp"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/calendar"
	"duradesk/ticket"
)

var clockRule = rule{needed: true, min: 5, max: 5, pattern: regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`), like: "clock"}

// GetSettings shows the asker's own.
func (s *server) GetSettings(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	found, err := s.Habits.StaffSettings(ctx, askerOf(c).Key)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, staffSettings(found))
}

func staffSettings(s ticket.StaffSettings) openapi.StaffSettings {
	out := openapi.StaffSettings{NoticeMail: openapi.NoticeMail(s.Mail), DigestHour: s.DigestHour, Zone: cmp.Or(s.Zone, "UTC")}
	if s.QuietFrom != "" {
		out.Quiet = &openapi.QuietHours{From: s.QuietFrom, To: s.QuietTo}
	}
	return out
}

// SaveSettings changes the asker's own.
func (s *server) SaveSettings(c *gin.Context) {
	set := ticket.DefaultStaffSettings()
	if !s.asked(c, func(o *object) {
		set.Mail = ticket.NoticeMail(o.word("notice_mail", true, []string{string(ticket.NoticeOff), string(ticket.NoticeInstant), string(ticket.NoticeDigest)}))
		o.count("digest_hour", 23, &set.DigestHour)
		if q := o.inside("quiet", false); q != nil {
			set.QuietFrom, set.QuietTo = q.text("from", clockRule), q.text("to", clockRule)
			q.done()
		}
		set.Zone = cmp.Or(o.text("zone", rule{min: 1, max: 100}), set.Zone)
		if _, _, err := calendar.MailAt(ticket.StaffSettings{Mail: ticket.NoticeInstant, Zone: set.Zone}, s.Now()); err != nil {
			o.blame("zone", "zone", nil)
		}
	}) {
		return
	}
	ctx, done := budget(c)
	defer done()
	if err := s.Habits.SetStaffSettings(ctx, askerOf(c).Key, set); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, staffSettings(set))
}
