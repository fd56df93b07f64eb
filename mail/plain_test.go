package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

// What a person reads who sees no HTML.
func TestPlainTextOfMarkdown(t *testing.T) {
	t.Parallel()
	for markdown, want := range map[string]string{
		"Your number is **#1001**, *please* ~~do not~~ keep `a*b` it.": "Your number is #1001, please do not keep a*b it.",
		"お問い合わせ番号：**#1001**\n件名：プリンター":                                 "お問い合わせ番号：#1001\n件名：プリンター",
		"以前のお問い合わせ（番号 **#1001**）は完了しております":                             "以前のお問い合わせ（番号 #1001）は完了しております",
		"2 * 3 * 4 = 24, snake_case_name, 5 < 6 &amp; \\*so\\*":        "2 * 3 * 4 = 24, snake_case_name, 5 < 6 & *so*",
		"# Title\n\ntext\n\n***\nend":                                  "Title\n\ntext\n\n" + strings.Repeat("-", 40) + "\n\nend",
		"- one\n- **two**\n  more\n  - deep\n\n3. three\n4. four":      "- one\n- two\n  more\n  - deep\n\n3. three\n4. four",
		"- one\n\n- two":                  "- one\n\n- two",
		"> **quoted**\n> twice\n>\n> end": "> quoted\n> twice\n>\n> end",
		"See [the page](https://desk.example/a_b), [https://x.example](https://x.example) or <help@desk.example>.": "See the page <https://desk.example/a_b>, https://x.example or help@desk.example.",
		"[no](javascript:alert(1)) ![a picture](cid:x)":                                                            "no a picture",
		"```\nif a {\n  **b**\n}\n```\nafter":                                                                      "if a {\n  **b**\n}\n\nafter",
		"| a | **b** |\n|---|---|\n| 1 | 2 |":                                                                      "a | b\n1 | 2",
		"a<br>b <b>c</b>\n\n<p>d <b>e</b></p>":                                                                     "a\nb c\n\nd e",
		"Regards\n\n-- \nSato":                                                                                     "Regards\n\n-- \nSato",
		"one  \ntwo\\\nthree\nhttps://desk.example/x":                                                              "one\ntwo\nthree\nhttps://desk.example/x",
		"": "",
	} {
		require.Equal(t, want+"\n", mail.RenderText(markdown, mail.FormatMarkdown), "%q", markdown)
	}
	require.Equal(t, "**#1001**", mail.RenderText("**#1001**", mail.FormatText), "text stays what it is")
}

// No shipped mail shows a sign of Markdown to whoever reads the text alone.
func TestShippedMailsReadAsPlainText(t *testing.T) {
	t.Parallel()
	data := mail.TemplateData{
		Number: 1042, Previous: 1001, Title: "Printer", Client: "Yamada", Agent: "Sato", Desk: "Support", Body: "", CloseDays: 14, Link: "https://desk.example/r/1", Signature: "Support",
	}
	for _, occasion := range mail.Occasions() {
		for _, lang := range mail.Languages() {
			_, body, err := mail.Render(occasion, lang, data)
			require.NoError(t, err)
			require.NotRegexp(t, `[*_]{2}|\]\(|^#+ `, mail.RenderText(body, mail.FormatMarkdown), "%s.%s", occasion, lang)
		}
	}
}
