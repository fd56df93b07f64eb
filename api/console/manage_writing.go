package console

import (
	"slices"
	"strings"
)

var answerThens = []string{"stay", "hold", "resolve"}

func templateShelf() *shelf {
	return &shelf{
		key: "templates", group: "writing", icon: "mail", see: person.Lead, make: person.Lead, path: "/templates", id: byID, drop: true,
		edit: func(p person, t thing) bool { return t.at("built_in") != true && furnishes(p, t) },
		name: func(v *visit, t thing) string {
			return say(v.lang, "occasion."+t.text("occasion")) + " · " + say(v.lang, "language."+t.text("language"))
		},
		columns: []string{"occasion", "language", "template_name", "for_desk"},
		row: func(v *visit, t thing) []cell {
			whose := cell{Text: v.deskName(t)}
			if t.at("built_in") == true {
				whose.Small = say(v.lang, "set.built_in")
			}
			return []cell{{Text: say(v.lang, "occasion."+t.text("occasion"))}, {Text: say(v.lang, "language."+t.text("language"))}, {Text: t.text("name"), Code: true}, whose}
		},
		form: templateForm,
		beside: func(v *visit, t thing) (string, any, error) {
			return "template-part", templatePart{May: t.at("built_in") != true, ID: byID(t), Occasion: t.text("occasion"), Language: t.text("language"), Source: t.text("source")}, nil
		},
	}
}

// templatePart is what stands below a template's form: how to begin one's own of a shipped one.
type templatePart struct {
	May                            bool
	ID, Occasion, Language, Source string
}

func templateForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	fields := []field{
		ask("desk", pick, quiet, needed, of(h.deskOptions()), called("for_desk")),
		ask("occasion", pick, quiet, of(v.opts("occasion", "acknowledge", "answer", "interim", "final", "closed", "feedback", "follow_up")), from("answer")),
		ask("language", pick, quiet, of(v.opts("language", "ja", "en")), from(v.lang)),
		ask("name", oneLiner, quiet, called("template_name")), ask("source", code, needed), ask("position", whole, quiet),
	}
	if copied := v.r.URL.Query().Get("copy"); t == nil && copied != "" {
		from, err := templateShelf().find(v, copied)
		if err != nil {
			return nil, err
		}
		fields[4].Value = from.text("source")
	}
	if t != nil {
		if t.at("built_in") == true {
			fields[0].Options = append([]option{{"", say(v.lang, "set.every_desk")}}, fields[0].Options...)
		}
		for i := range 4 {
			fields[i].Fixed = true
		}
		fields = slices.Delete(fields, 5, 6)
	}
	return []section{{Fields: fields}}, nil
}

func macroShelf() *shelf {
	return &shelf{
		key: "macros", group: "writing", icon: "bolt", see: person.Lead, make: person.Lead, edit: furnishes, path: "/macros", id: byID, drop: true,
		name:    func(v *visit, t thing) string { return t.in(v.lang, "name") },
		columns: []string{"name", "key", "for_desk", "then"},
		row: func(v *visit, t thing) []cell {
			then := ""
			if t.text("then") != "" {
				then = say(v.lang, "answer_then."+t.text("then"))
			}
			return []cell{{Text: t.in(v.lang, "name")}, {Text: t.text("key"), Code: true}, {Text: v.deskName(t)}, {Text: then}}
		},
		form: macroForm,
	}
}

// orNothing puts the choice of nothing before others.
func orNothing(v *visit, options []option) []option {
	return append([]option{{"", say(v.lang, "none")}}, options...)
}

func macroForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	me := option{"me", say(v.lang, "set.who_uses_it")}
	about := []field{v.whose(h), ask("key", oneLiner, needed, called("macro_key")), ask("name.ja", oneLiner, called("label_ja")), ask("name.en", oneLiner, called("label_en")), ask("position", whole, quiet)}
	about[0].Fixed, about[1].Fixed = t != nil, t != nil
	out := []section{
		{Fields: about},
		{Name: "set.writes", Fields: []field{
			ask("language", pick, clears, of(append([]option{{"", say(v.lang, "set.any_language")}}, v.opts("language", "ja", "en")...))), ask("answer", long), ask("note", long),
		}},
		{Name: "set.does", Fields: []field{
			ask("then", pick, clears, of(append([]option{{"", say(v.lang, "set.as_desk")}}, v.opts("answer_then", answerThens...)...))),
			ask("hold", pick, clears, of(orNothing(v, v.opts("holding", "client", "third_party", "internal", "scheduled")))), ask("hold_hours", whole, quiet),
			ask("category", pick, clears, of(orNothing(v, v.opts("category", "spam", "abuse", "test", "duplicate", "solved_by_chat", "solved_by_phone", "other")))),
			ask("group", pick, clears, of(orNothing(v, h.groupOptions()))), ask("owner", pick, clears, of(orNothing(v, append([]option{me}, h.agentChoices()...)))),
			ask("priority", pick, clears, of(orNothing(v, v.priorities()))), ask("tags", list),
		}},
	}
	if t == nil {
		eachField(out, func(f *field) { f.Clears = false })
	}
	return out, nil
}

func (v *visit) priorities() []option { return v.opts("priority", "low", "normal", "high", "urgent") }

func moduleShelf() *shelf {
	return &shelf{
		key: "text-modules", group: "writing", icon: "pen", see: person.Lead, make: person.Lead, edit: furnishes, path: "/text-modules", id: byID, drop: true,
		name:    func(_ *visit, t thing) string { return "::" + t.text("shortcut") },
		columns: []string{"shortcut", "text", "for_desk"},
		row: func(v *visit, t thing) []cell {
			return []cell{{Text: "::" + t.text("shortcut"), Code: true}, {Text: excerpt(t.in(v.lang, "text"))}, {Text: v.deskName(t)}}
		},
		form: func(v *visit, t thing) ([]section, error) {
			h, err := v.theHouse()
			if err != nil {
				return nil, err
			}
			fields := []field{v.whose(h), ask("shortcut", oneLiner, needed), ask("text.ja", long, called("text_ja")), ask("text.en", long, called("text_en")), ask("position", whole, quiet)}
			fields[0].Fixed, fields[1].Fixed = t != nil, t != nil
			return []section{{Fields: fields}}, nil
		},
	}
}

// excerpt is the beginning of a text, in one line.
func excerpt(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return string(runes)
}

func triggerShelf() *shelf {
	return &shelf{
		key: "triggers", group: "writing", icon: "split", see: person.Lead, make: person.Lead, edit: furnishes, path: "/triggers", id: byID, name: named, drop: true,
		columns: []string{"name", "for_desk", "gives_to", "enabled"},
		row: func(v *visit, t thing) []cell {
			on := cell{Text: say(v.lang, "keys.on"), Tone: "good"}
			if t.at("enabled") != true {
				on = cell{Text: say(v.lang, "keys.off"), Tone: "wait"}
			}
			to := []string{}
			for _, name := range []string{"then.group", "then.owner"} {
				if t.text(name) != "" {
					to = append(to, t.text(name))
				}
			}
			return []cell{{Text: t.text("name")}, {Text: v.deskName(t)}, {Text: joined(append(to, t.texts("then.tags")...))}, on}
		},
		form: triggerForm,
		finish: func(body map[string]any, _ thing) {
			if body["then"] == nil {
				body["then"] = map[string]any{}
			}
			when, _ := body["when"].(map[string]any)
			if when["working"] == "" {
				delete(when, "working")
			} else if when != nil {
				when["working"] = when["working"] == "1"
			}
		},
	}
}

func triggerForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	about := []field{v.whose(h), ask("key", oneLiner, needed), ask("name", oneLiner, needed), ask("enabled", tick, from("1")), ask("last", tick), ask("position", whole, quiet)}
	about[0].Fixed, about[1].Fixed = t != nil, t != nil
	spoken := []string{"ja", "en"}
	for _, other := range t.texts("when.languages") {
		if !slices.Contains(spoken, other) {
			spoken = append(spoken, other)
		}
	}
	reception, err := v.receptionChoice(h, t)
	if err != nil {
		return nil, err
	}
	working := ask("when.working", pick, of([]option{{"", say(v.lang, "set.any_time")}, {"1", say(v.lang, "set.in_hours")}, {"0", say(v.lang, "set.out_of_hours")}}))
	if t != nil && t.at("when.working") == false {
		t.at("when").(map[string]any)["working"] = "0"
	}
	return []section{
		{Fields: about},
		{Name: "set.when", Help: "set_help.when", Fields: []field{
			ask("when.channels", several, of(v.opts("channel", "mail", "portal", "phone", "chat", "external"))), ask("when.priorities", several, of(v.priorities())),
			ask("when.types", several, of(v.opts("type", "question", "request", "incident", "problem", "complaint"))),
			ask("when.languages", several, of(v.opts("language", spoken...))), reception, ask("when.title", lines, quiet, called("when_title")), ask("when.text", lines, quiet, called("when_text")),
			ask("when.senders", lines, quiet), ask("when.tags", list, quiet, called("when_tags")), working,
		}},
		{Name: "set.does", Fields: []field{
			ask("then.group", pick, quiet, of(orNothing(v, h.groupOptions()))), ask("then.owner", pick, quiet, of(orNothing(v, h.agentChoices()))),
			ask("then.priority", pick, quiet, of(orNothing(v, v.priorities()))), ask("then.tags", list, quiet),
		}},
	}, nil
}

// receptionChoice offers the reception types of a trigger's desk, or of every desk, and those that it names already.
// Where no desk has any, they are any words.
func (v *visit) receptionChoice(h *house, t thing) (field, error) {
	var options []option
	offered := func(key string) bool {
		return slices.ContainsFunc(options, func(o option) bool { return o.Value == key })
	}
	for _, d := range h.Desks {
		if of := t.text("desk"); of != "" && of != d.Key {
			continue
		}
		types, err := v.receptionTypes(d.Key)
		if err != nil {
			return field{}, err
		}
		for _, r := range types {
			if !offered(r.Key) {
				options = append(options, option{r.Key, v.inWords(r.Label)})
			}
		}
	}
	if len(options) == 0 {
		return ask("when.reception_types", list, quiet), nil
	}
	for _, key := range t.texts("when.reception_types") {
		if !offered(key) {
			options = append(options, option{key, key})
		}
	}
	return ask("when.reception_types", several, of(options), func(f *field) { f.Help = "" }), nil
}

func wordShelf() *shelf {
	return &shelf{
		key: "forbidden-words", group: "writing", icon: "warn", see: person.Lead, make: person.Lead, edit: furnishes, path: "/forbidden-words", id: byID, drop: true,
		name:    func(_ *visit, t thing) string { return t.text("word") },
		columns: []string{"forbidden", "action", "instead", "for_desk"},
		row: func(v *visit, t thing) []cell {
			return []cell{{Text: t.text("word")}, {Text: say(v.lang, "word_action."+t.text("action")), Tone: map[string]string{"block": "bad", "warn": "wait"}[t.text("action")]}, {Text: t.text("note")}, {Text: v.deskName(t)}}
		},
		form: func(v *visit, t thing) ([]section, error) {
			h, err := v.theHouse()
			if err != nil {
				return nil, err
			}
			fields := []field{v.whose(h), ask("word", oneLiner, needed, called("forbidden")), ask("action", pick, of(v.opts("word_action", "warn", "block"))), ask("note", oneLiner, called("instead"))}
			fields[0].Fixed = t != nil
			return []section{{Fields: fields}}, nil
		},
		below: (*visit).tryWords,
	}
}

func viewShelf() *shelf {
	return &shelf{
		key: "views", group: "writing", icon: "eye", path: "/views", id: byKey, name: named, drop: true,
		make: anybody, edit: func(p person, t thing) bool { return p.Lead() || t.text("owner") == p.Key },
		load: func(v *visit, _ string) ([]thing, string, error) {
			all, _, err := v.things("/views", nil, "")
			return slices.DeleteFunc(all, func(t thing) bool { return t.at("saved") != true }), "", err
		},
		columns: []string{"name", "looks_for", "shared", "kept_by"},
		row: func(v *visit, t thing) []cell {
			for_ := "set.for_me"
			if t.at("shared") == true {
				for_ = "set.for_all"
			}
			return []cell{{Text: t.text("name")}, {Text: t.text("q"), Code: true}, {Text: say(v.lang, for_)}, {Text: t.text("owner")}}
		},
		form: func(v *visit, t thing) ([]section, error) {
			sorts := v.opts("sort", "-updated", "updated", "-created", "created", "next_due", "-priority")
			fields := []field{ask("name", oneLiner, needed), ask("q", oneLiner, needed, called("looks_for")), ask("sort", pick, of(sorts))}
			if v.me.Lead() {
				fields = append(fields, ask("shared", tick))
			}
			return []section{{Fields: fields}}, nil
		},
		finish: func(body map[string]any, t thing) {
			if t == nil {
				id := newID()
				body["key"] = "view-" + id[len(id)-12:]
			}
		},
	}
}
