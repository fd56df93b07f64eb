package console

import (
	"net/http"
	"net/url"
	"strings"
)

func signInRoutes() []route {
	return []route{
		{pattern: "GET /sign-in", public: true, serve: (*visit).signInPage},
		{pattern: "POST /sign-in", public: true, serve: (*visit).signIn},
		{pattern: "POST /sign-in/code", public: true, serve: (*visit).giveCode},
		{pattern: "POST /sign-out", public: true, serve: (*visit).signOut},
	}
}

type signInView struct {
	frame
	To, Login, Wrong string
	Code             bool        // the second factor is asked for
	Ways             []signInWay // besides the password
}

// signInWay is a further way to sign in, such as the company's own.
type signInWay struct{ Href, Name string }

// ways asks how else one may sign in. That it cannot be known hinders nobody with a password.
func (v *visit) ways(to string) []signInWay {
	var found struct {
		OIDC *struct{ Name, URL string } `json:"oidc"`
	}
	if err := v.get("/session/ways", &found); err != nil || found.OIDC == nil {
		return nil
	}
	return []signInWay{{found.OIDC.URL + "?to=" + url.QueryEscape(to), say(v.lang, "signin.with", "name", found.OIDC.Name)}}
}

// giveCode takes the code of the second factor.
func (v *visit) giveCode() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	to := inside(v.r.PostForm.Get("to"))
	said, err := v.call(v.r.Context(), http.MethodPost, "/session/factor", map[string]any{"code": strings.TrimSpace(v.r.PostForm.Get("code"))}, nil)
	if err == nil {
		v.pass(said)
		return v.redirect(to)
	}
	status := statusOf(err)
	if status == 0 || status >= http.StatusInternalServerError {
		return err
	}
	out := signInView{frame: v.frame(say(v.lang, "signin.title")), To: to, Code: true, Wrong: say(v.lang, "signin.wrong_code")}
	if status == http.StatusTooManyRequests {
		out.Wrong = say(v.lang, "signin.slow")
	}
	return v.show(status, "sign-in", out)
}

func (v *visit) signInPage() error {
	if v.whoami(false) == nil {
		return v.redirect(inside(v.r.URL.Query().Get("to")))
	}
	to := inside(v.r.URL.Query().Get("to"))
	return v.show(http.StatusOK, "sign-in", signInView{frame: v.frame(say(v.lang, "signin.title")), To: to, Ways: v.ways(to)})
}

// inside keeps a way back to this host: nobody is led elsewhere by a link that he followed.
func inside(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		return "/"
	}
	return to
}

// pass hands on the cookies by which the API knows the person from now on.
func (v *visit) pass(from http.Header) {
	for _, cookie := range from.Values("Set-Cookie") {
		v.w.Header().Add("Set-Cookie", cookie)
	}
}

// sessionOf is what the API says of who is signed in.
type sessionOf struct {
	ID, Kind, Key, Name, Email, Role, Language, Zone, State, Theme string
	Groups, Desks                                                  []string
	SingleKeys                                                     bool `json:"single_keys"`
}

// whoami asks whose cookie or token this is. A session that still owes a second factor opens nothing.
func (v *visit) whoami(enrol bool) error {
	var s sessionOf
	if err := v.get("/session", &s); err != nil {
		return err
	}
	kind := "agent"
	if v.portal {
		kind = "client"
	}
	if s.Kind != kind || s.State != "active" && (!enrol || s.State != "enrol") {
		return &problem{Status: http.StatusUnauthorized}
	}
	v.signedIn = s.ID != ""
	v.me = person{Key: s.Key, Name: s.Name, Email: s.Email, Role: s.Role, Language: s.Language, Zone: s.Zone, Groups: s.Groups, Desks: s.Desks, Theme: s.Theme, KeysOff: !s.SingleKeys}
	return nil
}

func (v *visit) signIn() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	login, to := strings.TrimSpace(v.r.PostForm.Get("login")), inside(v.r.PostForm.Get("to"))
	var s sessionOf
	said, err := v.call(v.r.Context(), http.MethodPost, "/session", map[string]any{"login": login, "password": v.r.PostForm.Get("password")}, &s)
	if err == nil && s.Kind == "agent" && s.State == "active" {
		v.pass(said)
		return v.redirect(to)
	}
	if err == nil && s.Kind == "agent" && s.State == "second_factor" {
		v.pass(said)
		return v.show(http.StatusOK, "sign-in", signInView{frame: v.frame(say(v.lang, "signin.title")), To: to, Code: true})
	}
	if err == nil && s.Kind == "agent" && s.State == "enrol" {
		v.pass(said)
		return v.redirect("/settings/factor")
	}
	out := signInView{frame: v.frame(say(v.lang, "signin.title")), To: to, Login: login, Ways: v.ways(to), Wrong: say(v.lang, "signin.agents_only")}
	status := http.StatusForbidden
	if err != nil {
		status = statusOf(err)
		switch status {
		case http.StatusUnauthorized, http.StatusUnprocessableEntity:
			out.Wrong = say(v.lang, "signin.wrong")
		case http.StatusTooManyRequests:
			out.Wrong = say(v.lang, "signin.slow")
		default:
			return err
		}
	}
	return v.show(status, "sign-in", out)
}

func (v *visit) signOut() error {
	said, err := v.call(v.r.Context(), http.MethodDelete, "/session", nil, nil)
	if err != nil && statusOf(err) != http.StatusUnauthorized {
		return err
	}
	v.pass(said)
	return v.redirect("/sign-in")
}
