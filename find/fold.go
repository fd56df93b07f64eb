package find

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold writes text the one way by which it is compared: in compatibility form (full-width letters and half-width kana
// are the ordinary ones, NFKC), in lower case, hiragana as katakana, white space as single blanks.
func Fold(text string) string {
	text = norm.NFKC.String(text)
	text = strings.Map(foldRune, text)
	return strings.Join(strings.Fields(text), " ")
}

func foldRune(r rune) rune {
	switch {
	case r >= 'ぁ' && r <= 'ゖ' || r == 'ゝ' || r == 'ゞ':
		return r + 'ァ' - 'ぁ'
	case r == 0:
		return ' '
	}
	return unicode.ToLower(r)
}

// FoldPhone keeps the digits, full-width ones too.
func FoldPhone(phone string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, norm.NFKC.String(phone))
}
