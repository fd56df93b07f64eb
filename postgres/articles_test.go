package postgres

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestArticlesAreFoundAsTicketsAre: words with their stems, Japanese by its pairs, widths and kana alike; what fits the
// title comes first.
func TestArticlesAreFoundAsTicketsAre(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	write := func(desk, key string, revision int64, a ticket.Article) Piece {
		body, err := json.Marshal(a)
		require.NoError(t, err)
		p, err := s.PutPiece(t.Context(), Piece{Kind: "article", Desk: desk, Key: key, Body: body, Revision: revision, ChangedBy: "sato"})
		require.NoError(t, err)
		return p
	}
	first := write("support", "reset", 0, ticket.Article{Title: "Resetting the printer", Body: "It's the button.", Language: "en", Tags: []string{"hardware"}, State: ticket.ArticlePublished})
	write("", "ink", 0, ticket.Article{Title: "Ink", Body: "Printers need ink.", Language: "en", State: ticket.ArticleInternal})
	write("repair", "paper", 0, ticket.Article{Title: "用紙の詰まり", Body: "プリンターの蓋を開けてください。", Language: "ja", State: ticket.ArticlePublished})
	found := func(q ticket.ArticleQuery) (keys []string) {
		if q.Limit == 0 {
			q.Limit = 10
		}
		list, err := s.FindArticles(t.Context(), q)
		require.NoError(t, err)
		for _, p := range list {
			keys = append(keys, p.Key)
		}
		return keys
	}
	for _, c := range []struct {
		q    ticket.ArticleQuery
		want []string
	}{
		{ticket.ArticleQuery{}, []string{"ink", "paper", "reset"}},
		{ticket.ArticleQuery{Text: "printer"}, []string{"reset", "ink"}},
		{ticket.ArticleQuery{Text: "printers resets"}, []string{"reset"}},
		{ticket.ArticleQuery{Text: "hardw"}, []string{"reset"}},
		{ticket.ArticleQuery{Text: "ﾌﾟﾘﾝﾀｰ"}, []string{"paper"}},
		{ticket.ArticleQuery{Text: "ぷりんたー 用紙"}, []string{"paper"}},
		{ticket.ArticleQuery{Text: "printer scanner"}, nil},
		{ticket.ArticleQuery{Text: "the printer and my scanner", Any: true}, []string{"reset", "ink"}},
		{ticket.ArticleQuery{Text: "the and", Any: true}, nil},
		{ticket.ArticleQuery{Desks: []string{"support"}}, []string{"ink", "reset"}},
		{ticket.ArticleQuery{Desks: []string{}}, []string{"ink"}},
		{ticket.ArticleQuery{State: "published"}, []string{"paper", "reset"}},
		{ticket.ArticleQuery{Language: "ja"}, []string{"paper"}},
		{ticket.ArticleQuery{Tag: "hardware"}, []string{"reset"}},
		{ticket.ArticleQuery{Limit: 1, Offset: 1}, []string{"paper"}},
		{ticket.ArticleQuery{Text: `'); drop table furniture; --`}, nil},
	} {
		require.Equal(t, c.want, found(c.q), "%+v", c.q)
	}

	write("support", "reset", first.Revision, ticket.Article{Title: "Restarting", Body: "Pull the plug.", Language: "en", State: ticket.ArticleDraft})
	require.Equal(t, []string{"ink"}, found(ticket.ArticleQuery{Text: "printer"}), "what it said is not found any more")
	versions, err := s.ArticleVersions(t.Context(), "support", "reset")
	require.NoError(t, err)
	require.Len(t, versions, 2)
	require.Equal(t, []int64{2, 1}, []int64{versions[0].Revision, versions[1].Revision})
	require.Contains(t, string(versions[1].Body), "It's the button.", "and is kept")
	_, err = s.PutPiece(t.Context(), Piece{Kind: "article", Desk: "support", Key: "reset", Body: []byte(`{}`), Revision: first.Revision})
	require.Equal(t, ticket.Conflict, code(err), "somebody changed it meanwhile")
	require.NoError(t, s.DropPiece(t.Context(), "article", "support", "reset"))
	versions, err = s.ArticleVersions(t.Context(), "support", "reset")
	require.NoError(t, err)
	require.Empty(t, versions)
	require.Equal(t, []string{"ink", "paper"}, found(ticket.ArticleQuery{}))
}
