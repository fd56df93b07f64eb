package console

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"duradesk/api/openapi"
	"duradesk/mail"
)

func articleShelf() *shelf {
	return &shelf{
		key: "articles", group: "writing", icon: "book", make: anybody, path: "/articles", id: byID, drop: true, besideNew: true,
		edit:    func(p person, t thing) bool { return p.Admin() || t.text("desk") != "" },
		one:     func(v *visit, id string) (thing, error) { return v.oneAt("/articles/", id) },
		name:    func(_ *visit, t thing) string { return t.text("title") },
		load:    filtered("/articles", articleFilters),
		above:   articleFilter,
		columns: []string{"title", "article_state", "language", "for_desk", "changed"},
		row: func(v *visit, t thing) []cell {
			state := cell{Text: say(v.lang, "article_state."+t.text("state")), Tone: map[string]string{"published": "good", "draft": "wait"}[t.text("state")]}
			return []cell{{Text: t.text("title")}, state, {Text: say(v.lang, "language."+t.text("language"))}, {Text: v.deskName(t)}, {Time: t.time(v, "changed_at"), Small: t.text("changed_by")}}
		},
		form:    articleForm,
		beside:  articleBeside,
		picture: articleRestored,
		refill:  articleRefill,
	}
}

var (
	articleFilters = []string{"q", "state", "language"}
	articleStates  = []string{"draft", "internal", "published"}
)

// filtered loads what the parameters of the page's own address ask for.
func filtered(path string, names []string) func(*visit, string) ([]thing, string, error) {
	return func(v *visit, cursor string) ([]thing, string, error) {
		q := url.Values{"limit": {"100"}}
		for _, name := range names {
			if text := strings.TrimSpace(v.r.URL.Query().Get(name)); text != "" {
				q.Set(name, text)
			}
		}
		return v.things(path, q, cursor)
	}
}

// filterPart is the form above a list that asks for less of it.
type filterPart struct {
	Key    string // of the shelf
	Fields []field
}

func (v *visit) filterPart(key string, fields ...field) (string, any, error) {
	for i := range fields {
		fields[i].Value, fields[i].Help = v.r.URL.Query().Get(fields[i].Name), ""
	}
	return "filter-part", filterPart{key, fields}, nil
}

func articleFilter(v *visit, _ thing) (string, any, error) {
	all := []option{{"", say(v.lang, "set.all")}}
	return v.filterPart(
		"articles", ask("q", oneLiner, called("find")), ask("state", pick, of(append(all, v.opts("article_state", articleStates...)...)), called("article_state")),
		ask("language", pick, of(append(all, v.opts("language", "ja", "en")...))),
	)
}

func articleForm(v *visit, t thing) ([]section, error) {
	h, err := v.theHouse()
	if err != nil {
		return nil, err
	}
	fields := []field{
		ask("title", oneLiner, needed), ask("key", oneLiner, needed, called("article_key")), v.whose(h), ask("language", pick, of(v.opts("language", "ja", "en")), from(v.lang), called("article_language")),
		ask("state", pick, of(v.opts("article_state", articleStates...)), called("article_state")), ask("tags", list, called("article_tags")), ask("body", prose, needed, called("article_body")),
	}
	if t != nil {
		fields[1].Fixed, fields[2].Fixed = true, true
		return []section{{Fields: fields}}, nil
	}
	if copied := v.r.URL.Query().Get("copy"); copied != "" { // to be translated
		from, err := v.oneAt("/articles/", copied)
		if err != nil {
			return nil, err
		}
		v.show1(&fields[0], from)
		v.show1(&fields[5], from)
		v.show1(&fields[6], from)
	}
	return []section{{Fields: fields}}, nil
}

// articlePart is what stands below an article's form: how it reads, and what it said before.
type articlePart struct {
	Title, Language, Body string
	Portal                string // where clients read it; "" where they do not
	Other, OtherName      string // where one writes it in the other language
	Versions              []articleVersion
}

// articleVersion is what it said before; with Again it can be put into the form.
type articleVersion struct {
	Again                  string
	N                      int64
	At                     moment
	By, Title, State, Body string
	Lang                   string
}

func articleBeside(v *visit, t thing) (string, any, error) {
	out := articlePart{Title: t.text("title"), Language: t.text("language"), Body: t.text("body")}
	if t == nil {
		out.Language = v.lang
		return "article-part", out, nil
	}
	if t.text("state") == "published" {
		out.Portal = "/portal/articles/" + url.PathEscape(byID(t))
	}
	other := map[string]string{"ja": "en", "en": "ja"}[out.Language]
	out.OtherName = say(v.lang, "language."+other)
	out.Other = "/manage/articles/-new?" + url.Values{"copy": {byID(t)}, "desk": {t.text("desk")}, "language": {other}, "key": {t.text("key") + "-" + other}}.Encode()
	var found openapi.ArticleList
	if err := v.get("/articles/"+url.PathEscape(byID(t))+"/versions", &found); err != nil {
		return "", nil, err
	}
	may := articleShelf().mayEdit(v.me, t)
	for _, a := range found.Items {
		again := ""
		if may && a.Revision != revisionOf(t) {
			again = "/manage/articles/" + url.PathEscape(byID(t)) + "?version=" + strconv.FormatInt(a.Revision, 10)
		}
		out.Versions = append(out.Versions, articleVersion{
			Again: again,
			N:     a.Revision, At: v.moment(a.ChangedAt), By: deref(a.ChangedBy), Title: a.Title, State: say(v.lang, "article_state."+string(a.State)), Body: a.Body, Lang: a.Language,
		})
	}
	return "article-part", out, nil
}

func revisionOf(t thing) int64 {
	n, _ := t.at("revision").(float64)
	return int64(n)
}

// versionWords are the fields that an old version fills in: its words. Who may read them stays as it is.
var versionWords = []string{"title", "language", "tags", "body"}

// articleRefill puts the words of an old version into the form, where the address asks for one. Nothing changes until
// they are saved, as the newest version.
func articleRefill(v *visit, t thing, sections []section) error {
	asked := v.r.URL.Query().Get("version")
	if asked == "" {
		return nil
	}
	var found struct{ Items []thing }
	if err := v.get("/articles/"+url.PathEscape(byID(t))+"/versions", &found); err != nil {
		return err
	}
	i := slices.IndexFunc(found.Items, func(old thing) bool { return old.text("revision") == asked })
	if i < 0 {
		return &problem{Status: http.StatusNotFound, Title: say(v.lang, "title.not-found"), Detail: say(v.lang, "detail.not-found")}
	}
	eachField(sections, func(f *field) {
		if slices.Contains(versionWords, f.Name) {
			v.show1(f, found.Items[i])
		}
	})
	return nil
}

// articleRestored says above the form that it holds an old version.
func articleRestored(v *visit, _ thing) (string, any, error) {
	if asked := v.r.URL.Query().Get("version"); asked != "" {
		return "article-restored", asked, nil
	}
	return "", nil, nil
}

func articleRoutes() []route {
	return []route{{pattern: "POST /-/articles/try", serve: (*visit).triedArticle}}
}

type triedArticleView struct {
	Lang, Title string
	Body        template.HTML
}

// triedArticle shows an article as clients read it, in a frame with a policy of its own.
func (v *visit) triedArticle() error {
	if err := v.r.ParseForm(); err != nil {
		return v.refuse(http.StatusBadRequest, say(v.lang, "title.invalid"), say(v.lang, "fault.form"))
	}
	said := v.r.PostForm
	page, err := mail.RenderHTML(said.Get("body"), mail.FormatMarkdown)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Security-Policy", framePolicy(false))
	v.w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	return v.show(http.StatusOK, "tried-article", triedArticleView{Lang: chosen(said.Get("language"), []string{v.lang, "ja", "en"}), Title: said.Get("title"), Body: template.HTML(tame(page))}) // sanitised by mail
}
