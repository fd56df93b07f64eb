package find

import (
	"strings"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
)

// Term is something that an index is asked for: a lexeme, or all that begin with it.
type Term struct {
	Lexeme string
	Prefix bool
}

// What one text may bring into the index: a mail of a megabyte is a log file, and nobody looks for its last line.
const (
	longestText   = 256 << 10 // bytes
	mostLexemes   = 8000
	longestLexeme = 64 // characters
)

// Lexemes cuts a text into what is indexed, each once: Latin and other spaced words with their English stems, and for
// scripts that write without spaces every two neighbouring characters, with the last of each run by itself, so that a
// single character is found as the beginning of a lexeme.
func Lexemes(texts ...string) []string {
	c := collector{seen: map[string]bool{}}
	for _, text := range texts {
		if len(text) > longestText {
			text = strings.ToValidUTF8(text[:longestText], "")
		}
		eachRun(Fold(text), func(run []rune, dense bool) {
			if !dense {
				word := cut(run)
				c.add(word)
				if stem := stemOf(word); stem != word {
					c.add(stem)
				}
				return
			}
			for i := range run {
				c.add(string(run[i:min(i+2, len(run))]))
			}
		})
	}
	return c.list
}

type collector struct {
	seen map[string]bool
	list []string
}

func (c *collector) add(lexeme string) {
	if len(c.list) < mostLexemes && !c.seen[lexeme] {
		c.seen[lexeme] = true
		c.list = append(c.list, lexeme)
	}
}

// Terms cuts what is looked for: all of them must be found.
func Terms(text string) []Term { return terms(text, false) }

// PrefixTerms is Terms, but the spaced words need only begin so.
func PrefixTerms(text string) []Term { return terms(text, true) }

func terms(text string, prefix bool) []Term {
	var out []Term
	eachRun(Fold(text), func(run []rune, dense bool) {
		switch {
		case !dense && prefix:
			out = append(out, Term{cut(run), true})
		case !dense:
			out = append(out, Term{Lexeme: stemOf(cut(run))})
		case len(run) == 1:
			out = append(out, Term{string(run), true})
		default:
			for i := range len(run) - 1 {
				out = append(out, Term{Lexeme: string(run[i : i+2])})
			}
		}
	})
	return out
}

// eachRun visits the words of a folded text, and the runs of characters that are written without spaces.
func eachRun(folded string, visit func(run []rune, dense bool)) {
	var run []rune
	dense := false
	flush := func() {
		if len(run) > 0 {
			visit(run, dense)
			run = run[:0]
		}
	}
	for _, r := range folded {
		d := isDense(r)
		switch {
		case !d && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !(unicode.IsMark(r) && len(run) > 0):
			flush()
			continue
		case !unicode.IsMark(r) && d != dense:
			flush()
			dense = d
		}
		run = append(run, r)
	}
	flush()
}

// isDense tells scripts that write words without spaces between them.
func isDense(r rune) bool {
	if r < 0x0E00 {
		return false
	}
	return r == 'ー' || r == '々' || r == '〆' || r == '〇' ||
		unicode.In(r, unicode.Han, unicode.Katakana, unicode.Hiragana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func cut(run []rune) string { return string(run[:min(len(run), longestLexeme)]) }

// stemOf is the English stem (Porter 2) of a word in Latin letters; what is not English is seldom harmed by it, as both
// sides are cut the same way.
func stemOf(word string) string {
	for _, r := range word {
		if r < 'a' || r > 'z' {
			return word
		}
	}
	env := snowballstem.NewEnv(word)
	english.Stem(env)
	return env.Current()
}

// IsCommon tells words that say little: looked for among others, they only cost.
func IsCommon(t Term) bool { return !t.Prefix && common[t.Lexeme] }

var common = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields("a an and are as at be but by for from had has have he i if in is it its me my no not of on or our she so that the their them they this to us was we were will with you your") {
		out[stemOf(w)] = true
	}
	return out
}()

// Parts cuts a short text (a name, an address, a number) so that any part of it is found: every three neighbouring
// characters, and the shorter ends. Each is marked, to keep them apart from words.
func Parts(mark, folded string) []string {
	c := collector{seen: map[string]bool{}}
	runes := []rune(folded)
	for i := range runes[:min(len(runes), 500)] {
		c.add(mark + string(runes[i:min(i+3, len(runes))]))
	}
	return c.list
}

// PartTerms are the terms that a text with that part has; more may have them, so look again.
func PartTerms(mark, folded string) []Term {
	runes := []rune(folded)
	if len(runes) < 3 {
		return []Term{{mark + folded, true}}
	}
	out := make([]Term, 0, len(runes)-2)
	for i := range len(runes) - 2 {
		out = append(out, Term{Lexeme: mark + string(runes[i:i+3])})
	}
	return out
}
