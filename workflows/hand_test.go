package workflows

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"duradesk/ticket"
)

// byHand sends an operator's bare signal.
func (s *stage) byHand(d time.Duration, name string, payload any) {
	s.after(d, func() { s.env.SignalWorkflow(name, payload) })
}

func TestBareSignalsActForTheOperator(t *testing.T) {
	t.Parallel()
	empty := struct{}{}
	s := opened(t)
	s.byHand(1*time.Hour, "hold", empty)
	s.after(1*time.Hour+time.Second, func() {
		require.Equal(t, ticket.OnHold, s.desk.p.State)
		require.Equal(t, ticket.HoldInternal, s.desk.p.Hold)
	})
	s.byHand(2*time.Hour, "escalate", empty)
	s.after(2*time.Hour+time.Second, func() { require.Equal(t, 2, s.desk.p.Tier) })
	s.byHand(3*time.Hour, "resolve", nil)
	s.after(3*time.Hour+time.Second, func() { require.Equal(t, ticket.Resolved, s.desk.p.State) })
	s.byHand(4*time.Hour, "restore", empty)
	s.byHand(5*time.Hour, "close", empty)
	s.play()
	require.Equal(t, []string{"created", "wrote", "held", "escalated", "resolved", "refused", "closed"}, s.desk.events)
	require.Equal(t, "not_in_spam", s.desk.lines[4].reason)
	require.Len(t, s.desk.started, 1, "only the acknowledgement: what comes by hand sends no mail")
}

func TestWhatByHandCannotSayIsRefused(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"create": "payload_missing", "client-reply": "payload_missing", "agent-response": "payload_missing", "assign": "payload_missing", "note": "payload_missing",
		"automatic-mail": "payload_missing", "delivery-failed": "payload_missing", "first-response-due": "unknown_command", "unreadable": "unknown_command",
		"dance": "unknown_command", "": "unknown_command", "Hold": "unknown_command", "__stack": "unknown_command", "hold\x00": "unknown_command",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := opened(t)
			s.byHand(time.Hour, name, struct{}{})
			s.says(2*time.Hour, ticket.Close, lead, nil)
			s.play()
			require.Equal(t, []string{"created", "wrote", "refused", "closed"}, s.desk.events, "each leaves an event, and the ticket goes on")
			require.Equal(t, want, s.desk.lines[1].reason)
			require.NotContains(t, s.desk.lines[1].ID, "\x00", "no row could hold it")
		})
	}
}

func TestNoPayloadStopsATicket(t *testing.T) {
	t.Parallel()
	raw := func(encoding, data string) converter.RawValue {
		return converter.NewRawValue(&commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: []byte(data)})
	}
	for what, payload := range map[string]any{
		"a list": []int{1}, "text": "hold on", "a number for an id": map[string]any{"id": 7}, "text for a seq": map[string]any{"seq": "7"},
		"half of an object": raw("json/plain", `{"id":`), "bytes": raw("binary/plain", "\x00\xff\x00"), "an unknown encoding": raw("json/secret", "?"),
		"a seq beyond all bounds": json.RawMessage(`{"seq":1e99}`), "NUL in the id": map[string]any{"id": "a\x00b", "seq": 1},
		"an endless id": map[string]any{"id": string(make([]rune, 2000))}, "a negative seq": map[string]any{"id": "x", "seq": -1},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := opened(t)
			s.byHand(time.Hour, "hold", payload)
			s.byHand(2*time.Hour, "hold", struct{}{})
			s.says(3*time.Hour, ticket.Close, lead, nil)
			s.play()
			require.Equal(t, []string{"created", "wrote", "refused", "held", "closed"}, s.desk.events)
			require.Equal(t, "malformed", s.desk.lines[1].reason)
		})
	}
}

func TestAnIDThatNoRowHasIsUnknown(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.byHand(time.Hour, "hold", ticket.Ring{ID: "nobody", Seq: 99})
	s.says(2*time.Hour, ticket.Close, lead, nil)
	s.play()
	require.Equal(t, "unknown_command", s.desk.lines[1].reason)
	require.Equal(t, []string{"created", "wrote", "refused", "closed"}, s.desk.events)
}

func TestStrangeSignalsInOneTaskAreAllHeard(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.after(time.Hour, func() {
		for _, name := range []string{"zebra", "ant", "hold", "zebra", "bell", "close"} {
			s.env.SignalWorkflowSkippingWorkflowTask(name, struct{}{})
		}
		s.env.SignalWorkflow("moose", struct{}{})
	})
	s.play()
	require.Equal(t, ticket.Closed, s.desk.p.State)
	require.Len(t, s.desk.lines, 7, "the mail, and six by hand: the bell is none")
	ids := map[string]bool{}
	for _, l := range s.desk.lines {
		require.True(t, l.done)
		ids[l.ID] = true
	}
	require.Len(t, ids, 7, "each has a name of its own")
}

func TestQueriesTellHowItStandsAndWhatComes(t *testing.T) {
	t.Parallel()
	s := opened(t)
	s.says(time.Hour, ticket.Resolve, sato, nil)
	s.after(2*time.Hour, func() {
		v, err := s.env.QueryWorkflow(ticket.QueryState)
		require.NoError(t, err)
		var stand Stand
		require.NoError(t, v.Get(&stand))
		require.Equal(t, ticket.Resolved, stand.Process.State)
		allowed := map[ticket.Kind]string{}
		for _, a := range stand.Allowed {
			allowed[a.Command] = a.Reason
		}
		require.Empty(t, allowed[ticket.Close])
		require.Equal(t, "not_in_spam", allowed[ticket.Restore])

		v, err = s.env.QueryWorkflow(ticket.QueryFuture)
		require.NoError(t, err)
		var future []map[string]any
		require.NoError(t, v.Get(&future))
		require.Len(t, future, 1)
		require.Equal(t, noon.Add(time.Hour+14*day).Format(time.RFC3339), future[0]["at"])
		require.Equal(t, "auto_close", future[0]["timer"])
		require.Equal(t, "closed", future[0]["effect"])
	})
	s.play()
}

func TestAResetGivesWhatCameByHandTheSameIDs(t *testing.T) {
	t.Parallel()
	sent := []string{"escalate", "hold", "moose", "escalate", "ant", "hold", "escalate"}
	ids := func(atOnce bool) map[string]bool {
		s := opened(t)
		for i, name := range sent {
			if atOnce { // as a reset hands them in again
				s.after(time.Hour, func() { s.env.SignalWorkflowSkippingWorkflowTask(name, struct{}{}) })
				continue
			}
			s.byHand(time.Duration(i+1)*time.Hour, name, struct{}{})
		}
		s.byHand(20*time.Hour, ticket.SignalBell, nil)
		s.says(24*time.Hour, ticket.Close, lead, nil)
		s.play()
		out := map[string]bool{}
		for _, l := range s.desk.lines {
			if l.Kind == ticket.Hold || l.Kind == ticket.Escalate {
				out[l.ID] = true
			}
		}
		return out
	}
	first := ids(false)
	require.Len(t, first, 5)
	require.Equal(t, first, ids(true))
}
