package api

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// accessKinds are exactly one per client (E26).
var accessKinds = []string{"none", string(portal), string(full)}

// SetClientAccess decides what a client may open, and with whom he belongs together.
func (s *server) SetClientAccess(c *gin.Context, id string) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	o := newObject(body)
	access := o.word("access", true, accessKinds)
	organisation := o.text("organisation", rule{min: 1, max: 200, solid: true, line: true})
	o.done()
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	ctx, done := budget(c)
	defer done()
	client, err := s.Identity.SetAccess(ctx, id, access, organisation)
	if err != nil {
		s.told(c, err)
		return
	}
	detail(c, "client:"+client.ID, map[string]any{"access": access, "organisation": organisation})
	answer(c, http.StatusOK, clientOf(client))
}
