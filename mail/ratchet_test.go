package mail_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

// corpusRates are how many of the mails of a corpus are read as they should be, in hundredths. They only ever rise: a
// change that reads more raises them here, one that reads less fails.
var corpusRates = map[string]float64{"no crash": 100, "subject": 97, "from": 97, "text": 96, "names": 90}

// TestRatesOnMailsOfOthers reads the mails that enmime's authors gathered over ten years, many of them broken as real
// programs break them (they come with the module and are not copied), and counts where both parsers see the same. What is
// known to be read better here counts as right.
func TestRatesOnMailsOfOthers(t *testing.T) {
	t.Parallel()
	files := enmimeMails(t)
	require.Greater(t, len(files), 80)
	right, all := map[string]int{}, map[string]int{}
	judge := func(what, file string, good bool, theirs, ours any) {
		all[what]++
		if good {
			right[what]++
		} else {
			t.Logf("%s of %s: %q, and here %q", what, filepath.Base(file), theirs, ours)
		}
	}
	parser := enmime.NewParser(enmime.SkipMalformedParts(true), enmime.MultipartWOBoundaryAsSinglePart(true), enmime.StripMediaTypeInvalidCharacters(true))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		m, warnings := mail.Parse(raw, mail.Limits{})
		sound := true
		for _, s := range texts(m) {
			sound = sound && utf8.ValidString(s) && !strings.Contains(s, "\x00")
		}
		for _, w := range warnings {
			sound = sound && w.Code != mail.WarnPanic
		}
		judge("no crash", file, sound, "", codes(warnings))
		theirs, err := parser.ReadEnvelope(bytes.NewReader(raw))
		if err != nil {
			continue
		}
		if s := words(theirs.GetHeader("Subject")); s != "" && utf8.ValidString(s) {
			judge("subject", file, s == words(m.Subject), s, m.Subject)
		}
		if list, err := theirs.AddressList("From"); err == nil && len(list) > 0 {
			judge("from", file, len(m.From) > 0 && strings.EqualFold(m.From[0].Addr, list[0].Address), list[0].Address, m.From)
		}
		if s := words(theirs.Text); s != "" && utf8.ValidString(s) && theirs.HTML == "" {
			judge("text", file, holds(m, theirs.Text) || betterHere[filepath.Base(file)] != "", s, m.Text)
		}
		have := map[string]bool{}
		for _, a := range m.Attachments {
			have[a.Name] = true
		}
		for _, a := range append(theirs.Attachments, theirs.Inlines...) {
			if a.FileName != "" && utf8.ValidString(a.FileName) {
				judge("names", file, have[a.FileName], a.FileName, m.Attachments)
			}
		}
	}
	for what, least := range corpusRates {
		require.Positive(t, all[what], what)
		rate := 100 * float64(right[what]) / float64(all[what])
		t.Logf("%-8s %d of %d, %.1f %%", what, right[what], all[what], rate)
		require.GreaterOrEqual(t, rate, least, what)
	}
}

// betterHere are mails whose text enmime reads worse, and why.
var betterHere = map[string]string{"chardet-detection.raw": "UTF-8 taken for Latin-1"}

// holds reports whether nothing of what the other parser calls the text is missing here: it puts parts together in its own
// way, and shows text files as text.
func holds(m mail.Message, theirs string) bool {
	ours := words(m.Text)
	for _, a := range m.Attachments {
		if strings.HasPrefix(a.Type, "text/") {
			ours += " " + words(string(a.Data))
		}
	}
	for line := range strings.Lines(theirs) {
		if line = words(line); line != "--" && !strings.Contains(ours, line) {
			return false
		}
	}
	return true
}

// enmimeMails are the files that hold whole mails.
func enmimeMails(t *testing.T) []string {
	t.Helper()
	module := moduleDir(t, "github.com/jhillyerd/enmime/v2")
	var files []string
	for _, pattern := range []string{"mail/*.raw", "low-quality/*.raw", "encode/*.raw", "parts/*.raw"} {
		found, err := filepath.Glob(filepath.Join(module, "testdata", pattern))
		require.NoError(t, err)
		files = append(files, found...)
	}
	return files
}

// moduleDir is where the source of a module lies, as the go command says.
func moduleDir(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", path).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}
