package mail

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// Tag is the mark of a ticket in a subject: [#1042].
func Tag(number int64) string { return "[#" + strconv.FormatInt(number, 10) + "]" }

// TagSubject puts the tag before a subject that does not carry it yet.
func TagSubject(number int64, subject string) string {
	subject = strings.TrimSpace(subject)
	if number <= 0 || strings.Contains(subject, Tag(number)) {
		return subject
	}
	return strings.TrimSpace(Tag(number) + " " + subject)
}

var (
	bracketed = regexp.MustCompile(`\[#\s?(\d{1,12})\]|#\[(\d{1,12})\]`)
	bare      = regexp.MustCompile(`(?:^|[^0-9A-Za-z&#/])#(\d{4,12})(?:$|[^0-9A-Za-z-])`)
)

// SubjectNumbers are the ticket numbers a subject names, bracketed forms first: [#1042], #[1042], #1042, all also in
// full-width characters. A number is a hint and proves nothing.
func SubjectNumbers(subject string) []int64 {
	subject = narrow(subject)
	var numbers []int64
	seen := map[int64]bool{}
	add := func(digits string) {
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil && n > 0 && !seen[n] && len(numbers) < 10 {
			seen[n] = true
			numbers = append(numbers, n)
		}
	}
	for _, m := range bracketed.FindAllStringSubmatch(subject, -1) {
		add(m[1] + m[2])
	}
	for _, m := range bare.FindAllStringSubmatch(subject, -1) {
		add(m[1])
	}
	return numbers
}

// narrow turns full-width forms into ASCII: ［＃１０４２］ is [#1042].
func narrow(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '【', '〔':
			return '['
		case '】', '〕':
			return ']'
		case '\u3000':
			return ' '
		}
		if r >= 0xff01 && r <= 0xff5e {
			if folded := width.LookupRune(r).Folded(); folded != 0 {
				return folded
			}
		}
		return r
	}, s)
}

const (
	replyWords = `re|aw|antw|antwort|sv|vs|ref|res|rif|r|odp|回复|回覆|答复|答覆|返信|회신|답장|답변|ynt|απ|atb|odpověď|vá|bls|отв|ответ|ha`
	// forwardWords stand before a subject that somebody passes on.
	forwardWords = `fwd|fw|wg|weitergeleitet|tr|enc|rv|i|doorst|vb|vl|pd|转发|轉寄|轉發|転送|전달|ilt|πρθ|fwd|пересл|İlt|i̇lt`
)

var (
	// prefix is one marker of reply or forward: word, perhaps a counter, colon. Single letters count only before a
	// plain colon.
	prefix      = regexp.MustCompile(`(?i)^\s*(?:(` + replyWords + `)|(` + forwardWords + `))\s?(?:[\[(]\d{1,3}[\])]|\^\d{1,3}|\d{1,2})?\s?[:：]\s*`)
	bracketWord = regexp.MustCompile(`(?i)^\s*[\[［](?:fwd|fw|wg)[:：]\s*(.*?)[\]］]\s*$`)
	leadingTag  = regexp.MustCompile(`^\s*(?:\[#\s?\d{1,12}\]|#\[\d{1,12}\]|［＃[０-９0-9]{1,12}］)\s*`)
)

// CleanSubject removes reply and forward markers and ticket tags from the front of a subject, however often and in
// whatever order they stand there. It gives what the mail is about, or "".
func CleanSubject(subject string) string {
	subject, _ = stripPrefixes(subject)
	return subject
}

// stripPrefixes also tells whether the outermost marker says that the mail was forwarded.
func stripPrefixes(subject string) (clean string, forwarded bool) {
	subject = strings.TrimSpace(subject)
	first := true
	for range 50 {
		if m := prefix.FindStringSubmatchIndex(subject); m != nil {
			if first {
				forwarded = m[4] >= 0
			}
			first = false
			subject = subject[m[1]:]
			continue
		}
		if m := leadingTag.FindString(subject); m != "" {
			subject = subject[len(m):]
			continue
		}
		if m := bracketWord.FindStringSubmatch(subject); m != nil {
			forwarded = forwarded || first
			first = false
			subject = m[1]
			continue
		}
		break
	}
	return strings.TrimSpace(subject), forwarded
}
