package mail

import (
	"bytes"
	"strings"
)

// Header is a header block: its fields in the order of the mail.
type Header struct {
	Fields []Field
	// charset is the one to try first on bytes above 127 that are not UTF-8: that of the body.
	charset string
}

// Field is one header field.
type Field struct {
	// Name is as written in the mail.
	Name string
	// Raw is the unfolded value as it came, possibly with bytes that are no UTF-8.
	Raw string
}

// Raw returns the unfolded, undecoded value of the first field of that name, or "".
func (h Header) Raw(name string) string {
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Raw
		}
	}
	return ""
}

// Has says whether there is a field of that name.
func (h Header) Has(name string) bool {
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// Get returns the decoded value of the first field of that name, or "".
func (h Header) Get(name string) string { return decodeHeader(h.Raw(name), h.charset) }

// Values returns the decoded values of all fields of that name.
func (h Header) Values(name string) []string {
	var values []string
	for _, raw := range h.rawValues(name) {
		values = append(values, decodeHeader(raw, h.charset))
	}
	return values
}

func (h Header) rawValues(name string) []string {
	var values []string
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Raw)
		}
	}
	return values
}

// block is what readHeader found at the start of some bytes.
type block struct {
	fields []Field
	body   int // offset of the first byte after the header
	cut    bool
	odd    int // lines that are no header lines

	value []byte // of the last field, while it may still be continued
}

// readHeader reads a header block from pos up to its empty line. It tolerates bare LF, blanks before the colon,
// continuation lines that are not indented, and a missing empty line before the body.
func readHeader(raw []byte, pos int, limits Limits) block {
	b := block{body: len(raw)}
	start, lines := pos, 0
	for pos < len(raw) {
		line, next := lineAt(raw, pos)
		if len(line) == 0 {
			b.body = next
			break
		}
		lines++
		if lines > limits.HeaderLines || next-start > limits.HeaderBytes {
			b.cut = true
			pos = next
			continue
		}
		if !b.add(line) {
			b.odd++
			if b.bodyStartsHere(raw, next) {
				b.body = pos
				break
			}
			b.extend(line)
		}
		pos = next
	}
	b.flush()
	return b
}

// add takes one line as a field or as the continuation of one, and says whether it was either.
func (b *block) add(line []byte) bool {
	if line[0] == ' ' || line[0] == '\t' {
		if len(b.fields) > 0 {
			b.extend(line)
			return true
		}
		line = bytes.TrimLeft(line, " \t") // a first field that is indented by mistake
		if len(line) == 0 {
			return true
		}
	}
	name, value, ok := splitField(line)
	if ok {
		b.flush()
		b.fields = append(b.fields, Field{Name: name})
		b.value = append(b.value, value...)
	}
	return ok
}

// extend appends a folded line to the last field. The value is gathered in a buffer: a string would be copied once per
// line.
func (b *block) extend(line []byte) {
	if len(b.value) > 0 {
		b.value = append(b.value, ' ')
	}
	b.value = append(b.value, bytes.Trim(line, " \t")...)
}

func (b *block) flush() {
	if len(b.fields) > 0 {
		b.fields[len(b.fields)-1].Raw = string(b.value)
	}
	b.value = b.value[:0]
}

// bodyStartsHere decides about a line that is no header line: with nothing read before it, or if neither it is followed
// by more header, the empty line was forgotten and the body has begun.
func (b *block) bodyStartsHere(raw []byte, next int) bool {
	if len(b.fields) == 0 {
		return true
	}
	if next >= len(raw) {
		return true
	}
	following, _ := lineAt(raw, next)
	if len(following) == 0 {
		return false
	}
	_, _, ok := splitField(following)
	return !ok
}

// splitField parses "Name: value" (RFC 5322 §2.2).
func splitField(line []byte) (name string, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return "", nil, false
	}
	key := bytes.TrimRight(line[:colon], " \t")
	if len(key) == 0 || len(key) > 128 {
		return "", nil, false
	}
	for _, c := range key {
		if c <= ' ' || c >= 0x7f {
			return "", nil, false
		}
	}
	return string(key), bytes.Trim(line[colon+1:], " \t"), true
}

// skipEnvelopeLines passes blank lines and the "From " lines of mbox files in front of a mail.
func skipEnvelopeLines(raw []byte) int {
	pos := 0
	for pos < len(raw) {
		line, next := lineAt(raw, pos)
		blank := len(bytes.TrimSpace(line)) == 0
		if !blank && !bytes.HasPrefix(line, []byte("From ")) && !bytes.HasPrefix(line, []byte(">From ")) {
			return pos
		}
		pos = next
	}
	return 0
}

// lineAt returns the line at pos without its line end, and where the next one starts.
func lineAt(raw []byte, pos int) (line []byte, next int) {
	end := bytes.IndexByte(raw[pos:], '\n')
	if end < 0 {
		return bytes.TrimSuffix(raw[pos:], []byte("\r")), len(raw)
	}
	return bytes.TrimSuffix(raw[pos:pos+end], []byte("\r")), pos + end + 1
}
