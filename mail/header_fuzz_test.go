package mail_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

// FuzzHeader puts anything where a mail's header should be: what is read of it is text on one line, and the same
// however often it is read.
func FuzzHeader(f *testing.F) {
	for _, header := range []string{
		"From: a@x.example\r\nSubject: s", "Subject: =?utf-8?b?44OG44K544OI?=\r\n =?utf-8?b?IQ==?=", "From a@b\r\nFrom: b", "broken line\r\nSubject: s", "Subject: \x82\xa0\r\nTo: \"x",
		"From: =?iso-2022-jp?B?GyRCOzNFRBsoQg==?= <y@x>, (c)", "Content-Type: text/plain; charset=\"iso-2022-jp", "References: <a@b> <c@d\r\n e@f>", "Date: 1\r\n: x\r\nSubject", "TO: a;b;c\rCC: d",
	} {
		f.Add([]byte(header))
	}
	f.Fuzz(func(t *testing.T, header []byte) {
		raw := append(header[:len(header):len(header)], "\r\n\r\nThe body.\r\n"...)
		m, warnings := mail.Parse(raw, mail.Limits{})
		require.NotContains(t, codes(warnings), mail.WarnPanic)
		one := []string{m.Subject, m.MessageID, m.ReturnPath}
		for _, list := range [][]mail.Address{m.From, m.Sender, m.ReplyTo, m.To, m.Cc} {
			for _, a := range list {
				one = append(one, a.Name, a.Addr)
			}
		}
		for _, s := range append(append(one, m.References...), m.InReplyTo...) {
			require.True(t, utf8.ValidString(s))
			require.False(t, strings.ContainsAny(s, "\r\n\x00"), "%q", s)
		}
		again, _ := mail.Parse(raw, mail.Limits{})
		require.Equal(t, m, again)
	})
}
