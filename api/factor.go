package api

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// The second factor: time-based one-time passwords (RFC 6238) as every authenticator makes them.
const (
	factorStep    = 30 // seconds
	recoveryCodes = 10
	codeLength    = 16 // characters of base32: 80 bits
)

var factorOptions = totp.ValidateOpts{Period: factorStep, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// GetFactor tells whether the asker has a second factor.
func (s *server) GetFactor(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	f, err := s.Identity.Factor(ctx, askerOf(c).Key)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, openapi.Factor{Since: instant(f.Since), RecoveryCodesLeft: f.Codes, Needed: s.needsFactor(askerOf(c).Role)})
}

// EnrolFactor makes a seed for the asker's authenticator. It is asked for once a code of it was given.
func (s *server) EnrolFactor(c *gin.Context) {
	who := askerOf(c)
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Duradesk", AccountName: who.Email, Period: factorStep, Digits: factorOptions.Digits, Algorithm: factorOptions.Algorithm})
	if err != nil {
		s.told(c, err)
		return
	}
	ctx, done := budget(c)
	defer done()
	detail(ctx, who.Key, nil)
	if err := s.Identity.BeginFactor(ctx, who.Key, ticket.Secret(key.Secret())); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusCreated, openapi.NewFactor{Secret: key.Secret(), Url: key.URL()})
}

// ConfirmFactor takes the first code: from now on one is asked for. All other sessions end.
func (s *server) ConfirmFactor(c *gin.Context) {
	who := askerOf(c)
	code, ok := s.readCode(c)
	if !ok {
		return
	}
	ctx, done := budget(c)
	defer done()
	f, err := s.Identity.Factor(ctx, who.Key)
	if err == nil && f.Since != nil {
		err = &ticket.Error{Code: ticket.Conflict, Key: "factor_there", Message: "there is a second factor: remove it first"}
	}
	if err != nil {
		s.told(c, err)
		return
	}
	step, right := stepOf(f.Secret, code, s.Now())
	if !right {
		s.wrongCode(c)
		return
	}
	codes, hashes := newCodes()
	detail(ctx, who.Key, nil)
	if err = s.Identity.ConfirmFactor(ctx, who.Key, step, hashes, who.session.ID, s.Now().UTC()); err != nil {
		s.told(c, err)
		return
	}
	if who.session.State == stateEnrol {
		if _, p := s.begin(c, Holder{Person: who.Person}, stateActive, who.session.Via); p.kind != "" {
			s.fail(c, p)
			return
		}
	}
	answer(c, http.StatusOK, openapi.RecoveryCodes{Codes: codes})
}

// GiveFactor takes the code that a session still owes, and gives the session a new token.
func (s *server) GiveFactor(c *gin.Context) {
	who := askerOf(c)
	code, ok := s.readCode(c)
	if !ok {
		return
	}
	if who.session.State != stateFactor {
		s.fail(c, problem{kind: conflict, detail: "factor_not_owed"})
		return
	}
	if !s.rightCode(c, who.Key, code) {
		return
	}
	fresh, p := s.begin(c, Holder{Person: who.Person}, stateActive, who.session.Via)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	answer(c, http.StatusCreated, sessionOf(fresh))
}

// RenewRecoveryCodes makes others in the place of all there were.
func (s *server) RenewRecoveryCodes(c *gin.Context) {
	who := askerOf(c)
	code, ok := s.readCode(c)
	if !ok || !s.rightCode(c, who.Key, code) {
		return
	}
	codes, hashes := newCodes()
	ctx, done := budget(c)
	defer done()
	detail(ctx, who.Key, nil)
	if err := s.Identity.RenewCodes(ctx, who.Key, hashes); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, openapi.RecoveryCodes{Codes: codes})
}

// RemoveFactor takes the second factor away: one's own with a code of it, anybody's by an admin.
func (s *server) RemoveFactor(c *gin.Context) {
	who := askerOf(c)
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	o := newObject(body)
	agent, code := o.text("agent", keyRule), o.text("code", codeRule)
	o.done()
	own := agent == "" || agent == "me" || agent == who.Key
	if own && code == "" && len(*o.faults) == 0 {
		o.blame("code", "missing", map[string]string{"name": "code"})
	}
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	if own {
		agent = who.Key
		if !s.rightCode(c, agent, code) {
			return
		}
	} else if who.Role < ticket.RoleAdmin {
		s.fail(c, forbiddenRole(ticket.RoleAdmin, who.Role))
		return
	}
	ctx, done := budget(c)
	defer done()
	detail(ctx, agent, nil)
	if err := s.Identity.DropFactor(ctx, agent); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

var codeRule = rule{min: 6, max: 40, line: true}

// readCode reads a body that has a code and nothing else.
func (s *server) readCode(c *gin.Context) (code string, ok bool) {
	ok = s.asked(c, func(o *object) { code = o.text("code", codeRule.must()) })
	return code, ok
}

func (s *server) wrongCode(c *gin.Context) {
	s.fail(c, problemOfFaults([]fault{{pointer: "/code", code: "code_wrong"}}))
}

// rightCode reports whether it is a code of the factor that was not given before, or a recovery code; else it has
// answered. Failures slow down what follows, as at a login.
func (s *server) rightCode(c *gin.Context, agent, code string) bool {
	rows := brakes("second factor of "+agent, c.ClientIP())
	if p := s.queued(c, rows); p.kind != "" {
		s.fail(c, p)
		return false
	}
	ctx, done := budget(c)
	defer done()
	right, err := s.useCode(ctx, agent, code)
	if err == nil {
		var refused *ticket.AuditEntry
		if !right {
			refused = s.entry(c, askerOf(c).actor().Key(), "factor.refused", agent, nil)
		}
		err = s.Identity.AttemptEnded(noting(ctx, refused), [][]byte{rows[0].Key, rows[2].Key}, right, s.Now())
	}
	switch {
	case err != nil:
		s.told(c, err)
	case !right:
		s.wrongCode(c)
	}
	return err == nil && right
}

func (s *server) useCode(ctx context.Context, agent, code string) (bool, error) {
	f, err := s.Identity.Factor(ctx, agent)
	if err != nil || f.Since == nil {
		return false, err
	}
	if step, right := stepOf(f.Secret, code, s.Now()); right {
		return s.Identity.UseStep(ctx, agent, step)
	}
	return s.Identity.UseRecoveryCode(ctx, agent, hashOf(plainCode(code)), s.Now().UTC())
}

// stepOf tells of which step a code is: the present one, or one before or after it, for clocks differ.
func stepOf(secret ticket.Secret, code string, now time.Time) (int64, bool) {
	code = strings.ReplaceAll(code, " ", "")
	for _, off := range []int64{0, -1, 1} {
		at := now.Add(time.Duration(off*factorStep) * time.Second)
		want, err := totp.GenerateCodeCustom(secret.Reveal(), at, factorOptions)
		if err == nil && secret != "" && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return at.Unix() / factorStep, true
		}
	}
	return 0, false
}

// newCodes makes recovery codes, and what is kept of them.
func newCodes() (codes []string, hashes [][]byte) {
	for range recoveryCodes {
		random := make([]byte, codeLength*5/8)
		if _, err := rand.Read(random); err != nil {
			panic("no randomness: " + err.Error()) // crypto/rand never returns one
		}
		code := tokenDigits.EncodeToString(random)
		hashes = append(hashes, hashOf(code))
		codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
	}
	return codes, hashes
}

// plainCode is a recovery code however it was typed.
func plainCode(code string) string {
	return strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))
}
