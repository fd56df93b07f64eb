package e2e

import (
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
)

// What an operator sends by hand works, or is refused in an event. Nothing stops the workflow.
func signalsByHand(d *desk) {
	admin, c := d.admin(), d.temporal()
	n := admin.newTicket("By hand", "hand@client.example")
	admin.awaitState(n, "new")
	run, runs, err := running(d.t.Context(), c, n)
	require.NoError(d.t, err)
	require.True(d.t, runs)
	empty := struct{}{}

	signal(d, c, n, "hold", empty)
	held := admin.awaitState(n, "on_hold")
	require.Equal(d.t, "internal", held.Hold.Reason)

	signal(d, c, n, "escalate", empty)
	admin.awaitTicket(n, "tier 2", func(v ticketView) bool { return v.Tier == 2 })

	for _, name := range []string{"agent-response", "client-reply", "note", "assign"} {
		signal(d, c, n, name, empty)
		awaitRefusal(d, n, name, "payload_missing")
	}
	signal(d, c, n, "close", "not a ring at all")
	awaitRefusal(d, n, "close", "malformed")
	rawSignal(d, n, "resolve", &commonpb.Payload{Data: []byte{0xff, 0xfe, 0x00}})
	awaitRefusal(d, n, "resolve", "malformed")
	signal(d, c, n, "dance", empty)
	awaitRefusal(d, n, "dance", "unknown_command")
	signal(d, c, n, "restore", object{"id": "nobody-wrote-this", "seq": 9999})
	awaitRefusal(d, n, "restore", "unknown_command")
	rawSignal(d, n, strings.Repeat("long.", 40), nil)
	awaitRefusal(d, n, strings.Repeat("long.", 20), "unknown_command")

	require.Equal(d.t, "on_hold", admin.ticket(n).State)
	signal(d, c, n, "resolve", empty)
	resolved := admin.awaitState(n, "resolved")
	require.NotNil(d.t, resolved.ClosesAt)
	admin.command(n, "note", object{"message": says("It goes on.")})

	after, runs, err := running(d.t.Context(), c, n)
	require.NoError(d.t, err)
	require.True(d.t, runs)
	require.Equal(d.t, run, after, "the same run of the workflow")
	require.Empty(d.t, d.inbox("hand@client.example"), "no mail went out")
	for _, item := range admin.timeline(n) {
		if item.Event != nil && item.Event.Name == "resolved" {
			require.Equal(d.t, "operator", item.By.Kind)
		}
	}
}

// awaitRefusal waits for the event that says why a signal by hand did nothing.
func awaitRefusal(d *desk, number int64, signal, reason string) {
	d.t.Helper()
	eventually(d.t, patience, fmt.Sprintf("%s is refused: %s", signal, reason), func() ([]string, bool) {
		var seen []string
		for _, item := range d.admin().timeline(number) {
			if item.Event != nil && item.By.Kind == "operator" {
				seen = append(seen, fmt.Sprintf("%s %s %v %s", item.Event.Name, item.Event.Cause, item.Event.Data, item.CommandID))
				if item.Event.Cause.Why == reason && strings.HasSuffix(item.CommandID, ":"+signal) {
					return seen, true
				}
			}
		}
		return seen, false
	})
}

// rawSignal sends bytes that no converter would make.
func rawSignal(d *desk, number int64, name string, payload *commonpb.Payload) {
	d.t.Helper()
	var input *commonpb.Payloads
	if payload != nil {
		input = &commonpb.Payloads{Payloads: []*commonpb.Payload{payload}}
	}
	_, err := d.temporal().WorkflowService().SignalWorkflowExecution(d.t.Context(), &workflowservice.SignalWorkflowExecutionRequest{
		Namespace: d.settings["TEMPORAL_NAMESPACE"], WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: fmt.Sprintf("ticket-%d", number)},
		SignalName: name, Input: input, RequestId: fmt.Sprint(time.Now().UnixNano()),
	})
	require.NoError(d.t, err)
}
