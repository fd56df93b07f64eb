package crowd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/postgres"
)

// TestAClientWithFiveThousandTickets: who writes day and night has a file that is read, lists that go along an index and
// counts that end at their cap, as everybody has.
func TestAClientWithFiveThousandTickets(t *testing.T) {
	t.Parallel()
	s := filled(t, Options{Tickets: 5000, Clients: 1})
	file, err := s.ClientFile(t.Context(), clientID(1), nil)
	require.NoError(t, err)
	require.Equal(t, postgres.CountCap, file.Tickets, "counted no further than is told")

	for name, q := range map[string]postgres.Query{
		"by id":      {Client: clientID(1)},
		"by address": {Where: parse("email:" + clientMail(1))},
		"and a word": {Where: parse("email:" + clientMail(1) + " 請求書")},
	} {
		page, err := s.List(t.Context(), q)
		require.NoError(t, err, name)
		require.True(t, page.Capped, name)
		require.Len(t, page.Items, 30, name)
		plans, err := s.Explain(t.Context(), q)
		require.NoError(t, err, name)
		for _, plan := range plans {
			require.NotContains(t, plan, "Sort Method: external", name)
		}
	}
	seen := map[int64]bool{}
	for q := (postgres.Query{Client: clientID(1), Limit: 100}); ; {
		page, err := s.List(t.Context(), q)
		require.NoError(t, err)
		for _, r := range page.Items {
			require.False(t, seen[int64(r.Process.Number)], "ticket %d stands on two pages", r.Process.Number)
			seen[int64(r.Process.Number)] = true
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	require.Greater(t, len(seen), 4500, "all but the spam")
}
