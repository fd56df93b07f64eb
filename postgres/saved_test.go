package postgres

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestSavedViewsAreKept(t *testing.T) {
	t.Parallel()
	s, ctx := furnished(t), t.Context()
	v := SavedView{Key: "late", Owner: "sato", Name: "遅い", Q: "waiting>4h", Sort: "created", Columns: []string{"number"}}
	added, err := s.AddSavedView(ctx, v)
	require.NoError(t, err)
	require.Equal(t, v, added)
	_, err = s.AddSavedView(ctx, v)
	require.Equal(t, ticket.Conflict, code(err))
	_, err = s.SavedView(ctx, "lead", "late")
	require.Equal(t, ticket.NotFound, code(err))
	v.Shared, v.Name = true, "Late"
	changed, err := s.ChangeSavedView(ctx, v)
	require.NoError(t, err)
	require.Equal(t, v, changed)
	list, err := s.SavedViews(ctx, "lead")
	require.NoError(t, err)
	require.Equal(t, []SavedView{v}, list)
	require.NoError(t, s.DropSavedView(ctx, "late"))
	require.Equal(t, ticket.NotFound, code(s.DropSavedView(ctx, "late")))
	_, err = s.ChangeSavedView(ctx, v)
	require.Equal(t, ticket.NotFound, code(err))
	for n := range mostSavedViews {
		v.Key = fmt.Sprint("v", n)
		_, err = s.AddSavedView(ctx, v)
		require.NoError(t, err)
	}
	v.Key = "more"
	_, err = s.AddSavedView(ctx, v)
	require.ErrorContains(t, err, "take one away first")
}

func TestSavedViewsComeInTheOrderThatSomebodyWants(t *testing.T) {
	t.Parallel()
	s, ctx := furnished(t), t.Context()
	for _, v := range []SavedView{{Key: "b", Name: "B"}, {Key: "a", Name: "A"}, {Key: "c", Name: "C"}, {Key: "everybody", Name: "0", Shared: true}} {
		v.Owner, v.Q, v.Sort = "lead", "state:open", "-updated"
		_, err := s.AddSavedView(ctx, v)
		require.NoError(t, err)
	}
	keys := func(agent string) (out []string) {
		list, err := s.SavedViews(ctx, agent)
		require.NoError(t, err)
		for _, v := range list {
			out = append(out, v.Key)
		}
		return out
	}
	require.Equal(t, []string{"a", "b", "c", "everybody"}, keys("lead"), "who has none has his own first, by name")
	look := ticket.DefaultListLook()
	require.NoError(t, s.SetListLook(ctx, "lead", look))
	require.Equal(t, []string{"a", "b", "c", "everybody"}, keys("lead"))
	look.Views = []string{"everybody", "gone", "c", "c"}
	require.NoError(t, s.SetListLook(ctx, "lead", look))
	require.Equal(t, []string{"everybody", "c", "a", "b"}, keys("lead"))
	require.Equal(t, []string{"everybody"}, keys("sato"))
}

func TestClientFilesAreFoundAndChanged(t *testing.T) {
	t.Parallel()
	s, ctx := few(t), t.Context()
	find := func(q string, desks []string) (ids []string) {
		files, next, err := s.Clients(ctx, q, desks, "", 10)
		require.NoError(t, err)
		require.Empty(t, next)
		for _, f := range files {
			ids = append(ids, f.ID)
		}
		return ids
	}
	require.Equal(t, []string{"c_yamada"}, find("山田", nil))
	require.Equal(t, []string{"c_yamada"}, find("taro@home.example", []string{"support"}))
	require.Equal(t, []string{"c_obrien"}, find("bri o", nil))
	require.Empty(t, find("山田", []string{"repair"}), "no ticket of his is there")
	require.Len(t, find("", nil), 3)
	files, next, err := s.Clients(ctx, "", nil, "", 2)
	require.NoError(t, err)
	require.Len(t, files, 2)
	rest, _, err := s.Clients(ctx, "", nil, next, 2)
	require.NoError(t, err)
	require.Len(t, rest, 1)

	text := func(s string) *string { return &s }
	require.NoError(t, s.ChangeClient(ctx, "c_yamada", ClientChange{Name: text("山田 花子"), Phone: text(""), Notes: text("午後のみ"), Identities: &[]Identity{{"login", "Hanako"}}}))
	f, err := s.ClientFile(ctx, "c_yamada", []string{"support"})
	require.NoError(t, err)
	require.Equal(t, "午後のみ", f.Notes)
	require.Empty(t, f.Phone)
	require.Equal(t, 2, f.Tickets)
	require.Equal(t, []Identity{{"login", "hanako"}, {"mail", "yamada@client.example"}, {"number", "k-100"}}, f.Identities)
	require.Empty(t, find("太郎", nil))
	require.Equal(t, []ticket.Number{1002, 1001}, listed1(t, s, Query{Login: "hanak"}))
	require.Equal(t, []ticket.Number{1002, 1001}, listed1(t, s, Query{Text: "花子"}))
	require.Empty(t, listed1(t, s, Query{Email: "taro@home"}))
	err = s.ChangeClient(ctx, "c_yamada", ClientChange{Email: text("ob_rien@client.example")})
	require.Equal(t, ticket.Conflict, code(err), "%v", err)
	require.Equal(t, ticket.NotFound, code(s.ChangeClient(ctx, "c_none", ClientChange{Name: text("x")})))

	require.NoError(t, s.MergeClients(ctx, "c_obrien", "c_yamada"))
	require.Equal(t, []ticket.Number{1004, 1003, 1002, 1001}, listed1(t, s, Query{Client: "c_yamada"}))
	require.Equal(t, []ticket.Number{1004, 1003, 1002, 1001}, listed1(t, s, Query{Email: "ob_rien"}))
	old, err := s.ClientFile(ctx, "c_obrien", nil)
	require.NoError(t, err)
	require.Equal(t, "c_yamada", old.MergedInto)
	require.Equal(t, []string{"c_yamada"}, find("yamada@client.example", nil))
	require.Equal(t, ticket.NotFound, code(s.MergeClients(ctx, "c_obrien", "c_yamada")), "once")
	require.Equal(t, ticket.Invalid, code(s.MergeClients(ctx, "c_yamada", "c_yamada")))
}
