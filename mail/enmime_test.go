package mail_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jhillyerd/enmime/v2"
	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

// TestAgainstEnmime holds the parser against enmime on every mail that is sound: same subject, same text, same files.
func TestAgainstEnmime(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.eml")
	require.NoError(t, err)
	parser := enmime.NewParser(enmime.DisableCharacterDetection(true), enmime.DisableTextConversion(true))
	compared := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		m, warnings := mail.Parse(raw, mail.Limits{})
		theirs, err := parser.ReadEnvelope(bytes.NewReader(raw))
		if err != nil || len(warnings) > 0 || len(theirs.Errors) > 0 || beyondEnmime[filepath.Base(file)] != "" {
			continue
		}
		compared++
		require.Equal(t, words(theirs.GetHeader("Subject")), words(m.Subject), file)
		if theirs.Text != "" {
			require.Equal(t, words(theirs.Text), words(m.Text), file)
		}
		require.Len(t, m.Attachments, len(theirs.Attachments)+len(theirs.Inlines)+len(theirs.OtherParts), file)
	}
	require.Greater(t, compared, 20)
}

// beyondEnmime are sound mails that enmime reads worse, and why.
var beyondEnmime = map[string]string{
	"ja-cp50221-kana.eml":         "half-width kana",
	"ja-sjis-raw-headers.eml":     "raw 8-bit headers",
	"ru-koi8r.eml":                "raw 8-bit headers",
	"ja-split-character.eml":      "encoded words cut inside a character",
	"ja-bad-padding.eml":          "bad padding",
	"ko-iso2022kr.eml":            "charset unknown to it",
	"zh-gb2312.eml":               "characters of GB18030",
	"utf7.eml":                    "charset in words unknown to it",
	"broken-nul-and-controls.eml": "control characters stay",
	"ja-damaged-jis.eml":          "a damaged line takes the next one along",
	"uuencode.eml":                "uuencoded file",
	"flowed.eml":                  "format=flowed",
	"mixed-texts.eml":             "HTML and text mixed",
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }
