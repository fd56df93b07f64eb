package dispatch

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"duradesk/dispatch/temporaltest"
	"duradesk/ticket"
)

// TestTheFirstCommandStartsTheTicket: nobody has to be told of what a workflow begins with anyway. Where it runs already, it
// is told.
func TestTheFirstCommandStartsTheTicket(t *testing.T) {
	t.Parallel()
	c := temporaltest.Client(t, temporaltest.Namespace(t))
	b := &Bell{Client: c, ConsoleURL: "https://desk.example/", Near: &Near{}} // its worker is not there yet
	first := ticket.Ring{ID: "mail:m:1:2", Seq: 1}
	require.NoError(t, b.Ring(t.Context(), 1042, "client-reply", first))
	require.Empty(t, signals(t, c, "ticket-1042"))
	begun := history(t, c, "ticket-1042")[0]
	a := begun.GetWorkflowExecutionStartedEventAttributes()
	require.Equal(t, ticket.WorkflowTicket, a.GetWorkflowType().GetName())
	require.Equal(t, ticket.QueueTickets, a.GetTaskQueue().GetName())
	require.JSONEq(t, `{"number":1042,"opened_by":"client-reply"}`, string(a.GetInput().GetPayloads()[0].GetData()), "told to whoever reads the history")
	require.Zero(t, a.GetWorkflowExecutionTimeout().AsDuration(), "a ticket lives as long as it lives")
	require.Equal(t, `"Ticket #1042"`, string(begun.GetUserMetadata().GetSummary().GetData()))

	require.NoError(t, b.Ring(t.Context(), 1042, "client-reply", first), "a relay does not know what was heard")
	require.Equal(t, [][2]string{{"client-reply", `{"id":"mail:m:1:2","seq":1}`}}, signals(t, c, "ticket-1042"))

	require.NoError(t, c.TerminateWorkflow(t.Context(), "ticket-1042", "", "by an operator"))
	require.NoError(t, b.Ring(t.Context(), 1042, "client-reply", first))
	require.Empty(t, signals(t, c, "ticket-1042"), "a run of its own")
}

// TestAWorkerNearbyGetsTheFirstTaskAtOnce: the server hands it out with its answer to the start.
func TestAWorkerNearbyGetsTheFirstTaskAtOnce(t *testing.T) {
	t.Parallel()
	namespace := temporaltest.Namespace(t)
	c := temporaltest.Client(t, namespace)
	w := worker.New(c, ticket.QueueTickets, worker.Options{})
	w.RegisterWorkflowWithOptions(func(workflow.Context, ticketInput) error { return nil }, workflow.RegisterOptions{Name: ticket.WorkflowTicket})
	require.NoError(t, w.Start())
	defer w.Stop()
	b := &Bell{Client: temporaltest.Client(t, namespace), Near: &Near{}}
	b.Near.Here(c)
	require.NoError(t, b.Ring(t.Context(), 1042, "create", ticket.Ring{ID: "a", Seq: 1}))
	require.NoError(t, c.GetWorkflow(t.Context(), "ticket-1042", "").Get(t.Context(), nil))
	require.True(t, history(t, c, "ticket-1042")[0].GetWorkflowExecutionStartedEventAttributes().GetEagerExecutionAccepted())
}
