package mail

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

func TestALetterStaysWhatTheAgentWrote(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]letter{
		"text":     {format: FormatText, body: "2 * 3 * 4 = 24\n# not a title"},
		"markdown": {format: FormatMarkdown, body: "2 * 3 * 4 = 24\n# not a title"},
	} {
		subject, w, err := fill(ticket.Mail{Occasion: "answer", Language: "en", Title: "Sums", Format: format, Body: "2 * 3 * 4 = 24\n# not a title", Desk: "Support"})
		require.NoError(t, err)
		require.Equal(t, "Sums", subject)
		require.Equal(t, want.format, w.format)
		require.Contains(t, w.body, want.body)
		require.Empty(t, w.html)
	}
	_, w, err := fill(ticket.Mail{Occasion: "final", Language: "ja", Title: "表", Format: "html", Body: "<p>次の<b>表</b></p><script>alert(1)</script><ul><li>一</li></ul>", Desk: "サポート"})
	require.NoError(t, err)
	require.Contains(t, w.html, "<ul><li>一</li></ul>")
	require.Contains(t, w.html, "サポート", "the template stands around the letter")
	require.NotContains(t, w.html, "script")
	require.NotContains(t, w.body, "<b>")
	require.NotContains(t, w.html+w.body, insert)
}
