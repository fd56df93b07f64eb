package mail

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	extension "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// markdownText reads Markdown as a person who sees no HTML: without its signs, with lists, quotes and addresses as they
// are written in plain mails.
func markdownText(body string) string {
	p := plain{source: []byte(cleanText(body))}
	page := markdown().Parser().Parse(text.NewReader(p.source))
	lines := strings.Split(p.blocks(page, "\n\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
		if lines[i] == "--" {
			lines[i] = "-- " // the signature begins here (RFC 3676 §4.3)
		}
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// plain writes what the nodes of a page say.
type plain struct{ source []byte }

func (p plain) blocks(parent ast.Node, between string) string {
	var all []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if block := p.block(n); block != "" {
			all = append(all, block)
		}
	}
	return strings.Join(all, between)
}

func (p plain) block(n ast.Node) string {
	switch n := n.(type) {
	case *ast.List:
		return p.list(n)
	case *ast.Blockquote:
		return indented(p.blocks(n, "\n\n"), "> ", "> ")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return strings.TrimRight(p.lines(n), "\n")
	case *ast.HTMLBlock:
		page := p.lines(n)
		if n.HasClosure() {
			page += string(n.ClosureLine.Value(p.source))
		}
		return HTMLToText(page)
	case *ast.ThematicBreak:
		return strings.Repeat("-", 40)
	case *extension.Table:
		return p.blocks(n, "\n")
	case *extension.TableHeader, *extension.TableRow:
		return p.row(n)
	}
	return p.inline(n)
}

func (p plain) list(list *ast.List) string {
	between, number := "\n\n", list.Start
	if list.IsTight {
		between = "\n"
	}
	var items []string
	for n := list.FirstChild(); n != nil; n = n.NextSibling() {
		sign := "- "
		if list.IsOrdered() {
			sign = fmt.Sprintf("%d%c ", number, list.Marker)
			number++
		}
		items = append(items, indented(p.blocks(n, between), sign, strings.Repeat(" ", len(sign))))
	}
	return strings.Join(items, between)
}

func (p plain) row(row ast.Node) string {
	var cells []string
	for n := row.FirstChild(); n != nil; n = n.NextSibling() {
		cells = append(cells, p.inline(n))
	}
	return strings.Join(cells, " | ")
}

func (p plain) lines(n ast.Node) string {
	var out strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		out.Write(line.Value(p.source))
	}
	return out.String()
}

// indented puts one sign before the first line and another before those that follow; an empty line has no blanks.
func indented(s, first, rest string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		sign := rest
		if i == 0 {
			sign = first
		}
		lines[i] = strings.TrimRight(sign+lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func (p plain) inline(parent ast.Node) string {
	var out strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		out.WriteString(p.span(n))
	}
	return out.String()
}

func (p plain) span(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Text:
		return p.words(n)
	case *ast.String:
		return string(n.Value)
	case *ast.CodeSpan:
		var out strings.Builder
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*ast.Text); ok {
				out.Write(t.Segment.Value(p.source)) // signs within code are meant as they are
			}
		}
		return strings.ReplaceAll(out.String(), "\n", " ")
	case *ast.AutoLink:
		return string(n.Label(p.source))
	case *ast.Link:
		return withTarget(p.inline(n), linkTarget(string(n.Destination)))
	case *ast.RawHTML:
		var tag strings.Builder
		for i := range n.Segments.Len() {
			segment := n.Segments.At(i)
			tag.Write(segment.Value(p.source))
		}
		if strings.HasPrefix(strings.ToLower(tag.String()), "<br") {
			return "\n"
		}
		return ""
	}
	return p.inline(n) // emphasis, what is struck out, what an image shows
}

func (p plain) words(t *ast.Text) string {
	said := t.Segment.Value(p.source)
	if !t.IsRaw() {
		said = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(said)))
	}
	if t.SoftLineBreak() || t.HardLineBreak() {
		return string(said) + "\n"
	}
	return string(said)
}

// withTarget names the address that words lead to, unless they are that address.
func withTarget(words, target string) string {
	switch {
	case target == "" || target == words:
		return words
	case words == "":
		return target
	}
	return words + " <" + target + ">"
}
