package console

import (
	"net/url"
	"strconv"
	"strings"
)

func deskShelf() *shelf {
	return &shelf{
		key: "desks", group: "house", icon: "inbox", see: person.Admin, make: person.Admin, edit: mayAdmin, path: "/desks", id: byKey, name: named, drop: true,
		columns: []string{"name", "key", "kind", "address", "groups"},
		row: func(v *visit, t thing) []cell {
			return []cell{{Text: t.text("name")}, {Text: t.text("key"), Code: true}, {Text: say(v.lang, "desk_kind."+t.text("kind"))}, {Text: t.text("address")}, {Text: joined(t.texts("groups"))}}
		},
		form: deskForm,
	}
}

func deskForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	about := section{Fields: []field{
		ask("name", oneLiner, needed), ask("key", oneLiner, needed),
		ask("kind", pick, of(v.opts("desk_kind", "inquiry", "issue"))), ask("process", pick, of(v.opts("process", "inquiry", "issue", "incident"))),
		ask("address", oneLiner, quiet, called("desk_address")), ask("groups", several, of(h.groupOptions()), called("desk_groups")),
		ask("word.ja", oneLiner, called("word_ja")), ask("word.en", oneLiner, called("word_en")),
	}}
	about.Fields[1].Fixed, about.Fields[2].Fixed = t != nil, t != nil
	out := []section{
		about,
		{Name: "set.incoming", Fields: []field{
			ask("routes", several, of(v.opts("channel", "mail", "portal", "phone", "chat", "external"))),
			ask("client_fields", several, of(v.opts("client_field", "title", "type", "language", "fields"))),
			ask("policy.after_reply", pick, of(v.opts("after_reply", "open", "new", "stay"))),
			ask("policy.acknowledge", tick), ask("language", pick, of(v.opts("language", "ja", "en")), called("desk_language")),
		}},
		{Name: "set.answers", Fields: []field{
			ask("answer_then", pick, of(v.opts("answer_then", "stay", "hold", "resolve"))), ask("undo_send_seconds", whole, quiet),
			ask("attachment_megabytes", whole, quiet), ask("mail_megabytes", whole, quiet),
			ask("layout", pick, of(v.opts("layout", "html", "text"))), ask("signature.ja", long, called("signature_ja")), ask("signature.en", long, called("signature_en")),
		}},
		{Name: "set.endings", Fields: []field{
			ask("policy.auto_close_minutes", span, quiet), ask("policy.auto_close_days", whole, quiet),
			ask("policy.follow_up", pick, of(v.opts("follow_up", "linked", "reopen_within", "reopen"))), ask("policy.reopen_within_minutes", span, quiet),
			ask("policy.close_mail", pick, of(v.opts("close_mail", "none", "closed", "feedback"))), ask("policy.spam_retention_minutes", span, quiet),
		}},
	}
	if t == nil { // the API's own settings hold until somebody sets others
		return []section{{Fields: about.Fields[:6]}}, nil
	}
	return out, nil
}

func receptionShelf() *shelf {
	return &shelf{
		key: "reception-types", group: "house", icon: "tag", see: person.Lead, make: person.Lead, edit: furnishes, name: func(v *visit, t thing) string { return t.in(v.lang, "label") }, drop: true,
		id:      func(t thing) string { return t.text("desk") + ":" + t.text("key") },
		load:    (*visit).allReceptionTypes,
		address: func(t thing) string { return receptionPath(t.text("desk")) + "/" + url.PathEscape(t.text("key")) },
		collect: func(body map[string]any) string {
			desk, _ := body["desk"].(string)
			delete(body, "desk")
			return receptionPath(desk)
		},
		columns: []string{"label", "key", "for_desk", "form_fields"},
		row: func(v *visit, t thing) []cell {
			var fields []string
			for _, f := range t.list("fields") {
				if f.at("retired") != true {
					fields = append(fields, f.in(v.lang, "label"))
				}
			}
			return []cell{{Text: t.in(v.lang, "label")}, {Text: t.text("key"), Code: true}, {Text: v.deskName(t)}, {Text: joined(fields)}}
		},
		form:   receptionForm,
		finish: func(body map[string]any, t thing) { body["fields"] = formFields(body["fields"], t) },
	}
}

func receptionPath(desk string) string { return "/desks/" + url.PathEscape(desk) + "/reception-types" }

func (v *visit) allReceptionTypes(string) ([]thing, string, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, "", err
	}
	var out []thing
	for _, d := range h.Desks {
		found, _, err := v.things(receptionPath(d.Key), url.Values{}, "")
		if err != nil {
			return nil, "", err
		}
		out = append(out, found...)
	}
	return out, "", nil
}

// spareRows are those in which further fields are written.
const spareRows = 3

func receptionForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	about := []field{
		ask("desk", pick, quiet, needed, of(h.deskOptions()), called("for_desk")), ask("key", oneLiner, needed), ask("label.ja", oneLiner, called("label_ja")), ask("label.en", oneLiner, called("label_en")),
		ask("position", whole, quiet),
	}
	about[0].Fixed, about[1].Fixed = t != nil, t != nil
	table := section{Name: "set.form_fields", Help: "set_help.form_fields"}
	for _, c := range []string{"key", "label_ja", "label_en", "field_kind", "filled_by", "required", "choices", "retired"} {
		table.Columns = append(table.Columns, say(v.lang, "set."+c))
	}
	for i := range len(t.list("fields")) + spareRows {
		at, name := "fields."+strconv.Itoa(i)+".", strconv.Itoa(i+1)
		row := []field{
			ask(at+"key", oneLiner), ask(at+"label.ja", oneLiner), ask(at+"label.en", oneLiner), ask(at+"kind", pick, of(v.opts("field_kind", "text", "number", "choice", "date", "checkbox"))),
			ask(at+"by", pick, of(v.opts("filled_by", "client", "operator"))), ask(at+"required", tick), ask(at+"choices", choiceList), ask(at+"retired", tick),
		}
		for c := range row {
			row[c].Aria, row[c].Help = name+" "+table.Columns[c], ""
		}
		row[0].Fixed, row[3].Fixed = t.at(at+"key") != nil, t.at(at+"key") != nil
		table.Rows = append(table.Rows, fieldRow{Name: name, Fields: row})
	}
	return []section{{Fields: about}, table}, nil
}

// formFields makes the list that the API takes of the rows in which something is written. A row that was there keeps its
// key and kind, which are for ever.
func formFields(said any, t thing) []map[string]any {
	rows, _ := said.(map[string]any)
	before := t.list("fields")
	out := []map[string]any{}
	for i := range len(before) + spareRows {
		row, ok := rows[strconv.Itoa(i)].(map[string]any)
		if !ok {
			continue
		}
		if i < len(before) {
			row["key"], row["kind"] = before[i].at("key"), before[i].at("kind")
		}
		label, _ := row["label"].(map[string]any)
		if row["key"] == "" && label["ja"] == "" && label["en"] == "" {
			continue
		}
		if row["kind"] != "choice" {
			delete(row, "choices")
		}
		out = append(out, row)
	}
	return out
}

// choiceLines writes choices one a line: key: 日本語 / English.
func choiceLines(all []thing) string {
	var out strings.Builder
	for _, c := range all {
		out.WriteString(c.text("key") + ": " + c.text("label.ja") + " / " + c.text("label.en") + "\n")
	}
	return strings.TrimSpace(out.String())
}

// choicesOf reads them again.
func choicesOf(text string) []map[string]any {
	out := []map[string]any{}
	for _, line := range lined(strings.NewReplacer("：", ":", "／", "/").Replace(text)) {
		key, label, _ := strings.Cut(line, ":")
		ja, en, _ := strings.Cut(label, "/")
		out = append(out, map[string]any{"key": strings.TrimSpace(key), "label": map[string]any{"ja": strings.TrimSpace(ja), "en": strings.TrimSpace(en)}})
	}
	return out
}
