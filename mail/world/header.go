package world

import (
	"bytes"
	"mime"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/charset"
	"github.com/emersion/go-message/textproto"
)

// splitMessage cuts a message after the empty line that ends its header. A message without one is all header.
func splitMessage(raw []byte) (head, body []byte) {
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], '\n')
		if end < 0 {
			break
		}
		line := raw[at : at+end]
		at += end + 1
		if len(bytes.TrimSuffix(line, []byte("\r"))) == 0 {
			return raw[:at], raw[at:]
		}
	}
	return raw, nil
}

// A field is one header field as it stands in the message.
type field struct {
	name string
	raw  []byte // with its line ends
}

// fields cuts a header into its fields. Lines that are none are passed over.
func fields(head []byte) []field {
	var found []field
	for line := range bytes.Lines(head) {
		if (line[0] == ' ' || line[0] == '\t') && len(found) > 0 {
			last := &found[len(found)-1]
			last.raw = slices.Concat(last.raw, line)
			continue
		}
		if name, _, ok := bytes.Cut(line, []byte(":")); ok {
			found = append(found, field{strings.TrimSpace(string(name)), line})
		}
	}
	return found
}

// value returns the unfolded value of a field, not decoded.
func (f field) value() string {
	_, value, _ := bytes.Cut(f.raw, []byte(":"))
	value = bytes.ReplaceAll(bytes.ReplaceAll(value, []byte("\r"), nil), []byte("\n"), nil)
	return strings.TrimSpace(string(value))
}

// decoded returns the value of a field with its encoded words (RFC 2047) in UTF-8.
func (f field) decoded() string {
	decoder := mime.WordDecoder{CharsetReader: charset.Reader}
	if text, err := decoder.DecodeHeader(f.value()); err == nil {
		return text
	}
	return f.value()
}

// selectFields returns the fields that HEADER.FIELDS or HEADER.FIELDS.NOT asks for, with an empty line at the end.
func selectFields(head []byte, section *imap.FetchItemBodySection) []byte {
	var data []byte
	for _, f := range fields(head) {
		named := func(name string) bool { return strings.EqualFold(name, f.name) }
		wanted := !slices.ContainsFunc(section.HeaderFieldsNot, named)
		if len(section.HeaderFields) > 0 {
			wanted = slices.ContainsFunc(section.HeaderFields, named)
		}
		if wanted {
			data = append(data, f.raw...)
		}
	}
	return append(data, "\r\n"...)
}

// envelope returns the ENVELOPE of a message, read field by field so that one bad line costs only itself.
func envelope(raw []byte) *imap.Envelope {
	head, _ := splitMessage(raw)
	var header textproto.Header
	all := fields(head)
	for _, f := range slices.Backward(all) { // Add puts a field on top
		header.Add(f.name, f.value())
	}
	return tolerant(func() *imap.Envelope { return imapserver.ExtractEnvelope(header) })
}
