package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// reserved are keys that mean somebody else.
var reserved = []string{"me", "none", "system", "operator", "client"}

// ListAgents lists the staff.
func (s *server) ListAgents(c *gin.Context) {
	ctx, done := budget(c)
	defer done()
	found, err := s.People.Agents(ctx)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.AgentList{Items: make([]openapi.Agent, len(found)), Total: len(found)}
	for i, p := range found {
		out.Items[i] = agent(p)
	}
	answer(c, http.StatusOK, out)
}

// GetAgent shows one; "me" is the asker.
func (s *server) GetAgent(c *gin.Context, key string) {
	ctx, done := budget(c)
	defer done()
	if key == "me" {
		key = askerOf(c).Key
	}
	p, err := s.People.Agent(ctx, key)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, agent(p))
}

func agent(p Person) openapi.Agent {
	return openapi.Agent{
		Key: p.Key, Name: p.Name, Email: p.Email, Role: openapi.Role(p.Role.String()), Language: some(p.Language),
		Groups: list(p.Groups), Desks: list(p.Desks), DisabledAt: instant(p.Disabled), Zone: some(p.Zone),
	}
}

// CreateAgent adds a member of staff.
func (s *server) CreateAgent(c *gin.Context) {
	body, p := s.readBody(c)
	if p.kind != "" {
		s.fail(c, p)
		return
	}
	ctx, done := budget(c)
	defer done()
	person, password, faults, err := s.newAgent(ctx, body)
	if err != nil {
		s.told(c, err)
		return
	}
	if len(faults) > 0 {
		s.fail(c, problemOfFaults(faults))
		return
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		s.told(c, err)
		return
	}
	detail(ctx, person.Key, map[string]any{"role": person.Role.String(), "groups": list(person.Groups), "desks": list(person.Desks)})
	person, err = s.People.AddAgent(ctx, person, hash)
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusCreated, agent(person))
}

func (s *server) newAgent(ctx context.Context, body map[string]any) (p Person, password string, faults []fault, err error) {
	o := newObject(body)
	p = Person{
		Key:      o.newKey("key"),
		Name:     o.text("name", rule{needed: true, min: 1, max: 200, solid: true, line: true}),
		Email:    o.text("email", emailRule.must()),
		Language: o.word("language", false, languages),
		Groups:   slices.Compact(sorted(o.texts("groups", 200, keyRule))),
		Desks:    slices.Compact(sorted(o.texts("desks", 200, keyRule))),
		Zone:     o.zone("zone"),
	}
	p.Role, _ = named(o, "role", true, []ticket.Role{ticket.RoleAgent, ticket.RoleLead, ticket.RoleAdmin})
	password = o.text("password", rule{min: 8, max: 200})
	o.done()
	groups, err := s.House.Groups(ctx)
	if err != nil {
		return p, "", nil, err
	}
	desks, err := s.House.Desks(ctx)
	if err != nil {
		return p, "", nil, err
	}
	o.known("groups", "unknown_group", p.Groups, func(key string) bool {
		return slices.ContainsFunc(groups, func(g Group) bool { return g.Key == key })
	})
	o.known("desks", "unknown_desk", p.Desks, func(key string) bool {
		return slices.ContainsFunc(desks, func(d Desk) bool { return d.Key == key })
	})
	if _, said := body["desks"]; !said {
		p.Desks = desksOf(p.Groups, desks)
	}
	return p, password, *o.faults, nil
}

// zone reads the name of a time zone (IANA).
func (o *object) zone(name string) string {
	text := o.text(name, rule{min: 1, max: 64, line: true})
	if _, err := time.LoadLocation(text); err != nil || text == "Local" {
		o.blame(name, "zone", nil)
	}
	return text
}

// newKey reads the key of something new.
func (o *object) newKey(name string) string {
	key := o.text(name, keyRule.must())
	if slices.Contains(reserved, key) {
		o.blame(name, "reserved", map[string]string{"key": key})
	}
	return key
}

// known blames each key of a list that is nobody's.
func (o *object) known(name, code string, given []string, there func(string) bool) {
	at, _ := o.fields[name].([]any)
	for _, key := range given {
		if !there(key) {
			place := o.pointer(name) + "/" + itoa(slices.Index(at, any(key)))
			*o.faults = append(*o.faults, fault{pointer: place, code: code, args: map[string]string{"key": key}, world: true})
		}
	}
}

// desksOf are the desks for which any of the groups works.
func desksOf(groups []string, desks []Desk) []string {
	var out []string
	for _, d := range desks {
		if slices.ContainsFunc(d.Groups, func(g string) bool { return slices.Contains(groups, g) }) {
			out = append(out, d.Key)
		}
	}
	return sorted(out)
}
