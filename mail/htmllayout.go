package mail

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// textWriter lays out text: blanks fold, blocks start new lines, at most one empty line stays between them.
type textWriter struct {
	out     strings.Builder
	breaks  int  // line breaks owed before the next text
	blank   bool // a blank is owed before the next text
	quote   int  // depth of blockquotes
	pre     int
	atStart bool // nothing stands on the current line yet
	lists   []int
}

// mark gives the place of the next text and makes it start on a line of its own.
func (w *textWriter) mark() int {
	w.newline(1)
	w.flush()
	return w.out.Len()
}

func (w *textWriter) newline(n int) {
	w.blank = false
	if w.out.Len() > 0 {
		w.breaks = max(w.breaks, n)
	}
}

// flush pays what is owed: line breaks with the quote marks of the new line.
func (w *textWriter) flush() {
	already := 0
	if w.atStart {
		already = 1
	}
	for i := already; i < w.breaks; i++ {
		w.out.WriteByte('\n')
		w.atStart = true
		if i+1 < w.breaks && w.quote > 0 {
			w.out.WriteString(strings.Repeat(">", w.quote))
		}
	}
	w.breaks = 0
}

func (w *textWriter) word(s string) {
	w.flush()
	if w.atStart && w.quote > 0 {
		w.out.WriteString(strings.Repeat(">", w.quote) + " ")
	} else if w.blank && !w.atStart {
		w.out.WriteByte(' ')
	}
	w.blank, w.atStart = false, false
	w.out.WriteString(s)
}

func (w *textWriter) text(s string) {
	if w.pre > 0 {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				w.lineBreak()
			}
			if line != "" {
				w.word(line)
			}
		}
		return
	}
	for s != "" {
		i := strings.IndexAny(s, " \t\r\n\u00a0")
		if i < 0 {
			w.word(s)
			return
		}
		if i > 0 {
			w.word(s[:i])
		}
		w.blank = true
		if s[i] == 0xc2 { // a no-break space
			i++
		}
		s = s[i+1:]
	}
}

// lineBreak is <br>: unlike the start of a block, several of them make several empty lines.
func (w *textWriter) lineBreak() {
	w.flush()
	if w.atStart && w.quote > 0 && w.out.Len() > 0 {
		w.out.WriteString(strings.Repeat(">", w.quote))
	}
	w.out.WriteByte('\n')
	w.atStart, w.blank = true, false
}

func (w *textWriter) start(tag atom.Atom, attrs map[string]string) {
	switch tag {
	case atom.Br:
		w.lineBreak()
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.newline(2)
	case atom.Hr:
		w.newline(1)
		w.word("--------------------")
		w.newline(1)
	case atom.Blockquote:
		w.newline(1)
		w.flush()
		w.quote = min(w.quote+1, 20)
	case atom.Pre:
		w.newline(1)
		w.pre++
	case atom.Ul, atom.Ol:
		w.newline(1)
		n := -1
		if tag == atom.Ol {
			n = 0
		}
		if len(w.lists) < 100 {
			w.lists = append(w.lists, n)
		}
	case atom.Li:
		w.newline(1)
		w.item()
	case atom.Td, atom.Th:
		w.blank = true
	case atom.Img:
		if alt := strings.TrimSpace(attrs["alt"]); alt != "" {
			w.word("[" + oneLine(alt) + "]")
		}
	default:
		if isBlock(tag) {
			w.newline(1)
		}
	}
}

func (w *textWriter) item() {
	mark := "- "
	if n := len(w.lists); n > 0 && w.lists[n-1] >= 0 {
		w.lists[n-1]++
		mark = itoa(w.lists[n-1]) + ". "
	}
	w.word(strings.Repeat("  ", max(0, min(len(w.lists), 8)-1)) + mark)
}

func (w *textWriter) end(tag atom.Atom) {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.newline(2)
	case atom.Blockquote:
		w.newline(1)
		w.flush()
		w.quote = max(0, w.quote-1)
	case atom.Pre:
		w.pre = max(0, w.pre-1)
		w.newline(1)
	case atom.Ul, atom.Ol:
		if n := len(w.lists); n > 0 {
			w.lists = w.lists[:n-1]
		}
		w.newline(1)
	default:
		if isBlock(tag) {
			w.newline(1)
		}
	}
}

// link adds the target of a link if the text before it is not that target already.
func (w *textWriter) link(target string) {
	if target == "" {
		return
	}
	s := w.out.String()
	tail := s[max(0, len(s)-len(target)-8):]
	bare := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(target, "mailto:"), "http://"), "/")
	bare = strings.TrimPrefix(bare, "https://")
	if strings.Contains(tail, bare) || len(target) > 500 {
		return
	}
	w.blank = true
	w.word("<" + target + ">")
}

func linkTarget(href string) string {
	href = strings.TrimSpace(href)
	lower := strings.ToLower(href)
	if strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "mailto:") {
		return href
	}
	return ""
}

func isBlock(tag atom.Atom) bool {
	switch tag {
	case atom.Div, atom.Table, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Address, atom.Center,
		atom.Form, atom.Fieldset, atom.Dl, atom.Dt, atom.Dd, atom.Tbody, atom.Thead, atom.Caption, atom.Main, atom.Aside,
		atom.Nav, atom.Figure, atom.Figcaption, atom.Details, atom.Summary:
		return true
	}
	return false
}
