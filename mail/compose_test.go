package mail_test

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"
	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

// outgoing is a complete answer; change alters it.
func outgoing(change func(*mail.Outgoing)) mail.Outgoing {
	o := mail.Outgoing{
		MessageID: testKeys.MessageID(mail.KindReply, testUUID, "desk.example"),
		Date:      time.Date(2026, 11, 24, 10, 0, 0, 0, time.FixedZone("JST", 9*3600)),
		From:      mail.Address{Name: "サポートデスク", Addr: "support@desk.example"},
		ReplyTo:   mail.Address{Addr: testKeys.ReplyAddress("support@desk.example", "tok1")},
		To:        []mail.Address{{Name: "山田, 太郎", Addr: "yamada@client.example"}},
		Cc:        []mail.Address{{Addr: "boss@client.example"}},
		Number:    1042, Subject: "プリンターが動きません", Reply: true,
		InReplyTo: "<c2@client.example>", References: []string{"c1@client.example", "<c2@client.example>"},
		Body:        "山田 様\n\nお世話になっております。\n改行は**そのまま**です。\n\n- 一\n- 二\n\nhttps://desk.example/help\n",
		Language:    "ja",
		Attachments: []mail.Attachment{{Name: "手順書.pdf", Type: "application/pdf", Data: []byte("%PDF-1.7\n")}},
	}
	if change != nil {
		change(&o)
	}
	return o
}

func TestComposeGolden(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mail.Outgoing{
		"answer-ja": outgoing(nil),
		"acknowledgement-en": outgoing(func(o *mail.Outgoing) {
			o.Automatic, o.Triggered, o.Language, o.Attachments, o.Cc = true, true, "en", nil, nil
			o.From.Name, o.To[0].Name, o.Subject, o.ReplyTo = "Support", "", "printer", mail.Address{}
			o.Body = "Hello,\n\nwe have received your request **#1042**.\n"
		}),
		"inline-image": outgoing(func(o *mail.Outgoing) {
			o.Format, o.Body = mail.FormatHTML, `<p>See <img src="cid:shot@desk"> <script>alert(1)</script></p>`
			o.Attachments = append(o.Attachments, mail.Attachment{Name: "shot.png", Type: "image/png", Data: []byte("\x89PNG"), ContentID: "shot@desk", Inline: true})
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := mail.Compose(o)
			require.NoError(t, err)
			again, err := mail.Compose(o)
			require.NoError(t, err)
			require.Equal(t, string(raw), string(again), "the same bytes each time")
			golden := "testdata/compose/" + name + ".eml"
			if *update {
				require.NoError(t, os.MkdirAll("testdata/compose", 0o755))
				require.NoError(t, os.WriteFile(golden, raw, 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(raw))
			requireProper(t, raw)
		})
	}
}

// requireProper checks what must hold for everything we send.
func requireProper(t *testing.T, raw []byte) {
	t.Helper()
	require.NotRegexp(t, `[^\r]\n`, string(raw), "CRLF only")
	for _, b := range raw {
		require.Less(t, b, byte(0x80), "7-bit")
	}
	for _, line := range strings.Split(string(raw), "\r\n") {
		require.LessOrEqual(t, len(line), 998)
	}
	head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	host, err := os.Hostname()
	require.NoError(t, err)
	for _, leak := range []string{"X-Mailer", "User-Agent", "go-mail", host + "\r"} {
		require.NotContains(t, head, leak)
	}
	for _, name := range []string{"From", "To", "Date", "Message-ID", "Subject", "MIME-Version"} {
		require.Equal(t, 1, strings.Count("\r\n"+head, "\r\n"+name+": "), name)
	}
	_, err = netmail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	env, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	require.NoError(t, err)
	require.Empty(t, env.Errors)
}

func TestComposeIsReadBack(t *testing.T) {
	t.Parallel()
	o := outgoing(nil)
	raw, err := mail.Compose(o)
	require.NoError(t, err)
	m, warnings := mail.Parse(raw, mail.Limits{})
	require.Empty(t, warnings)
	require.Equal(t, "Re: [#1042] プリンターが動きません", m.Subject)
	require.Contains(t, m.RawSubject, "Re: [#1042] ", "the number is readable in the source")
	require.Equal(t, []mail.Address{o.From}, m.From)
	require.Equal(t, o.To, m.To)
	require.Equal(t, o.Cc, m.Cc)
	require.Equal(t, []mail.Address{o.ReplyTo}, m.ReplyTo)
	require.Equal(t, strings.Trim(o.MessageID, "<>"), m.MessageID)
	require.Equal(t, []string{"c2@client.example"}, m.InReplyTo)
	require.Equal(t, []string{"c1@client.example", "c2@client.example"}, m.References)
	require.True(t, o.Date.Equal(m.Date))
	require.Equal(t, "山田 様\n\nお世話になっております。\n改行はそのままです。\n\n- 一\n- 二\n\nhttps://desk.example/help", strings.TrimSpace(m.Text), "the text part reads without the signs of Markdown")
	require.Contains(t, m.HTML, "<strong>そのまま</strong>")
	require.Contains(t, m.HTML, "<li>一</li>")
	require.Contains(t, m.HTML, `<html lang="ja">`)
	require.Len(t, m.Attachments, 1)
	require.Equal(t, "手順書.pdf", m.Attachments[0].Name)
	require.Equal(t, o.Attachments[0].Data, m.Attachments[0].Data)
	c := mail.Classify(m, nil)
	require.Equal(t, mail.SortHuman, c.Sort, "an agent's answer carries no mark of a machine")
	require.True(t, c.MayAcknowledge)
	require.Equal(t, mail.SortSelf, mail.Classify(m, self).Sort)
}

func TestComposeAutomatic(t *testing.T) {
	t.Parallel()
	raw, err := mail.Compose(outgoing(func(o *mail.Outgoing) { o.Automatic, o.Triggered = true, true }))
	require.NoError(t, err)
	m, _ := mail.Parse(raw, mail.Limits{})
	require.Equal(t, "auto-replied", m.Header.Get("Auto-Submitted"))
	require.Equal(t, "All", m.Header.Get("X-Auto-Response-Suppress"))
	require.Equal(t, "bulk", m.Header.Get("Precedence"))
	c := mail.Classify(m, nil)
	require.Equal(t, mail.SortAutoReplied, c.Sort)
	require.False(t, c.MayAcknowledge, "two desks facing each other stop here")
	raw, err = mail.Compose(outgoing(func(o *mail.Outgoing) { o.Automatic = true }))
	require.NoError(t, err)
	m, _ = mail.Parse(raw, mail.Limits{})
	require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
}

func TestComposeResistsInjection(t *testing.T) {
	t.Parallel()
	raw, err := mail.Compose(outgoing(func(o *mail.Outgoing) {
		o.Subject = "x\r\nBcc: victim@x.example\r\n\r\nbody"
		o.To[0].Name = "n\r\nBcc: victim@x.example"
		o.References = []string{"a@b>\r\nBcc: victim@x.example", "ok@b"}
		o.Attachments[0].Name = "a\"\r\nX-Evil: 1.pdf"
		o.Attachments[0].Type = "application/pdf\r\nX-Evil: 1"
		o.Body = "text\n\n--=_boundary\n\n<script>alert(1)</script> [x](javascript:alert(1))"
	}))
	require.NoError(t, err)
	requireProper(t, raw)
	m, _ := mail.Parse(raw, mail.Limits{})
	require.False(t, m.Header.Has("Bcc"))
	require.NotContains(t, string(raw), "\nX-Evil")
	require.NotContains(t, m.HTML, "<script")
	require.NotContains(t, m.HTML, "javascript:")
	require.Len(t, m.Attachments, 1)

	for name, change := range map[string]func(*mail.Outgoing){
		"no id":        func(o *mail.Outgoing) { o.MessageID = "" },
		"broken id":    func(o *mail.Outgoing) { o.MessageID = "<a@b>\r\nBcc: c@d" },
		"no date":      func(o *mail.Outgoing) { o.Date = time.Time{} },
		"no sender":    func(o *mail.Outgoing) { o.From = mail.Address{} },
		"no recipient": func(o *mail.Outgoing) { o.To, o.Cc = nil, nil },
		"bad address":  func(o *mail.Outgoing) { o.To[0].Addr = "a@b\r\nBcc: c@d" },
		"bad format":   func(o *mail.Outgoing) { o.Format = "rtf" },
	} {
		_, err := mail.Compose(outgoing(func(o *mail.Outgoing) {
			o.To = []mail.Address{{Addr: "y@client.example"}}
			change(o)
		}))
		require.Error(t, err, name)
	}
}

func TestComposeKeepsReferencesShort(t *testing.T) {
	t.Parallel()
	raw, err := mail.Compose(outgoing(func(o *mail.Outgoing) {
		o.References = nil
		for i := range 200 {
			o.References = append(o.References, fmt.Sprintf("m%d@client.example", i))
		}
		o.InReplyTo = "m199@client.example"
	}))
	require.NoError(t, err)
	m, _ := mail.Parse(raw, mail.Limits{})
	require.Len(t, m.References, 21)
	require.Equal(t, "m0@client.example", m.References[0])
	require.Equal(t, "m199@client.example", m.References[20])
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	kana := regexp.MustCompile(`[\p{Hiragana}\p{Katakana}]`)
	polite := regexp.MustCompile(`(ます|です|ください|ございます|ました|ません|いたします)`)
	full := mail.TemplateData{
		Number: 1042, Previous: 1001, Title: "プリンター", Client: "山田", Agent: "佐藤", Desk: "サポート", Body: "本文です。",
		Link: "https://desk.example/r/1", CloseDays: 14,
	}
	for _, occasion := range mail.Occasions() {
		for _, language := range mail.Languages() {
			for _, data := range []mail.TemplateData{full, {Number: 1042, Title: "x", Desk: "Desk"}} {
				subject, body, err := mail.Render(occasion, language, data)
				require.NoError(t, err, "%s %s", occasion, language)
				require.NotEmpty(t, subject)
				require.NotContains(t, subject+body, "<no value>")
				require.NotContains(t, body, "\n\n\n")
				if occasion != mail.OccasionAnswer && data.Body == "" {
					require.Contains(t, body, "1042", "%s %s", occasion, language)
				}
				if language == "ja" && occasion != mail.OccasionAnswer {
					require.Regexp(t, kana, body)
					require.Regexp(t, polite, body)
				} else if data.Title == "x" {
					require.NotRegexp(t, kana, body)
				}
			}
			source, err := mail.TemplateSource(occasion, language)
			require.NoError(t, err)
			require.NoError(t, mail.CheckTemplate(source))
		}
	}
	english, _, err := mail.Render(mail.OccasionClosed, "ko", full)
	require.NoError(t, err)
	require.Contains(t, english, "closed", "English where there is no template")
	japanese, _, err := mail.Render(mail.OccasionClosed, "ja-JP", full)
	require.NoError(t, err)
	require.Regexp(t, kana, japanese)
	_, _, err = mail.Render("birthday", "en", full)
	require.ErrorContains(t, err, "birthday")
	require.ErrorContains(t, mail.CheckTemplate("Subject: {{.Nobody}}\n\nx"), "Nobody")
	require.ErrorContains(t, mail.CheckTemplate("no subject\n\nx"), "Subject:")
	require.Error(t, mail.CheckTemplate("Subject: {{if}}\n\nx"))
}

// TestAcknowledgementCarriesNoAdvertisement: its recipient may be a victim whose address was forged.
func TestAcknowledgementCarriesNoAdvertisement(t *testing.T) {
	t.Parallel()
	subject, body, err := mail.Render(mail.OccasionAcknowledge, "en", mail.TemplateData{
		Number: 1042, Title: "Win! https://evil.example/x [here](//evil.example) www.evil.example evil.com/y", Client: "<b>Mallory</b> http://evil.example",
	})
	require.NoError(t, err)
	page, err := mail.RenderHTML(body, mail.FormatMarkdown)
	require.NoError(t, err)
	for _, text := range []string{subject, body, page} {
		require.NotContains(t, text, "evil.example/x")
		require.NotContains(t, text, "http://")
		require.NotContains(t, text, "<a ")
		require.NotContains(t, text, "<b>")
	}
}
