package mail

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Spotted is a word that stands in a text though it should not.
type Spotted struct {
	Word  string // as the list has it
	As    string // as it is written at its first place
	Times int
}

// FindWords looks for words in a letter, in the order of the list. Width, case, kana and invisible characters make no
// difference, nor do breaks between letters of a script that has no spaces. A word of Latin or like letters must stand
// alone; one with Japanese, Chinese or Korean letters may stand within others.
//
// Looked at is what the reader sees (a word that is bold by half is read as one), and the source that it is made of.
func FindWords(words []string, body string, format BodyFormat) []Spotted {
	source := body
	if format == FormatHTML {
		source = HTMLToText(body)
	}
	texts := []folded{fold(cleanText(source))}
	if page, err := RenderHTML(body, format); err == nil && format != FormatText {
		texts = append(texts, fold(wordsOf(page)))
	}
	var out []Spotted
	for _, word := range words {
		needle := fold(word).text
		if strings.TrimSpace(string(needle)) == "" {
			continue
		}
		best := Spotted{Word: word}
		for _, t := range texts {
			if as, times := t.count(needle); times > best.Times {
				best.As, best.Times = as, times
			}
		}
		if best.Times > 0 {
			out = append(out, best)
		}
	}
	return out
}

// folded is a text in which what makes no difference is gone; at says where each rune came from.
type folded struct {
	source string
	text   []rune
	at     []int // bytes into source, and its length at the end
}

var foldCase = cases.Fold()

func fold(s string) folded {
	s = strings.ToValidUTF8(s, "\uFFFD")
	f := folded{source: s}
	var it norm.Iter
	for it.InitString(norm.NFKC, s); !it.Done(); {
		from := it.Pos()
		for _, r := range foldCase.String(string(it.Next())) {
			f.add(hiragana(r), from)
		}
	}
	f.at = append(f.at, len(s))
	return f
}

func (f *folded) add(r rune, from int) {
	switch {
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), r == '\u034f', r == '\u115f', r == '\u1160', r == '\u3164':
		return // nobody sees it
	case unicode.IsSpace(r):
		if n := len(f.text); n == 0 || f.text[n-1] == ' ' {
			return
		}
		r = ' '
	case dense(r):
		// A break between two letters of a script without spaces separates nothing.
		if n := len(f.text); n > 1 && f.text[n-1] == ' ' && dense(f.text[n-2]) {
			f.text, f.at = f.text[:n-1], f.at[:n-1]
		}
	}
	f.text, f.at = append(f.text, r), append(f.at, from)
}

// hiragana writes katakana as hiragana.
func hiragana(r rune) rune {
	if r >= 'ァ' && r <= 'ヶ' || r == 'ヽ' || r == 'ヾ' {
		return r - ('ァ' - 'ぁ')
	}
	return r
}

// dense reports whether a letter belongs to a script that is written without spaces between words, or in which words
// take endings without one.
func dense(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー' || r == '々'
}

// joins reports whether two neighbours belong to one word.
func joins(a, b rune) bool { return alone(a) && alone(b) }

func alone(r rune) bool { return (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_') && !dense(r) }

// count finds a folded word, and how it is written at its first place.
func (f folded) count(word []rune) (as string, times int) {
	for i := 0; i+len(word) <= len(f.text); i++ {
		if !match(f.text[i:], word) {
			continue
		}
		end := i + len(word)
		if i > 0 && joins(f.text[i-1], word[0]) || end < len(f.text) && joins(word[len(word)-1], f.text[end]) {
			continue
		}
		if times++; times == 1 {
			as = f.source[f.at[i]:f.at[end]]
		}
		i = end - 1
	}
	return strings.TrimSpace(as), times
}

func match(text, word []rune) bool {
	for i, r := range word {
		if text[i] != r {
			return false
		}
	}
	return true
}

// wordsOf is the text of a page as it is read, without the marks by which plain text shows form: what stands in one line
// is one line.
func wordsOf(page string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			out.Write(z.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			if !inline(atom.Lookup(name)) {
				out.WriteByte('\n')
			}
		}
	}
}

func inline(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.B, atom.Strong, atom.I, atom.Em, atom.U, atom.S, atom.Del, atom.Ins, atom.Span, atom.Font, atom.Code, atom.Small, atom.Big, atom.Sub, atom.Sup,
		atom.Mark, atom.Abbr, atom.Cite, atom.Q, atom.Tt, atom.Kbd, atom.Samp, atom.Var, atom.Wbr:
		return true
	}
	return false
}
