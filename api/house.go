package api

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/lifecycle"
)

const issueDesk = "issue"

var deskKinds = []string{"inquiry", issueDesk}

// ListDesks lists those that the asker is in.
func (s *server) ListDesks(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	found, err := s.House.Desks(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.DeskList{Items: []openapi.Desk{}}
	for _, d := range found {
		if askerOf(c).sees(d.Key) {
			out.Items = append(out.Items, desk(d))
		}
	}
	out.Total = len(out.Items)
	answer(c, http.StatusOK, out)
}

func desk(d Desk) openapi.Desk {
	return openapi.Desk{
		Key: d.Key, Name: d.Name, Kind: openapi.DeskKind(d.Kind), Process: openapi.DeskProcess(cmp.Or(d.Process, d.Kind)),
		Address: some(d.Address), Groups: list(d.Groups),
	}
}

// processNames are those that a desk can work by.
func processNames() []string {
	var out []string
	for _, t := range lifecycle.Processes() {
		out = append(out, t.Name)
	}
	return out
}

// CreateDesk adds one.
func (s *server) CreateDesk(c *gin.Context) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	o := newObject(body)
	d := Desk{
		Key: o.newKey("key"), Name: o.text("name", rule{needed: true, min: 1, max: 200, solid: true, line: true}),
		Kind: o.word("kind", false, deskKinds), Process: o.word("process", false, processNames()),
		Address: o.text("address", emailRule), Groups: slices.Compact(sorted(o.texts("groups", 200, keyRule))),
	}
	o.done()
	if d.Kind == "" {
		d.Kind = deskKinds[0]
	}
	if d.Process == "" {
		d.Process = d.Kind
	}
	groups, err := s.House.Groups(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	o.known("groups", "unknown_group", d.Groups, func(key string) bool {
		return slices.ContainsFunc(groups, func(g Group) bool { return g.Key == key })
	})
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	if d, err = s.House.AddDesk(ctx, d); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusCreated, desk(d))
}

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
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	o := newObject(body)
	g := Group{
		Key: o.newKey("key"), Name: o.text("name", rule{needed: true, min: 1, max: 200, solid: true, line: true}),
		Members: slices.Compact(sorted(o.texts("members", 200, keyRule))),
	}
	o.done()
	agents, err := s.People.Agents(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	o.known("members", "unknown_agent", g.Members, func(key string) bool {
		return slices.ContainsFunc(agents, func(p Person) bool { return p.Key == key })
	})
	if len(*o.faults) > 0 {
		s.fail(c, problemOfFaults(*o.faults))
		return
	}
	if g, err = s.House.AddGroup(ctx, g); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusCreated, group(g))
}
