package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"duradesk/find"
	"duradesk/ticket"
)

const articleKind = "article"

// keepArticle keeps what an article says from now on beside what it said before, and the words by which it is found.
func keepArticle(ctx context.Context, tx pgx.Tx, p Piece) error {
	if p.Kind != articleKind {
		return nil
	}
	var a ticket.Article
	if err := json.Unmarshal(p.Body, &a); err != nil {
		return fmt.Errorf("read article %s: %w", p.Key, err)
	}
	b := &pgx.Batch{}
	b.Queue(`insert into article_versions (desk, key, revision, body, changed_by, changed_at) values ($1, $2, $3, $4, $5, $6)
		on conflict (desk, key, revision) do update set body = excluded.body, changed_by = excluded.changed_by, changed_at = excluded.changed_at`,
		p.Desk, p.Key, p.Revision, p.Body, p.ChangedBy, p.ChangedAt)
	b.Queue(`insert into article_words (desk, key, words) values ($1, $2, $3::text::tsvector)
		on conflict (desk, key) do update set words = excluded.words`, p.Desk, p.Key, articleWords(a))
	return tx.SendBatch(ctx, b).Close()
}

// articleWords are the words of an article: those of its title and tags weigh more.
func articleWords(a ticket.Article) string {
	var out strings.Builder
	for _, word := range lexemes(append([]string{a.Title}, a.Tags...)...) {
		out.WriteString("'" + word + "':1A ") // of letters and digits only (find.Lexemes)
	}
	for _, word := range lexemes(a.Body) {
		out.WriteString("'" + word + "':2 ")
	}
	return out.String()
}

// FindArticles lists articles; with words the fitting ones, those that hold more of them in front, else by key.
func (s *Store) FindArticles(ctx context.Context, q ticket.ArticleQuery) ([]Piece, error) {
	sql := `select f.kind, f.desk, f.key, f.position, f.body, f.revision, f.changed_by, f.changed_at
		from furniture f join article_words w using (desk, key)
		where f.kind = 'article' and (@desks::text[] is null or f.desk = '' or f.desk = any(@desks::text[])) and (@state::text = '' or f.body->>'state' = @state::text)
			and (@language::text = '' or f.body->>'language' = @language::text) and (@tag::text = '' or f.body->'tags' ? @tag::text)`
	args := pgx.NamedArgs{"desks": q.Desks, "state": q.State, "language": q.Language, "tag": q.Tag, "limit": q.Limit, "offset": q.Offset}
	terms := find.Terms(q.Text)
	switch {
	case len(terms) == 0:
		sql += ` order by f.desk, f.key`
	case q.Any:
		args["words"] = anyQuery(terms)
	default:
		args["words"] = "(" + tsquery(terms) + ") | (" + tsquery(find.PrefixTerms(q.Text)) + ")"
	}
	if len(terms) > 0 {
		sql += ` and w.words @@ @words::text::tsquery order by ts_rank(w.words, @words::text::tsquery) desc, f.desk, f.key`
	}
	rows, err := s.pool.Query(ctx, sql+` limit @limit offset @offset`, args)
	if err != nil {
		return nil, fmt.Errorf("find articles: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanPiece)
	if err != nil {
		return nil, fmt.Errorf("find articles: %w", err)
	}
	return found, nil
}

// anyQuery writes terms of which one must be found: for what a client is about to ask, of which no article says all.
func anyQuery(terms []find.Term) string {
	var out []string
	for _, t := range terms {
		if !find.IsCommon(t) {
			out = append(out, tsquery([]find.Term{t}))
		}
	}
	if len(out) == 0 {
		return tsquery(terms)
	}
	return strings.Join(out, " | ")
}

// ArticleVersions lists what an article said, the newest first.
func (s *Store) ArticleVersions(ctx context.Context, desk, key string) ([]Piece, error) {
	rows, err := s.pool.Query(ctx, `select 'article', desk, key, 0, body, revision, changed_by, changed_at from article_versions where desk = $1 and key = $2 order by revision desc`, desk, key)
	if err != nil {
		return nil, fmt.Errorf("list the versions of article %s: %w", key, err)
	}
	found, err := pgx.CollectRows(rows, scanPiece)
	if err != nil {
		return nil, fmt.Errorf("list the versions of article %s: %w", key, err)
	}
	return found, nil
}
