package mail

import (
	"bytes"
	"html"
	"strings"
)

// body gathers what a person reads and what is attached while the tree is walked in order.
type body struct {
	raw    []byte
	limits Limits
	hint   string // charset of the mail, where a part names none
	warn   func(WarningCode, string)

	pieces  []bodyPiece
	files   []Attachment
	reports []ReportPart
	crypt   bool
}

// bodyPiece is one stretch of the body, in one or two renderings.
type bodyPiece struct{ text, html string }

// collect walks a part. alternative says that the part is one of several renderings, given in piece.
func (b *body) collect(p *part, parent *part) {
	switch {
	case p.multipart && p.kind == "multipart/alternative":
		b.alternative(p)
	case p.multipart:
		if p.kind == "multipart/encrypted" {
			b.crypt = true
		}
		for _, child := range p.children {
			b.collect(child, p)
		}
	case b.isBody(p, parent):
		text := b.text(p)
		if p.kind == "text/html" {
			b.pieces = append(b.pieces, bodyPiece{html: text})
		} else {
			b.pieces = append(b.pieces, bodyPiece{text: b.takeUU(text)})
		}
	default:
		b.attach(p)
	}
}

// alternative takes the renderings of one body: the last HTML and the first text that have something in them; what else
// there is (an invitation, images of a related) is attached.
func (b *body) alternative(p *part) {
	var piece bodyPiece
	inner := body{raw: b.raw, limits: b.limits, hint: b.hint, warn: b.warn}
	for _, child := range p.children {
		inner.pieces = nil
		inner.collect(child, p)
		text, page := joinPiecesOfBody(inner.pieces)
		if strings.TrimSpace(page) != "" {
			piece.html = page
		}
		if strings.TrimSpace(text) != "" && piece.text == "" {
			piece.text = text
		}
	}
	b.files = append(b.files, inner.files...)
	b.reports = append(b.reports, inner.reports...)
	b.crypt = b.crypt || inner.crypt
	b.pieces = append(b.pieces, piece)
}

// isBody says whether a leaf is text to be read in the mail: text or HTML, not marked as attachment; a named text after
// the first piece is a file that some mailers send inline.
func (b *body) isBody(p, parent *part) bool {
	if p.kind != "text/plain" && p.kind != "text/html" && !isTextBodyKind(p.kind) {
		return false
	}
	if p.disposition == "attachment" {
		return false
	}
	named := p.dispParams["filename"] != "" || (p.params["name"] != "" && len(b.pieces) > 0)
	if named && parent != nil && parent.kind != "multipart/alternative" {
		return false
	}
	return true
}

// isTextBodyKind names text types that are read as plain text.
func isTextBodyKind(kind string) bool {
	switch kind {
	case "text/enriched", "text/markdown", "text/x-markdown", "text/x-amp-html", "text/flowed", "text/x-plain":
		return kind != "text/x-amp-html"
	}
	return false
}

// text decodes a text part: transfer encoding, charset, flowed lines.
func (b *body) text(p *part) string {
	content := b.content(p)
	declared := p.params["charset"]
	if p.kind == "text/html" && declared == "" {
		declared = metaCharset(content)
	}
	text, fits := decodeAs(content, declared)
	if !fits {
		if !isASCIIBytes(content) {
			b.warn(WarnCharset, "declared character set does not fit")
		}
		text = detect(content, declared, b.hint)
	}
	text = cleanText(text)
	if p.kind == "text/plain" && strings.EqualFold(p.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
	}
	return text
}

func (b *body) content(p *part) []byte {
	content, ok := decodeTransfer(b.raw[p.body:max(p.end, p.body)], p.header.Raw("Content-Transfer-Encoding"))
	if !ok {
		b.warn(WarnEncoding, "transfer encoding unknown or damaged")
	}
	return content
}

// attach keeps a leaf as a file, and as a report if machines write it for machines.
func (b *body) attach(p *part) {
	content := b.content(p)
	if b.unwrap(p, content) {
		return
	}
	switch p.kind {
	case "message/delivery-status", "message/global-delivery-status", "message/feedback-report",
		"message/disposition-notification", "message/global-disposition-notification", "text/rfc822-headers",
		"message/global-headers":
		b.reports = append(b.reports, ReportPart{p.kind, bytes.Clone(content)})
	case "message/rfc822", "message/global":
		b.reports = append(b.reports, ReportPart{p.kind, bytes.Clone(content)})
	case "application/pgp-encrypted":
		b.crypt = true
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		if kind := strings.ToLower(p.params["smime-type"]); kind == "" || kind == "enveloped-data" || kind == "authenveloped-data" {
			b.crypt = true
		}
	}
	name := p.fileName()
	if name == "" && (p.kind == "message/rfc822" || p.kind == "message/global") {
		name = nestedName(content, b.limits)
	}
	if SafeFileName(name) != name && name != "" {
		b.warn(WarnFileName, "file name made safe")
	}
	b.files = append(b.files, Attachment{
		Name:            name,
		Type:            p.kind,
		Data:            bytes.Clone(content),
		ContentID:       contentID(p.header.Raw("Content-ID")),
		ContentLocation: oneLine(p.header.Raw("Content-Location")),
		Inline:          p.disposition != "attachment",
	})
}

// unwrap opens what only wraps a mail: Outlook's winmail.dat, and S/MIME that is signed and not encrypted. What cannot be
// opened stays the file it is. So does a winmail.dat whose text is there as RTF only.
func (b *body) unwrap(p *part, content []byte) bool {
	switch p.kind {
	case "application/ms-tnef", "application/vnd.ms-tnef":
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return b.unwrapSigned(content)
	default:
		if !strings.EqualFold(p.fileName(), "winmail.dat") {
			return false
		}
	}
	t, ok := readTNEF(content)
	if !ok {
		return false
	}
	said := len(b.pieces) > 0
	if !said && (t.text != "" || t.page != "") {
		b.pieces = append(b.pieces, bodyPiece{t.text, t.page})
		said = true
	}
	b.files = append(b.files, t.files...)
	return said || !t.rich
}

// unwrapSigned puts the signed mail in the place of the part. Each layer lowers the depth that is left.
func (b *body) unwrapSigned(content []byte) bool {
	inner, ok := signedContent(content)
	if !ok || b.limits.Depth <= 1 {
		return false
	}
	limits := b.limits
	limits.Depth--
	m := parse(inner, limits, func(code WarningCode, detail string) {
		if code != WarnMessageID && code != WarnAddress && code != WarnDate { // it is a body, not a mail of its own
			b.warn(code, detail)
		}
	})
	b.pieces = append(b.pieces, bodyPiece{m.Text, m.HTML})
	b.files = append(b.files, m.Attachments...)
	b.reports = append(b.reports, m.Reports...)
	b.crypt = b.crypt || m.Encrypted
	return true
}

// nestedName names a nested mail by its subject.
func nestedName(content []byte, limits Limits) string {
	h := Header{Fields: readHeader(content, skipEnvelopeLines(content), limits).fields}
	subject := SafeFileName(capRunes(strings.ReplaceAll(h.Get("Subject"), "/", "_"), 100))
	if subject == "" {
		return ""
	}
	return subject + ".eml"
}

func contentID(raw string) string {
	return strings.Trim(oneLine(raw), "<> ")
}

// takeUU moves the uuencoded files out of a text.
func (b *body) takeUU(text string) string {
	if !strings.Contains(text, "begin ") {
		return text
	}
	files := uuFiles([]byte(text))
	var out strings.Builder
	pos := 0
	for _, f := range files {
		out.WriteString(text[pos:f.from])
		pos = f.to
		b.files = append(b.files, Attachment{Name: f.name, Type: "application/octet-stream", Data: f.data})
	}
	out.WriteString(text[pos:])
	return out.String()
}

// joinPiecesOfBody puts the stretches of a body together: a text of all of them, and an HTML page if one of them is
// HTML. A stretch that has only one rendering is turned into the other.
func joinPiecesOfBody(pieces []bodyPiece) (text, page string) {
	anyHTML := false
	for _, p := range pieces {
		anyHTML = anyHTML || p.html != ""
	}
	var texts, pages []string
	onlyHTML := true
	for _, p := range pieces {
		onlyHTML = onlyHTML && p.text == ""
	}
	for _, p := range pieces {
		switch {
		case p.text != "":
			texts = append(texts, p.text)
		case p.html != "" && !onlyHTML:
			texts = append(texts, HTMLToText(p.html))
		}
		switch {
		case p.html != "":
			pages = append(pages, p.html)
		case p.text != "" && anyHTML:
			pages = append(pages, "<pre>"+html.EscapeString(p.text)+"</pre>")
		}
	}
	text = strings.Join(texts, "\n\n")
	if anyHTML {
		page = strings.Join(pages, "\n")
	}
	return text, page
}

// finish fills the message with what was gathered.
func (b *body) finish(m *Message) {
	text, page := joinPiecesOfBody(b.pieces)
	if len(text) > b.limits.BodyBytes {
		b.warn(WarnBodyCut, "text body cut, attached whole")
		b.files = append(b.files, Attachment{Name: "body.txt", Type: "text/plain", Data: []byte(text)})
		text = capBytes(text, b.limits.BodyBytes)
	}
	if len(page) > b.limits.BodyBytes {
		b.warn(WarnBodyCut, "HTML body cut, attached whole")
		b.files = append(b.files, Attachment{Name: "body.html", Type: "text/html", Data: []byte(page)})
		page = capBytes(page, b.limits.BodyBytes)
	}
	m.HTML = page
	m.Text, m.replyAt = text, -1
	if page != "" {
		plain, at := readHTML(page)
		if strings.TrimSpace(text) == "" {
			m.Text, m.TextFromHTML, m.replyAt = plain, true, at
		} else if at >= 0 {
			m.replyAt = locate(text, plain[at:])
		}
	}
	if b.crypt {
		m.Encrypted = true
		b.warn(WarnEncrypted, "encrypted, cannot be read here")
	}
	nameFiles(b.files)
	markInline(b.files, page)
	m.Attachments, m.Reports = b.files, b.reports
}

// markInline keeps Inline on the parts that the HTML shows; an unreferenced one is an ordinary attachment.
func markInline(files []Attachment, page string) {
	lower := strings.ToLower(page)
	for i := range files {
		f := &files[i]
		shown := f.ContentID != "" && (strings.Contains(page, "cid:"+f.ContentID) ||
			strings.Contains(lower, "cid:"+strings.ToLower(f.ContentID)))
		shown = shown || f.ContentLocation != "" && strings.Contains(page, f.ContentLocation)
		f.Inline = f.Inline && shown
	}
}

// unflow joins the lines of format=flowed (RFC 3676): a line that ends in a blank goes on in the next one of the same
// quote depth; a stuffed blank is removed; the signature separator stays.
func unflow(text string, delsp bool) string {
	lines := strings.Split(text, "\n")
	var out strings.Builder
	flowing, depthBefore := false, 0
	for i, line := range lines {
		quoted := strings.TrimLeft(line, ">")
		depth := len(line) - len(quoted)
		content := strings.TrimPrefix(quoted, " ")
		joined := flowing && depth == depthBefore && content != "-- "
		flowing, depthBefore = strings.HasSuffix(content, " ") && content != "-- ", depth
		if flowing && delsp {
			content = content[:len(content)-1]
		}
		if joined {
			out.WriteString(content)
			continue
		}
		if i > 0 {
			out.WriteByte('\n')
		}
		if depth > 0 {
			out.WriteString(line[:depth] + " ")
		}
		out.WriteString(content)
	}
	return out.String()
}
