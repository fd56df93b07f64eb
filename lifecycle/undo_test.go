package lifecycle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestWhatCanBeTakenBack(t *testing.T) {
	t.Parallel()
	wake := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	before := Before{
		Process: ticket.Process{State: ticket.OnHold, Owner: "mori", Group: "tier2", Hold: ticket.HoldThirdParty, Priority: ticket.High, Clocks: []ticket.Clock{{Kind: ticket.Wake, State: ticket.Running, Due: wake}}},
		Title:   "old", Tags: []string{"a"}, Fields: map[string]any{"x": "1"},
	}
	back := func(k ticket.Kind, p ticket.Params, message string) (ticket.Kind, ticket.Params) {
		t.Helper()
		kind, params, why := Undo(before, k, p, message)
		require.Empty(t, why)
		return kind, params
	}
	kind, p := back(ticket.Assign, ticket.Params{}, "")
	require.Equal(t, ticket.Assign, kind)
	require.Equal(t, "mori tier2", *p.Assign.Owner+" "+*p.Assign.Group)
	for _, k := range []ticket.Kind{ticket.AgentResponse, ticket.Hold, ticket.Resolve} {
		kind, p = back(k, ticket.Params{}, "m-1")
		require.Equal(t, ticket.Withdraw, kind)
		require.Equal(t, "m-1", p.Withdraw.Message)
	}
	for _, k := range []ticket.Kind{ticket.Hold, ticket.Resolve} {
		kind, p = back(k, ticket.Params{}, "")
		require.Equal(t, ticket.Hold, kind)
		require.Equal(t, ticket.HoldThirdParty, p.Hold.Reason)
		require.Equal(t, wake, *p.Hold.Until)
	}
	kind, _ = back(ticket.Resolve, ticket.Params{Resolve: &ticket.ResolveParams{Category: ticket.CategorySpam}}, "")
	require.Equal(t, ticket.Restore, kind)
	kind, _ = back(ticket.Escalate, ticket.Params{Escalate: &ticket.EscalateParams{Desk: "repairs"}}, "")
	require.Equal(t, ticket.Recall, kind)
	kind, _ = back(ticket.Merge, ticket.Params{}, "")
	require.Equal(t, ticket.Unmerge, kind)
	title, tags := "new", []string{"b"}
	_, p = back(ticket.Classify, ticket.Params{Classify: &ticket.ClassifyParams{Title: &title, Priority: ticket.Low, Tags: &tags, Fields: map[string]any{"x": "2", "y": "3"}}}, "")
	require.Equal(t, ticket.ClassifyParams{Title: &before.Title, Priority: ticket.High, Tags: &before.Tags, Fields: map[string]any{"x": "1", "y": nil}}, *p.Classify)
	_, p = back(ticket.Classify, ticket.Params{Classify: &ticket.ClassifyParams{AddTags: tags}}, "")
	require.Equal(t, ticket.ClassifyParams{Tags: &before.Tags}, *p.Classify)

	before.Process.State = ticket.Open
	for _, k := range []ticket.Kind{ticket.Hold, ticket.Resolve, ticket.Close, ticket.Delete, ticket.Note, ticket.LinkTo, ticket.Escalate, ticket.Classify} {
		_, _, why := Undo(before, k, ticket.Params{}, "")
		require.Equal(t, UndoNoWayBack, why, k)
	}
}
