package mail_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden parses and classifies every mail in testdata. With -update it rewrites what is expected: commit only what
// you understand.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.eml")
	require.NoError(t, err)
	require.Greater(t, len(files), 40)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			got := describe(mail.Parse(raw, mail.Limits{}))
			require.True(t, utf8.ValidString(got))
			require.NotContains(t, got, "\x00")
			golden := strings.TrimSuffix(file, ".eml") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// describe writes a message as a person would check it.
func describe(m mail.Message, warnings []mail.Warning) string {
	var out strings.Builder
	line := func(name string, value any) {
		if s := fmt.Sprint(value); s != "" && s != "[]" && s != "false" {
			fmt.Fprintf(&out, "%s: %s\n", name, s)
		}
	}
	line("subject", m.Subject)
	for _, list := range []struct {
		name      string
		addresses []mail.Address
	}{{"from", m.From}, {"reply-to", m.ReplyTo}, {"to", m.To}, {"cc", m.Cc}} {
		for _, a := range list.addresses {
			line(list.name, fmt.Sprintf("%q <%s>", a.Name, a.Addr))
		}
	}
	line("return-path", m.ReturnPath)
	line("null-return-path", m.NullReturnPath)
	line("delivered", m.Delivered)
	line("message-id", m.MessageID)
	line("in-reply-to", m.InReplyTo)
	line("references", m.References)
	if !m.Date.IsZero() {
		line("date", m.Date.UTC().Format("2006-01-02 15:04:05"))
	}
	line("encrypted", m.Encrypted)
	for _, a := range m.Attachments {
		line("file", fmt.Sprintf("%q %s %d bytes cid=%q inline=%v", a.Name, a.Type, len(a.Data), a.ContentID, a.Inline))
	}
	for _, r := range m.Reports {
		line("report part", fmt.Sprintf("%s %d bytes", r.Type, len(r.Data)))
	}
	describeClass(line, mail.Classify(m, []string{"support@desk.example"}))
	var codes []string
	for _, w := range warnings {
		codes = append(codes, string(w.Code))
	}
	sort.Strings(codes)
	line("warnings", codes)
	line("text-from-html", m.TextFromHTML)
	fmt.Fprintf(&out, "\n--- text\n%s\n", m.Text)
	if m.HTML != "" {
		fmt.Fprintf(&out, "--- html, made safe\n%s\n", mail.SanitizeHTML(m.HTML))
	}
	split := mail.SplitReply(m, false)
	if visible := split.Visible(m.Text); strings.TrimSpace(visible) != strings.TrimSpace(m.Text) {
		fmt.Fprintf(&out, "--- visible\n%s\n", visible)
	}
	return out.String()
}

func describeClass(line func(string, any), c mail.Class) {
	line("sort", c.Sort)
	line("may-acknowledge", c.MayAcknowledge)
	for _, e := range c.Evidence {
		line("evidence", e)
	}
	for _, r := range c.Reports {
		line("recipient", fmt.Sprintf("%s %s %s hard=%v %q", r.Recipient, r.Action, r.Status, r.Hard(), r.Diagnostic))
	}
	line("original-id", c.OriginalID)
	line("original-envelope", c.OriginalEnvelope)
}
