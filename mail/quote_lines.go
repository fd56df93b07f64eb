package mail

import "strings"

// line is one line of the text being split.
type line struct {
	text   string // without line end
	start  int
	next   int // where the next line starts
	quoted bool
	blank  bool
}

func cutLines(text string) []line {
	lines := make([]line, 0, strings.Count(text, "\n")+1)
	for pos := 0; pos < len(text); {
		end := strings.IndexByte(text[pos:], '\n')
		next := len(text)
		if end < 0 {
			end = len(text)
		} else {
			end += pos
			next = end + 1
		}
		l := line{text: text[pos:end], start: pos, next: next}
		trimmed := strings.TrimLeft(l.text, " \t\u00a0\u3000")
		l.blank = strings.TrimSpace(trimmed) == ""
		l.quoted = strings.HasPrefix(trimmed, ">") || strings.HasPrefix(trimmed, "＞")
		lines = append(lines, l)
		pos = next
	}
	return lines
}

func lineAtOffset(lines []line, offset int) int {
	for i, l := range lines {
		if l.start >= offset {
			return i
		}
	}
	return len(lines)
}
