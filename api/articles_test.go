package api

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// TestWhoReadsArticles: colleagues those of their desks, clients what is published, and never who wrote it.
func TestWhoReadsArticles(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato := f.tokenOf(t, "sato", scopeAct, scopeRead)
	r := call(t, door, sato, "POST", "/api/v1/articles", `{"desk":"support","key":"reset","title":"プリンターの初期化","body":"ボタンを**長押し**します。"}`)
	r.is(t, 201)
	require.Equal(t, []any{"support:reset", "ja", "draft", "sato"}, []any{r.at("id"), r.at("language"), r.at("state"), r.at("changed_by")})
	client := f.clientToken(t, "c_01", scopeRead)
	call(t, door, client, "GET", "/api/v1/articles/support:reset", "").is(t, 404, "not-found")
	require.Empty(t, call(t, door, client, "GET", "/api/v1/articles", "").at("items"))
	call(t, door, sato, "PATCH", "/api/v1/articles/support:reset", `{"state":"published","revision":1}`).is(t, 200)
	call(t, door, sato, "PATCH", "/api/v1/articles/support:reset", `{"title":"x","revision":1}`).is(t, 409, "conflict")
	r = call(t, door, client, "GET", "/api/v1/articles/support:reset", "")
	r.is(t, 200)
	require.Nil(t, r.at("changed_by"))
	require.Len(t, call(t, door, client, "GET", "/api/v1/articles?state=draft", "").at("items"), 1, "what he asks for opens no draft")
	call(t, door, client, "GET", "/api/v1/articles/support:reset/versions", "").is(t, 403, "forbidden")

	call(t, door, f.tokenOf(t, "mori", scopeRead), "GET", "/api/v1/articles/support:reset", "").is(t, 404, "not-found")
	call(t, door, sato, "POST", "/api/v1/articles", `{"key":"all","title":"x","body":"x"}`).is(t, 403, "forbidden")
	r = call(t, door, sato, "POST", "/api/v1/articles", `{"desk":"support","key":"X","title":" ","state":"secret"}`)
	r.is(t, 422, "invalid")
	require.ElementsMatch(t, []string{"/key", "/title", "/body", "/state"}, r.pointers())
}

// TestArticlesInThePortal: they are read, and offered to who is about to ask.
func TestArticlesInThePortal(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.piece(t, "article", "support", "reset", ticket.Article{Title: "Reset", Body: "Hold the **button**.<script>x</script>", Language: "en", State: ticket.ArticlePublished})
	f.piece(t, "article", "support", "inside", ticket.Article{Title: "Resets, for us", Body: "x", Language: "en", State: ticket.ArticleInternal})
	b := f.enters(t, door, "yamada@client.example")
	page := b.get("/portal/articles?q=reset", 200)
	require.Contains(t, page, `href="/portal/articles/support:reset"`)
	require.NotContains(t, page, "for us")
	page = b.get("/portal/articles/support:reset", 200)
	require.Contains(t, page, "<strong>button</strong>")
	require.NotContains(t, page, "<script")
	b.get("/portal/articles/support:inside", 404)
	require.Contains(t, b.get("/portal/suggest?title=reset", 200), `href="/portal/articles/support:reset"`)
	require.Contains(t, b.get("/portal/new?desk=support&type=&title=reset", 200), "Perhaps this answers it already:")
}
