package console

import (
	"net/http"
	"net/url"
	"strings"
)

func clientShelf() *shelf {
	return &shelf{
		key: "clients", group: "house", icon: "user", edit: func(p person, t thing) bool { return t.at("merged_into") == nil }, path: "/clients", id: byID,
		one:  func(v *visit, id string) (thing, error) { return v.oneAt("/clients/", id) },
		name: func(_ *visit, t thing) string { return clientTitle(t) },
		load: filtered("/clients", []string{"q"}),
		above: func(v *visit, _ thing) (string, any, error) {
			return v.filterPart("clients", ask("q", oneLiner, called("find_client")))
		},
		columns: []string{"name", "email", "phone", "client_number", "access", "tickets"},
		row: func(v *visit, t thing) []cell {
			tickets := cell{Text: t.text("tickets"), Link: "/views/all?" + url.Values{"q": {"client:" + byID(t)}}.Encode()}
			return []cell{{Text: clientTitle(t)}, {Text: t.text("email")}, {Text: t.text("phone")}, {Text: t.text("number")}, {Text: sayOr(v.lang, "access."+t.text("access"), t.text("access"))}, tickets}
		},
		form: func(v *visit, _ thing) ([]section, error) {
			languages := orNothing(v, v.opts("language", "ja", "en"))
			return []section{{Fields: []field{
				ask("name", oneLiner, clears), ask("email", oneLiner, clears), ask("phone", oneLiner, clears), ask("number", oneLiner, clears, called("client_number")),
				ask("language", pick, clears, of(languages)), ask("notes", long, clears),
			}}}, nil
		},
		beside: clientBeside,
	}
}

// clientTitle is what a client is called, else what he is known by.
func clientTitle(t thing) string {
	for _, name := range []string{"name", "email", "phone", "number"} {
		if t.text(name) != "" {
			return t.text(name)
		}
	}
	return byID(t)
}

// clientPart is what a client may open, and what he is known by.
type clientPart struct {
	ID     string
	May    bool // change it
	Fields []field
	Known  []string
}

func clientBeside(v *visit, t thing) (string, any, error) {
	out := clientPart{ID: byID(t), May: v.me.Lead() && t.at("merged_into") == nil}
	out.Fields = []field{ask("access", pick, of(v.opts("access", "none", "portal", "full"))), ask("organisation", oneLiner, quiet)}
	for i := range out.Fields {
		out.Fields[i].Fixed = !out.May
		v.show1(&out.Fields[i], t)
	}
	for _, k := range t.list("identities") {
		out.Known = append(out.Known, sayOr(v.lang, "known_by."+k.text("kind"), k.text("kind"))+say(v.lang, "colon")+k.text("value"))
	}
	return "client-part", out, nil
}

func clientRoutes() []route {
	return []route{{pattern: "POST /-/clients/{id}/access", serve: (*visit).giveAccess}}
}

// giveAccess decides what a client may open in the portal.
func (v *visit) giveAccess() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	id, body := v.r.PathValue("id"), map[string]any{"access": v.r.PostForm.Get("access")}
	if organisation := strings.TrimSpace(v.r.PostForm.Get("organisation")); organisation != "" {
		body["organisation"] = organisation
	}
	if err := v.ask(http.MethodPut, "/clients/"+url.PathEscape(id)+"/access", body, nil); err != nil {
		return err
	}
	return v.redirect(clientShelf().back("saved", id))
}
