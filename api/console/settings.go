package console

import (
	"net/http"
	"net/url"
	"slices"
)

func settingsRoutes() []route {
	return []route{
		{pattern: "GET /settings", serve: (*visit).settingsPage},
		{pattern: "POST /settings", serve: (*visit).saveSettings},
	}
}

// settingsView is what a person sets for himself.
type settingsView struct {
	frame
	Themes, KeyModes []choice
	Saved            bool
}

var (
	themes   = []string{"auto", "light", "dark"}
	keyModes = []string{"on", "off"}
)

func (v *visit) settingsPage() error {
	out := settingsView{frame: v.frame(say(v.lang, "settings.title")), Saved: v.r.URL.Query().Has("saved")}
	for _, t := range themes {
		out.Themes = append(out.Themes, choice{t, say(v.lang, "theme."+t), t == out.Theme})
	}
	for _, k := range keyModes {
		out.KeyModes = append(out.KeyModes, choice{k, say(v.lang, "keys."+k), (k == "on") == out.Keys})
	}
	return v.show(http.StatusOK, "settings", out)
}

func (v *visit) saveSettings() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	for name, words := range map[string][]string{"theme": themes, "keys": keyModes} {
		if chosen := v.r.PostForm.Get(name); slices.Contains(words, chosen) {
			v.keep(name, chosen)
		}
	}
	return v.redirect("/settings?saved=1")
}

// keep notes a choice in this browser for a year.
func (v *visit) keep(name, value string) {
	http.SetCookie(v.w, &http.Cookie{Name: name, Value: url.QueryEscape(value), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.r.TLS != nil})
}
