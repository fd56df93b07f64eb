package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"duradesk/api/openapi"
)

// visit is one request: who asks, in which language and zone, and where the answer goes.
type visit struct {
	c    *console
	w    http.ResponseWriter
	r    *http.Request
	lang string
	zone *time.Location
	me   person
	// Asked for once per visit, where a page needs them.
	boxes      map[string]string // addresses of mailboxes by their id
	house      *house
	receptions map[string][]openapi.ReceptionType // by desk
	listLook   *openapi.ListLook
	kept       *openapi.View
	// portal says that a client is on visit.
	portal bool
}

// person is who is signed in.
type person struct {
	Key, Name, Email, Role, Language, Zone string
	Groups, Desks                          []string
}

// Lead reports whether he may what leads may.
func (p person) Lead() bool { return p.Role == "lead" || p.Role == "admin" }

// Admin reports whether he may everything.
func (p person) Admin() bool { return p.Role == "admin" }

// identify asks who it is whose cookie or token this is, and takes his language and zone.
func (v *visit) identify() error {
	if err := v.whoami(); err != nil {
		return err
	}
	if v.me.Language != "" {
		v.lang = "en"
		if strings.HasPrefix(v.me.Language, "ja") {
			v.lang = "ja"
		}
	}
	v.zone = v.zoneOf(v.me.Zone)
	return nil
}

// zoneOf is the person's own, else that of his machine, which a script writes into a cookie.
func (v *visit) zoneOf(own string) *time.Location {
	if own == "" {
		if c, err := v.r.Cookie("zone"); err == nil {
			own, _ = url.QueryUnescape(c.Value)
		}
	}
	if zone, err := time.LoadLocation(own); own != "" && err == nil {
		return zone
	}
	return time.UTC
}

// fragment reports whether a script asks, to put the answer into a page that is shown already.
func (v *visit) fragment() bool { return v.r.Header.Get("HX-Request") != "" }

// turnAway leads who is not signed in to where he can do so, and back here afterwards.
func (v *visit) turnAway(err error) {
	if s := statusOf(err); s != http.StatusUnauthorized {
		v.fail(err)
		return
	}
	to, home := "/sign-in", "/"
	if v.portal {
		to, home = "/portal/sign-in", "/portal"
	}
	if v.r.Method == http.MethodGet && !v.fragment() && v.r.URL.Path != home {
		to += "?to=" + url.QueryEscape(v.r.URL.RequestURI())
	}
	if v.fragment() {
		// What he wrote stays on the page: he is told, and signs in there or in another tab.
		_ = v.refuse(http.StatusUnauthorized, say(v.lang, "session.over"), say(v.lang, "session.over_why"))
		return
	}
	_ = v.redirect(to)
}

// faultView is a page or a few lines about what went wrong.
type faultView struct {
	frame
	Status        int
	Title, Detail string
	Lines         []string
	ID            string
	Whole         bool
}

// fail answers an error: in words, with what to do, and with the number under which the log has more.
func (v *visit) fail(err error) {
	var p *problem
	if !errors.As(err, &p) {
		v.c.Log.ErrorContext(v.r.Context(), "page failed", "path", v.r.URL.Path, "error", err)
		_ = v.refuse(http.StatusInternalServerError, say(v.lang, "title.internal"), say(v.lang, "fault.internal"))
		return
	}
	f := faultView{Status: p.Status, Title: p.Title, Detail: p.Detail, ID: p.RequestID}
	for _, e := range p.Errors {
		f.Lines = append(f.Lines, v.fieldLine(e))
	}
	if p.Status < http.StatusInternalServerError {
		f.ID = ""
	}
	_ = v.showFault(f)
}

// fieldLine names a field that is wrong as its form does.
func (v *visit) fieldLine(e openapi.FieldError) string {
	name := ""
	if e.Pointer != nil {
		name = (*e.Pointer)[strings.LastIndex(*e.Pointer, "/")+1:]
	}
	if key := "field." + name; theTexts().Has(key) {
		return say(v.lang, key) + say(v.lang, "colon") + e.Detail
	}
	return e.Detail
}

func (v *visit) refuse(status int, title, detail string) error {
	return v.showFault(faultView{Status: status, Title: title, Detail: detail})
}

func (v *visit) showFault(f faultView) error {
	f.frame = v.frame(f.Title)
	f.Whole = !v.fragment()
	name := "fault"
	if f.Whole {
		name = "fault-page"
	}
	if err := v.show(f.Status, name, f); err != nil {
		v.c.Log.ErrorContext(v.r.Context(), "fault page failed", "error", err)
		http.Error(v.w, f.Title, f.Status)
	}
	return nil
}

// nothing answers an address that is no page.
func (v *visit) nothing() error {
	return v.refuse(http.StatusNotFound, say(v.lang, "fault.no_page"), say(v.lang, "fault.no_page_why"))
}

// frame is what every page has around it.
type frame struct {
	Title string
	Desk  string
	Lang  string
	Theme string
	Me    person
	Keys  bool   // single keys are on
	At    string // the path asked for, to come back to
	Home  string // where this person begins
}

func (v *visit) frame(title string) frame {
	home := "/"
	if v.portal || strings.HasPrefix(v.r.URL.Path, "/portal") {
		home = "/portal"
	}
	return frame{
		Home: home, Title: title, Desk: v.c.Name, Lang: v.lang, Me: v.me, Theme: v.preference("theme", "auto", "light", "dark"),
		Keys: v.preference("keys", "on", "off") != "off", At: v.r.URL.RequestURI(),
	}
}

// preference is a choice of this browser: one of the words, else the first.
func (v *visit) preference(name string, words ...string) string {
	if c, err := v.r.Cookie(name); err == nil && slices.Contains(words, c.Value) {
		return c.Value
	}
	return words[0]
}
