package mail

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestForbiddenWordsAreFoundHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word, body string
		format     BodyFormat
		as         string // "" where it is not found
	}{
		{"refund", "We give no REFUND.", FormatText, "REFUND"},
		{"refund", "ｒｅｆｕｎｄ", FormatText, "ｒｅｆｕｎｄ"},
		{"refund", "a refunded sum, norefund", FormatText, ""},
		{"refund", "refund。返金refund金", FormatText, "refund"},
		{"refund", "re\u200bf\u00adund", FormatText, "re\u200bf\u00adund"},
		{"refund", "re**fund** it", FormatMarkdown, "refund"},
		{"refund", "<p>re<b>fu</b><span>nd</span></p>", FormatHTML, "refund"},
		{"refund", "<p>re</p><p>fund</p>", FormatHTML, ""},
		{"refund", "<p>x</p><script>refund</script>", FormatHTML, ""},
		{"money back", "money\n  back", FormatText, "money\n  back"},
		{"money back", "money-back", FormatText, ""},
		{"Straße", "STRASSE 5", FormatText, "STRASSE"},
		{"C++", "We use c++.", FormatText, "c++"},
		{"返金", "ご返金いたします", FormatText, "返金"},
		{"返金", "返\n金", FormatText, "返\n金"},
		{"返金", "返　金", FormatText, "返　金"},
		{"返金", "返**金**", FormatMarkdown, "返金"},
		{"キャンセル", "ｷｬﾝｾﾙ料", FormatText, "ｷｬﾝｾﾙ"},
		{"キャンセル", "きゃんせるです", FormatText, "きゃんせる"},
		{"デジタル", "ﾃﾞｼﾞﾀﾙ", FormatText, "ﾃﾞｼﾞﾀﾙ"},
		{"㈱", "(株)山田", FormatText, "(株)"},
		{"ABC社", "ａｂｃ社の", FormatText, "ａｂｃ社"},
		{"ABC社", "xABC社", FormatText, ""},
		{"환불", "환불은", FormatText, "환불"},
		{"  ", "a  b", FormatText, ""},
		{"\u200b", "a", FormatText, ""},
	} {
		got := FindWords([]string{c.word}, c.body, c.format)
		if c.as == "" {
			require.Empty(t, got, "%q in %q", c.word, c.body)
			continue
		}
		require.Len(t, got, 1, "%q in %q", c.word, c.body)
		require.Equal(t, c.as, got[0].As, "%q in %q", c.word, c.body)
	}
	require.Equal(t, []Spotted{{"返金", "返金", 2}, {"no", "NO", 1}}, FindWords([]string{"返金", "absent", "no"}, "返金は NO、返金", FormatText))
}

func TestWordsAreFoundInAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		before, after := rapid.String().Draw(r, "before"), rapid.String().Draw(r, "after")
		got := FindWords([]string{"返金"}, before+" 。返金。 "+after, FormatText)
		require.Len(r, got, 1)
		require.Contains(r, got[0].As, "返")
	})
}

func TestManyWordsInALongLetterTakeLittleTime(t *testing.T) {
	t.Parallel()
	var words []string
	for _, a := range "返金解約違約訴訟無料" {
		for _, b := range "返金解約違約訴訟無料" {
			words = append(words, string([]rune{a, b, '禁'}))
		}
	}
	letter := strings.Repeat("お客様のご返金の件につきまして、", 3000) // 150 KB
	took := time.Hour
	for range 3 { // a busy machine makes some slow, not all
		began := time.Now()
		require.Empty(t, FindWords(words, letter, FormatMarkdown))
		if took = min(took, time.Since(began)); took < 5*time.Second {
			break
		}
	}
	t.Log(len(words), "words in", len(letter), "bytes:", took)
	require.Less(t, took, 5*time.Second)
}
