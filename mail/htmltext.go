package mail

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLToText renders HTML as plain text in one linear pass over its tokens: no tree, so no nesting is too deep.
func HTMLToText(page string) string {
	text, _ := readHTML(page)
	return text
}

// readHTML renders a page and reports where in the text the quotation starts, or -1: mailers mark it by class or id.
func readHTML(page string) (text string, replyAt int) {
	w := &textWriter{atStart: true}
	replyAt = -1
	z := html.NewTokenizer(strings.NewReader(page))
	z.SetMaxBuf(4 << 20)
	skip := atom.Atom(0)
	var href []string
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return finishText(w.out.String(), replyAt)
		case html.TextToken:
			if skip == 0 {
				w.text(string(z.Text()))
			}
		case html.SelfClosingTagToken, html.StartTagToken:
			name, more := z.TagName()
			tag := atom.Lookup(name)
			attrs := readAttributes(z, more)
			if skip != 0 {
				continue
			}
			if kind == html.StartTagToken && isHidden(tag) {
				skip = tag
				continue
			}
			if replyAt < 0 && startsQuote(tag, attrs) {
				replyAt = w.mark()
			}
			if tag == atom.A {
				href = append(href, linkTarget(attrs["href"]))
			}
			w.start(tag, attrs)
		case html.EndTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			if skip != 0 {
				if tag == skip {
					skip = 0
				}
				continue
			}
			if tag == atom.A && len(href) > 0 {
				w.link(href[len(href)-1])
				href = href[:len(href)-1]
			}
			w.end(tag)
		}
	}
}

// isHidden names the elements whose content is not shown; the tokenizer gives each of them as one raw text.
func isHidden(tag atom.Atom) bool {
	switch tag {
	case atom.Style, atom.Script, atom.Title, atom.Noscript, atom.Iframe, atom.Noembed, atom.Noframes:
		return true
	}
	return false
}

func finishText(s string, at int) (string, int) {
	s = cleanText(s)
	if at > len(s) {
		at = len(s)
	}
	trimmed := strings.TrimRight(s, "\n \t")
	if at > len(trimmed) {
		at = -1 // nothing is quoted after the mark
	}
	return trimmed, at
}

// readAttributes keeps the few attributes that matter here.
func readAttributes(z *html.Tokenizer, more bool) map[string]string {
	var attrs map[string]string
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "class", "id", "type", "href", "alt", "style", "start":
			if attrs == nil {
				attrs = map[string]string{}
			}
			attrs[string(key)] = string(value)
		}
	}
	return attrs
}

var metaTag = regexp.MustCompile(`(?i)<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-z0-9_.:-]{1,40})`)

// metaCharset is the charset a page names itself.
func metaCharset(page []byte) string {
	if m := metaTag.FindSubmatch(page[:min(len(page), 4096)]); m != nil {
		return string(bytes.ToLower(m[1]))
	}
	return ""
}
