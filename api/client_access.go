package api

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// accessKinds are exactly one per client (E26).
var accessKinds = []string{"none", string(portal), string(full)}

// SetClientAccess decides what a client may open, and with whom he belongs together.
func (s *server) SetClientAccess(c *gin.Context, id string) {
	var access, organisation string
	if !s.asked(c, func(o *object) {
		access = o.word("access", true, accessKinds)
		organisation = o.text("organisation", rule{min: 1, max: 200, solid: true, line: true})
	}) {
		return
	}
	ctx, done := budget(c)
	defer done()
	detail(ctx, "client:"+id, map[string]any{"access": access, "organisation": organisation})
	client, err := s.Identity.SetAccess(ctx, id, access, organisation)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, clientOf(client))
}
