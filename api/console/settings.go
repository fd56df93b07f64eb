package console

import (
	"net/http"
	"net/url"
	"slices"

	"duradesk/api/openapi"
)

func settingsRoutes() []route {
	return []route{
		{pattern: "GET /settings", serve: (*visit).settingsPage},
		{pattern: "POST /settings", serve: (*visit).saveSettings},
		{pattern: "POST /settings/password", serve: (*visit).changePassword},
	}
}

// settingsView is what a person sets for himself.
type settingsView struct {
	frame
	Form, Password []section
	Saved          string // catalog key of what was just done
	Fault          string
	Lines          []string
	Sessions       []sessionRow
	Factor         openapi.Factor
	Own            bool // he came with a session, not with a token
}

var themes = []string{"auto", "light", "dark"}

// settingsOf are the parts of the page as they are stored.
func (v *visit) settingsOf() (settingsView, error) {
	out := settingsView{frame: v.frame(say(v.lang, "settings.title")), Own: v.signedIn}
	var stored thing
	asks := []func() error{func() error { return v.get("/me/settings", &stored) }}
	if out.Own {
		asks = append(asks, func() (err error) { out.Sessions, err = v.sessionsOf(""); return err }, func() error { return v.get("/factor", &out.Factor) })
	}
	if err := together(asks...); err != nil {
		return out, err
	}
	out.Form = v.settingsForm()
	v.fillForm(out.Form, stored)
	out.Password = []section{{Fields: []field{ask("current", secret, needed, called("current_password")), ask("password", secret, needed, called("new_password"))}}}
	return out, nil
}

func (v *visit) settingsForm() []section {
	return []section{
		{Name: "settings.look", Fields: []field{
			ask("language", pick, of(v.opts("language", "ja", "en"))), ask("theme", pick, of(v.opts("theme", themes...))), ask("shown_in", oneLiner, clears, like(zones())), ask("single_keys", tick),
		}},
		{Name: "settings.notices", Fields: []field{
			ask("notice_mail", pick, of(v.opts("notice_mail", "off", "instant", "digest"))), ask("digest_hour", whole, quiet), ask("zone", oneLiner, quiet, like(zones()), called("digest_zone")),
			ask("quiet.from", oneLiner, quiet, called("quiet_from")), ask("quiet.to", oneLiner, quiet, called("quiet_to")),
		}},
	}
}

func (v *visit) settingsPage() error {
	out, err := v.settingsOf()
	if err != nil {
		return err
	}
	if v.r.URL.Query().Has("saved") {
		out.Saved = "settings.saved"
	}
	return v.show(http.StatusOK, "settings", out)
}

func (v *visit) saveSettings() error {
	out, body, err := v.saidIn(func(out *settingsView) []section { return out.Form })
	if err != nil {
		return err
	}
	if out.Fault == "" {
		err = v.ask(http.MethodPut, "/me/settings", body, nil)
	}
	if err != nil || out.Fault != "" {
		return v.settingsAgain(out, out.Form, err)
	}
	// The pages before signing in look like the last ones after it.
	if chosen := v.r.PostForm.Get("theme"); slices.Contains(themes, chosen) {
		v.keep("theme", chosen)
	}
	return v.redirect("/settings?saved=1")
}

// saidIn reads what was typed into one of the page's forms.
func (v *visit) saidIn(which func(*settingsView) []section) (settingsView, map[string]any, error) {
	if err := v.r.ParseForm(); err != nil {
		return settingsView{}, nil, &problem{Status: http.StatusBadRequest, Title: say(v.lang, "title.invalid"), Detail: say(v.lang, "fault.form")}
	}
	out, err := v.settingsOf()
	body := map[string]any{}
	if err == nil && !v.read(which(&out), v.r.PostForm, body, false) {
		out.Fault = say(v.lang, "title.invalid")
	}
	return out, body, err
}

// settingsAgain shows the page with what is wrong in one of its forms.
func (v *visit) settingsAgain(out settingsView, form []section, err error) error {
	if err != nil {
		fault := formView{Sections: form}
		if err := v.blame(&fault, err); err != nil {
			return err
		}
		out.Fault, out.Lines = fault.Fault, fault.Lines
	}
	return v.show(http.StatusUnprocessableEntity, "settings", out)
}

func (v *visit) changePassword() error {
	out, body, err := v.saidIn(func(out *settingsView) []section { return out.Password })
	if err != nil {
		return err
	}
	if out.Fault == "" {
		err = v.ask(http.MethodPut, "/password", body, nil)
	}
	if err != nil || out.Fault != "" {
		return v.settingsAgain(out, out.Password, err)
	}
	return v.redirect("/settings?saved=1")
}

// keep notes a choice in this browser for a year.
func (v *visit) keep(name, value string) {
	http.SetCookie(v.w, &http.Cookie{Name: name, Value: url.QueryEscape(value), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: v.r.TLS != nil})
}
