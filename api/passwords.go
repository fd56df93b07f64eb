package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
)

// passwordRule is that of NIST SP 800-63B: long enough, any characters, nothing else is asked for.
var passwordRule = rule{min: 8, max: 200}

// ResetPassword takes a new password from who followed his link, and signs him out everywhere.
func (s *server) ResetPassword(c *gin.Context) {
	var secret, password string
	if !s.asked(c, func(o *object) {
		secret, password = o.text("link", rule{needed: true, min: 1, max: 200}), o.text("password", passwordRule.must())
	}) {
		return
	}
	h, p := s.used(c, forPassword, secret)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	ctx = noting(ctx, s.entry(c, asker{Person: h.Person}.actor().Key(), "password.reset", h.Person.Key, nil))
	if err := s.newPassword(ctx, h.Person.Key, password, ""); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// newPassword keeps it, and ends all sessions but one.
func (s *server) newPassword(ctx context.Context, agent, password, spared string) error {
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return err
	}
	return s.Identity.NewPassword(ctx, agent, hash, spared)
}

// ChangePassword takes a new password from who knows the present one, and signs him out everywhere else.
func (s *server) ChangePassword(c *gin.Context) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	who, o := askerOf(c), newObject(body)
	present, password := o.text("current", rule{needed: true, min: 1, max: 200}), o.text("password", passwordRule.must())
	o.done()
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	if _, p := s.proven(c, who.Key, present); p.kind != "" {
		if p.kind == unauthorized { // he is signed in: only the password is wrong
			o.blame("current", "password_wrong", nil)
			p = problemOfFaults(*o.faults)
		}
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	detail(ctx, who.Key, nil)
	if err := s.newPassword(ctx, who.Key, password, who.session.ID); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
