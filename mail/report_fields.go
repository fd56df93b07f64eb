package mail

import (
	"bytes"
	"strings"
)

// fieldGroups parses groups of header fields separated by empty lines.
func fieldGroups(data []byte) []Header {
	limits := Limits{}.withDefaults()
	var groups []Header
	pos := 0
	for pos < len(data) && len(groups) < 1000 {
		if line, next := lineAt(data, pos); len(bytes.TrimSpace(line)) == 0 {
			pos = next
			continue
		}
		b := readHeader(data, pos, limits)
		if len(b.fields) > 0 {
			groups = append(groups, Header{Fields: b.fields})
		}
		if b.body <= pos {
			_, pos = lineAt(data, pos)
			continue
		}
		pos = b.body
	}
	return groups
}

// afterType drops the type of a typed field: "rfc822; user@host" (RFC 3464 §2.1.2).
func afterType(s string) string {
	kind, rest, ok := strings.Cut(s, ";")
	if !ok || strings.ContainsAny(kind, "@<") || len(kind) > 20 {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(rest)
}

// xtext decodes RFC 3461 §4: +2B is a plus.
func xtext(s string) string {
	if !strings.Contains(s, "+") {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '+' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) && s[i+1] <= 'F' && s[i+2] <= 'F' {
			c := unhex(s[i+1])<<4 | unhex(s[i+2])
			if c == '+' || c == '=' || c <= ' ' || c >= 0x7f { // only what must be encoded is: "a+42@b" stays
				out = append(out, c)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

func firstWord(s string) string {
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ';' || r == '(' })
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}
