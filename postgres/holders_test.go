package postgres

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestClientsHaveWhatIsTheirsAndTheirOrganisations(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	ctx := t.Context()
	exec(t, s, `insert into clients (id, name, email) values ('c_1', 'One', 'one@client.example'), ('c_2', 'Two', null), ('c_3', 'Three', null)`)
	exec(t, s, `insert into identities (kind, value, client) values ('mail', 'one@client.example', 'c_1')`)
	one, err := s.SetAccess(ctx, "c_1", "full", "client.example")
	require.NoError(t, err)
	require.Equal(t, ticket.Client{ID: "c_1", Name: "One", Email: "one@client.example", Access: "full"}, one)
	file, err := s.ClientFile(ctx, "c_1", nil)
	require.NoError(t, err)
	require.Equal(t, "client.example", file.Organisation)
	for _, id := range []string{"c_2", "c_3"} {
		_, err = s.SetAccess(ctx, id, "portal", map[string]string{"c_2": "client.example", "c_3": ""}[id])
		require.NoError(t, err)
	}
	for pair, want := range map[[2]string]bool{
		{"c_1", "c_2"}: true, {"c_2", "c_1"}: true, {"c_1", "c_1"}: true, {"c_1", "c_3"}: false, {"c_3", "c_3"}: false, {"c_1", "c_9"}: false,
	} {
		together, err := s.Together(ctx, pair[0], pair[1])
		require.NoError(t, err)
		require.Equal(t, want, together, pair)
	}
	lay(t, s, laid{number: 1, client: "c_1"}, laid{number: 2, client: "c_2"}, laid{number: 3, client: "c_3"}, laid{number: 4, client: "c_1", state: ticket.Spam}, laid{number: 5, client: "c_1"}, laid{number: 6, client: "c_1", state: ticket.Closed})
	exec(t, s, `update tickets set process = process || '{"parent": 1}' where number = 5`)
	for _, c := range []struct {
		q    Query
		want []ticket.Number
	}{
		{Query{Own: "c_1"}, []ticket.Number{1, 6}},
		{Query{Own: "c_1", Organisation: true}, []ticket.Number{1, 2, 6}},
		{Query{Own: "c_2"}, []ticket.Number{2}},
		{Query{Own: "c_3", Organisation: true}, []ticket.Number{3}},
		{Query{Own: "c_9", Organisation: true}, nil},
		{Query{Own: "c_1", States: []ticket.State{ticket.Spam, ticket.Closed}}, []ticket.Number{6}},
	} {
		c.q.Sort, c.q.Limit = "number", 10
		page, err := s.List(ctx, c.q)
		require.NoError(t, err)
		var got []ticket.Number
		for _, r := range page.Items {
			got = append(got, r.Process.Number)
		}
		require.Equal(t, c.want, got, c.q)
		require.Equal(t, len(c.want), page.Total)
	}
	found, err := s.ClientOf(ctx, "ONE@client.example")
	require.NoError(t, err)
	require.Equal(t, one, found)
	for _, err := range []error{
		only(s.ClientOf(ctx, "two@client.example")), only(s.ClientOf(ctx, "\x00")), only(s.Client(ctx, "c_9")), only(s.Client(ctx, "\x00")), only(s.SetAccess(ctx, "c_9", "none", "")),
	} {
		require.Equal(t, ticket.NotFound, code(err))
	}
	require.Equal(t, ticket.Invalid, code(only(s.SetAccess(ctx, "c_1", "root", ""))))

	_, err = s.AddSession(ctx, Session{ID: uuid.NewString(), Client: "c_1", State: "active", Via: "link", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, sum("session"), "")
	require.NoError(t, err)
	_, err = s.AddToken(ctx, Token{Client: "c_1"}, sum("token"))
	require.NoError(t, err)
	_, err = s.SetAccess(ctx, "c_1", "none", "")
	require.NoError(t, err)
	var left int
	require.NoError(t, s.pool.QueryRow(ctx, `select (select count(*) from sessions) + (select count(*) from tokens)`).Scan(&left))
	require.Zero(t, left)
}

func only[T any](_ T, err error) error { return err }
