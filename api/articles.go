package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// How long an article may be, in characters.
const (
	maxArticle      = 200_000
	maxArticleTitle = 200
)

var articleStates = []string{string(ticket.ArticleDraft), string(ticket.ArticleInternal), string(ticket.ArticlePublished)}

// articles are the pages of the knowledge base.
var articles = furniture[ticket.Article, openapi.Article]{
	kind: "article",
	read: func(h *hand, o *object, p *Piece, v *ticket.Article) {
		if n, given := o.whole("revision", false, 1, 1<<53); given && p.Revision > 0 {
			p.Revision = n
		}
		v.Title = cmp.Or(o.text("title", rule{needed: v.Title == "", min: 1, max: maxArticleTitle, solid: true, line: true}), v.Title)
		v.Body = cmp.Or(o.text("body", rule{needed: v.Body == "", min: 1, max: maxArticle, solid: true}), v.Body)
		v.Language = cmp.Or(o.word("language", false, languages), v.Language)
		v.State = ticket.ArticleState(cmp.Or(o.word("state", false, articleStates), string(v.State), articleStates[0]))
		if o.fields["tags"] != nil {
			v.Tags = readTags(o, "tags")
		} else {
			o.get("tags", false)
		}
		if v.Language == "" {
			v.Language = languages[0]
			if japanese(v.Title) || japanese(v.Body) {
				v.Language = "ja"
			}
		}
	},
	show: func(p Piece, v ticket.Article) openapi.Article {
		return openapi.Article{
			Id: pieceID(p), Desk: some(p.Desk), Key: p.Key, Title: v.Title, Body: v.Body, Language: v.Language, Tags: list(v.Tags), State: openapi.ArticleState(v.State),
			Revision: p.Revision, ChangedBy: some(p.ChangedBy), ChangedAt: p.ChangedAt.UTC(),
		}
	},
}

// ListArticles finds articles: to the staff those of their desks, to clients the published ones.
func (s *server) ListArticles(c *gin.Context, q openapi.ListArticlesParams) {
	who := askerOf(c)
	from, most, ok := s.paged(c, q.Cursor, q.Limit)
	if !ok {
		return
	}
	asked := ticket.ArticleQuery{
		Text: value(q.Q), Any: q.Match != nil && *q.Match == "any", Desks: who.desks(), State: string(value(q.State)), Language: string(value(q.Language)), Tag: value(q.Tag),
		Limit: most + 1, Offset: int(from),
	}
	if who.isClient() {
		asked.Desks, asked.State = nil, string(ticket.ArticlePublished)
	}
	if desk := value(q.Desk); desk != "" {
		asked.Desks = []string{}
		if who.isClient() || who.sees(desk) {
			asked.Desks = []string{desk}
		}
	}
	ctx, done := budget(c)
	defer done()
	found, err := s.House.FindArticles(ctx, asked)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.ArticleList{}
	if len(found) > most {
		found = found[:most]
		out.NextCursor = ptr(cursor(from + int64(most)))
	}
	if out.Items, err = shownArticles(who, found); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, out)
}

func shownArticles(who asker, found []Piece) ([]openapi.Article, error) {
	out := make([]openapi.Article, len(found))
	for i, p := range found {
		v, err := articles.of(p)
		if err != nil {
			return nil, err
		}
		if out[i] = articles.show(p, v); who.isClient() {
			out[i].ChangedBy = nil
		}
	}
	return out, nil
}

// article is one that exists for the asker.
func (s *server) article(ctx context.Context, who asker, id string) (Piece, error) {
	if !who.isClient() {
		p, _, err := articles.find(ctx, s, who, id)
		return p, err
	}
	p, v, err := articles.find(ctx, s, asker{Person: Person{Role: ticket.RoleAdmin}}, id)
	if err == nil && v.State != ticket.ArticlePublished {
		err = &ticket.Error{Code: ticket.NotFound, Message: "there is no such article"}
	}
	return p, err
}

// GetArticle shows one.
func (s *server) GetArticle(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	p, err := s.article(ctx, askerOf(c), id)
	if err != nil {
		s.told(c, err)
		return
	}
	shown, err := shownArticles(askerOf(c), []Piece{p})
	if err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, shown[0])
}

// ListArticleVersions lists what an article said.
func (s *server) ListArticleVersions(c *gin.Context, id string) {
	ctx, done := budget(c)
	defer done()
	p, err := s.article(ctx, askerOf(c), id)
	if err != nil {
		s.told(c, err)
		return
	}
	found, err := s.House.ArticleVersions(ctx, p.Desk, p.Key)
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.ArticleList{}
	if out.Items, err = shownArticles(askerOf(c), found); err != nil {
		s.told(c, err)
		return
	}
	answer(c, http.StatusOK, out)
}

// CreateArticle writes a new one.
func (s *server) CreateArticle(c *gin.Context) {
	articles.make(s, c, func(h *hand, o *object, p *Piece) (v ticket.Article) {
		h.own(o, p, o.newKey("key"))
		return v
	})
}

// ChangeArticle changes one; what it said is kept.
func (s *server) ChangeArticle(c *gin.Context, id string) { articles.change(s, c, id) }

// DeleteArticle takes one away.
func (s *server) DeleteArticle(c *gin.Context, id string) { articles.drop(s, c, id) }
