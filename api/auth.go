package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"duradesk/ticket"
)

const keyAsker = "asker"

// bootstrapAgent is whom the bootstrap token acts as (CONTRACT §1).
const bootstrapAgent = "admin"

// askerOf returns who was let in; nobody for public operations.
func askerOf(c *gin.Context) asker {
	who, _ := c.Get(keyAsker)
	a, _ := who.(asker)
	return a
}

// authenticate finds out who asks, by token or cookie, and whether he may call the operation. It is the one place where
// the permission table is looked into.
func (s *server) authenticate(c *gin.Context, op string) (asker, problem) {
	who, p := s.identify(c)
	if p.kind != "" {
		return asker{}, p
	}
	need, ok := rights[op]
	if !ok {
		return asker{}, problem{kind: internal} // a test holds that every operation has its line
	}
	return who, need.refuses(who, op)
}

// lookedUp tells who asks. A token goes before a cookie: what sends a header of its own knows what it does.
func (s *server) lookedUp(c *gin.Context) (asker, problem) {
	var who asker
	var known bool
	var err error
	switch kind, token, _ := strings.Cut(c.GetHeader("Authorization"), " "); {
	case c.GetHeader("Authorization") != "":
		token = strings.TrimSpace(token)
		if !strings.EqualFold(kind, "Bearer") || token == "" {
			return asker{}, s.unauthorized(c, "unauthorized_none")
		}
		if who, known, err = s.bearer(c, token); err == nil && !known {
			return asker{}, s.unauthorized(c, "unauthorized_unknown")
		}
	default:
		cookie, _ := c.Cookie(s.cookieName())
		if cookie == "" {
			return asker{}, s.unauthorized(c, "unauthorized_none")
		}
		if err := s.crossOrigin.Check(c.Request); err != nil {
			return asker{}, problem{kind: crossOrigin}
		}
		if who, known, err = s.visitor(c, cookie); err == nil && !known {
			return asker{}, s.unauthorized(c, "unauthorized_session")
		}
	}
	if err != nil {
		return asker{}, s.problemOf(c, err)
	}
	return who, problem{}
}

// refuses says why the operation is not for him; nothing where it is.
func (need right) refuses(who asker, op string) problem {
	switch {
	case who.session.State != "" && who.session.State != stateActive && !slices.Contains(early[who.session.State], op):
		return problem{kind: secondFactor, detail: "second_factor_" + who.session.State}
	case who.isClient() && !clientRights[op].holds(who.client.Access):
		return problem{kind: forbidden, detail: "forbidden_client"}
	case !who.has(need.scope) && !(who.isClient() && need.scope == scopeAct && who.has(scopeReply)):
		return who.lacks(need.scope)
	case !who.isClient() && who.Role < need.role:
		return forbiddenRole(need.role, who.Role)
	}
	return problem{}
}

// lacks says which scope his token needs.
func (a asker) lacks(scope string) problem {
	return problem{kind: forbidden, detail: "forbidden_scope"}.with("scope", scope).with("has", strings.Join(a.scopes, ", "))
}

func forbiddenRole(need, has ticket.Role) problem {
	return problem{kind: forbidden, detail: "forbidden_role", terms: map[string]string{"role": "role." + need.String(), "has": "role." + has.String()}}
}

func (s *server) unauthorized(c *gin.Context, detail string) problem {
	c.Header("WWW-Authenticate", `Bearer realm="duradesk"`)
	return problem{kind: unauthorized, detail: detail}
}

// bearer returns whose token it is; false where nobody's.
func (s *server) bearer(c *gin.Context, token string) (asker, bool, error) {
	ctx, done := budget(c)
	defer done()
	if s.isBootstrap(token) {
		p, err := s.People.Agent(ctx, bootstrapAgent)
		if ticket.CodeOf(err) == ticket.NotFound {
			p, err = Person{Key: bootstrapAgent, Name: bootstrapAgent, Role: ticket.RoleAdmin}, nil
		}
		return asker{Person: p, scopes: []string{scopeAdmin}}, err == nil, err
	}
	if !wellFormed(tokenPrefix, token) {
		return asker{}, false, nil
	}
	h, t, err := s.People.ByToken(ctx, hashOf(token), s.Now())
	if ticket.CodeOf(err) == ticket.NotFound {
		return asker{}, false, nil
	}
	return asker{Person: h.Person, client: h.Client, scopes: t.Scopes, token: t.ID}, err == nil, err
}

// visitor returns whose session it is; false where nobody's, or it has ended.
func (s *server) visitor(c *gin.Context, token string) (asker, bool, error) {
	if !wellFormed(sessionPrefix, token) {
		return asker{}, false, nil
	}
	ctx, done := budget(c)
	defer done()
	h, session, err := s.Identity.BySession(ctx, hashOf(token), s.Now(), s.Now().Add(-sessionIdle))
	if ticket.CodeOf(err) == ticket.NotFound {
		return asker{}, false, nil
	}
	return asker{Person: h.Person, client: h.Client, scopes: scopesOf(h), session: session}, err == nil, err
}

// scopesOf are those of a person who signed in: all that his role or access allows.
func scopesOf(h Holder) []string {
	if h.Client.ID != "" {
		return []string{scopeRead, scopeReply}
	}
	return scopes
}

// isBootstrap compares hashes, so that neither content nor length shows in the time it takes.
func (s *server) isBootstrap(token string) bool {
	if s.BootstrapToken == "" {
		return false
	}
	want, got := sha256.Sum256([]byte(s.BootstrapToken)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}
