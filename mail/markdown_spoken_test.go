package mail

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABodyIsSpokenInThreeForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format             BodyFormat
		body, marked, page string
	}{
		{FormatMarkdown, "**Yes** <b>x</b>", "**Yes** <b>x</b>", "<p><strong>Yes</strong>"},
		{FormatText, "a*b*c_d", `a\*b\*c\_d`, "a*b*c_d"},
		{FormatHTML, "<p>1 < 2 <script>x</script>*</p>", `1 \< 2 \*`, "<p>"},
	} {
		text, marked, page, err := Spoken(c.body, c.format)
		require.NoError(t, err)
		require.NotEmpty(t, text)
		require.Contains(t, marked, c.marked, c.format)
		require.Contains(t, page, c.page, c.format)
		require.NotContains(t, page, "script")
	}
}
