package mail

import (
	"bytes"
	"strings"

	"golang.org/x/text/encoding/japanese"
)

// looksISO2022JP recognises the escape sequences of JIS X 0208 (RFC 1468).
func looksISO2022JP(b []byte) bool {
	return bytes.Contains(b, []byte("\x1b$B")) || bytes.Contains(b, []byte("\x1b$@"))
}

// decodeISO2022JP decodes line by line: every line starts in ASCII (RFC 1468), so that a damaged one does not take the
// rest of the mail along.
func decodeISO2022JP(b []byte) (string, bool) {
	b = mendISO2022JP(b)
	var out strings.Builder
	ok := true
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			end = len(b)
		}
		line := bytes.TrimRight(b[:end], "\r\n")
		text, fits := runDecoder(japanese.ISO2022JP, line)
		ok = ok && fits
		out.WriteString(text)
		out.Write(b[len(line):end])
		b = b[end:]
	}
	return out.String(), ok
}

// mendISO2022JP rewrites what Japanese mailers send under the name ISO-2022-JP beyond RFC 1468 into sequences the
// decoder knows: half-width kana by shift-out or as 8-bit bytes (CP50221, CP50222), and JIS X 0213 escapes.
func mendISO2022JP(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\x1b$(Q"), []byte("\x1b$B"))
	b = bytes.ReplaceAll(b, []byte("\x1b$(O"), []byte("\x1b$B"))
	b = bytes.ReplaceAll(b, []byte("\x1b$(B"), []byte("\x1b$B"))
	if !bytes.ContainsAny(b, "\x0e\x0f") && isASCIIBytes(b) {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	mode, shifted := []byte("\x1b(B"), false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == 0x1b:
			n := escapeLen(b[i:])
			mode = b[i : i+n]
			out = append(out, mode...)
			i += n - 1
		case c == 0x0e:
			shifted = true
			out = append(out, "\x1b(I"...)
		case c == 0x0f:
			shifted = false
			out = append(out, mode...)
		case c == '\n':
			mode, shifted = []byte("\x1b(B"), false
			out = append(out, "\x1b(B\n"...)
		case c >= 0xa1 && c <= 0xdf && !shifted:
			out = append(out, "\x1b(I"...)
			out = append(out, c&0x7f)
			out = append(out, mode...)
		default:
			out = append(out, c)
		}
	}
	return out
}

// escapeLen is the length of the ISO 2022 escape sequence at the start of b: intermediates, then one final byte.
func escapeLen(b []byte) int {
	n := 1
	for n < len(b) && b[n] >= 0x20 && b[n] <= 0x2f {
		n++
	}
	if n < len(b) {
		n++
	}
	return n
}

// unshiftKR turns ISO-2022-KR (RFC 1557) into EUC-KR, the same characters with the high bit set.
func unshiftKR(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\x1b$)C"), nil)
	out := make([]byte, 0, len(b))
	shifted := false
	for _, c := range b {
		switch {
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > 0x20:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return out
}
