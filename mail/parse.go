package mail

import (
	"crypto/sha256"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Parse reads a mail. It never fails: what is broken is repaired, cut or left as text, and said so in a warning. Its
// time is linear in the size of the mail. The raw bytes remain the truth; Parse keeps no reference to them.
func Parse(raw []byte, limits Limits) (m Message, warnings []Warning) {
	limits = limits.withDefaults()
	warn := func(code WarningCode, detail string) {
		if len(warnings) < 100 {
			warnings = append(warnings, Warning{code, detail})
		}
	}
	defer func() {
		if p := recover(); p != nil { // a defect of ours must not stop a mailbox
			m = unreadable(raw, limits)
			warn(WarnPanic, fmt.Sprintf("parser failed: %v", p))
		}
	}()
	return parse(raw, limits, warn), warnings
}

func parse(raw []byte, limits Limits, warn func(WarningCode, string)) Message {
	if len(raw) > limits.Bytes {
		warn(WarnTooLarge, "mail too large: "+strconv.Itoa(len(raw))+" bytes, only its beginning was read")
		raw = raw[:min(len(raw), limits.PlaceholderBytes)]
	}
	raw = mendLineEndings(raw, warn)
	b := readHeader(raw, skipEnvelopeLines(raw), limits)
	if len(b.fields) == 0 {
		warn(WarnUnreadable, "no header")
		return unreadable(raw, limits)
	}
	if b.cut {
		warn(WarnHeaderCut, "header block too long")
	}
	if b.odd > 0 {
		warn(WarnHeaderLine, strconv.Itoa(b.odd)+" header lines without a name")
	}
	hint := charsetHint(raw)
	root := newPart(Header{Fields: b.fields, charset: hint}, false)
	root.body, root.end = b.body, len(raw)
	structure(raw, root, hint, limits, warn)

	m := Message{Header: root.header}
	readFields(&m, limits, warn)
	m.Type, m.ReportType = root.kind, strings.ToLower(root.params["report-type"])
	content := body{raw: raw, limits: limits, hint: hint, warn: warn}
	content.collect(root, nil)
	content.finish(&m)
	return m
}

// structure walks the MIME tree; a multipart in which no part was found is tried again with the boundary that the body
// seems to use, and is plain text if there is none.
func structure(raw []byte, root *part, hint string, limits Limits, warn func(WarningCode, string)) {
	(&walker{raw: raw, limits: limits, warn: warn, hint: hint}).walk(root)
	if len(root.children) > 0 || !strings.HasPrefix(root.kind, "multipart/") {
		return
	}
	if guess := guessBoundary(raw, root.body); guess != "" {
		warn(WarnBoundary, "boundary guessed")
		root.params["boundary"] = guess
		(&walker{raw: raw, limits: limits, warn: warn, hint: hint}).walk(root)
	}
	if len(root.children) == 0 {
		warn(WarnBoundary, "multipart without parts, read as text")
		root.kind, root.multipart, root.end = "text/plain", false, len(raw)
	}
}

// readFields fills the message from its header.
func readFields(m *Message, limits Limits, warn func(WarningCode, string)) {
	h := m.Header
	m.RawSubject = capRunes(strings.ToValidUTF8(h.Raw("Subject"), "\uFFFD"), 4096)
	m.RawSubject = oneLine(m.RawSubject)
	m.Subject = capRunes(h.Get("Subject"), 998)
	for _, list := range []struct {
		name string
		into *[]Address
	}{{"From", &m.From}, {"Sender", &m.Sender}, {"Reply-To", &m.ReplyTo}, {"To", &m.To}, {"Cc", &m.Cc}} {
		for _, raw := range h.rawValues(list.name) {
			*list.into = append(*list.into, ParseAddresses(raw, h.charset, limits.Addresses-len(*list.into))...)
		}
		if len(*list.into) >= limits.Addresses {
			warn(WarnTooManyItems, "too many addresses in "+list.name)
		}
	}
	if len(m.From) == 0 {
		warn(WarnAddress, "no address in From")
		if name := displayName(h.Raw("From"), h.charset); name != "" {
			m.From = []Address{{Name: name}}
		}
	}
	readEnvelope(m)
	if ids := ParseIDs(h.Raw("Message-ID"), 1); len(ids) > 0 {
		m.MessageID = ids[0]
	} else {
		warn(WarnMessageID, "no Message-ID")
	}
	m.InReplyTo = ParseIDs(strings.Join(h.rawValues("In-Reply-To"), " "), limits.IDs)
	m.References = ParseIDs(strings.Join(h.rawValues("References"), " "), limits.IDs)
	if raw := h.Raw("Date"); raw != "" {
		var ok bool
		if m.Date, ok = parseDate(raw); !ok {
			warn(WarnDate, "date cannot be read")
		}
	}
}

// readEnvelope reads what delivering hosts noted about the envelope.
func readEnvelope(m *Message) {
	h := m.Header
	if h.Has("Return-Path") {
		if list := ParseAddresses(h.Raw("Return-Path"), h.charset, 1); len(list) > 0 {
			m.ReturnPath = list[0].Addr
		} else {
			m.NullReturnPath = strings.Trim(h.Raw("Return-Path"), "<> \t") == ""
		}
	}
	seen := map[string]bool{}
	for _, f := range h.Fields {
		switch strings.ToLower(f.Name) {
		case "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-rcpt-to", "x-forwarded-to":
			for _, a := range ParseAddresses(f.Raw, h.charset, 20) {
				if !seen[a.Key()] && len(m.Delivered) < 100 {
					seen[a.Key()] = true
					m.Delivered = append(m.Delivered, a.Addr)
				}
			}
		}
	}
}

// unreadable is what is left of bytes that are no mail: the bytes as text.
func unreadable(raw []byte, limits Limits) Message {
	raw = raw[:min(len(raw), limits.BodyBytes)]
	text, ok := decodeAs(raw, "utf-8")
	if !ok {
		text = detect(raw, "", "")
	}
	return Message{Text: capBytes(cleanText(text), limits.BodyBytes), Type: "text/plain", replyAt: -1}
}

// mendLineEndings turns bare CR line ends into LF where no LF is to be found.
func mendLineEndings(raw []byte, warn func(WarningCode, string)) []byte {
	head := raw[:min(len(raw), 64<<10)]
	if strings.IndexByte(string(head), '\n') >= 0 || strings.IndexByte(string(head), '\r') < 0 {
		return raw
	}
	warn(WarnLineEndings, "lines ended by bare CR")
	return []byte(strings.ReplaceAll(string(raw), "\r", "\n"))
}

var (
	declaredCharset = regexp.MustCompile(`(?i)charset\s*=\s*"?\s*([a-z0-9_.:-]{2,40})`)
	wordCharset     = regexp.MustCompile(`(?i)=\?([a-z0-9_.:-]{2,40})(?:\*[a-z-]+)?\?[bq]\?`)
)

// charsetHint is the best guess for undeclared bytes: the first charset, other than ASCII and UTF-8, that the mail names
// anywhere near its beginning.
func charsetHint(raw []byte) string {
	head := raw[:min(len(raw), 256<<10)]
	for _, re := range []*regexp.Regexp{declaredCharset, wordCharset} {
		for _, m := range re.FindAllSubmatch(head, 20) {
			label := cleanLabel(string(m[1]))
			if label != "us-ascii" && !isUTF8(label) && charsetByLabel(label) != nil {
				return label
			}
		}
	}
	return ""
}

// parseDate reads a Date header, comments and missing or odd zones included.
func parseDate(raw string) (time.Time, bool) {
	bare, _ := cutComments(raw)
	bare = oneLine(bare)
	if t, err := netmail.ParseDate(bare); err == nil {
		return t, plausible(t)
	}
	for _, layout := range []string{
		"Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04 -0700", "Mon, 2 Jan 2006 15:04:05",
		"2 Jan 2006 15:04:05", "Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon, 2-Jan-2006 15:04:05 -0700",
		"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.RFC3339, "Mon, 2 January 2006 15:04:05 -0700",
		"Monday, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15.04.05 -0700",
	} {
		if t, err := time.Parse(layout, bare); err == nil {
			return t, plausible(t)
		}
	}
	return time.Time{}, false
}

func plausible(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 10000 }

// Fingerprint identifies the content of a mail across deliveries: a hash over the headers that the sender wrote and the
// body, without what hosts added on the way, with line ends made equal. Together with the Message-ID it tells a second
// delivery from another mail under the same id; alone it stands in for a missing Message-ID.
func Fingerprint(raw []byte) [32]byte {
	b := readHeader(raw, skipEnvelopeLines(raw), Limits{}.withDefaults())
	sum := sha256.New()
	for _, name := range []string{"From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type"} {
		for _, value := range (Header{Fields: b.fields}).rawValues(name) {
			fmt.Fprintf(sum, "%s:%s\n", name, strings.Join(strings.Fields(value), " "))
		}
	}
	sum.Write([]byte{'\n'})
	pos := b.body
	blank := 0
	for pos < len(raw) { // trailing blank lines come and go on the way
		line, next := lineAt(raw, pos)
		pos = next
		if len(line) == 0 {
			blank++
			continue
		}
		for ; blank > 0; blank-- {
			sum.Write([]byte{'\n'})
		}
		sum.Write(line)
		sum.Write([]byte{'\n'})
	}
	return [32]byte(sum.Sum(nil))
}

func itoa(n int) string { return strconv.Itoa(n) }
