package console

import (
	"net/http"
	"net/url"

	"duradesk/api/openapi"
)

func keptViewRoutes() []route {
	return []route{
		{pattern: "GET /-/views/new", serve: (*visit).viewDialog},
		{pattern: "GET /-/views/order", serve: (*visit).viewOrderDialog},
		{pattern: "POST /views", serve: (*visit).saveView},
		{pattern: "GET /-/views/{key}/edit", serve: (*visit).editViewDialog},
		{pattern: "POST /views/{key}", serve: (*visit).changeView},
		{pattern: "POST /views/{key}/delete", serve: (*visit).deleteView},
	}
}

// viewFields are what keeps a search.
func (v *visit) viewFields(kept openapi.View) []field {
	out := []field{
		{Name: "name", Label: "field.name", Kind: oneLiner, Value: kept.Name, Needed: true, Focus: true},
		{Name: "q", Label: "search.label", Kind: oneLiner, Value: kept.Q, Needed: true, Help: "help.grammar"},
		{Name: "sort", Label: "list.sort", Kind: pick, Value: string(kept.Sort)},
	}
	for _, key := range sortKeys {
		out[2].Options = append(out[2].Options, option{key, say(v.lang, "sort."+key)})
	}
	if v.me.Lead() {
		shared := field{Name: "shared", Label: "view_form.shared", Kind: tick}
		if kept.Shared {
			shared.Value = "1"
		}
		out = append(out, shared)
	}
	return out
}

func (v *visit) viewDialog() error {
	at := placeOf(v.r)
	return v.show(http.StatusOK, "dialog", dialogView{
		Title: "view_form.title", Explain: "view_form.explain", Submit: "save", Post: "/views", Fields: v.viewFields(openapi.View{Q: at.Q, Sort: openapi.Sort(at.sortOf())}),
	})
}

// saveView keeps a search under a name, with its order and the columns that are shown, and leads there.
func (v *visit) saveView() error {
	body, err := v.viewBody()
	if err != nil {
		return err
	}
	columns, err := v.columns(place{})
	if err != nil {
		return err
	}
	if columns != nil {
		body["columns"] = columnNames(columns)
	}
	id := newID()
	body["key"] = "view-" + id[len(id)-12:]
	var made openapi.View
	if err := v.ask(http.MethodPost, "/views", body, &made); err != nil {
		return err
	}
	return v.redirect("/views/" + url.PathEscape(made.Key))
}

func (v *visit) viewBody() (map[string]any, error) {
	if err := v.r.ParseForm(); err != nil {
		return nil, v.wrong(field{Label: "search.label"}, say(v.lang, "fault.form"))
	}
	return v.body(v.viewFields(openapi.View{}), v.r.PostForm)
}

func (v *visit) editViewDialog() error {
	var kept openapi.View
	path := "/views/" + url.PathEscape(v.r.PathValue("key"))
	if err := v.get(path, &kept); err != nil {
		return err
	}
	return v.show(http.StatusOK, "view-edit", dialogView{Title: "view_form.edit", Explain: "view_form.explain", Submit: "save", Post: path, Fields: v.viewFields(kept)})
}

// changeView changes a kept view; with `columns` it gets those that are shown now.
func (v *visit) changeView() error {
	body, err := v.viewBody()
	if err != nil {
		return err
	}
	if v.r.PostForm.Get("columns") != "" {
		look, err := v.look()
		if err != nil {
			return err
		}
		body["columns"] = columnNames(look.Columns)
	}
	path := "/views/" + url.PathEscape(v.r.PathValue("key"))
	if err := v.ask(http.MethodPatch, path, body, nil); err != nil {
		return err
	}
	return v.redirect(path)
}

func (v *visit) deleteView() error {
	if err := v.ask(http.MethodDelete, "/views/"+url.PathEscape(v.r.PathValue("key")), nil, nil); err != nil {
		return err
	}
	return v.redirect("/")
}

// viewOrderDialog shows the kept views, to be moved; the script stores their order.
func (v *visit) viewOrderDialog() error {
	groups, err := v.views(placeOf(v.r))
	if err != nil {
		return err
	}
	var kept []viewLink
	for _, g := range groups {
		if g.Movable() {
			kept = g.Views
		}
	}
	return v.show(http.StatusOK, "views-order", kept)
}
