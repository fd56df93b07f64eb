package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/ticket"
)

// One-time links. Of the secret at their end only a hash is kept; it stands after the # so that no server writes it down.
const (
	linkLife = 15 * time.Minute

	forPassword = "password"
	forSignIn   = "sign_in"
)

const (
	mailTime  = 30 * time.Second // to send one mail
	mailsOnce = 4                // that are sent at once; what comes above is dropped: he asks again
)

// linkBrake lets a few mails an hour go to one address.
func linkBrake(address string) Brake {
	return Brake{Key: keyOf("link", strings.ToLower(address)), Free: 3, Step: 5 * time.Minute, Most: time.Hour, Queued: true}
}

// MailSignInLink mails a client a link that lets him in.
func (s *server) MailSignInLink(c *gin.Context) {
	s.mailLink(c, forSignIn, func(ctx context.Context, address string) (Holder, error) {
		client, err := s.Identity.ClientByMail(ctx, address)
		if err == nil && (client.Access == "" || client.Access == accessKinds[0]) {
			err = &ticket.Error{Code: ticket.NotFound, Message: "this client may open nothing"}
		}
		return Holder{Client: client, Person: Person{Name: client.Name}}, err
	})
}

// MailPasswordLink mails an agent a link to a new password.
func (s *server) MailPasswordLink(c *gin.Context) {
	s.mailLink(c, forPassword, func(ctx context.Context, address string) (Holder, error) {
		found, err := s.Identity.Credentials(ctx, address)
		if err != nil {
			return Holder{}, err
		}
		p, err := s.People.Agent(ctx, found.Agent)
		return Holder{Person: p}, err
	})
}

// mailLink answers at once and the same whether anybody has that address; the rest is done behind the answer, so that the
// time it takes tells nothing either. The mail goes to the address that is on record, not to the one that was typed.
func (s *server) mailLink(c *gin.Context, purpose string, find func(context.Context, string) (Holder, error)) {
	var address string
	if !s.asked(c, func(o *object) { address = o.text("email", emailRule.must()) }) {
		return
	}
	lang := s.language(c)
	ctx, done := context.WithTimeout(context.WithoutCancel(c.Request.Context()), mailTime)
	select {
	case s.mailing <- struct{}{}:
		go func() {
			defer done()
			defer func() { <-s.mailing }()
			if err := s.sendLink(ctx, purpose, address, lang, find); err != nil && ticket.CodeOf(err) != ticket.NotFound {
				s.Log.WarnContext(ctx, "a one-time link was not mailed", "purpose", purpose, "error", err)
			}
		}()
	default:
		done()
		s.Log.WarnContext(ctx, "a one-time link was not mailed: too many at once", "purpose", purpose)
	}
	c.Status(http.StatusAccepted)
}

func (s *server) sendLink(ctx context.Context, purpose, address, lang string, find func(context.Context, string) (Holder, error)) error {
	brake := linkBrake(address)
	wait, err := s.Identity.Attempt(ctx, []Brake{brake}, s.Now(), 0)
	if err != nil || wait > 0 {
		return err
	}
	if err := s.Identity.AttemptEnded(ctx, [][]byte{brake.Key}, false, s.Now()); err != nil {
		return err
	}
	h, err := find(ctx, address)
	if err != nil {
		return err
	}
	secret, hash := newSecret(linkPrefix)
	now := s.Now().UTC()
	l := Link{Purpose: purpose, Agent: h.Person.Key, Client: h.Client.ID, CreatedAt: now, ExpiresAt: now.Add(linkLife)}
	if err := s.Identity.AddLink(ctx, l, hash); err != nil {
		return err
	}
	to, page := h.Person.Email, "/sign-in/password#"
	if h.Client.ID != "" {
		to, page = address, "/sign-in/link#" // one of his identities
	}
	args := map[string]string{"name": h.Person.Name, "link": s.BaseURL + page + secret, "minutes": itoa(int(linkLife / time.Minute))}
	return s.Postman.Post(ctx, Letter{
		To: to, Name: h.Person.Name, Language: lang, Subject: s.texts.say(lang, "mail."+purpose+"_subject", args), Body: s.texts.say(lang, "mail."+purpose+"_body", args),
	})
}

// used uses a link up and tells whose it was.
func (s *server) used(c *gin.Context, purpose, secret string) (Holder, problem) {
	if !wellFormed(linkPrefix, secret) {
		return Holder{}, s.unauthorized(c, "unauthorized_link")
	}
	ctx, done := budget(c)
	defer done()
	h, err := s.Identity.UseLink(ctx, purpose, hashOf(secret), s.Now())
	if ticket.CodeOf(err) == ticket.NotFound {
		s.note(c, nobody, "link.refused", purpose, nil)
		return h, s.unauthorized(c, "unauthorized_link")
	}
	if err != nil {
		return h, s.problemOf(c, err)
	}
	return h, problem{}
}

// beginByLink lets in a client who followed his link.
func (s *server) beginByLink(c *gin.Context, secret string) {
	h, p := s.used(c, forSignIn, secret)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	who, p := s.begin(c, h, stateActive, viaLink)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	answer(c, http.StatusCreated, sessionOf(who))
}
