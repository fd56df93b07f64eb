package mail

import (
	"strings"
	"unicode"
)

// Key is the address in the form for comparing: lower case. Local parts differ by case in theory only.
func (a Address) Key() string { return strings.ToLower(a.Addr) }

// ParseAddresses reads an address header (RFC 5322 §3.4) as mailers really write it: unquoted commas, dots and @ in
// names, semicolons between addresses, missing angles, groups, comments, encoded words anywhere. raw is the undecoded
// value, charset the one to try on raw 8-bit bytes. At most max addresses are given.
func ParseAddresses(raw, charset string, max int) []Address {
	list := parseAddresses(raw, charset, max)
	if len(list) == 0 && strings.Contains(raw, "=?") { // the whole address was put into an encoded word
		list = parseAddresses(decodeWords(raw, charset), charset, max)
	}
	return list
}

func parseAddresses(raw, charset string, max int) []Address {
	var list []Address
	carried := ""
	for _, chunk := range splitAddresses(raw) {
		if carried != "" {
			chunk = carried + ", " + chunk
			carried = ""
		}
		if len(list) >= max {
			return list
		}
		a, ok := parseAddress(chunk, charset)
		switch {
		case ok:
			list = append(list, a)
		case strings.TrimSpace(chunk) != "" && len(chunk) < 256:
			carried = chunk // "Doe, John <j@x>": the comma belongs to the name
		}
	}
	return list
}

// splitAddresses cuts at commas and semicolons outside quotes, comments, angles and encoded words, and drops the names
// of groups.
func splitAddresses(raw string) []string {
	var (
		chunks         []string
		start          int
		quoted, angled bool
		at             bool // the chunk has an @: a colon ends no group name any more
		depth          int
	)
	// What is opened but never closed opens nothing. Found once: searching ahead each time would be quadratic.
	quote, paren := strings.LastIndexByte(raw, '"'), strings.LastIndexByte(raw, ')')
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted && i < quote
		case quoted:
		case c == '=' && strings.HasPrefix(raw[i:], "=?"):
			if w, ok := wordAt(raw, i); ok {
				i = w.to - 1
			}
		case c == '(' && !angled:
			if i < paren {
				depth++
			}
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angled = closesAngle(raw[i+1:])
		case c == '>':
			angled = false
		case angled:
		case c == ',' || c == ';':
			chunks = append(chunks, raw[start:i])
			start, at = i+1, false
		case c == '@':
			at = true
		case c == ':' && !at:
			start = i + 1
		}
	}
	return append(chunks, raw[start:])
}

// closesAngle says whether the next angle bracket closes, within the length of an address.
func closesAngle(rest string) bool {
	rest = rest[:min(len(rest), 400)]
	i := strings.IndexAny(rest, "<>")
	return i >= 0 && rest[i] == '>'
}

// parseAddress reads one mailbox.
func parseAddress(chunk, charset string) (Address, bool) {
	open := strings.LastIndexByte(chunk, '<')
	if open >= 0 {
		rest := chunk[open+1:]
		if end := strings.IndexByte(rest, '>'); end >= 0 {
			rest = rest[:end]
		}
		if addr, ok := cleanAddr(rest); ok {
			return Address{Name: displayName(chunk[:open], charset), Addr: addr}, true
		}
	}
	bare, comment := cutComments(chunk)
	fields := strings.Fields(bare)
	for i, f := range fields {
		if addr, ok := cleanAddr(strings.Trim(f, "<>\"'[]")); ok {
			name := strings.Join(append(append([]string{}, fields[:i]...), fields[i+1:]...), " ")
			if name == "" {
				name = comment
			}
			return Address{Name: displayName(name, charset), Addr: addr}, true
		}
	}
	return Address{}, false
}

// cleanAddr validates an addr-spec loosely: something without blanks around one last @.
func cleanAddr(s string) (string, bool) {
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s), "mailto:"))
	if colon := strings.LastIndexByte(s, ':'); colon >= 0 && strings.HasPrefix(s, "@") { // an old source route
		s = s[colon+1:]
	}
	if strings.Contains(s, "=?") {
		s = decodeHeader(s, "")
	}
	if !strings.HasPrefix(s, `"`) {
		s = strings.Join(strings.Fields(s), "")
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 320 {
		return "", false
	}
	s = dropDirections(strings.ToValidUTF8(s, ""))
	at = strings.LastIndexByte(s, '@')
	for _, r := range s {
		if unicode.IsControl(r) || r == '<' || r == '>' || r == ',' || r == ';' {
			return "", false
		}
	}
	domain := strings.ToLower(strings.TrimRight(s[at+1:], "."))
	if domain == "" || strings.ContainsAny(domain, " \"()\\") || at <= 0 {
		return "", false
	}
	return s[:at] + "@" + domain, true
}

// displayName decodes a phrase: quotes and escapes off, encoded words decoded (even within quotes, where they should
// not be).
func displayName(s, charset string) string {
	s = strings.TrimSpace(s)
	s = strings.Trim(s, "'")
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] < 0x80:
			i++
			out.WriteByte(s[i])
		case s[i] == '"':
		default:
			out.WriteByte(s[i])
		}
	}
	return cleanName(decodeWords(out.String(), charset))
}

// cutComments separates the parenthesised comments of a mailbox; the last one is often its name.
func cutComments(s string) (bare, comment string) {
	var out, inside strings.Builder
	depth, last := 0, strings.LastIndexByte(s, ')')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(' && i < last:
			if depth == 0 {
				inside.Reset()
			}
			depth++
		case c == ')' && depth > 0:
			depth--
			out.WriteByte(' ')
		case depth > 0:
			inside.WriteByte(c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), inside.String()
}
