package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// OIDC lets staff sign in at the organisation's own identity provider (OpenID Connect Core 1.0, code flow with PKCE). An
// account belongs to the agent who has its verified mail address at the first sign-in; nobody is made by it.
type OIDC struct {
	Issuer       string // "": there is none
	ClientID     string
	ClientSecret ticket.Secret
	Name         string                 // as people read it on the button
	Groups       string                 // claim that lists the groups
	Roles        map[string]ticket.Role // by group; the highest counts. With any, who is in none of them is not let in
}

const (
	flowLife   = 10 * time.Minute
	flowCookie = "duradesk_oidc"
	idpTime    = 10 * time.Second // for one word with the provider
)

// provider is the identity provider, once it has been asked for its addresses and keys.
type provider struct {
	mu       sync.Mutex
	found    *oidc.Provider
	verifier *oidc.IDTokenVerifier
}

// discover asks the provider for its addresses, until it has answered once.
func (s *server) discover(ctx context.Context) (*oidc.Provider, *oidc.IDTokenVerifier, error) {
	s.provider.mu.Lock()
	defer s.provider.mu.Unlock()
	if s.provider.found == nil {
		// Its keys are fetched anew with this context later on: it must not end.
		client := &http.Client{Timeout: idpTime}
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), client), s.OIDC.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("ask the identity provider %s for its addresses: %w", s.OIDC.Issuer, err)
		}
		s.provider.found = found
		s.provider.verifier = found.Verifier(&oidc.Config{ClientID: s.OIDC.ClientID, Now: s.Now})
	}
	return s.provider.found, s.provider.verifier, nil
}

func (s *server) oauth(p *oidc.Provider) oauth2.Config {
	return oauth2.Config{
		ClientID: s.OIDC.ClientID, ClientSecret: s.OIDC.ClientSecret.Reveal(), Endpoint: p.Endpoint(), RedirectURL: s.BaseURL + "/api/v1/session/oidc/callback",
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// away says that the provider cannot be asked.
func (s *server) idpAway(c *gin.Context, err error) {
	s.Log.WarnContext(c.Request.Context(), "identity provider away", "error", err, "request_id", c.GetString(keyRequestID))
	s.fail(c, problem{kind: idpAway})
}

// ListSignInWays tells by what one can sign in.
func (s *server) ListSignInWays(c *gin.Context) {
	out := openapi.SignInWays{Password: true}
	if s.OIDC.Issuer != "" {
		out.Oidc = &openapi.SignInElsewhere{Name: cmp.Or(s.OIDC.Name, "OpenID Connect"), Url: "/api/v1/session/oidc"}
	}
	answer(c, http.StatusOK, out)
}

// BeginOIDC sends the browser to the identity provider. State and nonce are this browser's, the verifier stays here.
func (s *server) BeginOIDC(c *gin.Context, q openapi.BeginOIDCParams) {
	if s.OIDC.Issuer == "" {
		s.fail(c, problem{kind: notFound})
		return
	}
	ctx, done := budget(c)
	defer done()
	p, _, err := s.discover(ctx)
	if err != nil {
		s.idpAway(c, err)
		return
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	flow := Flow{Nonce: nonce, Verifier: ticket.Secret(verifier), BackTo: ownPath(value(q.To)), ExpiresAt: s.Now().UTC().Add(flowLife)}
	if err := s.Identity.AddFlow(ctx, flow, hashOf(state), s.Now()); err != nil {
		s.told(c, err)
		return
	}
	// The browser comes back from another site: the cookie must be lax, as it is.
	s.setCookie(c, flowCookie, state, flowLife)
	conf := s.oauth(p)
	c.Redirect(http.StatusSeeOther, conf.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
}

// ownPath is a path of this desk, so that nobody is led elsewhere.
func ownPath(to string) string {
	if len(to) < 1 || to[0] != '/' || len(to) > 1 && (to[1] == '/' || to[1] == '\\') {
		return "/"
	}
	return to
}

// EndOIDC takes what the identity provider sent back with the browser.
func (s *server) EndOIDC(c *gin.Context, q openapi.EndOIDCParams) {
	cookie, _ := c.Cookie(flowCookie)
	s.setCookie(c, flowCookie, "", 0)
	if s.OIDC.Issuer == "" {
		s.fail(c, problem{kind: notFound})
		return
	}
	if cookie == "" || cookie != value(q.State) || value(q.Code) == "" {
		s.note(c, nobody, "session.refused", "", map[string]any{"via": viaOIDC, "why": cmp.Or(value(q.Error), "state")})
		s.fail(c, s.unauthorized(c, "unauthorized_oidc"))
		return
	}
	ctx, done := context.WithTimeout(c.Request.Context(), 2*idpTime)
	defer done()
	flow, err := s.Identity.TakeFlow(ctx, hashOf(cookie), s.Now())
	if ticket.CodeOf(err) == ticket.NotFound {
		s.fail(c, s.unauthorized(c, "unauthorized_oidc"))
		return
	}
	if err != nil {
		s.told(c, err)
		return
	}
	claims, err := s.exchange(ctx, value(q.Code), flow)
	var refusal oidcRefusal
	switch {
	case errors.As(err, &refusal):
		s.Log.WarnContext(ctx, "sign-in elsewhere refused", "error", err, "request_id", c.GetString(keyRequestID))
		s.note(c, nobody, "session.refused", "", map[string]any{"via": viaOIDC, "why": refusal.why})
		s.fail(c, s.unauthorized(c, "unauthorized_oidc"))
	case err != nil:
		s.idpAway(c, err)
	default:
		s.enterByOIDC(c, claims, flow.BackTo)
	}
}

// oidcClaims are what the desk looks at in an ID token.
type oidcClaims struct {
	Issuer, Subject string
	Email           string `json:"email"`
	Verified        bool   `json:"email_verified"`
	groups          []string
}

// oidcRefusal is an answer of the provider that is no good, as opposed to none.
type oidcRefusal struct {
	why string
	err error
}

func (r oidcRefusal) Error() string {
	return "the identity provider's " + r.why + " is no good: " + fmt.Sprint(r.err)
}

// exchange gives the code for an ID token and holds that against signature, issuer, audience, time and nonce.
func (s *server) exchange(ctx context.Context, code string, flow Flow) (oidcClaims, error) {
	var out oidcClaims
	p, verifier, err := s.discover(ctx)
	if err != nil {
		return out, err
	}
	conf := s.oauth(p)
	ctx = oidc.ClientContext(ctx, &http.Client{Timeout: idpTime})
	token, err := conf.Exchange(ctx, code, oauth2.VerifierOption(flow.Verifier.Reveal()))
	var told *oauth2.RetrieveError
	if errors.As(err, &told) && told.Response.StatusCode < http.StatusInternalServerError {
		return out, oidcRefusal{"code", errors.New(told.ErrorCode)} // its body may hold anything
	}
	if err != nil {
		return out, fmt.Errorf("give the code for a token: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return out, oidcRefusal{"token", err}
	}
	if id.Nonce != flow.Nonce {
		return out, oidcRefusal{"nonce", errors.New("it is that of another sign-in")}
	}
	var all map[string]any
	if err := errors.Join(id.Claims(&out), id.Claims(&all)); err != nil {
		return out, oidcRefusal{"claims", err}
	}
	out.Issuer, out.Subject = id.Issuer, id.Subject
	if list, ok := all[cmp.Or(s.OIDC.Groups, "groups")].([]any); ok {
		for _, g := range list {
			if name, isText := g.(string); isText {
				out.groups = append(out.groups, name)
			}
		}
	}
	return out, nil
}

// enterByOIDC lets in the agent whose account it is.
func (s *server) enterByOIDC(c *gin.Context, claims oidcClaims, to string) {
	ctx, done := budget(c)
	defer done()
	agent, err := s.ownerOf(ctx, claims)
	if err == nil {
		err = s.roleByGroups(ctx, agent, claims.groups)
	}
	if ticket.CodeOf(err) == ticket.NotFound || ticket.CodeOf(err) == ticket.Forbidden {
		s.note(c, nobody, "session.refused", agent, map[string]any{"via": viaOIDC, "why": err.Error()})
		s.fail(c, s.unauthorized(c, "unauthorized_oidc_nobody"))
		return
	}
	if err != nil {
		s.told(c, err)
		return
	}
	person, err := s.People.Agent(ctx, agent)
	if err != nil {
		s.told(c, err)
		return
	}
	if _, p := s.begin(c, Holder{Person: person}, stateActive, viaOIDC); p.kind != "" {
		s.fail(c, p)
		return
	}
	c.Redirect(http.StatusSeeOther, to)
}

// ownerOf tells whose an account is. At the first sign-in it is that of the agent with its mail address, if the provider
// has verified that it is his.
func (s *server) ownerOf(ctx context.Context, claims oidcClaims) (string, error) {
	agent, err := s.Identity.OIDCAccount(ctx, claims.Issuer, claims.Subject)
	if ticket.CodeOf(err) != ticket.NotFound {
		return agent, err
	}
	if !claims.Verified || !emailPattern.MatchString(claims.Email) {
		return "", &ticket.Error{Code: ticket.NotFound, Message: "its mail address is not verified"}
	}
	found, err := s.Identity.Credentials(ctx, claims.Email)
	if err != nil {
		return "", err
	}
	ctx = noting(ctx, byProvider("account.linked", found.Agent, map[string]any{"issuer": claims.Issuer}))
	return found.Agent, s.Identity.LinkOIDC(ctx, claims.Issuer, claims.Subject, found.Agent, s.Now().UTC())
}

// byProvider is a line about what the desk does because an identity provider said so.
func byProvider(action, agent string, more map[string]any) *ticket.AuditEntry {
	more["via"] = viaOIDC
	return &ticket.AuditEntry{Actor: "system", Action: action, Subject: agent, Detail: more}
}

// roleByGroups gives the agent the highest role of his groups, where the desk goes by groups at all.
func (s *server) roleByGroups(ctx context.Context, agent string, groups []string) error {
	if len(s.OIDC.Roles) == 0 {
		return nil
	}
	role := ticket.NoRole
	for group, r := range s.OIDC.Roles {
		if slices.Contains(groups, group) {
			role = max(role, r)
		}
	}
	if role == ticket.NoRole {
		return &ticket.Error{Code: ticket.Forbidden, Message: "in none of the groups that are let in"}
	}
	p, err := s.People.Agent(ctx, agent)
	if err != nil || p.Role == role {
		return err
	}
	p.Role = role
	_, err = s.People.ChangeAgent(noting(ctx, byProvider("agent.changed", agent, map[string]any{"role": role.String()})), p)
	return err
}
