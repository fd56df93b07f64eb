package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// How long a session lasts: without use, and whatever is done with it.
const (
	sessionIdle = 12 * time.Hour
	sessionLife = 14 * 24 * time.Hour
)

// States of a session. In all but active only what is still owed can be done.
const (
	stateActive = "active"
	stateFactor = "second_factor" // a code of the second factor is owed
	stateEnrol  = "enrol"         // the role needs a second factor, and there is none yet
)

// Ways in.
const (
	viaPassword = "password"
	viaLink     = "link"
	viaOIDC     = "oidc"
	viaToken    = "token" // no session at all
)

const browserShown = 200 // characters of the header User-Agent that are kept

// cookieName is that of the session. With the prefix __Host- a browser takes it from this very host only, and only over
// https (RFC 6265bis §4.1.3.2).
func (s *server) cookieName() string {
	if s.secure() {
		return "__Host-duradesk_session"
	}
	return "duradesk_session"
}

func (s *server) secure() bool { return strings.HasPrefix(s.BaseURL, "https://") }

func (s *server) setCookie(c *gin.Context, name, value string, life time.Duration) {
	seconds := int(life / time.Second)
	if value == "" {
		seconds = -1
	}
	http.SetCookie(c.Writer, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: s.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// CreateSession signs in.
func (s *server) CreateSession(c *gin.Context) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	o := newObject(body)
	if o.fields["link"] != nil {
		secret := o.text("link", rule{min: 1, max: 200})
		o.done()
		if len(*o.faults) > 0 {
			s.fail(c, problemOfFaults(*o.faults))
			return
		}
		s.beginByLink(c, secret)
		return
	}
	login := strings.TrimSpace(o.text("login", rule{min: 1, max: 254, line: true}))
	if email := o.text("email", emailRule); login == "" {
		login = email
	}
	password := o.text("password", rule{needed: true, min: 1, max: 200})
	o.done()
	if login == "" && len(*o.faults) == 0 {
		o.blame("login", "missing", map[string]string{"name": "login"})
	}
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	found, p := s.proven(c, login, password)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	s.beginAgent(c, found, viaPassword)
}

// beginAgent lets in an agent who has proven himself, as far as his second factor allows.
func (s *server) beginAgent(c *gin.Context, found Credentials, via string) {
	ctx, done := budget(c)
	person, err := s.People.Agent(ctx, found.Agent)
	done()
	if err != nil {
		s.told(c, err)
		return
	}
	state := stateActive
	switch {
	case via == viaOIDC: // the provider has asked for what it wants
	case found.Factor:
		state = stateFactor
	case s.needsFactor(person.Role):
		state = stateEnrol
	}
	who, p := s.begin(c, Holder{Person: person}, state, via)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	answer(c, http.StatusCreated, sessionOf(who))
}

// needsFactor reports whether a role is let in with a second factor only.
func (s *server) needsFactor(role ticket.Role) bool {
	for _, r := range s.FactorRoles {
		if r == role {
			return true
		}
	}
	return false
}

// begin makes a session with a token that nobody has seen before, ends the one that the browser had, and sets the cookie.
func (s *server) begin(c *gin.Context, h Holder, state, via string) (asker, problem) {
	ctx, done := budget(c)
	defer done()
	old := ""
	if cookie, _ := c.Cookie(s.cookieName()); wellFormed(sessionPrefix, cookie) {
		if _, x, err := s.Identity.BySession(ctx, hashOf(cookie), s.Now(), s.Now().Add(-sessionIdle)); err == nil {
			old = x.ID
		}
	}
	token, hash := newSecret(sessionPrefix)
	now, id := s.Now().UTC(), uuid.Must(uuid.NewV7()).String()
	who := asker{Person: h.Person, client: h.Client, scopes: scopesOf(h)}
	ctx = noting(ctx, s.entry(c, who.actor().Key(), "session.begun", who.actor().Key(), map[string]any{"via": via, "state": state, "session": id}))
	x, err := s.Identity.AddSession(ctx, Session{
		ID: id, Agent: h.Person.Key, Client: h.Client.ID, State: state, Via: via, Address: c.ClientIP(), Browser: cut(c.Request.UserAgent(), browserShown),
		CreatedAt: now, ExpiresAt: now.Add(sessionLife),
	}, hash, old)
	if err != nil {
		return asker{}, s.problemOf(c, err)
	}
	who.session = x
	c.Set(keyAsker, who)
	s.setCookie(c, s.cookieName(), token, sessionLife)
	return who, problem{}
}

func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// GetSession tells who asks, by whatever he came in.
func (s *server) GetSession(c *gin.Context) { answer(c, http.StatusOK, sessionOf(askerOf(c))) }

func sessionOf(who asker) openapi.Session {
	out := openapi.Session{
		Kind: "agent", Key: some(who.Key), Name: who.Name, Email: who.Email, Language: some(who.Language), Zone: some(who.Zone),
		Groups: list(who.Groups), Desks: list(who.Desks), Scopes: []openapi.Scope{}, State: stateActive, Via: viaToken,
	}
	if who.isClient() {
		out.Kind, out.Client, out.Access = "client", some(who.client.ID), some(who.client.Access)
	} else {
		out.Role, out.Theme, out.SingleKeys = some(openapi.Role(who.Role.String())), some(openapi.SessionTheme(who.Theme)), !who.KeysOff
	}
	for _, scope := range who.scopes {
		out.Scopes = append(out.Scopes, openapi.Scope(scope))
	}
	if x := who.session; x.ID != "" {
		out.Id, out.State, out.Via = some(x.ID), openapi.SessionState(x.State), openapi.SessionVia(x.Via)
		out.CreatedAt, out.ExpiresAt = instant(&x.CreatedAt), instant(&x.ExpiresAt)
	}
	return out
}

// DeleteSession signs out: the cookie is taken back, whatever became of its session.
func (s *server) DeleteSession(c *gin.Context) {
	if who := askerOf(c); who.session.ID != "" {
		ctx, done := budget(c)
		defer done()
		ctx = noting(ctx, s.entry(c, who.actor().Key(), "session.ended", who.actor().Key(), map[string]any{"session": who.session.ID}))
		if err := s.Identity.DropSession(ctx, who.session.ID); err != nil {
			s.told(c, err)
			return
		}
	}
	s.setCookie(c, s.cookieName(), "", 0)
	c.Status(http.StatusNoContent)
}
