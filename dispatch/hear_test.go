package dispatch

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"

	"duradesk/ticket"
)

// TestJunkThatWasSignalledStopsNoRecovery: what a history holds goes to rows, which hold no NUL.
func TestJunkThatWasSignalledStopsNoRecovery(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	for payload, want := range map[string]ticket.HeardSignal{
		`{"id":"a","seq":7}`:        {Number: 1042, Name: "hold\uFFFD", ID: "a", Seq: 7, At: at},
		`{"id":"a\u0000b","seq":7}`: {Number: 1042, Name: "hold\uFFFD", At: at},
		`{"id":"a","seq":"7"}`:      {Number: 1042, Name: "hold\uFFFD", At: at},
		``:                          {Number: 1042, Name: "hold\uFFFD", At: at},
	} {
		signal := &historypb.WorkflowExecutionSignaledEventAttributes{SignalName: "hold\x00"}
		if payload != "" {
			signal.Input = &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: []byte(payload)}}}
		}
		require.Equal(t, want, hear(signal, 1042, at), payload)
	}
}
