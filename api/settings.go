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
	out := openapi.StaffSettings{
		NoticeMail: openapi.NoticeMail(s.Mail), DigestHour: s.DigestHour, Zone: cmp.Or(s.Zone, "UTC"),
		Language: openapi.StaffSettingsLanguage(cmp.Or(s.Language, languages[0])), Theme: openapi.StaffSettingsTheme(cmp.Or(s.Theme, themes[0])), SingleKeys: !s.KeysOff, ShownIn: some(s.ShownIn),
	}
	if s.QuietFrom != "" {
		out.Quiet = &openapi.QuietHours{From: s.QuietFrom, To: s.QuietTo}
	}
	return out
}

// themes that pages can have; the first is as the machine says.
var themes = []string{"auto", "light", "dark"}

// look reads how the pages are to be: what is left out stays as it is in set.
func (o *object) look(set *ticket.StaffSettings) {
	set.Language = cmp.Or(o.word("language", false, languages), set.Language)
	set.Theme = cmp.Or(o.word("theme", false, themes), set.Theme)
	keys := !set.KeysOff
	o.flag("single_keys", &keys)
	set.KeysOff = !keys
	set.ShownIn = cmp.Or(o.zone("shown_in"), set.ShownIn)
	if o.isNull("shown_in") {
		set.ShownIn = ""
	}
}

// SaveSettings changes the asker's own.
func (s *server) SaveSettings(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	set := ticket.DefaultStaffSettings()
	before, err := s.Habits.StaffSettings(ctx, askerOf(c).Key)
	if err != nil {
		s.told(c, err)
		return
	}
	set.Language, set.Theme, set.KeysOff, set.ShownIn = before.Language, before.Theme, before.KeysOff, before.ShownIn
	if !s.asked(c, func(o *object) {
		o.look(&set)
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
	if err := s.Habits.SetStaffSettings(ctx, askerOf(c).Key, set); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, staffSettings(set))
}
