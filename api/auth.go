package api

import (
	"crypto/sha256"
	"crypto/subtle"
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

// authenticate finds out who asks and whether he may call the operation.
func (s *server) authenticate(c *gin.Context, op string) (asker, problem) {
	kind, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(kind, "Bearer") || token == "" {
		return asker{}, s.unauthorized(c, "unauthorized_none")
	}
	who, known, err := s.bearer(c, token)
	if err != nil {
		return asker{}, s.problemOf(c, err)
	}
	if !known {
		return asker{}, s.unauthorized(c, "unauthorized_unknown")
	}
	need, ok := rights[op]
	if !ok {
		return asker{}, problem{kind: internal} // a test holds that every operation has its line
	}
	if !who.has(need.scope) {
		return asker{}, problem{kind: forbidden, detail: "forbidden_scope"}.with("scope", need.scope).with("has", strings.Join(who.scopes, ", "))
	}
	if who.Role < need.role {
		return asker{}, forbiddenRole(need.role, who.Role)
	}
	return who, problem{}
}

func forbiddenRole(need, has ticket.Role) problem {
	return problem{kind: forbidden, detail: "forbidden_role"}.with("role", need.String()).with("has", has.String())
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
	if !wellFormed(token) {
		return asker{}, false, nil
	}
	p, t, err := s.People.ByToken(ctx, hashOf(token), s.Now())
	if ticket.CodeOf(err) == ticket.NotFound {
		return asker{}, false, nil
	}
	return asker{Person: p, scopes: t.Scopes}, err == nil, err
}

// isBootstrap compares hashes, so that neither content nor length shows in the time it takes.
func (s *server) isBootstrap(token string) bool {
	if s.BootstrapToken == "" {
		return false
	}
	want, got := sha256.Sum256([]byte(s.BootstrapToken)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}
