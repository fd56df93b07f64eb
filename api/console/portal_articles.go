package console

import (
	"html/template"
	"net/http"
	"net/url"

	"duradesk/api/openapi"
	"duradesk/mail"
)

func portalArticleRoutes() []route {
	return []route{
		{pattern: "GET /portal/articles", client: true, serve: (*visit).portalArticles},
		{pattern: "GET /portal/articles/{id}", client: true, serve: (*visit).portalArticle},
		{pattern: "GET /portal/suggest", client: true, serve: (*visit).suggestFragment},
	}
}

type articleRow struct{ Title, Href, Lang string }

// articlesView lists what is published, or what fits some words.
type articlesView struct {
	portalView
	Q, More string
	Rows    []articleRow
}

func (v *visit) portalArticles() error {
	asked := v.r.URL.Query()
	out := articlesView{portalView: v.portalPage(say(v.lang, "portal.articles")), Q: asked.Get("q")}
	query := url.Values{"q": {out.Q}, "limit": {"50"}, "cursor": {asked.Get("cursor")}}
	found, err := v.articles(query)
	if err != nil {
		return err
	}
	out.Rows = articleRows(found)
	if found.NextCursor != nil {
		more := url.Values{"q": {out.Q}, "cursor": {*found.NextCursor}}
		out.More = "/portal/articles?" + more.Encode()
	}
	return v.show(http.StatusOK, "portal-articles", out)
}

func (v *visit) articles(query url.Values) (openapi.ArticleList, error) {
	var found openapi.ArticleList
	return found, v.get("/articles?"+query.Encode(), &found)
}

func articleRows(found openapi.ArticleList) []articleRow {
	out := make([]articleRow, 0, len(found.Items))
	for _, a := range found.Items {
		out = append(out, articleRow{a.Title, "/portal/articles/" + url.PathEscape(a.Id), a.Language})
	}
	return out
}

// suggestions are articles that may answer what a client is about to ask: any of its words will do.
func (v *visit) suggestions(title string) ([]articleRow, error) {
	found, err := v.articles(url.Values{"q": {title}, "match": {"any"}, "limit": {"5"}})
	return articleRows(found), err
}

func (v *visit) suggestFragment() error {
	var out portalNewView
	var err error
	if title := v.r.URL.Query().Get("title"); title != "" {
		if out.Suggested, err = v.suggestions(title); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "portal-suggested", out)
}

// articleView is one article as it reads.
type articleView struct {
	portalView
	HTML     template.HTML
	Language string
	Changed  moment
}

func (v *visit) portalArticle() error {
	var a openapi.Article
	if err := v.get("/articles/"+url.PathEscape(v.r.PathValue("id")), &a); err != nil {
		return err
	}
	if err := v.portalZone(); err != nil {
		return err
	}
	page, err := mail.RenderHTML(a.Body, mail.FormatMarkdown)
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, "portal-article", articleView{
		portalView: v.portalPage(a.Title), HTML: template.HTML(tame(page)), Language: a.Language, Changed: v.moment(a.ChangedAt), // sanitised by mail
	})
}
