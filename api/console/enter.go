package console

import (
	"net/http"
	"strings"
)

// enterRoutes are where the one-time links lead that the desk mails. To open one does nothing yet: programs that look at
// mail follow links too. The button does.
func enterRoutes() []route {
	return []route{
		{pattern: "GET /sign-in/password", public: true, serve: func(v *visit) error { return v.show(http.StatusOK, "enter", v.passwordView()) }},
		{pattern: "POST /sign-in/password", public: true, serve: (*visit).setPassword},
		{pattern: "GET /sign-in/link", public: true, serve: func(v *visit) error { return v.show(http.StatusOK, "enter", v.linkView()) }},
		{pattern: "POST /sign-in/link", public: true, serve: (*visit).enterByLink},
	}
}

// linkIn is the secret of a link, of which somebody without scripts may have pasted the whole.
func linkIn(pasted string) string {
	return strings.TrimSpace(pasted[strings.LastIndex(pasted, "#")+1:])
}

type enterView struct {
	frame
	Heading, Action, Button, Wrong, Link string
	Password                             bool // a new one is asked for
}

func (v *visit) passwordView() enterView {
	title := say(v.lang, "enter.password_title")
	return enterView{frame: v.frame(title), Heading: title, Action: "/sign-in/password", Button: say(v.lang, "enter.password_submit"), Password: true}
}

func (v *visit) linkView() enterView {
	title := say(v.lang, "enter.link_title")
	return enterView{frame: v.frame(title), Heading: title, Action: "/sign-in/link", Button: say(v.lang, "enter.link_submit")}
}

// wrongIn shows the form again with what is wrong; what is not the visitor's fault is an error.
func (v *visit) wrongIn(out enterView, err error) error {
	status := statusOf(err)
	switch status {
	case http.StatusUnauthorized:
		out.Wrong = say(v.lang, "enter.spent")
	case http.StatusUnprocessableEntity:
		out.Wrong, out.Link = say(v.lang, "enter.too_short"), v.r.PostForm.Get("link")
	case http.StatusTooManyRequests:
		out.Wrong, out.Link = say(v.lang, "signin.slow"), v.r.PostForm.Get("link")
	default:
		return err
	}
	return v.show(status, "enter", out)
}

func (v *visit) setPassword() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	body := map[string]any{"link": linkIn(v.r.PostForm.Get("link")), "password": v.r.PostForm.Get("password")}
	if _, err := v.call(v.r.Context(), http.MethodPost, "/password", body, nil); err != nil {
		return v.wrongIn(v.passwordView(), err)
	}
	return v.redirect("/sign-in")
}

func (v *visit) enterByLink() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	said, err := v.call(v.r.Context(), http.MethodPost, "/session", map[string]any{"link": linkIn(v.r.PostForm.Get("link"))}, nil)
	if err != nil {
		return v.wrongIn(v.linkView(), err)
	}
	v.pass(said)
	return v.redirect("/portal")
}
