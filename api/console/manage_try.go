package console

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"duradesk/api/openapi"
)

func tryRoutes() []route {
	return []route{
		{pattern: "POST /-/forbidden-words/try", serve: (*visit).triedWords},
		{pattern: "POST /-/templates/try", serve: (*visit).triedTemplate},
		{pattern: "POST /-/agents/{key}/link", serve: (*visit).mailLink},
		{pattern: "POST /-/agents/{key}/factor", serve: (*visit).dropFactor},
		{pattern: "POST /-/sessions/{id}/end", serve: (*visit).endSession},
		{pattern: "POST /-/sessions/end", serve: (*visit).endSessions},
	}
}

// tryWords is where a text is tried.
func (v *visit) tryWords(thing) (string, any, error) {
	h, err := v.theHouse()
	if err != nil || len(h.Desks) == 0 {
		return "", nil, err
	}
	return "words-part", h.deskOptions(), nil
}

// triedWords are the words found in a text.
func (v *visit) triedWords() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	var got openapi.TriedForbiddenWords
	if err := v.ask(http.MethodPost, "/forbidden-words/try", map[string]any{"desk": v.r.PostForm.Get("desk"), "text": v.r.PostForm.Get("text")}, &got); err != nil {
		return err
	}
	return v.show(http.StatusOK, "words-found", got)
}

// triedTemplate shows the mail that a template would make, in a frame with a policy of its own as every mail.
func (v *visit) triedTemplate() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	said, body := v.r.PostForm, map[string]any{}
	for _, name := range []string{"desk", "occasion", "language", "source"} {
		if said.Get(name) != "" {
			body[name] = said.Get(name)
		}
	}
	var got openapi.TriedTemplate
	out := triedView{Lang: v.lang}
	err := v.ask(http.MethodPost, "/templates/try", body, &got)
	switch {
	case statusOf(err) != 0:
		out.Fault = v.faultOf(err)
	case err != nil:
		return err
	default:
		out.Subject, out.Body = got.Subject, template.HTML(got.Html) // sanitised as every mail that is sent
	}
	v.w.Header().Set("Content-Security-Policy", framePolicy(false))
	v.w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	return v.show(http.StatusOK, "tried-template", out)
}

type triedView struct {
	Lang, Fault, Subject string
	Body                 template.HTML
}

// mailLink sends an agent a link by which he sets a new password.
func (v *visit) mailLink() error {
	t, err := v.oneAt("/agents/", v.r.PathValue("key"))
	if err != nil {
		return err
	}
	if err := v.ask(http.MethodPost, "/password/link", map[string]any{"login": t.text("email")}, nil); err != nil {
		return err
	}
	return v.show(http.StatusOK, "done-line", say(v.lang, "agents.link_sent", "address", t.text("email")))
}

// dropFactor takes away an agent's second factor, of one who has lost his telephone.
func (v *visit) dropFactor() error {
	if err := v.ask(http.MethodPost, "/factor/remove", map[string]any{"agent": v.r.PathValue("key")}, nil); err != nil {
		return err
	}
	return v.show(http.StatusOK, "done-line", say(v.lang, "agents.factor_dropped"))
}

// sessionRow is one place where somebody is signed in.
type sessionRow struct {
	ID, Browser, Address, Via string
	Since, Used               moment
	Current                   bool
	Agent                     string
}

// sessionsOf an agent; "" for one's own.
func (v *visit) sessionsOf(agent string) ([]sessionRow, error) {
	var found openapi.SessionList
	path := "/sessions"
	if agent != "" {
		path += "?agent=" + url.QueryEscape(agent)
	}
	if err := v.get(path, &found); err != nil {
		return nil, err
	}
	out := make([]sessionRow, len(found.Items))
	for i, x := range found.Items {
		out[i] = sessionRow{
			ID: x.Id, Browser: browserName(x.Browser), Address: x.Address, Via: sayOr(v.lang, "via."+x.Via, x.Via), Since: v.moment(x.CreatedAt), Used: v.moment(x.LastUsedAt), Current: x.Current, Agent: agent,
		}
	}
	return out, nil
}

func (v *visit) endSession() error {
	if err := v.ask(http.MethodDelete, "/sessions/"+url.PathEscape(v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.redirect(v.afterSessions())
}

// endSessions ends all of a person but the one that asks.
func (v *visit) endSessions() error {
	path := "/sessions"
	if agent := v.r.URL.Query().Get("agent"); agent != "" {
		path += "?agent=" + url.QueryEscape(agent)
	}
	if err := v.ask(http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	return v.redirect(v.afterSessions())
}

func (v *visit) afterSessions() string {
	if agent := v.r.URL.Query().Get("agent"); agent != "" {
		return "/manage/agents/" + url.PathEscape(agent)
	}
	return "/settings?saved=1"
}

// browserName is what a person knows of what his browser calls itself.
func browserName(agent string) string {
	system := ""
	for _, s := range []string{"Windows", "iPhone", "iPad", "Android", "Mac OS", "Linux"} {
		if strings.Contains(agent, s) {
			system = " · " + s
			break
		}
	}
	for _, b := range []struct{ mark, name string }{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if strings.Contains(agent, b.mark) {
			return b.name + system
		}
	}
	return excerpt(agent)
}
