package mail

import (
	"encoding/base64"
	"strings"
)

// decodeHeader decodes the text of an unstructured header or of a display name: RFC 2047 words, leniently, and raw
// 8-bit bytes. The result is valid UTF-8 on one line.
func decodeHeader(raw, charset string) string {
	return oneLine(decodeWords(raw, charset))
}

// word is an RFC 2047 encoded-word.
type word struct {
	charset  string
	base64   bool
	text     string
	from, to int
}

// maxWord is how far the end of an encoded-word is looked for; the standard says 75, some mailers fold nothing.
const maxWord = 8 << 10

// decodeWords walks the value once. Adjacent words of one charset are joined as bytes before they are decoded, because
// many mailers cut inside a character (RFC 2047 §5 forbids it).
func decodeWords(raw, charset string) string {
	if !strings.Contains(raw, "=?") {
		return decodeRaw(raw, charset)
	}
	var out strings.Builder
	pos := 0
	for pos < len(raw) {
		w, ok := nextWord(raw, pos)
		if !ok {
			out.WriteString(decodeRaw(raw[pos:], charset))
			break
		}
		gap := raw[pos:w.from]
		if pos == 0 || strings.TrimSpace(gap) != "" {
			out.WriteString(decodeRaw(gap, charset))
		}
		run := []word{w}
		for {
			next, ok := nextWord(raw, w.to)
			if !ok || strings.TrimSpace(raw[w.to:next.from]) != "" ||
				!strings.EqualFold(next.charset, w.charset) || next.base64 != w.base64 {
				break
			}
			run = append(run, next)
			w = next
		}
		out.WriteString(decodeBytes(joinWords(run), w.charset, charset))
		pos = w.to
	}
	return out.String()
}

// joinWords undoes the transfer encoding of a run of words of one kind.
func joinWords(run []word) []byte {
	var bytes []byte
	held := ""
	for i, w := range run {
		if !w.base64 {
			bytes = append(bytes, decodeQ(w.text)...)
			continue
		}
		// A word that is not a whole number of quanta and has no padding goes on in the next one.
		text := held + w.text
		held = ""
		digits := strings.TrimRight(text, "=")
		if i+1 < len(run) && len(digits) == len(text) && len(text)%4 != 0 {
			held = text
			continue
		}
		bytes = append(bytes, decodeBase64([]byte(text))...)
	}
	return append(bytes, decodeBase64([]byte(held))...)
}

// nextWord finds the next encoded-word at or after pos. Blanks and question marks within the text are tolerated, a
// missing end too.
func nextWord(s string, pos int) (word, bool) {
	for {
		start := strings.Index(s[pos:], "=?")
		if start < 0 {
			return word{}, false
		}
		start += pos
		if w, ok := wordAt(s, start); ok {
			return w, true
		}
		pos = start + 2
	}
}

func wordAt(s string, start int) (word, bool) {
	rest := s[start+2:]
	mark := strings.IndexByte(rest, '?')
	if mark <= 0 || mark > 64 || strings.ContainsAny(rest[:mark], " \t=<>\"") || len(rest) < mark+3 || rest[mark+2] != '?' {
		return word{}, false
	}
	w := word{charset: rest[:mark], from: start}
	switch rest[mark+1] {
	case 'B', 'b':
		w.base64 = true
	case 'Q', 'q':
	default:
		return word{}, false
	}
	if star := strings.IndexByte(w.charset, '*'); star >= 0 { // RFC 2231 §5: a language
		w.charset = w.charset[:star]
	}
	body := start + 2 + mark + 3
	text := s[body:min(len(s), body+maxWord)]
	end := strings.Index(text, "?=")
	switch {
	case end >= 0 && !strings.Contains(text[:end], "=?"):
		w.text, w.to = text[:end], body+end+2
	default: // no end: up to the next blank
		end = strings.IndexAny(text, " \t")
		if end < 0 {
			end = len(text)
		}
		w.text, w.to = strings.TrimRight(text[:end], "?"), body+end
	}
	return w, true
}

// decodeQ undoes the "Q" encoding (RFC 2047 §4.2); what is no escape stays.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// decodeBase64 decodes what can be decoded: foreign characters are passed over, missing padding is no error, and
// padding in the middle ends a quantum (several encodings were concatenated).
func decodeBase64(in []byte) []byte {
	clean := make([]byte, 0, len(in))
	out := make([]byte, 0, len(in)*3/4+3)
	flush := func() {
		if len(clean)%4 == 1 {
			clean = clean[:len(clean)-1]
		}
		start := len(out)
		out = append(out, make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))...)
		n, _ := base64.RawStdEncoding.Decode(out[start:], clean)
		out = out[:start+n]
		clean = clean[:0]
	}
	for _, c := range in {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '-': // the URL alphabet, seen in the wild
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c == '=':
			flush()
		}
	}
	flush()
	return out
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}
