package api

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
)

// GetHealth answers while the process does.
func (s *server) GetHealth(c *gin.Context) { answer(c, http.StatusOK, openapi.Alive{Status: "alive"}) }

// GetReadiness tells whether the door can do its own work. Without Temporal it can: commands are stored and answered
// with 202.
func (s *server) GetReadiness(c *gin.Context) {
	ctx, done := context.WithTimeout(c.Request.Context(), 3*time.Second)
	defer done()
	detailed := s.mayKnowWhy(c)
	out := openapi.Readiness{Status: openapi.Ready, Parts: []openapi.ReadinessPart{}}
	status := http.StatusOK
	for _, p := range s.Health.Parts(ctx) {
		if !detailed {
			p.Detail = ""
		}
		out.Parts = append(out.Parts, openapi.ReadinessPart{Name: p.Name, Ok: p.OK, Needed: p.Needed, Detail: p.Detail})
		if p.Needed && !p.OK {
			out.Status, status = openapi.NotReady, http.StatusServiceUnavailable
		}
	}
	answer(c, status, out)
}

// mayKnowWhy holds for who asks from this machine, past no proxy, and for an admin's token: what is wrong with a part
// names hosts, databases and users.
func (s *server) mayKnowWhy(c *gin.Context) bool {
	from, err := netip.ParseAddrPort(c.Request.RemoteAddr)
	if err == nil && from.Addr().Unmap().IsLoopback() && c.GetHeader("X-Forwarded-For") == "" && c.GetHeader("Forwarded") == "" {
		return true
	}
	if c.GetHeader("Authorization") == "" {
		return false
	}
	who, p := s.identify(c)
	return p.kind == "" && !who.isClient() && who.has(scopeAdmin)
}

// GetRoot points to where to go from here.
func (s *server) GetRoot(c *gin.Context) {
	answer(c, http.StatusOK, openapi.Root{
		Name: "Duradesk", Docs: s.BaseURL + "/api/docs", Openapi: s.BaseURL + "/api/openapi.json", Api: s.BaseURL + "/api/v1",
	})
}
