package find

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ｐｒｉｎｔｅｒ　ＡＢＣ１": "printer abc1", "ﾌﾟﾘﾝﾀｰ": "プリンター", "ぷりんたー": "プリンター", "フ\u309aリンタ": "プリンタ", " a\n\tb ": "a b", "がぎ": "ガギ", "Ä": "ä",
	} {
		require.Equal(t, want, Fold(in), in)
	}
}

// finds is what an index would say.
func finds(text, q string) bool {
	have := Lexemes(text)
	return !slices.ContainsFunc(Terms(q), func(t Term) bool {
		return !slices.ContainsFunc(have, func(l string) bool { return l == t.Lexeme || t.Prefix && strings.HasPrefix(l, t.Lexeme) })
	})
}

func TestWhatIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"The printers were printing", "printer"},
		{"The printers were printing", "print"},
		{"Billing of March", "bills"},
		{"3月分の請求書をご送付ください", "請求"},
		{"3月分の請求書をご送付ください", "請求書"},
		{"3月分の請求書をご送付ください", "月"},
		{"請求書", "書"},
		{"プリンターが動きません", "ぷりんたー"},
		{"プリンターが動きません", "ﾌﾟﾘﾝﾀｰ"},
		{"A4用紙がない", "A4"},
		{"A4用紙がない", "Ａ４用紙"},
		{"山田太郎", "太郎"},
		{"mail to taro.yamada@client.example", "taro.yamada@client.example"},
		{"order ABC-1234", "abc-1234"},
		{"Ärger mit Übergröße", "übergröße"},
		{"한국어 문의", "문의"},
	} {
		require.True(t, finds(c[0], c[1]), "%v", c)
	}
	for _, c := range [][2]string{{"請求書", "求請"}, {"請求", "請求書"}, {"printer", "scanner"}, {"請求書", "東"}, {"A4用紙", "A5"}} {
		require.False(t, finds(c[0], c[1]), "%v", c)
	}
	require.Len(t, Lexemes(strings.Repeat("漢", 100000)), 2)
	require.Empty(t, Lexemes("!? --- \u200b"))
	require.Equal(t, []Term{{"organiz", true}}, PrefixTerms("Organiz"))
}

// TestPartsFindEveryPart: whatever stands in a text is found by it.
func TestPartsFindEveryPart(t *testing.T) {
	t.Parallel()
	text := []rune(Fold("o'Brien 100% 株式会社田中"))
	have := Parts("n:", string(text))
	for from := range text {
		for to := from + 1; to <= len(text); to++ {
			for _, term := range PartTerms("n:", string(text[from:to])) {
				require.True(t, slices.ContainsFunc(have, func(l string) bool { return l == term.Lexeme || term.Prefix && strings.HasPrefix(l, term.Lexeme) }), "%s", string(text[from:to]))
			}
		}
	}
}
