package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// whose reads which holder is meant: the asker himself, or for an admin anybody.
func whose(who asker, agent, client *string) (string, problem) {
	holder := value(client)
	if holder == "" {
		holder = value(agent)
	}
	if holder == "" || holder == "me" || holder == who.id() {
		return who.id(), problem{}
	}
	if who.Role < ticket.RoleAdmin {
		return "", forbiddenRole(ticket.RoleAdmin, who.Role)
	}
	return holder, problem{}
}

// ListSessions lists those of a holder, the last used first.
func (s *server) ListSessions(c *gin.Context, q openapi.ListSessionsParams) {
	who := askerOf(c)
	holder, p := whose(who, q.Agent, q.Client)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	found, err := s.Identity.Sessions(ctx, holder, s.Now(), s.Now().Add(-sessionIdle))
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.SessionList{Items: make([]openapi.OpenSession, len(found)), Total: len(found)}
	for i, x := range found {
		out.Items[i] = openapi.OpenSession{
			Id: x.ID, Agent: some(x.Agent), Client: some(x.Client), State: x.State, Via: x.Via, Address: x.Address, Browser: x.Browser,
			CreatedAt: x.CreatedAt.UTC(), LastUsedAt: x.LastUsed.UTC(), ExpiresAt: x.ExpiresAt.UTC(), Current: x.ID == who.session.ID,
		}
	}
	answer(c, http.StatusOK, out)
}

// EndSessions ends all of a holder, but the one that asks.
func (s *server) EndSessions(c *gin.Context, q openapi.EndSessionsParams) {
	who := askerOf(c)
	holder, p := whose(who, q.Agent, q.Client)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	detail(ctx, holder, nil)
	if err := s.Identity.DropSessions(ctx, holder, who.session.ID); err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// EndSession ends one: the asker's own, or for an admin anybody's.
func (s *server) EndSession(c *gin.Context, id string) {
	who := askerOf(c)
	ctx, done := budget(c)
	defer done()
	x, err := s.Identity.Session(ctx, id)
	holder := x.Agent + x.Client
	if err == nil && holder != who.id() && who.Role < ticket.RoleAdmin {
		err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such session"}
	}
	if err == nil {
		detail(ctx, holder, map[string]any{"session": id})
		err = s.Identity.DropSession(ctx, id)
	}
	if err != nil {
		s.told(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
