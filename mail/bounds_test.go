package mail_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

// hostile are mails made to cost time or memory, with what each may take at most on a slow machine under the race
// detector. Without bounds they take minutes.
func hostile() map[string][]byte {
	head := "From: a@x.example\r\nSubject: s\r\nMessage-ID: <1@x>\r\n"
	mime := func(levels int) []byte {
		var b strings.Builder
		b.WriteString(head)
		for i := range levels {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\n", i, i)
		}
		b.WriteString("Content-Type: text/plain\r\n\r\ndeep\r\n")
		return []byte(b.String())
	}
	many := func(n int, s string) []byte { return []byte(strings.Repeat(s, n)) }
	text := func(s string) []byte { return append([]byte(head+"\r\n"), s...) }
	page := func(s string) []byte {
		return append([]byte(head+"Content-Type: text/html; charset=utf-8\r\n\r\n"), s...)
	}
	field := func(name, value string) []byte {
		return []byte(head + name + ": " + value + "\r\n\r\nx\r\n")
	}
	return map[string][]byte{
		"22 unclosed multiparts":      mime(22),
		"100 unclosed multiparts":     mime(100),
		"5000 unclosed multiparts":    mime(5000),
		"20000 parts":                 append([]byte(head+"Content-Type: multipart/mixed; boundary=b\r\n\r\n"), many(20000, "--b\r\n\r\nx\r\n")...),
		"same boundary in each level": append([]byte(head), many(5000, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n")...),
		"50000 header lines":          append([]byte(head), many(50000, "X-A: b\r\n")...),
		"one header of 5 MB":          field("X-A", strings.Repeat("a ", 5<<19)),
		"folded header of 1 MB":       field("Subject", strings.Repeat("a\r\n ", 1<<18)),
		"words in the subject":        field("Subject", strings.Repeat("=?utf-8?q?a?= ", 18000)),
		"open words":                  field("Subject", strings.Repeat("=?utf-8?q?", 25000)),
		"open brackets in To":         field("To", strings.Repeat("(", 250000)),
		"open angles in To":           field("To", strings.Repeat("<", 250000)),
		"open quotes in To":           field("To", strings.Repeat("\"a", 125000)),
		"commas in To":                field("To", strings.Repeat(",", 250000)),
		"colons in To":                field("To", strings.Repeat(":", 250000)),
		"100000 ids":                  field("References", strings.Repeat("<a@b>", 50000)),
		"angles in References":        field("References", strings.Repeat("<", 250000)),
		"parameters":                  field("Content-Type", "text/plain"+strings.Repeat(";a*0=b", 40000)),
		"50000 divs":                  page(strings.Repeat("<div>", 50000)),
		"50000 blockquotes":           page(strings.Repeat("<blockquote>", 50000) + "x"),
		"4 MB of open tags":           page(strings.Repeat("<b><i>", 4<<20/6)),
		"a million angles":            page(strings.Repeat("<", 1<<20)),
		"quote marks":                 text(strings.Repeat("> ", 1<<19)),
		"a million lines":             text(strings.Repeat("\n", 1<<20)),
		"attributions":                text(strings.Repeat("On Monday x wrote:\n", 50000)),
		"half attributions":           text(strings.Repeat("On Monday x wrote\n", 50000)),
		"colons":                      text(strings.Repeat("a@b:\n", 200000)),
		"header blocks":               text(strings.Repeat("From: a\n", 100000)),
		"rules":                       text(strings.Repeat("--------\n", 100000)),
		"one line of 8 MB":            text(strings.Repeat("a", 8<<20)),
		"uuencode":                    text(strings.Repeat("begin 644 a\n", 80000)),
		"base64 of 8 MB":              append([]byte(head+"Content-Transfer-Encoding: base64\r\n\r\n"), many(100000, strings.Repeat("QUFB", 19)+"\r\n")...),
		"escapes":                     append([]byte(head+"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"), many(200000, "\x1b$B\x1b(B")...),
		"undeclared 8-bit":            text(strings.Repeat("\x82\xa0\x93\xfa\x96{\xff\n", 100000)),
		"subject prefixes":            field("Subject", strings.Repeat("Re: ", 50000)),
		"subject numbers":             field("Subject", strings.Repeat("[#1] #1042 ", 20000)),
		"status groups":               append([]byte(head+"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"), many(100000, "Action: failed\r\n\r\n")...),
		"nothing":                     nil,
		"one colon":                   []byte(":"),
		"only line ends":              []byte("\r\n\r\n\r\n"),
		"only CR":                     many(100000, "\r"),
		"From lines":                  many(100000, "From \n"),
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for name, raw := range hostile() {
		t.Run(name, func(t *testing.T) {
			took := best(limitFor(len(raw)), func() { everything(raw) })
			t.Logf("%d bytes, %v", len(raw), took.Round(time.Millisecond))
			require.Less(t, took, limitFor(len(raw)))
		})
	}
}

// limitFor is 50 ms, and a second for each megabyte: linear, with room for the race detector on a busy machine.
func limitFor(size int) time.Duration {
	limit := 50*time.Millisecond + time.Duration(size)*time.Second/(1<<20)
	return limit * slowdown
}

// everything does all that is done with a received mail.
func everything(raw []byte) mail.Message {
	m, _ := mail.Parse(raw, mail.Limits{})
	mail.Classify(m, []string{"support@desk.example"})
	mail.SanitizeHTML(m.HTML)
	mail.SplitReply(m, false).Visible(m.Text)
	h := mail.FindHints(m, testKeys, []string{"support@desk.example"})
	mail.Decide(h, mail.Lookup{})
	mail.CleanSubject(m.Subject)
	mail.Fingerprint(raw)
	mail.Authentication(m, "mx.desk.example")
	return m
}

func TestCaps(t *testing.T) {
	t.Parallel()
	raw := hostile()["20000 parts"]
	m, warnings := mail.Parse(raw, mail.Limits{Parts: 10})
	require.Contains(t, codes(warnings), mail.WarnParts)
	require.Contains(t, m.Text, "--b", "the last part keeps the rest")

	m, warnings = mail.Parse(hostile()["100 unclosed multiparts"], mail.Limits{})
	require.Contains(t, codes(warnings), mail.WarnDepth)
	require.Len(t, m.Attachments, 1, "what lies too deep stays a file")

	long := append([]byte("From: a@x.example\nSubject: long\n\n"), bytes.Repeat([]byte("日本語\n"), 1<<20)...)
	m, warnings = mail.Parse(long, mail.Limits{})
	require.Contains(t, codes(warnings), mail.WarnBodyCut)
	require.LessOrEqual(t, len(m.Text), 2<<20)
	require.True(t, utf8.ValidString(m.Text))
	require.Len(t, m.Attachments, 1)
	require.Len(t, m.Attachments[0].Data, len(long)-len("From: a@x.example\nSubject: long\n\n"), "attached whole")

	m, warnings = mail.Parse(long, mail.Limits{Bytes: 1 << 20, PlaceholderBytes: 1000})
	require.Contains(t, codes(warnings), mail.WarnTooLarge)
	require.Equal(t, "long", m.Subject)
	require.Less(t, len(m.Text), 1001)
	require.NotEmpty(t, m.Text)

	m, _ = mail.Parse(hostile()["100000 ids"], mail.Limits{})
	require.Len(t, m.References, 100)
}

func codes(warnings []mail.Warning) []mail.WarningCode {
	var list []mail.WarningCode
	for _, w := range warnings {
		list = append(list, w.Code)
	}
	return list
}

func FuzzParse(f *testing.F) {
	for _, raw := range hostile() {
		if len(raw) < 4096 {
			f.Add(raw)
		}
	}
	seedWithTestdata(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, warnings := mail.Parse(raw, mail.Limits{})
		require.NotContains(t, codes(warnings), mail.WarnPanic)
		for _, s := range texts(m) {
			require.True(t, utf8.ValidString(s))
			require.NotContains(t, s, "\x00")
		}
		for _, a := range m.Attachments {
			require.NotEmpty(t, a.Name)
			require.NotContains(t, a.Name, "/")
		}
		mail.Classify(m, []string{"support@desk.example"})
		again, _ := mail.Parse(raw, mail.Limits{})
		require.Equal(t, m, again, "parsing twice gives the same")
	})
}

// texts are all strings of a message that are stored.
func texts(m mail.Message) []string {
	list := []string{m.Subject, m.RawSubject, m.Text, m.HTML, m.MessageID, m.ReturnPath, m.Type, mail.HTMLToText(m.HTML), mail.SanitizeHTML(m.HTML)}
	for _, addresses := range [][]mail.Address{m.From, m.Sender, m.ReplyTo, m.To, m.Cc} {
		for _, a := range addresses {
			list = append(list, a.Name, a.Addr)
		}
	}
	for _, a := range m.Attachments {
		list = append(list, a.Name, a.Type, a.ContentID, a.ContentLocation)
	}
	list = append(list, m.Delivered...)
	list = append(list, m.InReplyTo...)
	return append(list, m.References...)
}
