package world

import (
	"bytes"
	"fmt"
	"io"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// needsRaw says whether the bytes of a message are needed to answer.
func needsRaw(options *imap.FetchOptions) bool {
	return options.Envelope || options.BodyStructure != nil || len(options.BodySection) > 0 ||
		len(options.BinarySection) > 0 || len(options.BinarySectionSize) > 0
}

// writeMessage writes one FETCH response. Its writer is always closed: it holds the library's lock on the connection.
func writeMessage(w *imapserver.FetchResponseWriter, m stored, raw []byte, options *imap.FetchOptions) (err error) {
	defer func() {
		if closed := w.Close(); err == nil {
			err = closed
		}
	}()
	w.WriteUID(m.uid)
	if options.Flags {
		w.WriteFlags(m.flags)
	}
	if options.InternalDate {
		w.WriteInternalDate(m.date)
	}
	if options.RFC822Size {
		w.WriteRFC822Size(m.size)
	}
	if options.Envelope {
		w.WriteEnvelope(envelope(raw))
	}
	if options.BodyStructure != nil {
		w.WriteBodyStructure(bodyStructure(raw))
	}
	for _, section := range options.BodySection {
		data := bodySection(raw, section)
		if err := writeLiteral(w.WriteBodySection(section, int64(len(data))), data); err != nil {
			return err
		}
	}
	for _, section := range options.BinarySection {
		data := tolerant(func() []byte { return imapserver.ExtractBinarySection(bytes.NewReader(raw), section) })
		if err := writeLiteral(w.WriteBinarySection(section, int64(len(data))), data); err != nil {
			return err
		}
	}
	for _, section := range options.BinarySectionSize {
		size := tolerant(func() uint32 { return imapserver.ExtractBinarySectionSize(bytes.NewReader(raw), section) })
		w.WriteBinarySectionSize(section, size)
	}
	return nil
}

func writeLiteral(w io.WriteCloser, data []byte) error {
	_, err := w.Write(data)
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write literal: %w", err)
	}
	return nil
}

// tolerant returns the zero value where the library panics over a broken mail; the world must show any mail.
func tolerant[T any](extract func() T) (result T) {
	defer func() {
		if recover() != nil {
			var zero T
			result = zero
		}
	}()
	return extract()
}

// bodySection returns the asked part of a message. The message as a whole is cut from the bytes as they are, however
// broken; the library, which needs a proper header, is asked for its parts only.
func bodySection(raw []byte, section *imap.FetchItemBodySection) []byte {
	if len(section.Part) > 0 {
		return tolerant(func() []byte { return imapserver.ExtractBodySection(bytes.NewReader(raw), section) })
	}
	head, body := splitMessage(raw)
	var data []byte
	switch {
	case section.Specifier == imap.PartSpecifierText:
		data = body
	case len(section.HeaderFields) > 0 || len(section.HeaderFieldsNot) > 0:
		data = selectFields(head, section)
	case section.Specifier == imap.PartSpecifierNone:
		data = raw
	default:
		data = head
	}
	return partial(data, section.Partial)
}

func partial(data []byte, p *imap.SectionPartial) []byte {
	if p == nil {
		return data
	}
	from := min(max(p.Offset, 0), int64(len(data)))
	to := min(from+max(p.Size, 0), int64(len(data)))
	return data[from:to]
}

// bodyStructure returns the MIME structure, with plain text in place of what the library cannot describe: it panics
// when it writes a multipart without parts.
func bodyStructure(raw []byte) imap.BodyStructure {
	bs := tolerant(func() imap.BodyStructure { return imapserver.ExtractBodyStructure(bytes.NewReader(raw)) })
	return mended(bs, len(raw))
}

func mended(bs imap.BodyStructure, size int) imap.BodyStructure {
	plain := &imap.BodyStructureSinglePart{
		Type: "text", Subtype: "plain", Size: uint32(size), Text: &imap.BodyStructureText{},
		Extended: &imap.BodyStructureSinglePartExt{},
	}
	switch bs := bs.(type) {
	case *imap.BodyStructureMultiPart:
		if len(bs.Children) == 0 {
			return plain
		}
		for i := range bs.Children {
			bs.Children[i] = mended(bs.Children[i], 0)
		}
		return bs
	case *imap.BodyStructureSinglePart:
		if bs.Type == "" || bs.Subtype == "" {
			plain.Size = bs.Size
			return plain
		}
		if bs.MessageRFC822 != nil {
			bs.MessageRFC822.BodyStructure = mended(bs.MessageRFC822.BodyStructure, 0)
		}
		return bs
	}
	return plain
}
