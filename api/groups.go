package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// ListGroups lists all.
func (s *server) ListGroups(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	found, err := s.House.Groups(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.GroupList{Items: make([]openapi.Group, len(found)), Total: len(found)}
	for i, g := range found {
		out.Items[i] = group(g)
	}
	answer(c, http.StatusOK, out)
}

func group(g Group) openapi.Group {
	return openapi.Group{Key: g.Key, Name: g.Name, Members: list(g.Members)}
}

// CreateGroup adds one.
func (s *server) CreateGroup(c *gin.Context) {
	var g Group
	s.edit(c, http.StatusCreated, func(h *hand, o *object) {
		g = Group{Key: o.newKey("key"), Name: o.text("name", nameRule.must())}
		h.members(o, &g)
	}, func(ctx context.Context) (any, error) {
		added, err := s.House.AddGroup(ctx, g)
		return group(added), err
	})
}

// ChangeGroup changes what is given and leaves the rest.
func (s *server) ChangeGroup(c *gin.Context, key string) {
	var g Group
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		groups, err := s.House.Groups(h.ctx)
		at := slices.IndexFunc(groups, func(g Group) bool { return g.Key == key })
		switch {
		case err != nil:
			h.err = err
			return
		case at < 0:
			h.err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such group"}
			return
		}
		g = groups[at]
		g.Name = cmp.Or(o.text("name", nameRule), g.Name)
		h.members(o, &g)
	}, func(ctx context.Context) (any, error) {
		changed, err := s.House.ChangeGroup(ctx, g)
		return group(changed), err
	})
}

// DeleteGroup takes a group away that no ticket is queued for.
func (s *server) DeleteGroup(c *gin.Context, key string) {
	s.remove(c, func(ctx context.Context) error { return s.House.DropGroup(ctx, key) })
}

// members reads who is in a group, where it is said.
func (h *hand) members(o *object, g *Group) {
	keys := o.texts("members", 200, keyRule)
	if o.fields["members"] == nil || h.err != nil {
		return
	}
	g.Members = slices.Compact(sorted(keys))
	agents, err := h.s.People.Agents(h.ctx)
	if err != nil {
		h.err = err
		return
	}
	o.known("members", "unknown_agent", g.Members, func(key string) bool {
		return slices.ContainsFunc(agents, func(p Person) bool { return p.Key == key })
	})
}
