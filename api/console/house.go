package console

import (
	"slices"
	"strings"
	"sync"
	"time"

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

// houses keeps what was asked for, by who sees it: who goes from ticket to ticket sees the same names at each.
type houses struct {
	mu  sync.Mutex
	all map[string]keptHouse
}

type keptHouse struct {
	*house
	as int64 // of all changes, after so many it was asked for
	at time.Time
}

const (
	houseKept  = 3 * time.Second // then it is asked for again: another process may have changed it
	mostHouses = 1000
)

func (k *houses) find(whose string, as int64, now time.Time) *house {
	k.mu.Lock()
	defer k.mu.Unlock()
	if found := k.all[whose]; found.as == as && now.Sub(found.at) < houseKept {
		return found.house
	}
	return nil
}

func (k *houses) keep(whose string, h keptHouse) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil || len(k.all) >= mostHouses {
		k.all = map[string]keptHouse{}
	}
	k.all[whose] = h
}

// sight is the same for visits that see the same house.
func (v *visit) sight() string {
	return strings.Join(slices.Concat([]string{v.me.Key, v.me.Role, v.lang}, v.me.Desks), "\x00")
}

// theHouse is asked for once per visit, and by who goes on quickly not even that. A page of this process sees each change
// that was made through this process.
func (v *visit) theHouse() (*house, error) {
	if v.house != nil {
		return v.house, nil
	}
	if !v.signedIn || v.me.Key == "" { // a token, which may see less than its holder
		h, err := v.askForHouse()
		v.house = h
		return h, err
	}
	as, now := v.c.Furnishings(), v.c.Now()
	if v.house = v.c.houses.find(v.sight(), as, now); v.house != nil {
		return v.house, nil
	}
	h, err := v.askForHouse()
	if err != nil {
		return nil, err
	}
	v.c.houses.keep(v.sight(), keptHouse{house: h, as: as, at: now})
	v.house = h
	return h, nil
}

func (v *visit) askForHouse() (*house, error) {
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
	return &house{Desks: desks.Items, Issue: issue.Items, Groups: groups.Items, Agents: agents.Items, Templates: templates.Items}, nil
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
