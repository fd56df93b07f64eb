package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestHowSomebodyHasHisListsIsKept(t *testing.T) {
	t.Parallel()
	s := furnished(t)
	found, err := s.ListLook(t.Context(), "sato")
	require.NoError(t, err)
	require.Equal(t, ticket.DefaultListLook(), found, "who chose none")
	for _, look := range []ticket.ListLook{
		{Layout: "table", Density: "compact", Columns: []ticket.ListColumn{{Name: "title", Width: 320}, {Name: "number"}}},
		{Layout: "cards", Density: "normal", Columns: []ticket.ListColumn{{Name: "number", Width: 80}}},
	} {
		require.NoError(t, s.SetListLook(t.Context(), "sato", look))
		found, err = s.ListLook(t.Context(), "sato")
		require.NoError(t, err)
		require.Equal(t, look, found)
	}
}
