package console

import "duradesk/api/openapi"

// byKey and byID name a thing in addresses.
func byKey(t thing) string { return t.text("key") }
func byID(t thing) string  { return t.text("id") }

func named(v *visit, t thing) string { return t.text("name") }

func mayAdmin(p person, _ thing) bool { return p.Admin() }

// furnishes: a lead what belongs to his desks, an admin also what is for every desk.
func furnishes(p person, t thing) bool {
	return p.Admin() || p.Lead() && t.text("desk") != ""
}

func agentShelf() *shelf {
	return &shelf{
		key: "agents", group: "house", icon: "users", see: person.Admin, make: person.Admin, edit: mayAdmin, path: "/agents", id: byKey, name: named, drop: true,
		columns: []string{"name", "key", "email", "role", "groups", "desks"},
		row: func(v *visit, t thing) []cell {
			name := cell{Text: t.text("name")}
			if t.at("disabled_at") != nil {
				name.Small, name.Tone = say(v.lang, "set.disabled"), "bad"
			}
			return []cell{name, {Text: t.text("key"), Code: true}, {Text: t.text("email")}, {Text: sayOr(v.lang, "role."+t.text("role"), t.text("role"))}, {Text: joined(t.texts("groups"))}, {Text: joined(t.texts("desks"))}}
		},
		one: func(v *visit, id string) (t thing, err error) {
			t, err = v.oneAt("/agents/", id)
			if err == nil {
				t["disabled"] = t.at("disabled_at") != nil
			}
			return t, err
		},
		form:   agentForm,
		beside: agentBeside,
	}
}

func agentForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	who := section{Fields: []field{
		ask("name", oneLiner, needed), ask("key", oneLiner, needed, called("agent_key")), ask("email", oneLiner, needed),
		ask("role", pick, of(v.opts("role", "agent", "lead", "admin")), from("agent")),
		ask("language", pick, of(v.opts("language", "ja", "en")), from(v.lang)),
		ask("zone", oneLiner, clears, like(zones())),
	}}
	out := []section{who, {Name: "set.works_in", Fields: []field{
		ask("groups", several, of(h.groupOptions())), ask("desks", several, of(h.deskOptions())),
	}}}
	if t == nil {
		out[0].Fields[5].Clears = false
		return append(out, section{Name: "set.signing_in", Fields: []field{ask("password", secret, quiet, called("first_password"))}}), nil
	}
	out[0].Fields[1].Fixed = true
	return append(out, section{Name: "set.signing_in", Fields: []field{ask("disabled", tick)}}), nil
}

// agentPart is what an admin can do for a person beside his form.
type agentPart struct {
	Key, Name, Login string
	Sessions         []sessionRow
}

func agentBeside(v *visit, t thing) (string, any, error) {
	found, err := v.sessionsOf(t.text("key"))
	return "agent-part", agentPart{Key: t.text("key"), Name: t.text("name"), Login: t.text("email"), Sessions: found}, err
}

func groupShelf() *shelf {
	return &shelf{
		key: "groups", group: "house", icon: "user", see: person.Admin, make: person.Admin, edit: mayAdmin, path: "/groups", id: byKey, name: named, drop: true,
		columns: []string{"name", "key", "members"},
		row: func(v *visit, t thing) []cell {
			return []cell{{Text: t.text("name")}, {Text: t.text("key"), Code: true}, {Text: joined(t.texts("members"))}}
		},
		form: func(v *visit, t thing) ([]section, error) {
			h, err := v.theHouse()
			if err != nil {
				return nil, err
			}
			fields := []field{ask("name", oneLiner, needed), ask("key", oneLiner, needed), ask("members", several, of(h.agentChoices()))}
			fields[1].Fixed = t != nil
			return []section{{Fields: fields}}, nil
		},
	}
}

func (h *house) deskOptions() []option {
	return choices(h.Desks, func(d openapi.Desk) option { return option{d.Key, d.Name} })
}

func (h *house) groupOptions() []option {
	return choices(h.Groups, func(g openapi.Group) option { return option{g.Key, g.Name} })
}

func (h *house) agentChoices() []option {
	return choices(h.Agents, func(a openapi.Agent) option { return option{a.Key, a.Name} })
}

func choices[T any](in []T, to func(T) option) []option {
	out := make([]option, len(in))
	for i, x := range in {
		out[i] = to(x)
	}
	return out
}

// whose is for things of one desk or of every desk: the second only for admins.
func (v *visit) whose(h *house) field {
	options := h.deskOptions()
	if v.me.Admin() {
		options = append([]option{{"", say(v.lang, "set.every_desk")}}, options...)
	}
	return ask("desk", pick, quiet, of(options), called("for_desk"))
}

// deskName of a thing in a list.
func (v *visit) deskName(t thing) string {
	key := t.text("desk")
	if key == "" {
		return say(v.lang, "set.every_desk")
	}
	h, err := v.theHouse()
	if err != nil {
		return key
	}
	return h.desk(key)
}
