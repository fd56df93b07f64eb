package api

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// ListTokens lists tokens without their secrets.
func (s *server) ListTokens(c *gin.Context, q openapi.ListTokensParams) {
	who := askerOf(c)
	key := value(q.Agent)
	if key == "" || key == "me" {
		key = who.Key
	}
	if client := value(q.Client); client != "" {
		key = client
	}
	if key != who.Key && who.Role < ticket.RoleAdmin {
		s.fail(c, forbiddenRole(ticket.RoleAdmin, who.Role))
		return
	}
	ctx, done := budget(c)
	defer done()
	found, err := s.People.Tokens(ctx, key)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.TokenList{Items: make([]openapi.Token, len(found)), Total: len(found)}
	for i, t := range found {
		out.Items[i] = token(t)
	}
	answer(c, http.StatusOK, out)
}

func token(t Token) openapi.Token {
	out := openapi.Token{
		Id: t.ID, Agent: some(t.Agent), Client: some(t.Client), Scopes: []openapi.Scope{}, ExpiresAt: instant(t.ExpiresAt), CreatedAt: t.CreatedAt.UTC(), LastUsedAt: instant(t.LastUsed),
	}
	for _, scope := range t.Scopes {
		out.Scopes = append(out.Scopes, openapi.Scope(scope))
	}
	return out
}

// CreateToken makes one and tells its secret once.
func (s *server) CreateToken(c *gin.Context) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	who, o := askerOf(c), newObject(body)
	t := Token{
		Agent: o.text("agent", keyRule), Client: o.text("client", idRule), ExpiresAt: o.instant("expires_at", false), CreatedAt: s.Now().UTC(),
		Scopes: o.scopes("scopes"),
	}
	o.done()
	if t.Agent == "me" || body["agent"] == nil && body["client"] == nil {
		t.Agent = who.Key
	}
	o.holder(t)
	if t.ExpiresAt != nil && !t.ExpiresAt.After(s.Now()) {
		o.blame("expires_at", "expires_in_past", nil)
	}
	if t.Agent != who.Key && who.Role < ticket.RoleAdmin {
		s.fail(c, forbiddenRole(ticket.RoleAdmin, who.Role))
		return
	}
	s.keepToken(c, t, o)
}

// clientScopes are those that a client's token can have.
var clientScopes = []string{scopeRead, scopeReply}

// holder holds that a token is an agent's or a client's, and that a client's has no scope of the staff's.
func (o *object) holder(t Token) {
	switch {
	case o.fields["agent"] != nil && o.fields["client"] != nil:
		o.blame("client", "not_both", map[string]string{"other": "agent"})
	case o.fields["client"] != nil && slices.ContainsFunc(t.Scopes, func(scope string) bool { return !slices.Contains(clientScopes, scope) }):
		o.blame("scopes", "client_scope", nil)
	}
}

// scopes reads which a token has, each once, in our order.
func (o *object) scopes(name string) []string {
	all := slices.Clone(scopes)
	given := o.texts(name, len(all), rule{})
	for i, scope := range given {
		if !slices.Contains(all, scope) {
			o.blame(name, "scope", map[string]string{"scope": scope, "index": itoa(i)})
		}
	}
	if v, ok := o.fields[name].([]any); !ok && o.fields[name] == nil || ok && len(v) == 0 {
		o.blame(name, "missing", map[string]string{"name": name})
	}
	return slices.DeleteFunc(all, func(scope string) bool { return !slices.Contains(given, scope) })
}

func (s *server) keepToken(c *gin.Context, t Token, o *object) {
	ctx, done := budget(c)
	defer done()
	if t.Agent != "" && len(*o.faults) == 0 {
		_, err := s.People.Agent(ctx, t.Agent)
		switch {
		case ticket.CodeOf(err) == ticket.NotFound:
			o.blameWorld("agent", "unknown_agent", map[string]string{"key": t.Agent})
		case err != nil:
			s.told(c, err)
			return
		}
	}
	if t.Client != "" && len(*o.faults) == 0 {
		holder, err := s.Identity.Client(ctx, t.Client)
		switch {
		case ticket.CodeOf(err) == ticket.NotFound:
			o.blameWorld("client", "no_such_client", nil)
		case err != nil:
			s.told(c, err)
			return
		case holder.Access == "" || holder.Access == "none":
			o.blameWorld("client", "client_no_access", nil)
		}
	}
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	secret, hash := newSecret(tokenPrefix)
	t.ID = uuid.Must(uuid.NewV7()).String()
	detail(ctx, t.Agent+t.Client, map[string]any{"token": t.ID, "scopes": t.Scopes})
	t, err := s.People.AddToken(ctx, t, hash)
	if err != nil {
		s.told(c, err)
		return
	}
	shown := token(t)
	answer(c, http.StatusCreated, openapi.NewToken{
		Token: secret, Id: shown.Id, Agent: shown.Agent, Client: shown.Client, Scopes: shown.Scopes, ExpiresAt: shown.ExpiresAt, CreatedAt: shown.CreatedAt, LastUsedAt: shown.LastUsedAt,
	})
}

// DeleteToken revokes one: an agent his own, an admin any.
func (s *server) DeleteToken(c *gin.Context, id string) {
	who := askerOf(c)
	ctx, done := budget(c)
	defer done()
	if who.Role < ticket.RoleAdmin {
		own, err := s.People.Tokens(ctx, who.Key)
		if err != nil {
			s.told(c, err)
			return
		}
		if !slices.ContainsFunc(own, func(t Token) bool { return t.ID == id }) {
			s.fail(c, problem{kind: notFound})
			return
		}
	}
	if err := s.People.DropToken(ctx, id); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
