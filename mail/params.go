package mail

import (
	"sort"
	"strconv"
	"strings"
)

// parseParams reads a structured value such as that of Content-Type: the value in lower case and its parameters. It
// knows RFC 2231 (continuations, charset, language), RFC 2047 words in parameters (which no standard allows), both at
// once, unquoted blanks, and missing quotes; it never fails.
func parseParams(raw, charset string) (value string, params map[string]string) {
	parts := splitParams(raw)
	if len(parts) == 0 {
		return "", nil
	}
	value = strings.ToLower(strings.Map(tokenOnly, parts[0]))
	params = map[string]string{}
	pieces := map[string][]piece{}
	for _, part := range parts[1:] {
		name, val, ok := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || name == "" {
			continue
		}
		val = unquote(strings.TrimSpace(val))
		base, order, extended := splitContinuation(name)
		if base == name {
			if _, twice := params[name]; !twice {
				params[name] = decodeHeader(val, charset)
			}
			continue
		}
		if len(pieces[base]) < 256 {
			pieces[base] = append(pieces[base], piece{order, extended, val})
		}
	}
	for base, list := range pieces {
		if text := joinPieces(list, charset); text != "" {
			params[base] = text
		}
	}
	return value, params
}

// tokenOnly drops what no media type or disposition holds (RFC 2045 §5.1): some programs write "text/plain>".
func tokenOnly(r rune) rune {
	if r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,:\"[]?=`, r) {
		return -1
	}
	return r
}

// piece is a part of a parameter split by RFC 2231 §3.
type piece struct {
	order    int
	extended bool
	text     string
}

func splitContinuation(name string) (base string, order int, extended bool) {
	base, rest, ok := strings.Cut(name, "*")
	if !ok {
		return name, 0, false
	}
	if rest == "" {
		return base, 0, true
	}
	number, extended := strings.CutSuffix(rest, "*")
	order, err := strconv.Atoi(number)
	if err != nil {
		return name, 0, false
	}
	return base, order, extended
}

func joinPieces(list []piece, hint string) string {
	sort.SliceStable(list, func(i, j int) bool { return list[i].order < list[j].order })
	var bytes []byte
	charset := ""
	for i, p := range list {
		if !p.extended {
			bytes = append(bytes, p.text...)
			continue
		}
		text := p.text
		if i == 0 {
			if label, rest, ok := strings.Cut(text, "'"); ok {
				if _, after, ok := strings.Cut(rest, "'"); ok {
					charset, text = label, after
				}
			}
		}
		bytes = append(bytes, unpercent(text)...)
	}
	if strings.Contains(string(bytes), "=?") {
		return decodeHeader(string(bytes), hint)
	}
	return oneLine(decodeBytes(bytes, charset, hint))
}

func unpercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

// splitParams cuts at semicolons outside quotes; a quote that is never closed does not count.
func splitParams(raw string) []string {
	var parts []string
	last := strings.LastIndexByte(raw, '"')
	start, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch {
		case raw[i] == '\\' && quoted:
			i++
		case raw[i] == '"':
			quoted = !quoted && i < last
		case raw[i] == ';' && !quoted:
			parts = append(parts, raw[start:i])
			start = i + 1
			if len(parts) > 256 {
				return parts
			}
		}
	}
	return append(parts, raw[start:])
}

func unquote(s string) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			out.WriteByte(s[i])
		case s[i] == '"':
			return out.String()
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String()
}
