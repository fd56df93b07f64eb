package api

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/api/client"
)

// TestGoClient takes a ticket through its life with the generated client over a real connection.
func TestGoClient(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	s := httptest.NewServer(door)
	t.Cleanup(s.Close)
	desk, err := client.New(s.URL, f.tokenOf(t, "lead", scopeRead, scopeAct), s.Client())
	require.NoError(t, err)
	ctx := t.Context()

	me := "me"
	made, err := desk.CreateTicketWithResponse(ctx, &client.CreateTicketParams{}, client.CreateTicket{
		Desk: "support", Channel: client.ChannelPhone, Title: "動かない", Client: client.CreateClient{Phone: &me}, Owner: &me,
	})
	require.NoError(t, err)
	require.NotNil(t, made.JSON201, string(made.Body))
	n := made.JSON201.Number
	require.Equal(t, "lead", *made.JSON201.Ticket.Owner)

	until := f.now.Add(time.Hour)
	hold := client.HoldCommand{}
	hold.Hold.Reason, hold.Hold.Until = client.HoldReasonScheduled, &until
	held, err := desk.HoldTicketWithResponse(ctx, n, &client.HoldTicketParams{}, hold)
	require.NoError(t, err)
	require.NotNil(t, held.JSON200, string(held.Body))
	require.True(t, until.Equal(*held.JSON200.Ticket.Hold.Until))

	nobody := (*string)(nil)
	unassign := client.AssignCommand{}
	unassign.Assign.Owner = &nobody // null, not absent
	freed, err := desk.AssignTicketWithResponse(ctx, n, &client.AssignTicketParams{}, unassign)
	require.NoError(t, err)
	require.NotNil(t, freed.JSON200, string(freed.Body))
	require.Nil(t, freed.JSON200.Ticket.Owner)

	closed, err := desk.CloseTicketWithResponse(ctx, n, &client.CloseTicketParams{}, client.BareCommand{})
	require.NoError(t, err)
	require.NotNil(t, closed.JSON200, string(closed.Body))
	no, err := desk.AddNoteWithResponse(ctx, 9999, &client.AddNoteParams{}, client.NoteCommand{Message: client.NewMessage{Body: "x"}})
	require.NoError(t, err)
	require.Equal(t, "/problems/not-found", no.ApplicationproblemJSON404.Type)
	late, err := desk.HoldTicketWithResponse(ctx, n, &client.HoldTicketParams{}, hold)
	require.NoError(t, err)
	require.Equal(t, "closed_use_follow_up", *late.ApplicationproblemJSON409.Receipt.Reason)

	all, err := desk.ListTicketsWithResponse(ctx, &client.ListTicketsParams{State: &[]client.State{client.StateClosed, client.StateSpam}})
	require.NoError(t, err)
	require.Len(t, all.JSON200.Items, 3)

	_, err = client.New("desk.example", "x", nil)
	require.ErrorContains(t, err, "not a URL such as")
}
