package mail

import (
	"strings"
	"unicode"
)

// Range is a stretch of Message.Text: bytes Start to End, End excluded, whole lines.
type Range struct{ Start, End int }

// Split says which stretches of a text are folded away when it is shown. Nothing is ever cut from the text itself.
type Split struct {
	// Quoted is what the mail repeats of earlier mails, Signature what its author always appends. Both are in order and
	// do not overlap.
	Quoted, Signature []Range
}

// SplitReply finds the visible reply in a mail. opening says that the mail opened a ticket: then nothing of it counts
// as quoted, since nobody has seen it, and only the signature is folded. Where folding would leave nothing, nothing is
// folded.
func SplitReply(m Message, opening bool) Split {
	return splitText(m.Text, m.replyAt, opening)
}

// SplitText is SplitReply for a text alone.
func SplitText(text string) Split { return splitText(text, -1, false) }

// Visible is the text without its folded stretches and without blank lines around.
func (s Split) Visible(text string) string {
	folded := make([]Range, 0, len(s.Quoted)+len(s.Signature))
	folded = append(append(folded, s.Quoted...), s.Signature...)
	var out strings.Builder
	pos := 0
	for pos < len(text) {
		next := Range{len(text), len(text)}
		for _, r := range folded {
			if r.End > pos && r.Start < next.Start {
				next = r
			}
		}
		if next.Start > pos {
			out.WriteString(text[pos:next.Start])
		}
		pos = max(pos, next.End)
	}
	return strings.Trim(trimRightLines(out.String()), "\n")
}

// trimRightLines removes blank lines at the end, and blanks on them.
func trimRightLines(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }

// maxQuoteLines bounds how many lines are searched for the start of a quotation; no person writes more above it.
const maxQuoteLines = 20000

func splitText(text string, hint int, opening bool) Split {
	lines := cutLines(text)
	var s Split
	end := len(lines)
	if !opening {
		start := len(lines) // where the HTML says that the quotation starts
		if hint >= 0 {
			start = lineAtOffset(lines, hint)
		}
		left := attributionTries
		cut := left.findCut(lines, start)
		s.Quoted = left.quotedBlocks(lines, cut, start)
		if cut < len(lines) {
			end = cut
		}
		if n := len(s.Quoted); n > 0 && s.Quoted[n-1].End == len(text) {
			end = min(end, lineAtOffset(lines, s.Quoted[n-1].Start))
		}
	}
	if r, ok := signature(lines[:end]); ok {
		s.Signature = []Range{r}
	}
	if strings.TrimSpace(s.Visible(text)) == "" {
		// A mail that only quotes or only signs is shown whole.
		if s.Signature = nil; strings.TrimSpace(s.Visible(text)) == "" {
			return Split{}
		}
	}
	return s
}

// findCut returns the line at which everything that follows is quotation, or len(lines). Marks inside lines that are
// quoted by > do not count: such lines speak for themselves.
func (t *tries) findCut(lines []line, hint int) int {
	for i := range lines[:min(len(lines), maxQuoteLines)] {
		l := lines[i]
		if l.blank {
			if i == hint {
				hint++ // the mark stands before the first words
			}
			continue
		}
		if isDelimiter(l.text) {
			return t.withLeadIn(lines, i)
		}
		if l.quoted {
			continue
		}
		if i == hint && !quotesFollow(lines, i, 4) && somethingBefore(lines, i) {
			return t.withLeadIn(lines, i)
		}
		if isSeparator(l.text) || isHeaderBlock(lines, i) {
			return t.withLeadIn(lines, i)
		}
		if n := t.attribution(lines, i); n > 0 && !quotesFollow(lines, i+n, 3) && somethingBefore(lines, i) {
			return i
		}
	}
	return len(lines)
}

// withLeadIn moves a cut up over the attribution, rule or blank lines that introduce it.
func (t *tries) withLeadIn(lines []line, cut int) int {
	i := cut
	for i > 0 && lines[i-1].blank {
		i--
	}
	for back := 1; back <= 3 && i-back >= 0; back++ {
		if n := t.attribution(lines, i-back); n == back {
			return i - back
		}
	}
	if i > 0 && isRule(lines[i-1].text) {
		return i - 1
	}
	return cut
}

// quotesFollow says whether one of the next n lines that are not blank is quoted by >.
func quotesFollow(lines []line, from, n int) bool {
	for i := from; i < len(lines) && n > 0; i++ {
		if lines[i].quoted {
			return true
		}
		if !lines[i].blank {
			n--
		}
	}
	return false
}

func somethingBefore(lines []line, i int) bool {
	for _, l := range lines[:i] {
		if !l.blank && !l.quoted {
			return true
		}
	}
	return false
}

// quotedBlocks decides about the lines quoted by > above the cut. A block at the end is folded, a block before
// everything the author wrote too; in between the author answers point by point and the quotes stay to be read.
func (t *tries) quotedBlocks(lines []line, cut, hint int) []Range {
	blocks := t.findBlocks(lines[:cut], hint)
	var folded []Range
	own := func(from, to int) bool {
		if from >= to {
			return false
		}
		part := lines[from:to]
		if r, ok := signature(part); ok {
			part = part[:lineAtOffset(part, r.Start)]
		}
		for _, l := range part {
			if !l.blank {
				return true
			}
		}
		return false
	}
	for k, b := range blocks {
		before := 0
		if k > 0 {
			before = blocks[k-1].to
		}
		last := k == len(blocks)-1
		switch {
		case last && !own(b.to, cut):
			folded = append(folded, stretch(lines[b.from], lines[b.to-1]))
		case k == 0 && last && !own(before, b.from):
			folded = append(folded, stretch(lines[b.from], lines[b.to-1]))
		}
	}
	if cut < len(lines) {
		folded = append(folded, stretch(lines[cut], lines[len(lines)-1]))
	}
	return folded
}

// span is a run of lines, to excluded.
type span struct{ from, to int }

// findBlocks gathers runs of quoted lines, blank lines between them and the attribution above them included: that is
// where hint points, if it points just above.
func (t *tries) findBlocks(lines []line, hint int) []span {
	var blocks []span
	for i := 0; i < len(lines); i++ {
		if !lines[i].quoted {
			continue
		}
		b := span{from: i, to: i + 1}
		for j := i + 1; j < len(lines); j++ {
			if lines[j].quoted {
				b.to = j + 1
				continue
			}
			if lines[j].blank || wraps(lines, j) {
				continue
			}
			break
		}
		i = b.to - 1
		if above := t.attributionAbove(lines, b.from); above < b.from {
			b.from = above
		} else if justAbove(lines, hint, b.from) {
			b.from = hint
		}
		if n := len(blocks); n > 0 && b.from < blocks[n-1].to {
			b.from = blocks[n-1].to
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// justAbove says whether line i stands above the block at from with at most four lines of text in between.
func justAbove(lines []line, i, from int) bool {
	if i > from {
		return false
	}
	n := 0
	for _, l := range lines[i:from] {
		if l.quoted {
			return false
		}
		if !l.blank {
			n++
		}
	}
	return n <= 4
}

// wraps recognises the short rest of a quoted line that a mailer broke without repeating the mark.
func wraps(lines []line, j int) bool {
	return j > 0 && j+1 < len(lines) && lines[j-1].quoted && lines[j+1].quoted &&
		len(lines[j-1].text) > 60 && len(lines[j].text) < 20 && !strings.HasSuffix(lines[j].text, ".")
}

func (t *tries) attributionAbove(lines []line, from int) int {
	i := from
	for i > 0 && lines[i-1].blank {
		i--
	}
	for back := 1; back <= 3 && i-back >= 0; back++ {
		if n := t.attribution(lines, i-back); n == back {
			return i - back
		}
	}
	return from
}
