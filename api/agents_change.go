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

// ChangeAgent changes what is given and leaves the rest. A disabled one's tickets are listed, so that somebody takes them.
func (s *server) ChangeAgent(c *gin.Context, key string) {
	var p Person
	s.edit(c, http.StatusOK, func(h *hand, o *object) {
		if p, h.err = s.People.Agent(h.ctx, key); h.err != nil {
			return
		}
		p.Name = cmp.Or(o.text("name", nameRule), p.Name)
		p.Email = cmp.Or(o.text("email", emailRule), p.Email)
		p.Language = cmp.Or(o.word("language", false, languages), p.Language)
		p.Zone = cmp.Or(o.zone("zone"), p.Zone)
		if o.isNull("zone") {
			p.Zone = ""
		}
		if role, given := named(o, "role", false, []ticket.Role{ticket.RoleAgent, ticket.RoleLead, ticket.RoleAdmin}); given {
			p.Role = role
		}
		h.memberships(o, &p)
		disabled := p.Disabled != nil
		o.flag("disabled", &disabled)
		switch {
		case !disabled:
			p.Disabled = nil
		case p.Disabled == nil:
			p.Disabled = ptr(s.Now().UTC())
		}
	}, func(ctx context.Context) (any, error) {
		detail(ctx, p.Key, map[string]any{"role": p.Role.String(), "groups": list(p.Groups), "desks": list(p.Desks), "disabled": p.Disabled != nil})
		changed, err := s.People.ChangeAgent(ctx, p)
		if err != nil {
			return nil, err
		}
		return s.changedAgent(ctx, changed)
	})
}

func (s *server) changedAgent(ctx context.Context, p Person) (openapi.ChangedAgent, error) {
	out := openapi.ChangedAgent{Agent: agent(p), OpenTickets: []int64{}}
	if p.Disabled == nil {
		return out, nil
	}
	numbers, err := s.People.OpenTickets(ctx, p.Key)
	for _, n := range numbers {
		out.OpenTickets = append(out.OpenTickets, int64(n))
	}
	return out, err
}

// memberships reads groups and desks, where they are said.
func (h *hand) memberships(o *object, p *Person) {
	groups, desks := o.texts("groups", 200, keyRule), o.texts("desks", 200, keyRule)
	if o.fields["groups"] != nil {
		p.Groups = slices.Compact(sorted(groups))
		h.groups(o, "groups", p.Groups)
	}
	if o.fields["desks"] == nil || h.err != nil {
		return
	}
	p.Desks = slices.Compact(sorted(desks))
	all, err := h.s.House.Desks(h.ctx)
	if err != nil {
		h.err = err
		return
	}
	o.known("desks", "unknown_desk", p.Desks, func(key string) bool {
		return slices.ContainsFunc(all, func(d Desk) bool { return d.Key == key })
	})
}

// DeleteAgent takes somebody away who never did anything.
func (s *server) DeleteAgent(c *gin.Context, key string) {
	s.remove(c, func(ctx context.Context) error { return s.People.DropAgent(ctx, key) })
}
