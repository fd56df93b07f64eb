package postgres

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// A number that no double holds is refused at the door; one that was stored before that is read as a text, and its ticket is
// worked on like any other.
func TestATicketWithANumberBeyondADoubleIsReadAndWorkedOn(t *testing.T) {
	t.Parallel()
	q := engine(t)
	open := mailIn("first", 0, "hello")
	open.Opening.Fields = map[string]any{"a": json.Number("1e400"), "b": json.Number("1e308"), "c": []any{json.Number("-25e399")}}
	n := q.mustStore(t, open).Number
	label := command("c", n, ticket.Classify, sato, "")
	label.Params.Classify = &ticket.ClassifyParams{Fields: map[string]any{"d": json.Number("3e400"), "e": 1}}
	r := q.mustStore(t, label)
	q.settleAll(t, n)
	require.Equal(t, ticket.Applied, q.receipt(t, r).Outcome)
	want := map[string]any{"a": "1e400", "b": 1e308, "c": []any{"-25e399"}, "d": "3e400", "e": 1.0}
	record, err := q.s.Ticket(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, want, record.Fields)
	page, err := q.s.List(t.Context(), Query{})
	require.NoError(t, err)
	require.Equal(t, want, page.Items[0].Fields)
	_, _, err = q.s.Timeline(t.Context(), n, 0, 100, true)
	require.NoError(t, err)
	r = q.mustStore(t, command("a", n, ticket.AgentResponse, sato, "hello"))
	q.settleAll(t, n)
	require.Equal(t, ticket.Applied, q.receipt(t, r).Outcome)
}

func TestOnlyNumbersThatNoDoubleHoldsBecomeTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		`{"n":1e400,"s":"1e400","ok":17.5}`:    map[string]any{"n": "1e400", "s": "1e400", "ok": 17.5},
		`[1` + strings.Repeat("0", 400) + `]`:  []any{"1e400"},
		`-1` + strings.Repeat("0", 400) + `.5`: "-1" + strings.Repeat("0", 400) + ".5",
		`5e-400`:                               0.0,
	} {
		var got any
		require.NoError(t, readJSON([]byte(text), &got))
		require.Equal(t, want, got)
	}
	var n int
	require.Error(t, readJSON([]byte(`"text"`), &n))
	require.Error(t, readJSON([]byte(`{"n":`), &n))
}
