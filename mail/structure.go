package mail

import (
	"bytes"
	"strings"
)

// part is a node of the MIME tree. It holds offsets into the mail, no copies.
type part struct {
	header      Header
	kind        string            // media type in lower case
	params      map[string]string // of Content-Type
	disposition string
	dispParams  map[string]string
	body, end   int // the bytes between header and boundary
	children    []*part
	multipart   bool // kind is multipart/* and its children were looked for
}

// open is a multipart whose closing boundary has not come yet.
type open struct {
	node      *part
	delimiter []byte // "--" boundary
}

// walker reads a mail once, line by line, with a stack of the multiparts that are open. A boundary of an outer
// multipart closes the inner ones, the end of the mail closes all: so the time is linear whatever the nesting, and a
// part that lacks its closing boundary is kept.
type walker struct {
	raw    []byte
	limits Limits
	stack  []open
	parts  int
	warn   func(WarningCode, string)
	hint   string // charset for undeclared bytes

	current *part // the leaf, preamble or epilogue being read
}

// walk parses the structure below root, whose header is read already.
func (w *walker) walk(root *part) {
	w.parts = 1
	w.enter(root)
	pos := root.body
	for pos < len(w.raw) && len(w.stack) > 0 {
		line, next := lineAt(w.raw, pos)
		if len(line) > 2 && line[0] == '-' && line[1] == '-' {
			if level, closing := w.match(line); level >= 0 {
				next = w.boundary(level, closing, pos, next)
			}
		}
		pos = next
	}
	if len(w.stack) > 0 {
		w.warn(WarnBoundary, "multipart not closed")
		w.closeTo(0, len(w.raw))
	}
}

// enter makes p the part being read and, if it is a multipart, opens it.
func (w *walker) enter(p *part) {
	w.current = p
	p.end = len(w.raw)
	if !strings.HasPrefix(p.kind, "multipart/") {
		return
	}
	boundary := p.params["boundary"]
	switch {
	case boundary == "":
		w.warn(WarnBoundary, "multipart without boundary")
	case len(w.stack) >= w.limits.Depth:
		w.warn(WarnDepth, "multiparts nested too deep")
	default:
		p.multipart = true
		w.stack = append(w.stack, open{p, []byte("--" + boundary)})
	}
}

// match finds the innermost open multipart whose boundary this line is (RFC 2046 §5.1.1: blanks may follow).
func (w *walker) match(line []byte) (level int, closing bool) {
	line = bytes.TrimRight(line, " \t")
	for level = len(w.stack) - 1; level >= 0; level-- {
		rest, ok := bytes.CutPrefix(line, w.stack[level].delimiter)
		if ok && len(rest) == 0 {
			return level, false
		}
		if ok && string(rest) == "--" {
			return level, true
		}
	}
	return -1, false
}

// boundary ends the current part at pos and, unless closing, starts the next one at next. It returns where to go on.
func (w *walker) boundary(level int, closing bool, pos, next int) int {
	if !closing && w.parts >= w.limits.Parts {
		w.warn(WarnParts, "too many parts")
		if w.current != nil { // the last part keeps the rest
			w.current.end = len(w.raw)
		}
		w.stack = nil
		return len(w.raw)
	}
	if level < len(w.stack)-1 {
		w.warn(WarnBoundary, "multipart not closed")
	}
	w.closeTo(level+1, pos)
	w.endCurrent(pos)
	if closing {
		w.closeTo(level, next)
		return next
	}
	w.parts++
	parent := w.stack[level].node
	child, cut := w.readPart(next, parent.kind == "multipart/digest")
	if cut {
		w.warn(WarnHeaderCut, "header block of a part too long")
	}
	parent.children = append(parent.children, child)
	w.enter(child)
	return child.body
}

// closeTo closes the open multiparts from the top of the stack down to level n.
func (w *walker) closeTo(n, pos int) {
	for len(w.stack) > n {
		w.endCurrent(pos)
		top := w.stack[len(w.stack)-1]
		w.stack = w.stack[:len(w.stack)-1]
		top.node.end = pos
		w.current = nil
	}
}

// endCurrent sets the end of the part being read to before the line break that belongs to the boundary.
func (w *walker) endCurrent(pos int) {
	if w.current == nil || w.current.multipart {
		return
	}
	end := max(pos, w.current.body)
	if pos < len(w.raw) {
		if end > w.current.body && w.raw[end-1] == '\n' {
			end--
		}
		if end > w.current.body && w.raw[end-1] == '\r' {
			end--
		}
	}
	w.current.end = end
	w.current = nil
}

// readPart reads the header of a part that starts at pos.
func (w *walker) readPart(pos int, digest bool) (*part, bool) {
	b := readHeader(w.raw, pos, w.limits)
	p := newPart(Header{Fields: b.fields, charset: w.hint}, digest)
	p.body = b.body
	return p, b.cut
}

// newPart reads the content headers; what has no type is text, within a digest a mail (RFC 2046 §5.1.5).
func newPart(h Header, digest bool) *part {
	p := &part{header: h}
	p.kind, p.params = parseParams(h.Raw("Content-Type"), h.charset)
	p.disposition, p.dispParams = parseParams(h.Raw("Content-Disposition"), h.charset)
	switch {
	case strings.Count(p.kind, "/") == 1 && !strings.HasPrefix(p.kind, "/") && !strings.HasSuffix(p.kind, "/"):
	case p.kind == "html":
		p.kind = "text/html"
	case digest && p.kind == "":
		p.kind = "message/rfc822"
	case p.kind != "" && p.kind != "text" && p.kind != "plain" && p.fileName() != "":
		p.kind = "application/octet-stream"
	default:
		p.kind = "text/plain"
	}
	return p
}

// fileName is the name the sender gave: filename wins over name.
func (p *part) fileName() string {
	for _, name := range []string{p.dispParams["filename"], p.params["name"], p.params["filename"], p.params["file"]} {
		if name != "" {
			return name
		}
	}
	return ""
}

// guessBoundary finds the boundary of a multipart whose header names none or a wrong one: the first line that starts
// with "--" and is followed by a content header.
func guessBoundary(raw []byte, pos int) string {
	for pos < len(raw) {
		line, next := lineAt(raw, pos)
		if len(line) > 2 && len(line) < 200 && line[0] == '-' && line[1] == '-' && next < len(raw) {
			following, _ := lineAt(raw, next)
			if len(following) > 8 && strings.EqualFold(string(following[:8]), "content-") {
				return string(bytes.TrimRight(line[2:], " \t"))
			}
		}
		pos = next
	}
	return ""
}
