package dispatch

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"duradesk/dispatch/temporaltest"
	"duradesk/ticket"
)

// history is that of a workflow's last run.
func history(t *testing.T, c client.Client, id string) []*historypb.HistoryEvent {
	t.Helper()
	var out []*historypb.HistoryEvent
	for i := c.GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); i.HasNext(); {
		e, err := i.Next()
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

// signals are the names and payloads of the signals in a workflow's last run.
func signals(t *testing.T, c client.Client, id string) [][2]string {
	t.Helper()
	var out [][2]string
	for _, e := range history(t, c, id) {
		if s := e.GetWorkflowExecutionSignaledEventAttributes(); s != nil {
			payload := ""
			if list := s.GetInput().GetPayloads(); len(list) > 0 {
				payload = string(list[0].GetData())
			}
			out = append(out, [2]string{s.GetSignalName(), payload})
		}
	}
	return out
}

func TestARingStartsOrWakesUnderTheCommandsName(t *testing.T) {
	t.Parallel()
	c := temporaltest.Client(t, temporaltest.Namespace(t))
	b := &Bell{Client: c, ConsoleURL: "https://desk.example/"}
	require.NoError(t, b.Ring(t.Context(), 1042, "client-reply", ticket.Ring{ID: "mail:m:1:2", Seq: 2}))
	require.NoError(t, b.Ring(t.Context(), 1042, "hold", ticket.Ring{ID: "x", Seq: 3}))
	require.NoError(t, b.Ring(t.Context(), 1042, ticket.SignalBell, ticket.Ring{}))
	require.Equal(t, [][2]string{{"client-reply", `{"id":"mail:m:1:2","seq":2}`}, {"hold", `{"id":"x","seq":3}`}, {"bell", ""}}, signals(t, c, "ticket-1042"))

	started := history(t, c, "ticket-1042")[0]
	a := started.GetWorkflowExecutionStartedEventAttributes()
	require.Equal(t, ticket.WorkflowTicket, a.GetWorkflowType().GetName())
	require.Equal(t, ticket.QueueTickets, a.GetTaskQueue().GetName())
	require.Equal(t, `{"number":1042}`, string(a.GetInput().GetPayloads()[0].GetData()))
	require.Zero(t, a.GetWorkflowExecutionTimeout().AsDuration(), "a ticket lives as long as it lives")
	require.Zero(t, a.GetWorkflowRunTimeout().AsDuration())
	require.Equal(t, `"Ticket #1042"`, string(started.GetUserMetadata().GetSummary().GetData()))
	require.Equal(t, `"[Open in the console](https://desk.example/tickets/1042)"`, string(started.GetUserMetadata().GetDetails().GetData()))
}

func TestARingAtAClosedTicketStartsANewRun(t *testing.T) {
	t.Parallel()
	c := temporaltest.Client(t, temporaltest.Namespace(t))
	b := &Bell{Client: c}
	require.NoError(t, b.Ring(t.Context(), 1042, "client-reply", ticket.Ring{ID: "a", Seq: 2}))
	require.NoError(t, c.TerminateWorkflow(t.Context(), "ticket-1042", "", "closed"))
	require.NoError(t, b.Ring(t.Context(), 1042, "note", ticket.Ring{ID: "b", Seq: 3}))
	require.Equal(t, [][2]string{{"note", `{"id":"b","seq":3}`}}, signals(t, c, "ticket-1042"))
	require.NoError(t, b.Ring(t.Context(), 1043, "note", ticket.Ring{ID: "c", Seq: 7}), "of one that Temporal has forgotten")
	require.Equal(t, [][2]string{{"note", `{"id":"c","seq":7}`}}, signals(t, c, "ticket-1043"))
}

func TestOneDeliveryRunsAtATime(t *testing.T) {
	t.Parallel()
	c := temporaltest.Client(t, temporaltest.Namespace(t))
	b := &Bell{Client: c}
	run := func() string {
		d, err := c.DescribeWorkflowExecution(t.Context(), "delivery-d1", "")
		require.NoError(t, err)
		return d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	}
	require.NoError(t, b.StartDelivery(t.Context(), "d1"))
	first := run()
	require.NoError(t, b.StartDelivery(t.Context(), "d1"), "one that runs is enough")
	require.Equal(t, first, run())
	require.NoError(t, c.TerminateWorkflow(t.Context(), "delivery-d1", "", "by an operator"))
	require.NoError(t, b.StartDelivery(t.Context(), "d1"))
	require.NotEqual(t, first, run(), "a closed one may run again: its row says what is left")
	a := history(t, c, "delivery-d1")[0].GetWorkflowExecutionStartedEventAttributes()
	require.JSONEq(t, `{"id":"d1"}`, string(a.GetInput().GetPayloads()[0].GetData()))
	require.Equal(t, ticket.QueueMail, a.GetTaskQueue().GetName())
}
