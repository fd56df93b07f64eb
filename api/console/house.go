package console

import (
	"duradesk/api/openapi"
)

// house is what tickets refer to by key: desks, groups, agents.
type house struct {
	Desks  []openapi.Desk
	Issue  []openapi.Desk // to which tickets are handed over, also by who is not in them
	Groups []openapi.Group
	Agents []openapi.Agent
	// Templates are those that agents may choose from.
	Templates []openapi.Template
}

// theHouse is asked for once per visit.
func (v *visit) theHouse() (*house, error) {
	if v.house != nil {
		return v.house, nil
	}
	var desks, issue openapi.DeskList
	var groups openapi.GroupList
	var agents openapi.AgentList
	var templates openapi.TemplateList
	err := together(
		func() error { return v.get("/desks", &desks) },
		func() error { return v.get("/desks?kind=issue", &issue) },
		func() error { return v.get("/groups", &groups) },
		func() error { return v.get("/agents", &agents) },
		func() error { return v.get("/templates", &templates) },
	)
	if err != nil {
		return nil, err
	}
	v.house = &house{Desks: desks.Items, Issue: issue.Items, Groups: groups.Items, Agents: agents.Items, Templates: templates.Items}
	return v.house, nil
}

func (h *house) agent(key string) string {
	for _, a := range h.Agents {
		if a.Key == key {
			return a.Name
		}
	}
	return key
}

func (h *house) group(key string) string {
	for _, g := range h.Groups {
		if g.Key == key {
			return g.Name
		}
	}
	return key
}

func (h *house) desk(key string) string {
	for _, d := range h.Desks {
		if d.Key == key {
			return d.Name
		}
	}
	return key
}
