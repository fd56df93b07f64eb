package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"duradesk/api/catalog"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages are the templates of one language.
type pages struct{ *template.Template }

// thePages are parsed once: they never change.
var thePages = sync.OnceValue(func() map[string]pages {
	out := map[string]pages{}
	for _, lang := range catalog.Languages {
		t, err := template.New("").Option("missingkey=error").Funcs(helpers(lang)).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			panic("read the templates: " + err.Error())
		}
		out[lang] = pages{t}
	}
	return out
})

// helpers are what templates may call. Everything else is a field of the page's own struct.
func helpers(lang string) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, pairs ...any) (string, error) {
			if !known(key) {
				return "", fmt.Errorf("no text %q in the catalogs", key)
			}
			return say(lang, key, words(pairs)...), nil
		},
		"word":        func(group, word string) string { return sayOr(lang, group+"."+word, word) },
		"lang":        func() string { return lang },
		"initial":     initial,
		"upper":       strings.ToUpper,
		"last":        func(m []moment) int { return len(m) - 1 },
		"channels":    func() []string { return []string{"mail", "portal", "phone", "chat", "external"} },
		"sheet":       func() []keyGroup { return keySheet },
		"anchor":      func(number, item string) string { return "/tickets/" + number + "#item-" + item },
		"bulkActions": bulkActionsOf,
		"manage":      func(p person) []managedGroup { return managedBy(p, lang, "") },
		"asset":       theAssets().url,
		"mostFile":    func() int { return mostFile },
		"icon": func(name string) template.HTML {
			return template.HTML(`<svg class="i" aria-hidden="true"><use href="` + theAssets().url("icons.svg") + "#" + template.HTMLEscapeString(name) + `"/></svg>`) // escaped
		},
		"dict": func(pairs ...any) (map[string]any, error) {
			out := map[string]any{}
			for i := 0; i+1 < len(pairs); i += 2 {
				name, ok := pairs[i].(string)
				if !ok {
					return nil, fmt.Errorf("the name of a value is %v", pairs[i])
				}
				out[name] = pairs[i+1]
			}
			return out, nil
		},
	}
}

func words(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			out[i] = v
		case int:
			out[i] = strconv.Itoa(v)
		default:
			out[i] = fmt.Sprint(v)
		}
	}
	return out
}

// show answers with a template: whole, or not at all.
func (v *visit) show(status int, name string, data any) error {
	body, err := v.draw(name, data)
	if err != nil {
		return err
	}
	v.html(status, body)
	return nil
}

func (v *visit) html(status int, body []byte) {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.lang)
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body) // who asked is gone
}

func (v *visit) draw(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := v.c.pages[v.lang].ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("draw %s: %w", name, err)
	}
	return out.Bytes(), nil
}

func (v *visit) redirect(to string) error {
	if v.fragment() {
		v.w.Header().Set("HX-Redirect", to)
		v.w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}
