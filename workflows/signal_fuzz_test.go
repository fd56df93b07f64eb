package workflows

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"duradesk/ticket"
)

// FuzzSignal sends a ticket any signal with any payload, as whoever reaches Temporal can. The ticket goes on: what could be
// no row's name or id is kept as a problem, each signal is answered once, and the command after it is taken.
func FuzzSignal(f *testing.F) {
	for name, data := range map[string]string{
		"hold": `{}`, "close": `{"id":"cmd-1","seq":1}`, "bell": `[`, "escalate": `{"id":"nobody","seq":99}`, "resolve": `null`, "dance": `"`, "": "",
		"hold\x00": `{"id":"a\u0000b"}`, "\xff": `{"ID":"cmd-1"}`, "restore": `{"seq":-1}`, "delete": `{"seq":1e99}`, "note": `{"id":7}`, "unreadable": `{"id":"\ud800"}`,
		"merge": `{"id":"` + strings.Repeat("x", 201) + `"}`, strings.Repeat("あ", 101): `{}`, "wake-due": `{}`, "first-response-due": `{}`,
	} {
		f.Add(name, "json/plain", []byte(data))
	}
	f.Add("hold", "binary/plain", []byte{0, 0xff})
	f.Add("hold", "binary/null", []byte(nil))
	f.Add("hold", "", []byte(`{}`))
	f.Fuzz(func(t *testing.T, name, encoding string, data []byte) {
		payload := converter.NewRawValue(&commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: data})
		h := ticket.Hear(name, data, json.Unmarshal)
		fitsARow(t, h)
		s := opened(t)
		s.byHand(time.Hour, name, payload)
		s.says(2*time.Hour, ticket.Close, lead, nil)
		s.play()
		require.Equal(t, ticket.Closed, s.desk.p.State)
		answered := 0
		for _, l := range s.desk.lines {
			require.True(t, l.done, l.ID)
			if l.By == ticket.Operator {
				answered++
			}
		}
		want := 1
		if name == ticket.SignalBell || h.Ring.ID == "cmd-1" { // a ring for nothing, and for the mail that was answered
			want = 0
		}
		require.Equal(t, want, answered)
	})
}

// fitsARow: what is passed on can be kept in a row, and takes little room in a history.
func fitsARow(t *testing.T, h ticket.Heard) {
	t.Helper()
	for _, s := range []string{h.Name, h.Ring.ID} {
		require.True(t, utf8.ValidString(s))
		require.NotContains(t, s, "\x00")
	}
	require.LessOrEqual(t, utf8.RuneCountInString(h.Name), ticket.LongestSignal)
	require.LessOrEqual(t, len(h.Ring.ID), ticket.LongestRing)
	require.GreaterOrEqual(t, h.Ring.Seq, int64(0))
	if h.Problem != "" {
		require.Equal(t, ticket.Heard{Name: h.Name, Problem: "malformed"}, h)
	}
	kept, err := json.Marshal(h)
	require.NoError(t, err)
	require.Less(t, len(kept), 4096)
}
