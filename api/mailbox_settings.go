package api

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// GetMailbox shows one, to admins with its settings.
func (s *server) GetMailbox(c *gin.Context, id string) {
	found, err := s.mailboxOf(c, id)
	if err != nil {
		s.told(c, err)
		return
	}
	s.showMailbox(c, http.StatusOK, found)
}

// mailboxOf is a mailbox of the asker's desks; others do not exist for him.
func (s *server) mailboxOf(c *gin.Context, id string) (Mailbox, error) {
	own, err := s.mailboxes(c)
	if err != nil {
		return Mailbox{}, err
	}
	i := slices.IndexFunc(own, func(m Mailbox) bool { return m.ID == id })
	if i < 0 {
		return Mailbox{}, &ticket.Error{Code: ticket.NotFound, Message: "there is no such mailbox"}
	}
	return own[i], nil
}

// showMailbox answers with a mailbox, and to admins how it is set.
func (s *server) showMailbox(c *gin.Context, status int, m Mailbox) {
	out := mailbox(m)
	if askerOf(c).Role == ticket.RoleAdmin {
		ctx, done := budget(c)
		defer done()
		set, err := s.House.MailSettings(ctx, m.ID)
		if err != nil {
			s.told(c, err)
			return
		}
		out.Settings = ptr(mailSettings(set))
	}
	answer(c, status, out)
}

func mailSettings(m ticket.MailSettings) openapi.MailboxSettings {
	return openapi.MailboxSettings{
		Enabled: m.Enabled, Imap: mailDoor(m.IMAP), Smtp: mailDoor(m.SMTP), Folder: m.Folder,
		Login: openapi.MailLogin{
			Mode: openapi.MailLoginMode(m.Login.Mode), Username: m.Login.Username, PasswordSet: m.Login.PasswordSet,
			TokenUrl: some(m.Login.TokenURL), ClientId: some(m.Login.ClientID), Scope: some(m.Login.Scope),
			ClientSecretSet: m.Login.ClientSecretSet, RefreshTokenSet: m.Login.RefreshTokenSet, TokenExpiresAt: instant(m.Login.ExpiresAt),
		},
		After:      openapi.MailAfter{Mode: openapi.MailAfterMode(m.After.Mode), Folder: some(m.After.Folder)},
		SentFolder: some(m.SentFolder), AuthservId: some(m.Authserv), Subaddress: m.Subaddress, FromStart: m.FromStart, PollSeconds: m.PollSeconds,
		Caps: openapi.MailCaps{
			AddressHour: m.Caps.AddressHour, AddressDay: m.Caps.AddressDay, Hour: m.Caps.Hour,
			TicketTenMinutes: m.Caps.TicketTenMinutes, SendsMinute: m.Caps.SendsMinute,
		},
		Dkim: dkim(m),
	}
}

func mailDoor(d ticket.MailDoor) openapi.MailDoor {
	host, port, _ := net.SplitHostPort(d.Addr)
	number, _ := strconv.Atoi(port)
	return openapi.MailDoor{Host: host, Port: number, Tls: openapi.MailDoorTls(d.TLS)}
}

// CreateMailbox adds one and has it read from now on.
func (s *server) CreateMailbox(c *gin.Context) {
	m := ticket.MailSettings{
		Enabled: true, Folder: "INBOX", Login: ticket.MailLogin{Mode: ticket.LoginPassword}, After: ticket.After{Mode: "keyword"},
		PollSeconds: 60, Caps: ticket.DefaultMailCaps(),
	}
	s.saveMailbox(c, http.StatusCreated, m, s.House.AddMailbox)
}

// ChangeMailbox changes what is given of one.
func (s *server) ChangeMailbox(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	m, err := s.House.MailSettings(ctx, id)
	if err != nil {
		s.told(c, err)
		return
	}
	s.saveMailbox(c, http.StatusOK, m, s.House.ChangeMailbox)
}

// saveMailbox reads a body over the settings that are, and stores what comes of it.
func (s *server) saveMailbox(c *gin.Context, status int, m ticket.MailSettings, save func(context.Context, ticket.MailSettings) (ticket.MailSettings, error)) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	o := newObject(body)
	o.mailbox(&m)
	o.done()
	ctx, done := budget(c)
	defer done()
	desks, err := s.House.Desks(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	if m.Desk != "" && !slices.ContainsFunc(desks, func(d Desk) bool { return d.Key == m.Desk }) {
		o.blameWorld("desk", "unknown_desk", map[string]string{"key": m.Desk})
	}
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	if m, err = save(ctx, m); err != nil {
		s.told(c, err)
		return
	}
	s.watch(c, m)
	shown, err := s.mailboxOf(c, m.ID)
	if err != nil {
		s.told(c, err)
		return
	}
	s.showMailbox(c, status, shown)
}

// watch has a mailbox read without waiting for the sweeper, which finds it within half a minute.
func (s *server) watch(c *gin.Context, m ticket.MailSettings) {
	if !m.Enabled {
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	if err := s.Mailroom.Watch(ctx, m.ID); err != nil {
		s.Log.DebugContext(ctx, "the mailbox's workflow was not started; the relay starts it", "mailbox", m.ID, "error", err)
	}
}

// What the fields of a mailbox are like.
var (
	folderRule = rule{max: 200, line: true}
	secretRule = rule{min: 1, max: 8000, line: true}
	openRule   = rule{max: 1000, line: true}
)

// mailbox reads what is given of a mailbox's settings over those that are.
func (o *object) mailbox(m *ticket.MailSettings) {
	fresh := m.ID == ""
	o.given("desk", keyRule, fresh, &m.Desk)
	if fresh {
		m.Address = o.text("address", emailRule.must())
	}
	o.flag("enabled", &m.Enabled)
	o.mailDoor("imap", fresh, &m.IMAP)
	o.mailDoor("smtp", fresh, &m.SMTP)
	o.given("folder", rule{min: 1, max: 200, line: true}, false, &m.Folder)
	o.mailLogin(fresh, m)
	if after := o.inside("after", false); after != nil {
		after.chosen("mode", []string{"keyword", "seen", "move", "delete"}, false, &m.After.Mode)
		after.given("folder", folderRule, false, &m.After.Folder)
		after.needs("folder", m.After.Mode == "move" && m.After.Folder == "")
		after.done()
	}
	o.given("sent_folder", folderRule, false, &m.SentFolder)
	o.given("authserv_id", openRule, false, &m.Authserv)
	o.flag("subaddress", &m.Subaddress)
	o.flag("from_start", &m.FromStart)
	o.counted("poll_seconds", 5, 600, &m.PollSeconds)
	if caps := o.inside("caps", false); caps != nil {
		for name, to := range map[string]*int{
			"address_hour": &m.Caps.AddressHour, "address_day": &m.Caps.AddressDay, "hour": &m.Caps.Hour,
			"ticket_ten_minutes": &m.Caps.TicketTenMinutes, "sends_minute": &m.Caps.SendsMinute,
		} {
			caps.counted(name, 0, 100_000, to)
		}
		caps.done()
	}
	o.dkim(m)
}

func (o *object) mailLogin(needed bool, m *ticket.MailSettings) {
	in := o.inside("login", needed)
	if in == nil {
		return
	}
	l := &m.Login
	in.chosen("mode", []string{ticket.LoginPassword, ticket.LoginXOAuth2, ticket.LoginOAuthBearer}, false, &l.Mode)
	in.given("username", rule{min: 1, max: 254, line: true}, false, &l.Username)
	if l.Username == "" {
		l.Username = m.Address
	}
	byToken := l.Mode != ticket.LoginPassword
	in.secret("password", &l.Password)
	in.given("token_url", openRule, false, &l.TokenURL)
	if l.TokenURL != "" && !properTokenURL(l.TokenURL) {
		in.blame("token_url", "token_url", nil)
	}
	in.given("client_id", openRule, false, &l.ClientID)
	in.secret("client_secret", &l.ClientSecret)
	in.given("scope", openRule, false, &l.Scope)
	in.secret("refresh_token", &l.RefreshToken)
	in.needs("password", !byToken && !l.PasswordSet && l.Password == "")
	in.needs("token_url", byToken && l.TokenURL == "")
	in.needs("client_id", byToken && l.ClientID == "")
	in.needs("refresh_token", byToken && !l.RefreshTokenSet && l.RefreshToken == "" && !l.ClientSecretSet && l.ClientSecret == "")
	in.done()
}

// given reads a text over the one that is.
func (o *object) given(name string, r rule, needed bool, to *string) {
	r.needed = needed
	if v, ok := o.fields[name]; !ok || v == nil {
		o.get(name, needed)
		return
	}
	*to = o.text(name, r)
}

func (o *object) chosen(name string, words []string, needed bool, to *string) {
	if w := o.word(name, needed, words); w != "" {
		*to = w
	}
}

func (o *object) secret(name string, to *ticket.Secret) {
	*to = ticket.Secret(o.text(name, secretRule))
}

// needs blames a field that is needed beside what else is given, unless it was blamed for what it is.
func (o *object) needs(name string, missing bool) {
	if v, given := o.fields[name]; missing && (!given || v == nil || v == "") {
		o.blame(name, "needed_here", map[string]string{"name": name})
	}
}

func (o *object) counted(name string, low, high int64, to *int) {
	if n, ok := o.whole(name, false, low, high); ok {
		*to = int(n)
	}
}

// properTokenURL refuses addresses to which secrets must not be sent.
func properTokenURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// DeleteMailbox ends one.
func (s *server) DeleteMailbox(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	if err := s.House.RemoveMailbox(ctx, id); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
