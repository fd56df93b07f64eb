package mail

import "strings"

// line is one line of the text being split.
type line struct {
	text   string // without line end
	start  int32
	next   int32 // where the next line starts
	quoted bool
	blank  bool
	class  byte // of its label, once it was looked at
	looked bool
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
		l := line{text: text[pos:end], start: int32(pos), next: int32(next), blank: end == pos} // texts are bounded far below
		if l.blank {
			lines = append(lines, l)
			pos = next
			continue
		}
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
		if int(l.start) >= offset {
			return i
		}
	}
	return len(lines)
}

// stretch is the bytes from the beginning of one line to the end of another.
func stretch(from, to line) Range { return Range{int(from.start), int(to.next)} }
